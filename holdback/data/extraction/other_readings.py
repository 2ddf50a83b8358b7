"""The primary read another way: what hangs on days, clocks, or a later roll-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import col, integer
from holdback.data.engine.times import MICROSECOND, QUARTER, microseconds
from holdback.data.evidence.cells import Cells, Quality
from holdback.data.evidence.near_exposure import BEFORE_THAT, QUARTERS, is_piled
from holdback.data.extraction.answers import answers
from holdback.data.queries.cells_query import Cube, relations, with_ctes
from holdback.data.queries.cells_result import cells_of
from holdback.data.queries.event_units import SUSPECTED, placed
from holdback.data.queries.refund_rows import refund_condition, refunds_capped
from holdback.data.queries.returns import at_purchase
from holdback.data.queries.unit_columns import layout
from holdback.data.queries.units import Events, nested, select
from holdback.errors import DataError, StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.source import ReturnRule

__all__ = ["alone", "other_readings", "quarters_before"]


def alone(experiment: Experiment, cube: Cube, metric: str) -> Cube:
    """The statement of one metric."""
    only = {n: m for n, m in experiment.metrics.items() if n == metric}
    beside = {n: m for n, m in experiment.companions.items() if n == metric}
    smaller = layout(replace(experiment, metrics=only, companions=beside))
    events = {n: e for n, e in cube.events.items() if n in smaller.sources()}
    return replace(cube, layout=smaller, events=events).with_lags()


def other_readings(
    experiment: Experiment, engine: Engine, cube: Cube, quality: Quality
) -> dict[str, Cells]:
    """The primary's cells by what is read otherwise; none where nothing hangs on it.

    ``own_day`` is without the days that are the exposure's own. ``tolerance`` counts
    the rows that were logged shortly before their exposure, where they are suspect, or
    leaves them out, where the file lets them count. ``before_switch`` reads up to when
    units began to be seen in another arm; ``refunds_capped`` gives back no more than a
    purchase cost, ``at_purchase`` takes rows that give money back off the purchase
    before them, whenever they come.
    """
    if experiment.primary not in experiment.metrics:
        return {}
    primary = alone(experiment, cube, experiment.primary)
    readings: dict[str, dict[str, Events]] = {
        kind: {} for kind in ("own_day", "tolerance", "at_purchase")
    }
    for name, events in primary.events.items():
        if quality.own_day.get(name):
            readings["own_day"][name] = replace(events, own_day=False)
        skewed, nearby = quality.skewed.get(name, 0), quality.nearby.get(name, 0)
        if events.tolerance and skewed:
            readings["tolerance"][name] = replace(events, tolerance=0)
        elif not events.tolerance and is_piled(skewed, nearby, BEFORE_THAT):
            lenient = replace(events, tolerance=SUSPECTED // MICROSECOND)
            readings["tolerance"][name] = lenient
        refund = refund_condition(experiment, name)
        if quality.refunds.get(name) and refund is not None and events.time is not None:
            rule, as_of = ReturnRule(where=refund), primary.span.as_of
            readings["at_purchase"][name] = at_purchase(events, rule, as_of)
    found = {
        kind: _cells(experiment, engine, primary, changed)
        for kind, changed in readings.items()
        if changed
    }
    if quality.overdrawn:
        capped = refunds_capped(experiment, primary.layout, quality.overdrawn)
        cube = replace(primary, layout=capped)
        found["refunds_capped"] = _cells(experiment, engine, cube, {})
    if quality.switches is not None and quality.switches.matter:
        earlier = _up_to(primary, microseconds(quality.switches.since))
        found["before_switch"] = _cells(experiment, engine, earlier, {})
    return {kind: cells for kind, cells in found.items() if cells is not None}


def _up_to(cube: Cube, as_of: int) -> Cube:
    """The same, read at an earlier moment."""
    return replace(
        cube,
        span=replace(cube.span, as_of=as_of),
        ends={name: min(end, as_of) for name, end in cube.ends.items()},
        exposures=replace(cube.exposures, all_kept=False),
    ).with_lags()


def _cells(
    experiment: Experiment, engine: Engine, cube: Cube, changed: Mapping[str, Events]
) -> Cells | None:
    """Cells with some sources read otherwise; None where a cap finds no place."""
    other = replace(cube, events={**cube.events, **changed})
    arms = [arm.name for arm in experiment.arms]
    try:
        return cells_of(other, answers(engine, other), arms)
    except (StatsError, DataError):
        return None


def quarters_before(engine: Engine, cube: Cube, source: str) -> tuple[int, ...]:
    """Rows of a source in each quarter of an hour before their unit's exposure."""
    events = cube.events[source]
    rows = select(
        {"unit": events.unit} | placed(events),
        events.reader.table.relation.copy(),
        where=events.where,
    )
    gap = exp.Paren(this=exp.Sub(this=col("t", "u"), expression=col("t", "e")))
    joined = select({"gap": gap}, nested(rows, "e")).join(
        exp.alias_(
            exp.table_(cube.unit_relation, quoted=True), "u", quoted=True, table=True
        ),
        on=exp.EQ(this=col("unit", "e"), expression=col("unit", "u")),
        copy=False,
    )
    inside = [
        exp.GT(this=col("gap"), expression=integer(0)),
        exp.LTE(this=col("gap"), expression=integer(QUARTERS * QUARTER)),
    ]
    since = exp.Sub(this=col("gap"), expression=integer(1))
    quarter = cube.dialect.quotient(since, integer(QUARTER))
    placed_rows = select({"quarter": quarter}, nested(joined, "j"), where=inside)
    query = select(
        {"quarter": col("quarter"), "n": exp.Count(this=exp.Star())},
        nested(placed_rows, "q"),
        group=["quarter"],
    )
    query.set("with_", with_ctes(relations(cube)))
    counts = {int(quarter): int(rows) for quarter, rows in engine.run(query)}
    return tuple(counts.get(quarter, 0) for quarter in reversed(range(QUARTERS)))
