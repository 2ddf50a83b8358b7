"""Exposures and events → one row per unit, as query trees that are not yet run.

A unit's row holds its arm, the time of its first exposure, its segments, and its
values in whole quanta. Units without events need no row in the events' part: they
count in the totals, and add nothing to a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlglot import exp

from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import (
    all_of,
    cast,
    col,
    integer,
)
from holdback.data.engine.times import IN_UTC, Zone
from holdback.data.queries.aggregates import (
    aggregate,
    not_null,
    of_row,
    quanta,
    row_values,
)
from holdback.data.queries.unit_columns import UnitColumn

__all__ = [
    "CROSSED",
    "KEPT_CROSSED",
    "OVERRIDDEN",
    "USED",
    "Events",
    "Exposures",
    "Span",
    "exposed_units",
    "in_window",
    "kept_rows",
    "select",
    "widened",
]

USED, CROSSED, KEPT_CROSSED, OVERRIDDEN = 0, 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The moments that bound a reading, in µs of UTC; absent without times.

    `start` and `end` bound the days on which units may join, `end` excluded.
    """

    as_of: int | None
    start: int | None
    end: int | None

    @property
    def last(self) -> int | None:
        """Where a measure without an end of its own stops."""
        bounds = [b for b in (self.as_of, self.end) if b is not None]
        return min(bounds) if bounds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposures:
    """The assignment table, read: expressions over its rows.

    `arm` is the arm's number or null, `unit` is absent where each row is a unit.
    `reason` says why, where arms are computed; `ineligible` and `held_out` are true of
    logged rows whose unit may not take part or is of the global holdout, `nobody` of
    rows with a placeholder in place of an id.
    `segments` are texts; `where` keeps rows. `one_row` says that no unit stands
    twice among the kept rows, `all_kept` that every row of the table is kept.
    """

    reader: Reader
    arm: exp.Expression
    unit: exp.Expression | None
    time: exp.Expression | None
    where: tuple[exp.Expression, ...]
    arms: int
    segments: Mapping[str, exp.Expression] = field(default_factory=dict)
    reason: exp.Expression | None = None
    ineligible: exp.Expression | None = None
    held_out: exp.Expression | None = None
    nobody: exp.Expression | None = None
    overridden: tuple[str, ...] = ()
    keep_overridden: bool = False
    keep_crossed: bool = False
    one_row: bool = True
    all_kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """A source of events, read: expressions over its rows.

    `days` says whether its times are whole days (`some`: those at midnight), of the
    timezone `zone`; they count from the day of the exposure on, or from the day after
    it where `own_day` is False. Other events count from `tolerance` (µs) before it.
    """

    reader: Reader
    unit: exp.Expression
    time: exp.Expression | None
    where: tuple[exp.Expression, ...]
    zone: Zone = IN_UTC
    days: Literal["none", "some", "all"] = "none"
    own_day: bool = True
    tolerance: int = 0


def select(
    columns: Mapping[str, exp.Expression],
    source: exp.Expression,
    *,
    where: Iterable[exp.Expression] = (),
    group: Sequence[str] = (),
) -> exp.Select:
    """SELECT named columns FROM source WHERE all GROUP BY the named ones."""
    named = [
        exp.alias_(value, name, quoted=True, copy=False)
        for name, value in columns.items()
    ]
    query = exp.Select(expressions=named).from_(source, copy=False)
    conditions = list(where)
    if conditions:
        query = query.where(all_of(conditions), copy=False)
    if group:
        query = query.group_by(*(col(name) for name in group), copy=False)
    return query


def widened(
    columns: Mapping[str, exp.Expression], source: exp.Expression
) -> exp.Select:
    """All columns of a relation, and some more."""
    named = [exp.alias_(value, name, quoted=True) for name, value in columns.items()]
    return exp.Select(expressions=[exp.Star(), *named]).from_(source, copy=False)


def nested(query: exp.Expression, name: str) -> exp.Subquery:
    """A query in FROM."""
    return exp.Subquery(
        this=query,
        alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)),
    )


def kept_rows(
    exposures: Exposures, span: Span, own: Sequence[UnitColumn]
) -> exp.Select:
    """Rows that count as exposures: known arm, in the window, before as-of.

    Columns: unit, arm, t, s0 …, and the value of each of `own` as v_, c_.
    """
    base: dict[str, exp.Expression] = {"arm": exposures.arm}
    if exposures.unit is not None:
        base["unit"] = exposures.unit
    if exposures.time is not None:
        base["t"] = exposures.time
    for i, segment in enumerate(exposures.segments.values()):
        base[f"s{i}"] = segment
    base |= row_values(exposures.reader, own)
    filters = [] if exposures.all_kept else list(exposures.where)
    if exposures.nobody is not None and not exposures.all_kept:
        filters.append(exp.Not(this=exposures.nobody))
    rows = select(base, exposures.reader.table.relation.copy(), where=filters)
    conditions: list[exp.Expression] = []
    if not exposures.all_kept:
        conditions.append(not_null(col("arm")))
        if exposures.time is not None:
            conditions += in_window(col("t"), span)
    passed = {name: col(name) for name in base if not name.startswith("v_")}
    passed |= quanta(own)
    return select(passed, nested(rows, "r"), where=conditions)


def in_window(time: exp.Expression, span: Span) -> list[exp.Expression]:
    """Conditions that an exposure lies in the window and before as-of."""
    conditions: list[exp.Expression] = []
    if span.start is not None:
        conditions.append(exp.GTE(this=time.copy(), expression=integer(span.start)))
    bound = span.last
    if bound is not None:
        conditions.append(exp.LT(this=time.copy(), expression=integer(bound)))
    return conditions


def exposed_units(
    exposures: Exposures, span: Span, own: Sequence[UnitColumn]
) -> exp.Select:
    """One row per exposed unit: unit, arm, status, t, s0 …, and its own values."""
    rows = kept_rows(exposures, span, own)
    if exposures.one_row:
        return _single(exposures, rows, own)
    return _first(exposures, rows, own)


def _single(
    exposures: Exposures, rows: exp.Select, own: Sequence[UnitColumn]
) -> exp.Select:
    columns: dict[str, exp.Expression] = {"arm": col("arm")}
    columns["status"] = _status(exposures, exp.false())
    if exposures.unit is not None:
        columns["unit"] = col("unit")
    if exposures.time is not None:
        columns["t"] = col("t")
    columns |= {f"s{i}": col(f"s{i}") for i in range(len(exposures.segments))}
    columns |= nested_steps(
        own, {unit.name: of_row(exposures.reader.dialect, unit) for unit in own}
    )
    return select(columns, nested(rows, "x"))


def _first(
    exposures: Exposures, rows: exp.Select, own: Sequence[UnitColumn]
) -> exp.Select:
    """First exposure of each unit: the least (time, arm), both in one integer."""
    count = exposures.arms
    key: exp.Expression = col("arm")
    if exposures.time is not None:
        scaled = exp.Mul(this=col("t"), expression=integer(count))
        key = exp.Add(this=scaled, expression=col("arm"))
    grouped: dict[str, exp.Expression] = {
        "unit": col("unit"),
        "key": exp.Min(this=key),
        "low": exp.Min(this=col("arm")),
        "high": exp.Max(this=col("arm")),
    }
    measures = [unit for unit in own if unit.measure is not None]
    dialect = exposures.reader.dialect
    grouped |= nested_steps(
        measures,
        {
            unit.name: aggregate(dialect, unit, inside=[], time=col("t"))
            for unit in measures
        },
    )
    grouped_units = select(grouped, nested(rows, "x"), group=["unit"])
    return _described(exposures, rows, grouped_units, own)


def nested_steps(
    own: Sequence[UnitColumn], values: dict[str, exp.Expression]
) -> dict[str, exp.Expression]:
    """The values, where one comes after another: 1 if both are."""
    for unit in own:  # what one comes after stands before it
        if unit.after is not None:
            both = (values[unit.name], values[unit.after].copy())
            values[unit.name] = exp.Mul(
                this=exp.Paren(this=both[0]), expression=exp.Paren(this=both[1])
            )
    return values


def _described(
    exposures: Exposures,
    rows: exp.Select,
    units: exp.Select,
    own: Sequence[UnitColumn],
) -> exp.Select:
    """Adds segments and attributes of the first exposure, and takes the key apart."""
    dialect, count = exposures.reader.dialect, exposures.arms
    key = col("key", "f")
    arm: exp.Expression = key
    columns: dict[str, exp.Expression] = {"unit": col("unit", "f")}
    if exposures.time is not None:
        time = dialect.quotient(key.copy(), integer(count))
        columns["t"] = cast(time, "BIGINT")
        arm = exp.Sub(
            this=key.copy(),
            expression=exp.Mul(
                this=exp.Paren(this=time.copy()), expression=integer(count)
            ),
        )
    crossed = exp.NEQ(this=col("low", "f"), expression=col("high", "f"))
    columns["arm"] = cast(arm, "INT")
    columns["status"] = _status(exposures, crossed, table="f")
    columns |= {u.name: col(u.name, "f") for u in own if u.measure is not None}
    attributes = [unit for unit in own if unit.attribute is not None]
    segments = [f"s{i}" for i in range(len(exposures.segments))]
    if not attributes and not segments:
        return select(columns, nested(units, "f"))
    firsts: dict[str, exp.Expression] = {"unit": col("unit", "f")}
    firsts |= {
        name: exp.Min(this=dialect.bytewise(col(name, "x"))) for name in segments
    }
    firsts |= {
        unit.name: exp.Min(this=of_row(dialect, unit, table="x")) for unit in attributes
    }
    joined = select(firsts, nested(units.copy(), "f"))
    joined = joined.join(
        nested(rows.copy(), "x"), on=_same_row(exposures), copy=False
    ).group_by(col("unit", "f"), copy=False)
    columns |= {name: col(name, "a") for name in firsts if name != "unit"}
    return select(columns, nested(units, "f")).join(
        nested(joined, "a"),
        on=exp.EQ(this=col("unit", "a"), expression=col("unit", "f")),
        copy=False,
    )


def _same_row(exposures: Exposures) -> exp.Expression:
    key: exp.Expression = col("arm", "x")
    if exposures.time is not None:
        scaled = exp.Mul(this=col("t", "x"), expression=integer(exposures.arms))
        key = exp.Add(this=scaled, expression=key)
    return all_of(
        [
            exp.EQ(this=col("unit", "f"), expression=col("unit", "x")),
            exp.EQ(this=col("key", "f"), expression=key),
        ]
    )


def _status(
    exposures: Exposures, crossed: exp.Expression, table: str | None = None
) -> exp.Expression:
    case = exp.Case()
    left_out = exposures.overridden and not exposures.keep_overridden
    if left_out and exposures.unit is not None:
        listed = exp.In(
            this=col("unit", table),
            expressions=[exp.Literal.string(u) for u in exposures.overridden],
        )
        case = case.when(listed, integer(OVERRIDDEN), copy=False)
    if not isinstance(crossed, exp.Boolean):
        status = KEPT_CROSSED if exposures.keep_crossed else CROSSED
        case = case.when(crossed, integer(status), copy=False)
    if not case.args.get("ifs"):
        return integer(USED)
    return case.else_(integer(USED), copy=False)


def unit_keys(exposures: Exposures) -> list[str]:
    """Columns of a unit that say in which cell it stands."""
    keys = ["arm", "status"]
    if exposures.time is not None:
        keys.append("t")
    return keys + [f"s{i}" for i in range(len(exposures.segments))]
