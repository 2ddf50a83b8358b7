"""A first look at each source: what cannot be read, and between which times it lies.

One scan a source. Text that is no number or no time, values beyond all plausibility
and exposures without a unit id are errors that say where; rows that merely do not
count are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from sqlglot import exp

from holdback.data.engine import Engine, Table
from holdback.data.engine.expressions import Reader, blank, is_no_truth
from holdback.data.engine.placeholders import is_placeholder
from holdback.data.engine.sql import (
    all_of,
    any_of,
    col,
    count_where,
    double,
    integer,
    when,
    within_limit,
)
from holdback.data.engine.times import NO_YEAR, QUARTER, Clock, since_midnight
from holdback.data.evidence.cells import SourceProfile
from holdback.data.profiling.conditions import no_row_left
from holdback.data.profiling.date_reading import time_advice, zone_advice
from holdback.data.profiling.money_scale import finer_than_coins
from holdback.data.profiling.number_advice import number_advice
from holdback.data.profiling.places import examples, located, place_of
from holdback.data.queries.units import select
from holdback.errors import DataError, Problem
from holdback.experiments.kinds.metric import Limit
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.trees import Name, written

__all__ = ["ProfileRequest", "profile_source"]

DATE_LENGTH = len("2026-10-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRequest:
    """What to look at in one source; `coins` are decimals of money, by value."""

    reader: Reader
    unit: str | None
    needs_unit: bool
    clock: Clock | None
    resolution: Literal["day", "moment"] | None
    where: tuple[Expression, ...]
    values: tuple[Expression, ...] = ()
    numbers: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    refund: Expression | None = None
    overdrawn: Expression | None = None
    coins: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Scan:
    """The columns of one scan, by name."""

    columns: dict[str, exp.Expression] = field(default_factory=dict)

    def count(self, name: str, condition: exp.Expression) -> None:
        """Count rows for which a condition is true."""
        self.columns[name] = count_where(condition)


def profile_source(engine: Engine, request: ProfileRequest) -> SourceProfile:
    """Scan one source. Raises DataError that locates what cannot be used.

    An event without a unit cannot count, so nothing else of it is asked for. Exposures
    need a row.
    """
    reader = request.reader
    kept = all_of([reader.condition(formula.tree) for formula in request.where])
    scan = _Scan()
    scan.columns["rows"] = exp.Count(this=exp.Star())
    scan.count("kept", kept)
    if request.unit is not None:
        _count_ids(scan, request, kept)
        if not request.needs_unit:
            without = any_of(
                [is_placeholder(reader, request.unit), blank(reader, request.unit)]
            )
            kept = all_of([kept, exp.Not(this=exp.Paren(this=without))])
    if request.clock is not None:
        _count_times(scan, request.clock, kept)
        scan.count("no time", _timeless(request, request.clock, kept))
    values = [reader.number(formula.tree) for formula in request.values]
    values += [reader.as_number(name) for name in request.numbers]
    _count_values(scan, request, values, kept)
    for i, limit in enumerate(request.limits):
        scan.count(f"outside{i}", all_of([kept.copy(), _outside(reader, limit)]))
    for name in sorted(reader.numbers):
        scan.count(f"text {name}", all_of([kept.copy(), _no_number(reader, name)]))
        if reader.table.numbers is None:
            _count_marks(scan, reader, name, kept)
    _count_conditions(scan, request, kept)
    row = _one_row(engine, reader.table, scan)
    if request.needs_unit and not int(row["rows"]):
        raise DataError(_nobody(reader.table.source))
    _refuse(engine, request, row, kept, values)
    return _seen(request, row, len(values))


def _nobody(source: str) -> Problem:
    return Problem(
        where=f"source {source}",
        what="there is a header, but no row of data.",
        why="Without exposures there is nobody to compare.",
        fix="Export it again, or name another file.",
    )


def _count_values(
    scan: _Scan,
    request: ProfileRequest,
    values: Sequence[exp.Expression],
    kept: exp.Expression,
) -> None:
    """Count values that are empty, implausible, or money finer than coins."""
    for i, value in enumerate(values):
        null = exp.Is(this=exp.Paren(this=value), expression=exp.null())
        far = exp.Not(this=exp.Paren(this=within_limit(value.copy())))
        scan.count(f"null{i}", all_of([kept.copy(), null]))
        scan.count(f"far{i}", all_of([kept.copy(), exp.Not(this=null.copy()), far]))
    for i, formula in enumerate(request.values):
        if formula.text in request.coins:
            fine = finer_than_coins(values[i].copy(), request.coins[formula.text])
            scan.count(f"fine{i}", all_of([kept.copy(), fine]))


def _one_row(engine: Engine, table: Table, scan: _Scan) -> dict[str, Any]:
    (row,) = engine.run(select(scan.columns, table.relation.copy()))
    return dict(zip(scan.columns, row, strict=True))


def _count_ids(scan: _Scan, request: ProfileRequest, kept: exp.Expression) -> None:
    assert request.unit is not None  # noqa: S101  # asked for units only
    nobody = is_placeholder(request.reader, request.unit)
    scan.count("nobody", all_of([kept.copy(), nobody]))
    if request.reader.kind(request.unit) == "text":
        _count_damage(scan, request.unit, kept)
    scan.count("missing", all_of([kept.copy(), blank(request.reader, request.unit)]))
    if request.reader.kind(request.unit) in {"float", "decimal"}:
        scan.count("fraction", all_of([kept.copy(), _fraction(request.unit)]))
        scan.count("floats", all_of([kept.copy(), _present(col(request.unit))]))


def _count_damage(scan: _Scan, unit: str, kept: exp.Expression) -> None:
    """Count ids that a spreadsheet wrote as numbers, and those that it rounded."""
    scan.count("scientific", all_of([kept.copy(), _scientific(unit)]))
    scan.count("long", all_of([kept.copy(), _long(unit)]))
    scan.count("rounded", all_of([kept.copy(), _rounded(unit)]))


def _scientific(unit: str) -> exp.Expression:
    """5.12346E+12: what a spreadsheet makes of an id of 12 digits and more."""
    pattern = exp.Literal.string(r"^ *[0-9]([.,][0-9]+)?E\+[0-9]{1,3} *$")
    marked = exp.Like(this=col(unit), expression=exp.Literal.string("%E+%"))
    return all_of([marked, exp.RegexpLike(this=col(unit), expression=pattern)])


def _long(unit: str) -> exp.Expression:
    """Ids of 16 digits and more; a spreadsheet keeps 15."""
    length = exp.GTE(this=exp.Length(this=col(unit)), expression=integer(16))
    digits = exp.Literal.string("^[0-9]+$")
    return all_of([length, exp.RegexpLike(this=col(unit), expression=digits)])


def _rounded(unit: str) -> exp.Expression:
    pattern = exp.Literal.string("^[0-9]{15}0+$")
    return all_of([_long(unit), exp.RegexpLike(this=col(unit), expression=pattern)])


def _count_times(scan: _Scan, clock: Clock, kept: exp.Expression) -> None:
    """First and last time, by wall clock and by moment, and how many name a clock."""
    raw, wall = clock.raw(), clock.wall()
    dated = all_of([kept.copy(), exp.Not(this=exp.Paren(this=clock.means_none()))])
    for name, side in (("wall", wall), ("moment", exp.Not(this=exp.Paren(this=wall)))):
        counted = all_of([dated.copy(), side.copy()])
        picked = when(counted, raw.copy(), None)
        scan.columns[f"{name} first"] = exp.Min(this=picked)
        scan.columns[f"{name} last"] = exp.Max(this=picked.copy())
        clocked = exp.NEQ(this=since_midnight(raw.copy()), expression=integer(0))
        scan.count(f"{name} clocked", all_of([counted.copy(), clocked]))
        # Zones lie whole quarters of an hour from UTC.
        odd = exp.Mod(this=exp.Paren(this=raw.copy()), expression=integer(QUARTER))
        uneven = exp.NEQ(this=odd, expression=integer(0))
        scan.count(f"{name} uneven", all_of([counted.copy(), uneven]))
    scan.count("no date", all_of([kept.copy(), clock.means_none()]))
    if clock.is_text:
        length = exp.Length(this=exp.Trim(this=col(clock.column)))
        short = exp.LTE(this=length, expression=integer(DATE_LENGTH))
        scan.count("dates", all_of([dated.copy(), _present(raw.copy()), short]))


def _count_conditions(
    scan: _Scan, request: ProfileRequest, kept: exp.Expression
) -> None:
    """Count refunds, and text that is compared with true and false and is neither."""
    reader = request.reader
    if request.refund is not None:
        given_back = reader.condition(request.refund.tree)
        scan.count("refunds", all_of([kept.copy(), given_back]))
    if request.overdrawn is not None:
        overdrawn = reader.condition(request.overdrawn.tree)
        scan.count("overdrawn", all_of([kept.copy(), overdrawn]))
    for name in sorted(reader.truths):
        scan.count(f"truth {name}", is_no_truth(name))


def _count_marks(
    scan: _Scan, reader: Reader, column: str, kept: exp.Expression
) -> None:
    """Count numbers such as 1.234, which may be 1234 to who wrote them, and others.

    Others are those that a group of thousands cannot be: with another number of
    decimals, below 1 with decimals, or of 1000 and more without a group.
    """
    mark = "," if reader.table.decimal_comma else "."
    marked = exp.Like(this=col(column), expression=exp.Literal.string(f"%{mark}%"))
    grouped = exp.Like(this=col(column), expression=exp.Literal.string(f"%{mark}___"))
    size = exp.Abs(this=exp.Paren(this=reader.text_number(column)))
    small = exp.LT(this=size, expression=double("1"))
    large = exp.GTE(this=size.copy(), expression=double("1000"))
    differs = any_of([exp.Not(this=grouped), small])
    other = any_of([large, all_of([marked, differs])])
    scan.count(f"grouped {column}", all_of([kept.copy(), grouped.copy()]))
    scan.count(f"other {column}", all_of([kept.copy(), other]))


def _timeless(
    request: ProfileRequest, clock: Clock, kept: exp.Expression
) -> exp.Expression:
    """Rows whose time cannot be read.

    A blank one in the table of exposures is left out and counted there; an event
    without a time could be of any moment, so it is refused like one that is no time.
    A date that means none is counted.
    """
    missing = exp.Is(this=clock.raw(), expression=exp.null())
    beyond = exp.GTE(this=clock.raw(), expression=integer(NO_YEAR))
    odd: exp.Expression = exp.Paren(this=exp.Or(this=missing, expression=beyond))
    if clock.is_text:
        names_none = clock.reader.dialect.names_no_date(col(clock.column))
        odd = all_of([odd, exp.Not(this=exp.Paren(this=names_none))])
    if not request.needs_unit:
        return all_of([kept.copy(), odd])
    filled = _filled if clock.is_text else _present
    return all_of([kept.copy(), filled(col(clock.column)), odd])


def _outside(reader: Reader, limit: Limit) -> exp.Expression:
    """Rows that count and whose value lies outside its scale."""
    value = exp.Paren(this=reader.number(limit.value.tree))
    low = exp.GTE(this=value, expression=integer(limit.low))
    high = exp.LTE(this=value.copy(), expression=integer(limit.high))
    inside = exp.Paren(this=exp.And(this=low, expression=high))
    counted = [reader.condition(limit.where.tree)] if limit.where is not None else []
    return all_of([*counted, _present(value.copy()), exp.Not(this=inside)])


def _fraction(column: str) -> exp.Expression:
    value = exp.Cast(this=col(column), to=exp.DataType.build("DOUBLE"))
    return exp.NEQ(this=exp.Floor(this=value), expression=value.copy())


def _present(value: exp.Expression) -> exp.Expression:
    return exp.Not(this=exp.Is(this=value, expression=exp.null()))


def _filled(text: exp.Expression) -> exp.Expression:
    trimmed = exp.Trim(this=text.copy())
    return all_of(
        [
            _present(text.copy()),
            exp.NEQ(this=trimmed, expression=exp.Literal.string("")),
        ]
    )


def _no_number(reader: Reader, column: str) -> exp.Expression:
    parsed = reader.text_number(column)
    return all_of([_filled(col(column)), exp.Is(this=parsed, expression=exp.null())])


def _seen(request: ProfileRequest, row: dict[str, Any], values: int) -> SourceProfile:
    def range_of(name: str) -> tuple[int, int] | None:
        first = row.get(f"{name} first")
        return None if first is None else (int(first), int(row[f"{name} last"]))

    return SourceProfile(
        rows=int(row["rows"]),
        kept=int(row["kept"]),
        missing_ids=int(row.get("missing", 0)),
        placeholders=int(row.get("nobody", 0)),
        refunds=int(row.get("refunds", 0)),
        overdrawn=int(row.get("overdrawn", 0)),
        damaged_ids=int(row.get("scientific", 0)),
        float_ids=int(row.get("floats", 0)),
        null_values=max((int(row[f"null{i}"]) for i in range(values)), default=0),
        wall=range_of("wall"),
        moments=range_of("moment"),
        days=_days(request, row),
        offsets=_offsets(row),
        missing_times=int(row.get("no date", 0)),
        fine_values=tuple(
            formula.text
            for i, formula in enumerate(request.values)
            if int(row.get(f"fine{i}") or 0)
        ),
        two_readings={
            name: int(row[f"grouped {name}"])
            for name in sorted(request.reader.numbers)
            if int(row.get(f"grouped {name}", 0)) and not int(row[f"other {name}"])
        },
    )


def _offsets(row: Mapping[str, Any]) -> Literal["none", "some", "all"]:
    """Which rows name the offset of their time."""
    if row.get("moment first") is None:
        return "none"
    return "all" if row["wall first"] is None else "some"


def _days(
    request: ProfileRequest, row: Mapping[str, Any]
) -> Literal["none", "some", "written", "local", "unsettled"]:
    """Whether the times are whole days: dates without a clock, or all at midnight.

    Midnights of another zone than UTC can only be told with the project's at hand.
    """
    if request.clock is None or request.resolution == "moment":
        return "none"
    sides = [n for n in ("wall", "moment") if row[f"{n} first"] is not None]
    if sides and not any(int(row[f"{name} clocked"]) for name in sides):
        return "written"
    if request.resolution == "day":
        return "local"
    if sides == ["moment"] and not int(row["moment uneven"]):
        return "unsettled"
    return "some" if int(row.get("dates", 0)) else "none"


def _refuse(
    engine: Engine,
    request: ProfileRequest,
    row: dict[str, Any],
    kept: exp.Expression,
    values: Sequence[exp.Expression],
) -> None:
    reader, problems = request.reader, []
    for name in sorted(reader.numbers):
        bad = int(row[f"text {name}"])
        if bad:
            condition = all_of([kept.copy(), _no_number(reader, name)])
            problems += located(
                engine,
                reader.table,
                name,
                condition,
                bad,
                "is not a number",
                partial(number_advice, engine, reader, name, kept),
            )
    problems += _untrue(engine, reader, row)
    clock = request.clock
    if clock is not None and int(row["no time"]):
        condition = _timeless(request, clock, kept)
        problems += located(
            engine,
            reader.table,
            clock.column,
            condition,
            int(row["no time"]),
            "is not a time",
            lambda texts: (
                zone_advice(texts)
                or time_advice(engine, reader, clock.column, kept, texts)
            ),
        )
    problems += _ids(engine, request, row, kept)
    if not int(row["kept"]) and int(row["rows"]) and request.where and not problems:
        problems.append(no_row_left(engine, reader, request.where, int(row["rows"])))
    if not problems:
        problems += _far(engine, request, row, kept, values)
        problems += _beyond(engine, request, row, kept)
    if problems:
        raise DataError(problems)


def _untrue(engine: Engine, reader: Reader, row: dict[str, Any]) -> list[Problem]:
    """Text that is compared with true and false and says neither."""
    problems = []
    for name in sorted(reader.truths):
        if int(row[f"truth {name}"]):
            problems += located(
                engine,
                reader.table,
                name,
                is_no_truth(name),
                int(row[f"truth {name}"]),
                "is neither true nor false",
                partial(_as_text, name),
            )
    return problems


def _as_text(column: str, texts: Sequence[str]) -> str:
    return (
        f"Compare it with its text, for instance {written(Name(column))} = "
        f"'{texts[0]}'."
    )


def _ids(
    engine: Engine, request: ProfileRequest, row: dict[str, Any], kept: exp.Expression
) -> list[Problem]:
    if request.unit is None:
        return []
    reader, table = request.reader, request.reader.table
    if reader.kind(request.unit) in {"boolean", "date", "local", "instant", "other"}:
        return [
            Problem(
                where=f"source {table.source}, column {request.unit}",
                what="unit ids must be text or whole numbers, not "
                f"{reader.kind(request.unit)}.",
                fix="Name the column of ids as `unit`.",
            )
        ]
    damaged = _damaged(engine, request, row, kept)
    if damaged:
        return damaged
    if int(row.get("fraction", 0)):
        return located(
            engine,
            table,
            request.unit,
            all_of([kept.copy(), _fraction(request.unit)]),
            int(row["fraction"]),
            "is no unit id: it has a fraction",
            lambda _: "Store ids as text or whole numbers.",
        )
    if request.needs_unit and int(row["missing"]):
        return located(
            engine,
            table,
            request.unit,
            all_of([kept.copy(), blank(reader, request.unit)]),
            int(row["missing"]),
            "is no unit id: it is blank",
            lambda _: (
                f"Give every row an id, or leave such rows out with `where: "
                f"{request.unit} is not null`."
            ),
        )
    return []


MANY_ROUNDED, FEW_OF = 5, 100


def _damaged(
    engine: Engine, request: ProfileRequest, row: dict[str, Any], kept: exp.Expression
) -> list[Problem]:
    """Ids that a spreadsheet destroyed: what is lost cannot be found again."""
    unit, table = request.unit, request.reader.table
    assert unit is not None  # noqa: S101  # asked for units only
    advice = (
        "Export the ids again and do not save them from a spreadsheet, or format their "
        "column as text before they are pasted."
    )
    if int(row.get("scientific", 0)) * FEW_OF >= max(int(row["kept"]), 1):
        what = "is no unit id: a spreadsheet has rounded it to scientific notation"
        condition, count = _scientific(unit), int(row["scientific"])
    elif int(row.get("rounded", 0)) and row["rounded"] == row["long"]:
        what = "is no unit id: a spreadsheet has rounded it after the 15th digit"
        condition, count = _rounded(unit), int(row["rounded"])
        if not _are_many(engine, table, unit, all_of([kept.copy(), condition.copy()])):
            return []
    else:
        return []
    where = all_of([kept.copy(), condition])
    return located(engine, table, unit, where, count, what, lambda _: advice)


def _are_many(
    engine: Engine, table: Table, unit: str, condition: exp.Expression
) -> bool:
    """Whether at least five different ids are concerned: chance alone makes one."""
    distinct = exp.Count(this=exp.Distinct(expressions=[col(unit)]))
    query = select({"n": distinct}, table.relation.copy(), where=[condition])
    ((count,),) = engine.run(query)
    return int(count) >= MANY_ROUNDED


def _far(
    engine: Engine,
    request: ProfileRequest,
    row: dict[str, Any],
    kept: exp.Expression,
    values: Sequence[exp.Expression],
) -> list[Problem]:
    problems = []
    names = [formula.text for formula in request.values] + list(request.numbers)
    for i, value in enumerate(values):
        if not int(row[f"far{i}"]):
            continue
        limit = exp.Not(this=exp.Paren(this=within_limit(value.copy())))
        condition = all_of([kept.copy(), _present(exp.Paren(this=value.copy())), limit])
        places = examples(engine, request.reader.table, value, condition)
        for place, text in places:
            problems.append(
                Problem(
                    where=place_of(request.reader.table, place, _column(request, i)),
                    what=f"{names[i]} is {text}, beyond the plausibility limit "
                    "of 1e12.",
                    why="Such a value cannot be right, and one of them would decide "
                    "the result.",
                    fix="Correct it, or leave it out with `where`.",
                )
            )
    return problems


def _beyond(
    engine: Engine, request: ProfileRequest, row: dict[str, Any], kept: exp.Expression
) -> list[Problem]:
    """Answers outside their scale."""
    problems = []
    for i, limit in enumerate(request.limits):
        count = int(row[f"outside{i}"])
        if not count:
            continue
        condition = all_of([kept.copy(), _outside(request.reader, limit)])
        value = request.reader.number(limit.value.tree)
        column = _only(limit.value)
        places = examples(engine, request.reader.table, value, condition)
        for k, (place, text) in enumerate(places):
            more = f" ({count:,} rows in all)" if k == 0 and count > 1 else ""
            problems.append(
                Problem(
                    where=place_of(request.reader.table, place, column),
                    what=f"{limit.value.text} is {text}, outside {limit.low} to "
                    f"{limit.high}{more}.",
                    why="On another scale the same answer means another thing.",
                    fix="Correct it, or leave such rows out with `where`."
                    if k == 0
                    else "",
                )
            )
    return problems


def _column(request: ProfileRequest, index: int) -> str | None:
    if index >= len(request.values):
        return request.numbers[index - len(request.values)]
    return _only(request.values[index])


def _only(value: Expression) -> str | None:
    """The column of a value, where it has one."""
    return next(iter(value.columns)) if len(value.columns) == 1 else None
