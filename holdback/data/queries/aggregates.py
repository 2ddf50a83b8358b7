"""Rows of a unit → its value: the aggregates of measures, in exact integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlglot import exp

from holdback.data.engine.expressions import Reader
from holdback.data.engine.protocol import EngineDialect
from holdback.data.engine.sql import (
    MICRO,
    all_of,
    coalesce,
    col,
    count_where,
    integer,
    micro,
    round_to,
    when,
)
from holdback.data.engine.times import DAY_MICROSECONDS
from holdback.data.queries.unit_columns import UnitColumn
from holdback.experiments.language.measure import Measure

__all__ = ["aggregate", "has", "not_null", "of_row", "quanta", "row_values"]

FIRST_TIME = -(10**16)
STRIDE = 10**19


def aggregate(
    dialect: EngineDialect,
    unit: UnitColumn,
    *,
    inside: Sequence[exp.Expression],
    time: exp.Expression | None,
    table: str | None = None,
    since: exp.Expression | None = None,
) -> exp.Expression:
    """A measure's aggregate over a unit's rows, in quanta; 0 without rows.

    `since` is the time from the exposure to a row, from which its day is counted.
    """
    measure = unit.measure
    assert measure is not None  # noqa: S101  # attributes are not aggregated
    value = col(f"q_{unit.name}", table)
    conditions = _counted(unit, measure, inside, table)
    inside_it = all_of(conditions)
    picked = when(inside_it.copy(), value.copy(), None)
    match measure.aggregate:
        case "any":
            return _any(conditions, value, measure)
        case "first_day" | "last_day":
            return _day(dialect, measure.aggregate, inside_it, since)
        case "last":
            return _last(dialect, inside_it, value, time, unit.digits)
        case "sum":
            return round_to(dialect, dialect.total(picked), unit.digits)
        case "count":
            return count_where(inside_it)
        case "distinct":
            return exp.Count(this=exp.Distinct(expressions=[picked]))
        case "mean":
            count = count_where(inside_it)
            return _mean(dialect, dialect.total(picked), count, unit.digits)
    extreme = exp.Max if measure.aggregate == "max" else exp.Min
    extreme_value = coalesce(extreme(this=picked), integer(0))
    return round_to(dialect, extreme_value, unit.digits)


def has(
    unit: UnitColumn, inside: Sequence[exp.Expression], table: str
) -> exp.Expression:
    """Whether a row is one of those for which an `any` is 1."""
    measure = unit.measure
    assert measure is not None  # noqa: S101  # attributes are not aggregated
    conditions = _counted(unit, measure, inside, table)
    return _any_counts(conditions, col(f"q_{unit.name}", table), measure)


def _counted(
    unit: UnitColumn,
    measure: Measure,
    inside: Sequence[exp.Expression],
    table: str | None,
) -> list[exp.Expression]:
    """Conditions that a row counts at all."""
    conditions = list(inside)
    if measure.where is not None:
        conditions.append(col(f"c_{unit.name}", table))
    if measure.value is not None:
        conditions.append(not_null(col(f"q_{unit.name}", table)))
    return conditions


def _any_counts(
    conditions: list[exp.Expression], value: exp.Expression, measure: Measure
) -> exp.Expression:
    if measure.value is None:
        return all_of(conditions)
    return all_of([*conditions, exp.NEQ(this=value.copy(), expression=integer(0))])


def _any(
    conditions: list[exp.Expression], value: exp.Expression, measure: Measure
) -> exp.Expression:
    counts = _any_counts(conditions, value, measure)
    if measure.least > 1:
        enough = exp.GTE(this=count_where(counts), expression=integer(measure.least))
        return when(enough, integer(1), integer(0))
    most = exp.Max(this=when(counts, integer(1), integer(0)))
    return coalesce(most, integer(0))


def _day(
    dialect: EngineDialect,
    which: Literal["first_day", "last_day"],
    inside: exp.Expression,
    since: exp.Expression | None,
) -> exp.Expression:
    """Whole days from exposure to the earliest or latest row, plus 1."""
    assert since is not None  # noqa: S101  # asked for with times only
    extreme = exp.Min if which == "first_day" else exp.Max
    whole = dialect.quotient(
        extreme(this=when(inside, since, None)), integer(DAY_MICROSECONDS)
    )
    return coalesce(exp.Add(this=whole, expression=integer(1)), integer(0))


def _mean(
    dialect: EngineDialect, sums: exp.Expression, count: exp.Expression, digits: int
) -> exp.Expression:
    """Rounded mean: (2·|S| + n·s) div (2·n·s) with the sign of S, s = 10^(6−d)."""
    scale = integer(10 ** (MICRO - digits))
    units = exp.Mul(this=dialect.wide(count), expression=scale)
    double = exp.Mul(this=dialect.wide(sums), expression=integer(2))
    up = exp.Add(this=exp.Paren(this=double), expression=exp.Paren(this=units))
    down = exp.Sub(
        this=exp.Paren(this=double.copy()), expression=exp.Paren(this=units.copy())
    )
    signed = when(exp.LT(this=sums.copy(), expression=integer(0)), down, up)
    by = exp.func(
        "NULLIF",
        exp.Mul(this=exp.Paren(this=units.copy()), expression=integer(2)),
        integer(0),
    )
    return coalesce(dialect.quotient(signed, by), integer(0))


def _last(
    dialect: EngineDialect,
    inside: exp.Expression,
    value: exp.Expression,
    time: exp.Expression | None,
    digits: int,
) -> exp.Expression:
    """Value of the latest row (the greatest, if several): time and value in one."""
    if time is None:
        top = coalesce(exp.Max(this=when(inside, value, None)), integer(0))
        return round_to(dialect, top, digits)
    late = exp.Sub(this=dialect.wide(time), expression=integer(FIRST_TIME))
    packed = exp.Add(
        this=exp.Mul(
            this=exp.Paren(this=late), expression=dialect.wide(_text_int(STRIDE))
        ),
        expression=exp.Add(
            this=dialect.wide(value), expression=integer(STRIDE // 2 - 1)
        ),
    )
    top = exp.Max(this=when(inside, packed, None))
    low = exp.Anonymous(this="MOD", expressions=[top, dialect.wide(_text_int(STRIDE))])
    back = exp.Sub(this=low, expression=integer(STRIDE // 2 - 1))
    return round_to(dialect, coalesce(back, integer(0)), digits)


def _text_int(value: int) -> exp.Expression:
    return exp.Literal.string(str(value))


def row_values(
    reader: Reader, wanted: Sequence[UnitColumn]
) -> dict[str, exp.Expression]:
    """v_: each row's value as DOUBLE (or text to be counted); c_: its condition."""
    columns: dict[str, exp.Expression] = {}
    for unit in wanted:
        if unit.attribute is not None:
            columns[f"v_{unit.name}"] = reader.as_number(unit.attribute)
        measure = unit.measure
        if measure is None:
            continue
        if measure.where is not None:
            columns[f"c_{unit.name}"] = reader.condition(measure.where.tree)
        if measure.value is not None:
            columns[f"v_{unit.name}"] = reader.counted(measure)
    return columns


def quanta(wanted: Sequence[UnitColumn]) -> dict[str, exp.Expression]:
    """q_: each row's value in millionths; text that is only counted stays text."""
    columns: dict[str, exp.Expression] = {}
    for unit in wanted:
        measure = unit.measure
        if measure is not None and measure.value is None:
            continue
        plain = measure is not None and measure.aggregate == "distinct"
        value = col(f"v_{unit.name}")
        columns[f"q_{unit.name}"] = value if plain else micro(value)
    return columns


def of_row(
    dialect: EngineDialect, unit: UnitColumn, table: str | None = None
) -> exp.Expression:
    """A unit's value from its one row, in quanta; null counts 0."""
    value = col(f"q_{unit.name}", table)
    measure = unit.measure
    if measure is None:
        known = coalesce(value, integer(0))
        return round_to(dialect, known, unit.digits)
    conditions: list[exp.Expression] = []
    if measure.where is not None:
        conditions.append(col(f"c_{unit.name}", table))
    if measure.value is not None:
        conditions.append(not_null(value))
    if measure.aggregate in {"count", "distinct"}:
        return when(all_of(conditions), integer(1), integer(0))
    if measure.aggregate == "any":
        if measure.least > 1:  # one row is never two
            return integer(0)
        if measure.value is not None:
            conditions.append(exp.NEQ(this=value.copy(), expression=integer(0)))
        return when(all_of(conditions), integer(1), integer(0))
    return round_to(
        dialect, when(all_of(conditions), value.copy(), integer(0)), unit.digits
    )


def not_null(value: exp.Expression) -> exp.Expression:
    """Whether a value is there."""
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.null()))
