"""Events → one row per exposed unit that has some."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlglot import exp

from holdback.data.engine.sql import col, count_where, integer
from holdback.data.engine.times import MICROSECOND
from holdback.data.queries.aggregates import (
    aggregate,
    has,
    quanta,
    row_values,
)
from holdback.data.queries.step_order import StepOrder
from holdback.data.queries.unit_columns import ROW_COUNTS, UnitColumn
from holdback.data.queries.units import (
    Events,
    Exposures,
    Span,
    nested,
    select,
    unit_keys,
)
from holdback.experiments.language.measure import Measure

__all__ = ["event_units", "since"]


def event_units(
    events: Events,
    exposures: Exposures,
    span: Span,
    wanted: Sequence[UnitColumn],
    *,
    order: StepOrder,
    carried: Sequence[str] = (),
) -> exp.Select:
    """One row per exposed unit that has events: its keys and its values.

    The units' own values `carried` come along. Beside the values it counts the unit's
    rows, as `ROW_COUNTS` names them: ``n_rows``, those before exposure that no measure
    collects (``n_before``), those at or after as-of (``n_late``), and all before
    exposure (``n_earlier``).
    """
    keys = unit_keys(exposures)
    columns: dict[str, exp.Expression] = {"unit": col("unit", "u")}
    dialect = events.reader.dialect
    for key in keys:
        value: exp.Expression = col(key, "u")
        if key.startswith("s") and key != "status":
            value = dialect.bytewise(value)
        columns[key] = exp.Min(this=value)
    columns |= {name: exp.Min(this=col(name, "u")) for name in carried}
    columns |= _row_counts(events, exposures, span, wanted)
    for unit in wanted:
        inside = window(unit.measure, events, exposures, span) if unit.measure else []
        inside += order.late_enough(unit)
        time = col("t", "e") if events.time is not None else None
        columns[unit.name] = aggregate(
            dialect,
            unit,
            inside=inside,
            time=time,
            table="e",
            exposed=None if exposures.time is None else col("t", "u"),
        )
    query = select(columns, nested(_event_rows(events, wanted), "e"))
    return _of_units(query, order, wanted)


def since(
    events: Events,
    exposures: Exposures,
    span: Span,
    unit: UnitColumn,
    *,
    order: StepOrder,
) -> exp.Select:
    """The units that have a column that others come after, and since when."""
    assert unit.measure is not None  # noqa: S101  # awaited ones have measures
    inside = window(unit.measure, events, exposures, span) + order.late_enough(unit)
    counts = has(unit, inside, "e")
    columns: dict[str, exp.Expression] = {
        "unit": col("unit", "u"),
        "t": exp.Min(this=col("t", "e")),
    }
    query = select(columns, nested(_event_rows(events, [unit]), "e"), where=[counts])
    return _of_units(query, order, [unit])


def _of_units(
    query: exp.Select, order: StepOrder, wanted: Sequence[UnitColumn]
) -> exp.Select:
    """A query of events ``e`` for each exposed unit ``u``."""
    query = query.join(
        exp.alias_(
            exp.table_(order.exposed, quoted=True), "u", quoted=True, table=True
        ),
        on=exp.EQ(this=col("unit", "e"), expression=col("unit", "u")),
        copy=False,
    )
    return order.joined(query, wanted).group_by(col("unit", "u"), copy=False)


def window(
    measure: Measure, events: Events, exposures: Exposures, span: Span
) -> list[exp.Expression]:
    """Conditions that an event lies in a measure's window; none without times."""
    if events.time is None:
        return []
    time = col("t", "e")
    conditions: list[exp.Expression] = []
    if exposures.time is not None:
        conditions.append(exp.GTE(this=time, expression=_shifted(measure.start)))
        if measure.end is not None:
            end = measure.end / 2 if measure.half else measure.end
            conditions.append(exp.LT(this=time.copy(), expression=_shifted(end)))
        if measure.half and span.as_of is not None:
            conditions.append(_before_the_middle(time.copy(), span.as_of))
    elif span.start is not None:
        conditions.append(exp.GTE(this=time, expression=integer(span.start)))
    last = span.last if measure.end is None else span.as_of
    if last is not None:
        conditions.append(exp.LT(this=time.copy(), expression=integer(last)))
    return conditions


def _event_rows(events: Events, wanted: Sequence[UnitColumn]) -> exp.Select:
    base: dict[str, exp.Expression] = {"unit": events.unit}
    if events.time is not None:
        base["t"] = events.time
    base |= row_values(events.reader, wanted)
    rows = select(base, events.reader.table.relation.copy(), where=events.where)
    passed = {name: col(name) for name in base if not name.startswith("v_")}
    return select(passed | quanta(wanted), nested(rows, "r"))


def _row_counts(
    events: Events, exposures: Exposures, span: Span, wanted: Sequence[UnitColumn]
) -> dict[str, exp.Expression]:
    """Counts of a unit's rows for the reader of the report."""
    counts: dict[str, exp.Expression] = {"n_rows": exp.Count(this=exp.Star())}
    before: exp.Expression = exp.false()
    late: exp.Expression = exp.false()
    early: exp.Expression = exp.false()
    if events.time is not None:
        time = col("t", "e")
        if span.as_of is not None:
            late = exp.GTE(this=time, expression=integer(span.as_of))
        if exposures.time is not None:
            starts = [u.measure.start for u in wanted if u.measure is not None]
            earliest = min([timedelta(0), *starts])
            before = exp.LT(this=time.copy(), expression=_shifted(earliest))
            early = exp.LT(this=time.copy(), expression=_shifted(timedelta(0)))
    for kind, condition in zip(ROW_COUNTS[1:], (before, late, early), strict=True):
        counts[f"n_{kind}"] = count_where(condition)
    return counts


def _before_the_middle(time: exp.Expression, as_of: int) -> exp.Expression:
    """Before the middle of exposure and as-of: 2 t < exposure + as-of, in integers."""
    twice = exp.Mul(this=integer(2), expression=time)
    return exp.LT(
        this=twice, expression=exp.Add(this=col("t", "u"), expression=integer(as_of))
    )


def _shifted(by: timedelta) -> exp.Expression:
    """The unit's exposure, moved by a duration."""
    shift = by // MICROSECOND
    if shift == 0:
        return col("t", "u")
    return exp.Paren(this=exp.Add(this=col("t", "u"), expression=integer(shift)))
