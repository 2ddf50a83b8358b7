"""Dates as people write them → text of ISO 8601, which every engine reads."""

from __future__ import annotations

from sqlglot import exp

from holdback.data.engine.protocol import EngineDialect
from holdback.data.engine.sql import all_of, cast, double, when
from holdback.experiments.language.date_forms import (
    MONTHS,
    NUMBER_DATES,
    ORDERS,
    DateForm,
    NumberDate,
    Order,
    pattern_of,
)

__all__ = ["as_iso"]

SHEET_DAY_OF_1970 = 25_569
"""The day number of 1 January 1970 in a spreadsheet."""
MICROSECONDS_OF: dict[NumberDate, float] = {
    "seconds": 1e6,
    "milliseconds": 1e3,
    "microseconds": 1.0,
    "excel": 86_400e6,
}


def as_iso(
    dialect: EngineDialect, text: exp.Expression, form: DateForm
) -> exp.Expression:
    """A date of a form as ``2026-10-04 21:05:00``; null where it is none of it."""
    for order in ORDERS:
        if order == form:
            return _of_parts(text, order)
    (number,) = (name for name in NUMBER_DATES if name == form)
    return _of_number(dialect, text, number)


def _of_number(
    dialect: EngineDialect, text: exp.Expression, form: NumberDate
) -> exp.Expression:
    """Days or parts of seconds, within the years that can be meant."""
    low, high = NUMBER_DATES[form]
    value = dialect.number(text.copy())
    inside = all_of(
        [
            exp.GTE(this=value, expression=double(str(low))),
            exp.LT(this=value.copy(), expression=double(str(high))),
        ]
    )
    since: exp.Expression = value.copy()
    if form == "excel":
        since = exp.Paren(
            this=exp.Sub(this=since, expression=double(str(SHEET_DAY_OF_1970)))
        )
    scaled = exp.Mul(this=since, expression=double(str(MICROSECONDS_OF[form])))
    moment = dialect.iso(cast(exp.func("ROUND", scaled), "BIGINT"))
    if form != "excel":
        return when(inside, exp.DPipe(this=moment, expression=_text("Z")), None)
    whole = exp.EQ(this=exp.Floor(this=value.copy()), expression=value.copy())
    day = exp.Anonymous(
        this="substr",
        expressions=[moment.copy(), exp.Literal.number(1), exp.Literal.number(10)],
    )
    return when(inside, when(whole, day, moment), None)


def _of_parts(text: exp.Expression, order: Order) -> exp.Expression:
    """Day, month and year put in order, with the time of the day."""
    pattern, parts = pattern_of(order)

    def group(number: int) -> exp.Expression:
        return exp.Anonymous(
            this="regexp_replace",
            expressions=[text.copy(), _text(pattern), _text(rf"\{number}")],
        )

    at = {part: group(parts.index(part) + 1) for part in "dmy"}
    month = _month(at["m"]) if "mon" in order else _two(at["m"])
    date = _joined(_year(at["y"]), _text("-"), month, _text("-"), _two(at["d"]))
    hour = _hour(_two(group(4)), group(7))
    second = exp.func("COALESCE", exp.func("NULLIF", group(6), _text("")), _text("00"))
    second = exp.Anonymous(this="replace", expressions=[second, _text(","), _text(".")])
    clock = _joined(_text(" "), hour, _text(":"), group(5), _text(":"), second)
    has_time = exp.NEQ(this=group(4), expression=_text(""))
    in_utc = exp.NEQ(this=group(9), expression=_text(""))
    zone = when(in_utc, _text("Z"), group(8))
    written = _joined(date, when(has_time, clock, _text("")), zone)
    fits = exp.RegexpLike(this=text.copy(), expression=_text(pattern))
    return when(fits, written, None)


def _year(year: exp.Expression) -> exp.Expression:
    """Four digits; of two digits, this century."""
    short = exp.EQ(this=exp.Length(this=year.copy()), expression=exp.Literal.number(2))
    return when(short, exp.DPipe(this=_text("20"), expression=year.copy()), year)


def _two(part: exp.Expression) -> exp.Expression:
    short = exp.EQ(this=exp.Length(this=part.copy()), expression=exp.Literal.number(1))
    return when(short, exp.DPipe(this=_text("0"), expression=part.copy()), part)


def _month(name: exp.Expression) -> exp.Expression:
    case = exp.Case()
    for number, names in enumerate(MONTHS, start=1):
        is_it = _among(exp.Lower(this=name.copy()), names)
        case = case.when(is_it, _text(f"{number:02d}"), copy=False)
    return case


def _hour(hour: exp.Expression, half: exp.Expression) -> exp.Expression:
    """Of 24 hours: 12 AM is 0, 12 PM is 12."""
    late, early = _among(half, ("P", "p")), _among(half.copy(), ("A", "a"))
    case = exp.Case().when(
        all_of([early, exp.EQ(this=hour.copy(), expression=_text("12"))]), _text("00")
    )
    for number in range(1, 12):
        is_it = exp.EQ(this=hour.copy(), expression=_text(f"{number:02d}"))
        case = case.when(all_of([late.copy(), is_it]), _text(str(number + 12)))
    return case.else_(hour.copy())


def _joined(*parts: exp.Expression) -> exp.Expression:
    first, *others = parts
    for part in others:
        first = exp.DPipe(this=first, expression=part)
    return exp.Paren(this=first)


def _among(value: exp.Expression, options: tuple[str, ...]) -> exp.Expression:
    return exp.In(this=value, expressions=[_text(option) for option in options])


def _text(value: str) -> exp.Expression:
    return exp.Literal.string(value)
