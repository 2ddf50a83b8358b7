"""The query behind attribution: units by the channels that touched them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import all_of, any_of, col, double, integer, when
from holdback.data.engine.times import DAY_MICROSECONDS, MICROSECOND
from holdback.data.queries.cells_query import Cube, relations, with_ctes
from holdback.data.queries.event_units import placed, window
from holdback.data.queries.exposures import Dials, events_of
from holdback.data.queries.refund_rows import of_purchases
from holdback.data.queries.units import KEPT_CROSSED, USED, Events, nested, select
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.definition.experiment import Attribution, Experiment
from holdback.experiments.language.measure import Measure
from holdback.stats.causal.attribution import TouchPath

__all__ = ["paths_of"]

BETWEEN = "\x1f"
MOST_PATHS = 200_000


def paths_of(
    experiment: Experiment,
    engine: Engine,
    cube: Cube,
    readers: Mapping[str, Reader],
    dials: Dials,
    refunds: Collection[str] = (),
) -> dict[str, tuple[TouchPath, ...]]:
    """Arm → paths of its units; empty where no attribution is asked for.

    A path holds the channels that touched a unit from its exposure to its first
    conversion (or to the end of the conversion's time); rows that give money back, in
    the sources of `refunds`, are none. Raises ConfigError where times
    are missing, DataError for more than 200,000 different paths.
    """
    asked = experiment.attribution
    if asked is None or asked.conversion not in experiment.metrics:
        return {}
    (measure,) = experiment.metrics[asked.conversion].measures()
    measure = of_purchases(experiment, measure, refunds)
    touches = events_of(experiment, readers, asked.source, dials, cube.span.as_of)
    bought = events_of(experiment, readers, measure.source, dials, cube.span.as_of)
    if touches.time is None or bought.time is None or cube.exposures.time is None:
        raise ConfigError(
            Problem(
                where="attribution",
                what="touches, conversions and exposures need times.",
                why="A path is the channels in the order of their touches.",
                fix="Name the `time` columns of the three sources.",
            )
        )
    answers = engine.run(_query(cube, asked, touches, bought, measure))
    if len(answers) > MOST_PATHS:
        raise DataError(
            Problem(
                where="attribution",
                what=f"there are more than {MOST_PATHS:,} different paths.",
                fix="Group channels more coarsely.",
            )
        )
    arms = [arm.name for arm in experiment.arms]
    by_arm: dict[str, list[TouchPath]] = {name: [] for name in arms}
    for arm, path, units, converted in sorted(
        answers, key=lambda row: (int(row[0]), str(row[1] or ""))
    ):
        by_arm[arms[int(arm)]].append(
            TouchPath(
                channels=tuple(str(path).split(BETWEEN)) if path else (),
                units=int(units),
                converted=int(converted),
            )
        )
    return {name: tuple(paths) for name, paths in by_arm.items()}


def _query(
    cube: Cube, asked: Attribution, touches: Events, bought: Events, measure: Measure
) -> exp.Expression:
    """Arm, path, units and converted units."""
    used = [
        exp.In(
            this=col("status", "u"), expressions=[integer(USED), integer(KEPT_CROSSED)]
        )
    ]
    if measure.end is not None and cube.span.as_of is not None:
        known = cube.span.as_of - cube.lag([measure.source]) // MICROSECOND
        latest = known - measure.end // MICROSECOND
        used.append(exp.LTE(this=col("t", "u"), expression=integer(latest)))
    joined = (
        _units(used)
        .join(
            nested(_first_conversions(cube, bought, measure), "c"),
            on=exp.EQ(this=col("unit", "c"), expression=col("unit", "u")),
            join_type="left",
            copy=False,
        )
        .join(
            nested(_touches(asked, touches), "e"),
            on=all_of(_before_conversion(cube, asked, touches, measure)),
            join_type="left",
            copy=False,
        )
        .group_by(col("unit", "u"), copy=False)
    )
    counted: dict[str, exp.Expression] = {
        "arm": col("arm"),
        "path": col("path"),
        "n": exp.Count(this=exp.Star()),
        "bought": exp.Sum(this=col("bought")),
    }
    query = select(counted, nested(joined, "p"), group=["arm", "path"])
    query = query.limit(MOST_PATHS + 1, copy=False)
    query.set("with_", with_ctes(relations(cube)))
    return query


def _units(used: list[exp.Expression]) -> exp.Select:
    """One row a used unit: arm, whether it converted, its channels in order."""
    ordered = exp.Order(
        this=col("channel", "e"),
        expressions=[
            exp.Ordered(this=col("t", "e"), nulls_first=False),
            exp.Ordered(this=col("channel", "e"), nulls_first=False),
        ],
    )
    columns: dict[str, exp.Expression] = {
        "arm": exp.Min(this=col("arm", "u")),
        "bought": exp.Max(
            this=when(
                exp.Is(this=col("first", "c"), expression=exp.null()),
                integer(0),
                integer(1),
            )
        ),
        "path": exp.GroupConcat(this=ordered, separator=exp.Literal.string(BETWEEN)),
    }
    plain = exp.alias_(exp.table_("u", quoted=True), "u", quoted=True, table=True)
    return select(columns, plain, where=used)


def _first_conversions(cube: Cube, bought: Events, measure: Measure) -> exp.Select:
    """When each unit first converted inside its window."""
    conditions = list(bought.where)
    if measure.where is not None:
        conditions.append(bought.reader.condition(measure.where.tree))
    if measure.value is not None:
        value = bought.reader.number(measure.value.tree)
        conditions.append(exp.NEQ(this=exp.Paren(this=value), expression=double("0")))
    rows = select(
        {"unit": bought.unit} | placed(bought),
        bought.reader.table.relation.copy(),
        where=conditions,
    )
    inside = window(measure, bought, cube.exposures, cube.span_of(measure.source))
    query = select(
        {"unit": col("unit", "u"), "first": exp.Min(this=_last_moment(bought))},
        nested(rows, "e"),
        where=inside,
    )
    return query.join(
        exp.alias_(exp.table_("u", quoted=True), "u", quoted=True, table=True),
        on=exp.EQ(this=col("unit", "e"), expression=col("unit", "u")),
        copy=False,
    ).group_by(col("unit", "u"), copy=False)


def _last_moment(bought: Events) -> exp.Expression:
    """Until when a conversion may have happened: at its time, or on its day."""
    time = col("t", "e")
    through = exp.Add(this=time, expression=integer(DAY_MICROSECONDS - 1))
    if bought.days == "none":
        return time
    return through if bought.days == "all" else when(col("d", "e"), through, time)


def _touches(asked: Attribution, touches: Events) -> exp.Select:
    channel = touches.reader.as_text(asked.channel)
    known = exp.Not(this=exp.Is(this=exp.Paren(this=channel), expression=exp.null()))
    return select(
        {"unit": touches.unit, "channel": channel.copy()} | placed(touches),
        touches.reader.table.relation.copy(),
        where=[*touches.where, known],
    )


def _before_conversion(
    cube: Cube, asked: Attribution, touches: Events, measure: Measure
) -> list[exp.Expression]:
    """A touch of the unit, inside its window, up to its first conversion."""
    span = Measure(source=asked.source, aggregate="count", end=measure.end)
    not_after = [
        exp.Is(this=col("first", "c"), expression=exp.null()),
        exp.LTE(this=col("t", "e"), expression=col("first", "c")),
    ]
    return [
        exp.EQ(this=col("unit", "e"), expression=col("unit", "u")),
        *window(span, touches, cube.exposures, cube.span),
        any_of(not_after),
    ]
