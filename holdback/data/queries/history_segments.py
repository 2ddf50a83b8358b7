"""Segments by what was known before exposure: each as one more column of exposures.

Rows count that lie strictly before the unit's first exposure; those of its own day do
not where only days are known. Bounds of equal tiers are values that units have, by
nearest rank over all arms together, and a unit at a bound is of the lower tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from math import ceil

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import MICRO, coalesce, col, integer, micro, when
from holdback.data.queries.aggregates import not_null
from holdback.data.queries.cells_query import with_ctes
from holdback.data.queries.event_units import event_units
from holdback.data.queries.step_order import StepOrder
from holdback.data.queries.unit_columns import UnitColumn
from holdback.data.queries.units import (
    Events,
    Exposures,
    Span,
    exposed_units,
    kept_rows,
    nested,
    select,
)
from holdback.experiments.definition.experiment import DerivedSegment
from holdback.experiments.language.measure import EVER, Measure
from holdback.experiments.language.quantities import decimal_text

__all__ = ["Cuts", "with_history"]

Cuts = Mapping[str, tuple[int, ...]]
"""Segment → the bounds of its equal tiers, in millionths."""
NONE, NO_NUMBER = "none", "(missing)"
NEW, RETURNING = "new", "returning"
PAST_UNIT = "holdback:unit"


def with_history(
    segments: Sequence[DerivedSegment],
    exposures: Exposures,
    span: Span,
    events: Mapping[str, Events],
    engine: Engine,
) -> tuple[Exposures, Cuts]:
    """The exposures with these segments as texts, and where equal tiers are cut.

    `events` are the sources that they are made of. Raises DataError for a column that
    is not there or holds no number.
    """
    if not segments:
        return exposures, {}
    plain, columns = replace(exposures, segments={}), _columns(segments)
    relation = exposures.reader.table.relation
    levels: dict[str, exp.Expression] = {}
    cuts: dict[str, tuple[int, ...]] = {}
    for number, (source, rows) in enumerate(events.items()):
        own = [one for one in segments if one.source == source]
        wanted = [column for one in own for column in columns[one.name]]
        past = engine.kept(_past(plain, span, rows, wanted))
        told: dict[str, exp.Expression] = {f"{PAST_UNIT} {number}": col("unit")}
        for one in own:
            known = [col(column.name) for column in columns[one.name]]
            cuts[one.name] = _cuts_of_sums(one, engine, past, known)
            name = _name(segments, one)
            told[name] = _level(one, known, cuts[one.name])
            absent = NEW if one.new_or_returning is not None else NONE
            levels[one.name] = coalesce(col(name), _text(absent))
        grouped = nested(select(told, past.copy()), f"{PAST_UNIT} past {number}")
        relation = _joined(relation, grouped, plain, f"{PAST_UNIT} {number}")
    for one in segments:
        if one.column is not None:
            value = micro(exposures.reader.as_number(one.column))
            cuts[one.name] = _cuts_of_column(one, engine, plain, span)
            tier = _tier(value, cuts[one.name])
            levels[one.name] = when(not_null(value), tier, _text(NO_NUMBER))
    reader = exposures.reader
    reader = replace(reader, table=replace(reader.table, relation=relation))
    found = {one.name: cuts[one.name] for one in segments if isinstance(one.tiers, int)}
    return replace(
        exposures, reader=reader, segments={**exposures.segments, **levels}
    ), found


def _name(segments: Sequence[DerivedSegment], one: DerivedSegment) -> str:
    return f"holdback:segment {segments.index(one)}"


def _joined(
    relation: exp.Expression, past: exp.Subquery, exposures: Exposures, unit: str
) -> exp.Expression:
    """The exposures' rows with the groups of their units beside them."""
    assert exposures.unit is not None  # noqa: S101  # asked for units with ids only
    same = exp.EQ(this=exposures.unit.copy(), expression=col(unit))
    query = exp.Select(expressions=[exp.Star()]).from_(relation.copy(), copy=False)
    query = query.join(past, on=same, join_type="left", copy=False)
    return nested(query, f"{unit} joined")


def _columns(
    segments: Sequence[DerivedSegment],
) -> dict[str, list[UnitColumn]]:
    """What is collected of each unit's earlier rows, by segment."""
    return {
        one.name: [
            UnitColumn(
                name=f"holdback:segment {i} {j}",
                digits=measure.digits,
                own=False,
                measure=measure,
            )
            for j, measure in enumerate(_measures(one))
        ]
        for i, one in enumerate(segments)
    }


def _measures(one: DerivedSegment) -> Iterator[Measure]:
    """Whether a unit has rows in each time before, or at all, and their sum."""
    if one.source is None:
        return
    if one.value is not None:
        start = -(one.lookback or EVER)
        yield _before(one.source, start)
        yield replace(
            _before(one.source, start), aggregate="sum", value=one.value, digits=MICRO
        )
    elif one.new_or_returning is not None:
        yield _before(one.source, -one.new_or_returning)
    else:
        for days in one.days_since_last:
            yield _before(one.source, -timedelta(days=days))
        yield _before(one.source, -EVER)


def _before(source: str, start: timedelta) -> Measure:
    return Measure(
        source=source, aggregate="any", start=start, end=timedelta(0), digits=0
    )


def _past(
    exposures: Exposures, span: Span, rows: Events, wanted: Sequence[UnitColumn]
) -> exp.Select:
    """One row for each exposed unit with rows in a source, and what they hold."""
    order = StepOrder(units={column.name: column for column in wanted})
    query = event_units(rows, exposures, span, wanted, order=order)
    query.set("with_", with_ctes([("u", exposed_units(exposures, span, ()), True)]))
    return query


def _level(
    one: DerivedSegment, known: Sequence[exp.Expression], cuts: Sequence[int]
) -> exp.Expression:
    """The group of a unit with rows, by what `_measures` says of it; null for none."""
    had = [exp.EQ(this=value, expression=integer(1)) for value in known]
    if one.value is not None:
        return when(had[0], _tier(known[1], cuts), None)
    if one.new_or_returning is not None:
        return when(had[0], _text(RETURNING), None)
    case = exp.Case()
    for i, within in enumerate(had, 1):
        case = case.when(within, _text(_recency(one.days_since_last, i)), copy=False)
    return case


def _recency(bounds: Sequence[int], number: int) -> str:
    """Name of a group by days since the last row; the last is beyond all bounds."""
    if number > len(bounds):
        return f"{number}: over {bounds[-1]} days"
    return f"{number}: up to {bounds[number - 1]} days"


def _tier(value: exp.Expression, cuts: Sequence[int]) -> exp.Expression:
    """The tier of a value in millionths; one at a bound is of the lower."""
    case = exp.Case()
    for i, cut in enumerate(cuts):
        case = case.when(
            exp.LTE(this=exp.Paren(this=value.copy()), expression=integer(cut)),
            _text(_tier_name(cuts, i)),
            copy=False,
        )
    return case.else_(_text(_tier_name(cuts, len(cuts))), copy=False)


def _tier_name(cuts: Sequence[int], at: int) -> str:
    over = f"over {_plain(cuts[at - 1])}" if at else ""
    up_to = f"up to {_plain(cuts[at])}" if at < len(cuts) else ""
    return f"{at + 1}: {', '.join(filter(None, (over, up_to))) or 'all'}"


def _plain(cut: int) -> str:
    return decimal_text(Fraction(cut, 10**MICRO))


def _cuts_of_sums(
    one: DerivedSegment,
    engine: Engine,
    past: exp.Expression,
    known: Sequence[exp.Expression],
) -> tuple[int, ...]:
    """Where the sums of the units with rows are cut."""
    if one.value is None:
        return ()
    had = exp.EQ(this=known[0].copy(), expression=integer(1))
    return _cuts(
        one, engine, select({"value": known[1].copy()}, past.copy(), where=[had])
    )


def _cuts_of_column(
    one: DerivedSegment, engine: Engine, exposures: Exposures, span: Span
) -> tuple[int, ...]:
    """Where a logged number is cut; of several of a unit's the least one counts."""
    assert one.column is not None  # noqa: S101  # asked for columns only
    logged = UnitColumn(name="logged", digits=MICRO, own=True, attribute=one.column)
    rows = nested(kept_rows(exposures, span, [logged]), "k")
    value = col(f"q_{logged.name}")
    if exposures.unit is None or exposures.one_row:
        return _cuts(
            one, engine, select({"value": value}, rows, where=[not_null(value)])
        )
    least = {"unit": col("unit"), "value": exp.Min(this=value)}
    return _cuts(
        one, engine, select(least, rows, where=[not_null(value)], group=["unit"])
    )


def _cuts(one: DerivedSegment, engine: Engine, values: exp.Select) -> tuple[int, ...]:
    """Bounds of tiers: those of the file, of an earlier look, or of these values."""
    if not isinstance(one.tiers, int):
        return tuple(int(bound * 10**MICRO) for bound in one.tiers)
    if one.cuts:
        return one.cuts
    counted = select({"n": exp.Count(this=exp.Star())}, nested(values.copy(), "v"))
    ((units,),) = engine.run(counted)
    cuts = []
    for i in range(1, one.tiers) if units else ():
        rank = ceil(Fraction(int(units) * i, one.tiers))
        ordered = select({"value": col("value")}, nested(values.copy(), "v"))
        ordered = ordered.order_by(col("value")).limit(1).offset(rank - 1)
        ((value,),) = engine.run(ordered)
        cuts.append(int(value))
    return tuple(dict.fromkeys(cuts))


def _text(text: str) -> exp.Expression:
    return exp.Literal.string(text)
