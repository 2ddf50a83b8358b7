"""Exposures and events → one row per unit, as query trees that are not yet run.

A unit's row holds its arm, the time of its first exposure, its segments, and its
values in whole quanta. Units without events need no row in the events' part: they
count in the totals, and add nothing to a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlglot import exp

from holdback.experiments.engine.dialects import Dialect, cast
from holdback.experiments.engine.sql import (
    MICRO,
    Reader,
    all_of,
    col,
    integer,
    micro,
    round_to,
    total,
    when,
)
from holdback.experiments.layout import UnitColumn
from holdback.experiments.measure import Measure

__all__ = [
    "CROSSED",
    "KEPT_CROSSED",
    "OVERRIDDEN",
    "USED",
    "Events",
    "Exposures",
    "Span",
    "event_units",
    "exposed_units",
    "kept_rows",
    "select",
]

USED, CROSSED, KEPT_CROSSED, OVERRIDDEN = 0, 1, 2, 3
MICROSECOND = timedelta(microseconds=1)
FIRST_TIME = -(10**16)
STRIDE = 10**19


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
    `segments` are texts; `where` keeps rows. `one_row` says that no unit stands
    twice among the kept rows.
    """

    reader: Reader
    arm: exp.Expression
    unit: exp.Expression | None
    time: exp.Expression | None
    where: tuple[exp.Expression, ...]
    arms: int
    segments: Mapping[str, exp.Expression] = field(default_factory=dict)
    overridden: tuple[str, ...] = ()
    keep_crossed: bool = False
    one_row: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """A source of events, read: expressions over its rows."""

    reader: Reader
    unit: exp.Expression
    time: exp.Expression | None
    where: tuple[exp.Expression, ...]


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
    base |= _row_values(exposures.reader, own)
    rows = select(
        base, exposures.reader.table.relation.copy(), where=exposures.where
    )
    conditions: list[exp.Expression] = [_not_null(col("arm"))]
    if exposures.time is not None:
        conditions += in_window(col("t"), span)
    passed = {name: col(name) for name in base if not name.startswith("v_")}
    passed |= _quanta(own)
    return select(passed, nested(rows, "r"), where=conditions)


def in_window(time: exp.Expression, span: Span) -> list[exp.Expression]:
    """Conditions that an exposure lies in the window and before as-of."""
    found: list[exp.Expression] = []
    if span.start is not None:
        found.append(exp.GTE(this=time.copy(), expression=integer(span.start)))
    bound = span.last
    if bound is not None:
        found.append(exp.LT(this=time.copy(), expression=integer(bound)))
    return found


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
    columns |= {
        unit.name: _of_row(exposures.reader.dialect, unit) for unit in own
    }
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
    for unit in measures:
        grouped[unit.name] = aggregate(
            exposures.reader.dialect, unit, inside=[], time=col("t")
        )
    found = select(grouped, nested(rows, "x"), group=["unit"])
    return _described(exposures, rows, found, own)


def _described(
    exposures: Exposures,
    rows: exp.Select,
    found: exp.Select,
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
        return select(columns, nested(found, "f"))
    firsts: dict[str, exp.Expression] = {"unit": col("unit", "f")}
    firsts |= {name: exp.Min(this=dialect.bytewise(col(name, "x"))) for name in segments}
    firsts |= {
        unit.name: exp.Min(this=_of_row(dialect, unit, table="x")) for unit in attributes
    }
    joined = select(firsts, nested(found.copy(), "f"))
    joined = joined.join(
        nested(rows.copy(), "x"), on=_same_row(exposures), copy=False
    ).group_by(col("unit", "f"), copy=False)
    columns |= {name: col(name, "a") for name in firsts if name != "unit"}
    return select(columns, nested(found, "f")).join(
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
    if exposures.overridden and exposures.unit is not None:
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


def event_units(
    events: Events,
    exposures: Exposures,
    span: Span,
    wanted: Sequence[UnitColumn],
    *,
    relation: str = "u",
    carried: Sequence[str] = (),
) -> exp.Select:
    """One row per exposed unit that has events: its keys and its values.

    Reads the units from `relation`, and carries their values `carried` along. Beside the values it counts the unit's
    rows: ``n_rows``, those before exposure that no measure collects (``n_before``)
    and those at or after as-of (``n_late``).
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
    columns |= _told(events, exposures, span, wanted)
    for unit in wanted:
        inside = window(unit.measure, events, exposures, span) if unit.measure else []
        time = col("t", "e") if events.time is not None else None
        columns[unit.name] = aggregate(
            dialect, unit, inside=inside, time=time, table="e"
        )
    query = select(columns, nested(_event_rows(events, wanted), "e"))
    return query.join(
        exp.alias_(exp.table_(relation, quoted=True), "u", quoted=True, table=True),
        on=exp.EQ(this=col("unit", "e"), expression=col("unit", "u")),
        copy=False,
    ).group_by(col("unit", "u"), copy=False)


def unit_keys(exposures: Exposures) -> list[str]:
    """Columns of a unit that say in which cell it stands."""
    keys = ["arm", "status"]
    if exposures.time is not None:
        keys.append("t")
    return keys + [f"s{i}" for i in range(len(exposures.segments))]


def window(
    measure: Measure, events: Events, exposures: Exposures, span: Span
) -> list[exp.Expression]:
    """Conditions that an event lies in a measure's window; none without times."""
    if events.time is None:
        return []
    time = col("t", "e")
    found: list[exp.Expression] = []
    if exposures.time is not None:
        found.append(exp.GTE(this=time, expression=_shifted(measure.start)))
        if measure.end is not None:
            found.append(exp.LT(this=time.copy(), expression=_shifted(measure.end)))
    elif span.start is not None:
        found.append(exp.GTE(this=time, expression=integer(span.start)))
    last = span.last if measure.end is None else span.as_of
    if last is not None:
        found.append(exp.LT(this=time.copy(), expression=integer(last)))
    return found


def aggregate(
    dialect: Dialect,
    unit: UnitColumn,
    *,
    inside: Sequence[exp.Expression],
    time: exp.Expression | None,
    table: str | None = None,
) -> exp.Expression:
    """A measure's aggregate over a unit's rows, in quanta; 0 without rows."""
    measure = unit.measure
    assert measure is not None  # noqa: S101  # attributes are not aggregated
    value = col(f"q_{unit.name}", table)
    conditions = list(inside)
    if measure.where is not None:
        conditions.append(col(f"c_{unit.name}", table))
    if measure.value is not None:
        conditions.append(_not_null(value))
    inside_it = all_of(conditions)
    one = when(inside_it, integer(1), integer(0))
    picked = when(inside_it.copy(), value.copy(), None)
    match measure.aggregate:
        case "sum":
            return round_to(dialect, total(picked), unit.digits)
        case "count":
            return total(one)
        case "any":
            return _any(conditions, value, measure)
        case "distinct":
            return exp.Count(this=exp.Distinct(expressions=[picked]))
        case "mean":
            return _mean(dialect, total(picked), total(one), unit.digits)
        case "max":
            top = exp.func("COALESCE", exp.Max(this=picked), integer(0))
            return round_to(dialect, top, unit.digits)
        case "min":
            low = exp.func("COALESCE", exp.Min(this=picked), integer(0))
            return round_to(dialect, low, unit.digits)
        case "last":
            return _last(dialect, inside_it, value, time, unit.digits)


def _any(
    conditions: list[exp.Expression], value: exp.Expression, measure: Measure
) -> exp.Expression:
    if measure.value is not None:
        conditions = [*conditions, exp.NEQ(this=value, expression=integer(0))]
    return exp.func(
        "COALESCE",
        exp.Max(this=when(all_of(conditions), integer(1), integer(0))),
        integer(0),
    )


def _mean(
    dialect: Dialect, sums: exp.Expression, count: exp.Expression, digits: int
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
    return exp.func("COALESCE", dialect.quotient(signed, by), integer(0))


def _last(
    dialect: Dialect,
    inside: exp.Expression,
    value: exp.Expression,
    time: exp.Expression | None,
    digits: int,
) -> exp.Expression:
    """Value of the latest row (the greatest, if several): time and value in one."""
    if time is None:
        top = exp.func("COALESCE", exp.Max(this=when(inside, value, None)), integer(0))
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
    return round_to(dialect, exp.func("COALESCE", back, integer(0)), digits)


def _text_int(value: int) -> exp.Expression:
    return exp.Literal.string(str(value))


def _event_rows(events: Events, wanted: Sequence[UnitColumn]) -> exp.Select:
    base: dict[str, exp.Expression] = {"unit": events.unit}
    if events.time is not None:
        base["t"] = events.time
    base |= _row_values(events.reader, wanted)
    rows = select(base, events.reader.table.relation.copy(), where=events.where)
    passed = {name: col(name) for name in base if not name.startswith("v_")}
    return select(passed | _quanta(wanted), nested(rows, "r"))


def _row_values(
    reader: Reader, wanted: Sequence[UnitColumn]
) -> dict[str, exp.Expression]:
    """v_: each row's value as DOUBLE (or text to be counted); c_: its condition."""
    found: dict[str, exp.Expression] = {}
    for unit in wanted:
        if unit.attribute is not None:
            found[f"v_{unit.name}"] = reader.as_number(unit.attribute)
        measure = unit.measure
        if measure is None:
            continue
        if measure.where is not None:
            found[f"c_{unit.name}"] = reader.condition(measure.where.tree)
        if measure.value is not None:
            found[f"v_{unit.name}"] = reader.counted(measure)
    return found


def _quanta(wanted: Sequence[UnitColumn]) -> dict[str, exp.Expression]:
    """q_: each row's value in millionths; text that is only counted stays text."""
    found: dict[str, exp.Expression] = {}
    for unit in wanted:
        measure = unit.measure
        if measure is not None and measure.value is None:
            continue
        plain = measure is not None and measure.aggregate == "distinct"
        value = col(f"v_{unit.name}")
        found[f"q_{unit.name}"] = value if plain else micro(value)
    return found


def _of_row(
    dialect: Dialect, unit: UnitColumn, table: str | None = None
) -> exp.Expression:
    """A unit's value from its one row, in quanta; null counts 0."""
    value = col(f"q_{unit.name}", table)
    measure = unit.measure
    if measure is None:
        known = exp.func("COALESCE", value, integer(0))
        return round_to(dialect, known, unit.digits)
    conditions: list[exp.Expression] = []
    if measure.where is not None:
        conditions.append(col(f"c_{unit.name}", table))
    if measure.value is not None:
        conditions.append(_not_null(value))
    if measure.aggregate in {"count", "distinct"}:
        return when(all_of(conditions), integer(1), integer(0))
    if measure.aggregate == "any":
        if measure.value is not None:
            conditions.append(exp.NEQ(this=value.copy(), expression=integer(0)))
        return when(all_of(conditions), integer(1), integer(0))
    return round_to(
        dialect, when(all_of(conditions), value.copy(), integer(0)), unit.digits
    )


def _told(
    events: Events, exposures: Exposures, span: Span, wanted: Sequence[UnitColumn]
) -> dict[str, exp.Expression]:
    """Counts of a unit's rows for the reader of the report."""
    found: dict[str, exp.Expression] = {"n_rows": exp.Count(this=exp.Star())}
    before: exp.Expression = exp.false()
    late: exp.Expression = exp.false()
    if events.time is not None:
        time = col("t", "e")
        if span.as_of is not None:
            late = exp.GTE(this=time, expression=integer(span.as_of))
        if exposures.time is not None:
            starts = [u.measure.start for u in wanted if u.measure is not None]
            earliest = min([timedelta(0), *starts])
            before = exp.LT(this=time.copy(), expression=_shifted(earliest))
    for name, condition in (("n_before", before), ("n_late", late)):
        found[name] = total(when(condition, integer(1), integer(0)))
    return found


def _shifted(by: timedelta) -> exp.Expression:
    """The unit's exposure, moved by a duration."""
    shift = by // MICROSECOND
    if shift == 0:
        return col("t", "u")
    return exp.Paren(this=exp.Add(this=col("t", "u"), expression=integer(shift)))


def _not_null(value: exp.Expression) -> exp.Expression:
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.null()))

