"""Who of the units was in the phase before, and in which arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import cast, col, integer
from holdback.data.queries.exposures import Dials, exposures_of
from holdback.data.queries.units import (
    CROSSED,
    KEPT_CROSSED,
    Exposures,
    Span,
    exposed_units,
    kept_rows,
    nested,
    select,
)
from holdback.errors import Problem, StatsError
from holdback.experiments.definition.experiment import Experiment

__all__ = ["former_arms", "stop_at_crossovers"]

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
