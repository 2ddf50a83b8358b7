"""Shares, durations, days and amounts as people write them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

__all__ = ["amount", "day", "duration", "share", "written_duration", "written_share"]

UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=365.25) / 12,
    "year": timedelta(days=365.25),
}
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+?)s?", re.ASCII)
PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*%", re.ASCII)
FRACTION = re.compile(r"(\d+)\s*/\s*(\d+)", re.ASCII)
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def share(value: Any) -> Fraction:
    """A share or rate: ``10%``, ``0.1`` or ``1/3``. Raises ValueError.

    >>> share("10%"), share("1/3")
    (Fraction(1, 10), Fraction(1, 3))
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, str):
        text = value.strip()
        if found := PERCENT.fullmatch(text):
            return Fraction(found[1]) / 100
        if (found := FRACTION.fullmatch(text)) and int(found[2]):
            return Fraction(int(found[1]), int(found[2]))
        if NUMBER.fullmatch(text):
            return Fraction(text)
    raise ValueError(f"{_shown(value)} is not a share; write 10%, 0.1 or 1/3")


def amount(value: Any) -> Fraction:
    """A plain number. Raises ValueError.

    >>> amount("12.50")
    Fraction(25, 2)
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        return Fraction(value.strip())
    raise ValueError(f"{_shown(value)} is not a number; write for instance 12.5")


def duration(value: Any) -> timedelta:
    """A length of time: ``28 days``, ``2 weeks``, ``12 months``. Raises ValueError.

    A month is 365.25 / 12 days.

    >>> duration("2 weeks").days
    14
    """
    if isinstance(value, timedelta):
        return value
    found = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or found[2] not in UNITS:
        raise ValueError(
            f"{_shown(value)} is not a length of time; write for instance 28 days"
        )
    try:
        length = UNITS[found[2]] * float(found[1])
    except OverflowError:
        raise ValueError(f"{_shown(value)} is too long") from None
    if length <= timedelta(0):
        raise ValueError(f"{_shown(value)} is no time at all; write at least 1 day")
    return length


def day(value: Any) -> date:
    """A day such as ``2026-10-01``. Raises ValueError that names impossible days."""
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"there is no day {value} in the calendar") from None
    raise ValueError(f"{_shown(value)} is not a date; write one such as 2026-10-01")


def written_share(value: Fraction) -> str:
    """A share as a file writes it.

    >>> written_share(Fraction(1, 10)), written_share(Fraction(1, 3))
    ('10%', '1/3')
    """
    percent = value * 100
    for places in range(7):
        if (percent * 10**places).denominator == 1:
            return f"{percent.numerator / percent.denominator:.{places}f}%"
    return f"{value.numerator}/{value.denominator}"


def written_duration(value: timedelta) -> str:
    """A length of time as a file writes it, in its largest whole unit.

    >>> written_duration(timedelta(days=14)), written_duration(timedelta(days=10))
    ('2 weeks', '10 days')
    """
    for name in ("year", "month", "week", "day", "hour", "minute"):
        count, rest = divmod(value, UNITS[name])
        if count and not rest:
            return f"{count} {name}" + ("s" if count > 1 else "")
    return f"{value.total_seconds() / 60:g} minutes"


def _shown(value: Any) -> str:
    return f"'{str(value)[:40]}'" if value is not None else "nothing"
