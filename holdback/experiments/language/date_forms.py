"""How people write dates: the order of day, month and year, and numbers of days.

One pattern a form, in the common subset of regular expressions of Python, RE2 and
PostgreSQL. Whatever follows the date is the time of the day: 24 hours or AM and PM,
and an offset.
"""

from __future__ import annotations

from typing import Final, Literal

__all__ = [
    "DATE_FORMS",
    "MONTHS",
    "NUMBER_DATES",
    "ORDERS",
    "DateForm",
    "NumberDate",
    "Order",
    "pattern_of",
]

Order = Literal["d/m/y", "m/d/y", "y/m/d", "d mon y", "mon d y", "yyyymmdd"]
NumberDate = Literal["seconds", "milliseconds", "microseconds", "excel"]
DateForm = Literal[
    "d/m/y", "m/d/y", "y/m/d", "d mon y", "mon d y", "yyyymmdd",
    "seconds", "milliseconds", "microseconds", "excel",
]  # fmt: skip
ORDERS: Final[tuple[Order, ...]] = (
    "d/m/y", "m/d/y", "y/m/d", "d mon y", "mon d y", "yyyymmdd",
)  # fmt: skip
NUMBER_DATES: Final[dict[NumberDate, tuple[int, int]]] = {
    "seconds": (946_684_800, 4_102_444_800),
    "milliseconds": (946_684_800_000, 4_102_444_800_000),
    "microseconds": (946_684_800_000_000, 4_102_444_800_000_000),
    "excel": (36_526, 73_051),
}
"""Forms that are numbers, with the years 2000 to 2099 in them."""
DATE_FORMS: Final[tuple[DateForm, ...]] = (*ORDERS, *NUMBER_DATES)

MONTHS: Final = (
    ("jan", "ene", "gen"), ("feb", "fév", "fev"), ("mar", "mär", "mrz", "mrt", "maa"),
    ("apr", "avr", "abr"), ("may", "mai", "mei", "mag"), ("jun", "juin", "giu"),
    ("jul", "juil", "lug"), ("aug", "aoû", "aou", "ago"), ("sep", "set"),
    ("oct", "okt", "ott", "out"), ("nov",), ("dec", "dez", "déc", "dic"),
)  # fmt: skip
"""How names of months begin: English, German, French, Dutch, Spanish, Italian and
Portuguese. `jui` is two months, so of French names the fourth letter counts."""

_BETWEEN = r"[./ -]"
_DAY_DIGITS, _MONTH_DIGITS = "(0?[1-9]|[12][0-9]|3[01])", "(0?[1-9]|1[0-2])"
_YEAR_DIGITS = "([0-9]{4}|[0-9]{2})"
_NAME = r"([Jj][Uu][Ii][A-Za-z]|[A-Za-zäÄéÉ]{2}[A-Za-zûÛ])[A-Za-zäÄéÉûÛ]*\.?"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?"
_CLOCK = (
    r"([01]?[0-9]|2[0-3])[:hH]([0-5][0-9])(?::([0-5][0-9](?:[.,][0-9]{1,9})?))?"
    r"(?: ?([AaPp])\.?[Mm]\.?| ?Uhr)?"
)
_COMPACT = r"([01][0-9]|2[0-3]):?([0-5][0-9])(?::?([0-5][0-9](?:[.,][0-9]{1,9})?))?()"
_ZONE = (
    r"(?:(?:GMT|UTC)?([+-][0-9]{2}:?[0-9]{2})(?: \([^()]*\))?|"
    r"(Z|\(?[Uu][Tt][Cc]\)?|\(?[Gg][Mm][Tt]\)?|))"
)
_TIME = f"(?:(?:[ T]|, *| at ){_CLOCK})? ?{_ZONE}"
_TIME_OF_DIGITS = f"(?:[ T]?{_COMPACT})? ?{_ZONE}"
_DATES: dict[Order, tuple[str, str]] = {
    "d/m/y": (f"{_DAY_DIGITS}{_BETWEEN}{_MONTH_DIGITS}{_BETWEEN}{_YEAR_DIGITS}", "dmy"),
    "m/d/y": (f"{_MONTH_DIGITS}{_BETWEEN}{_DAY_DIGITS}{_BETWEEN}{_YEAR_DIGITS}", "mdy"),
    "y/m/d": (f"([0-9]{{4}}){_BETWEEN}{_MONTH_DIGITS}{_BETWEEN}{_DAY_DIGITS}", "ymd"),
    "d mon y": (
        f"{_WEEKDAY}{_DAY_DIGITS}{_BETWEEN}+{_NAME},?{_BETWEEN}+{_YEAR_DIGITS}",
        "dmy",
    ),
    "mon d y": (
        f"{_WEEKDAY}{_NAME}{_BETWEEN}+{_DAY_DIGITS}(?:st|nd|rd|th)?,?{_BETWEEN}+{_YEAR_DIGITS}",
        "mdy",
    ),
    "yyyymmdd": ("([0-9]{4})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])", "ymd"),
}


def pattern_of(order: Order) -> tuple[str, str]:
    """The pattern of an order, and which of its first three groups is what.

    Groups 4 to 9 are hour, minute, second, A or P, the offset, and UTC by its name.

    >>> import re
    >>> re.match(pattern_of("d/m/y")[0], "4.10.26, 9:05 PM").groups()
    ('4', '10', '26', '9', '05', None, 'P', None, '')
    """
    date, parts = _DATES[order]
    time = _TIME_OF_DIGITS if order == "yyyymmdd" else _TIME
    return f"^ *{date}{time} *$", parts
