"""Who of the units was in another arm: in the phase before, at once, or later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import all_of, cast, col, integer
from holdback.data.engine.times import MICROSECOND, from_microseconds
from holdback.data.evidence.cells import Switches
from holdback.data.queries.cells_query import Cube, from_exposed
from holdback.data.queries.exclusions import ExposureCounts
from holdback.data.queries.exposures import Dials, exposures_of
from holdback.data.queries.units import (
    CROSSED,
    KEPT_CROSSED,
    USED,
    Exposures,
    Span,
    exposed_units,
    kept_rows,
    nested,
    select,
)
from holdback.errors import Problem, StatsError
from holdback.experiments.definition.experiment import Experiment

__all__ = ["former_arms", "stop_at_crossovers", "switches_of"]

FormerArms = Mapping[str, Mapping[str, int]]


def former_arms(
    experiment: Experiment,
    readers: Mapping[str, Reader],
    engine: Engine,
    dials: Dials,
    exposures: Exposures,
    span: Span,
) -> FormerArms | None:
    """Arm → arm of the phase before → units; None where there was no phase before.

    Of the phase before are the units with a row from before the window: in the arm
    that their latest such row was logged in, or else that the former phase draws for
    them at today's shares. Units without such a row are left out.
    """
    phase = experiment.assignment.phase
    timed = exposures.unit is not None and exposures.time is not None
    if phase < 2 or not timed or span.start is None:
        return None
    plan = replace(experiment.assignment, phase=phase - 1)
    then = exposures_of(replace(experiment, assignment=plan), readers, dials, engine)
    earlier = Span(as_of=span.start, start=None, end=None)
    joined = select(
        {"now": col("arm", "n"), "then": col("arm", "b")},
        nested(exposed_units(exposures, span, ()), "n"),
    ).join(
        nested(_latest(then, earlier), "b"),
        on=exp.EQ(this=col("unit", "n"), expression=col("unit", "b")),
        copy=False,
    )
    counted = select(
        {"now": col("now"), "then": col("then"), "n": exp.Count(this=exp.Star())},
        nested(joined, "j"),
        group=["now", "then"],
    )
    names = [arm.name for arm in experiment.arms]
    counts: dict[str, dict[str, int]] = {
        name: dict.fromkeys(names, 0) for name in names
    }
    for now, before, units in engine.run(counted):
        counts[names[int(now)]][names[int(before)]] = int(units)
    return counts


def _latest(exposures: Exposures, span: Span) -> exp.Select:
    """Unit and arm of each unit's latest row: the greatest (time, arm)."""
    count = integer(exposures.arms)
    scaled = exp.Mul(this=col("t"), expression=count)
    key = exp.Max(this=exp.Add(this=scaled, expression=col("arm")))
    rows = nested(kept_rows(replace(exposures, all_kept=False), span, ()), "k")
    last = select({"unit": col("unit"), "key": key}, rows, group=["unit"])
    time = exposures.reader.dialect.quotient(col("key"), count.copy())
    whole = exp.Mul(this=exp.Paren(this=time), expression=count.copy())
    arm = cast(exp.Sub(this=col("key"), expression=whole), "INT")
    return select({"unit": col("unit"), "arm": arm}, nested(last, "l"))


def stop_at_crossovers(
    experiment: Experiment, engine: Engine, exposures: Exposures, span: Span
) -> None:
    """Raise StatsError for crossovers that the plan has no way to treat."""
    if exposures.one_row:
        return
    policy = experiment.assignment.crossovers
    if policy == "exclude" or (policy == "first" and exposures.time is not None):
        return
    units = exposed_units(exposures, span, ())
    crossed = [integer(CROSSED), integer(KEPT_CROSSED)]
    query = select(
        {"n": exp.Count(this=exp.Star())},
        nested(units, "u"),
        where=[exp.In(this=col("status"), expressions=crossed)],
    )
    ((count,),) = engine.run(query)
    if not count:
        return
    subject = f"{int(count):,} unit was" if count == 1 else f"{int(count):,} units were"
    if policy == "first":
        raise StatsError(
            Problem(
                where="assignment.crossovers",
                what=f"{subject} seen in two arms, and no time says which was first.",
                fix="Name the time of exposure as `time`, or use `exclude`.",
            )
        )
    raise StatsError(
        Problem(
            where="assignment.crossovers",
            what=f"{subject} seen in two arms.",
            why="The file says to stop at crossovers.",
            fix="Find out why, or use `exclude` or `first`.",
        )
    )


LEAST_SWITCHED, SHARE_SWITCHED = 5, 0.01
"""Fewer units than these, or a smaller share of their arm, move no lift."""
BEGUN = 20
"""Switching has begun when one in so many has switched."""


def switches_of(
    experiment: Experiment,
    engine: Engine,
    cube: Cube,
    counts: ExposureCounts,
    assigned: Mapping[str, int],
) -> Switches | None:
    """Units seen in another arm after they joined, before their outcome was in.

    `assigned` counts the units of each arm. None where nobody switched, or where no row
    could tell.
    """
    exposures = cube.exposures
    if exposures.unit is None or exposures.time is None or exposures.reason is not None:
        return None
    later = engine.careful or any(why == "outside_window" for why, _ in counts.rows)
    if not later and (exposures.one_row or not exposures.keep_crossed):
        return None
    days: dict[int, list[tuple[int, int, int]]] = {}
    for arm, day, first, n in engine.run(_switched(experiment, cube)):
        days.setdefault(int(arm), []).append((int(day), int(first), int(n)))
    if not days:
        return None
    units = {arm: sum(n for *_, n in rows) for arm, rows in days.items()}
    lost = max(units, key=lambda arm: (units[arm], -arm))
    in_order = sorted(days[lost])
    past = accumulate(n for *_, n in in_order)
    since = next(
        first
        for (_, first, _), by_then in zip(in_order, past, strict=True)
        if BEGUN * by_then >= units[lost]
    )
    left = {experiment.arms[arm].name: n for arm, n in sorted(units.items())}
    return Switches(
        units=left,
        since=from_microseconds(since),
        matter=any(
            n >= LEAST_SWITCHED and n > SHARE_SWITCHED * assigned[arm]
            for arm, n in left.items()
        ),
    )


def _switched(experiment: Experiment, cube: Cube) -> exp.Select:
    """Arm that was left, day, first moment and units, by the first other arm seen."""
    within = experiment.metrics[experiment.primary].within
    exposures, span = cube.exposures, cube.span
    end = span.end if within is None else None
    rows = kept_rows(replace(exposures, all_kept=False), replace(span, end=end), ())
    after = [
        exp.NEQ(this=col("arm", "x"), expression=col("arm", "u")),
        exp.GT(this=col("t", "x"), expression=col("t", "u")),
    ]
    if within is not None:
        time = integer(within // MICROSECOND)
        after.append(
            exp.LT(
                this=exp.Sub(this=col("t", "x"), expression=col("t", "u")),
                expression=time,
            )
        )
    counting = [integer(USED), integer(KEPT_CROSSED)]
    after.append(exp.In(this=col("status", "u"), expressions=counting))
    joined = select(
        {
            "unit": col("unit", "u"),
            "arm": exp.Min(this=col("arm", "u")),
            "t": exp.Min(this=col("t", "x")),
        },
        from_exposed(cube, "u"),
    ).join(
        nested(rows, "x"),
        on=all_of([exp.EQ(this=col("unit", "u"), expression=col("unit", "x")), *after]),
        copy=False,
    )
    joined = joined.group_by(col("unit", "u"), copy=False)
    by_day = select(
        {
            "arm": col("arm"),
            "day": cube.zone.day(col("t"), cube.dialect),
            "t": col("t"),
        },
        nested(joined, "s"),
    )
    return select(
        {
            "arm": col("arm"),
            "day": col("day"),
            "first": exp.Min(this=col("t")),
            "n": exp.Count(this=exp.Star()),
        },
        nested(by_day, "d"),
        group=["arm", "day"],
    )
