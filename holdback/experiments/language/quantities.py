"""Shares, durations, dates and amounts as people write them → exact values.

Every reader takes the text of one YAML scalar and raises `Unreadable`, which says
what is wrong and how to write it; where it stands is known to the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from difflib import get_close_matches
from fractions import Fraction

__all__ = [
    "CODES",
    "Unreadable",
    "amount",
    "day",
    "did_you_mean",
    "duration",
    "duration_text",
    "minor_digits",
    "share",
    "share_text",
]

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
SAME_WEEKDAY_YEAR = timedelta(weeks=52)
"""To the same day of the week about a year before."""
WEEKS_PER_YEAR = 52
DAYS_PER_YEAR = Fraction(36525, 100)
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
UNIT_LENGTHS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": DAY,
    "week": WEEK,
    "month": timedelta(days=float(DAYS_PER_MONTH)),
    "year": timedelta(days=float(DAYS_PER_YEAR)),
}
LONGEST_DAYS = 36525
LONGEST_TOLD = 400

_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?")
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*([A-Za-z]+)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Unreadable(ValueError):
    """A text that is not what its place asks for; `column` counts from its start."""

    def __init__(
        self, what: str, *, fix: str = "", why: str = "", column: int = 0
    ) -> None:
        super().__init__(what)
        self.what = what if len(what) < LONGEST_TOLD else f"{what[:120]} … {what[-60:]}"
        self.fix = fix
        self.why = why
        self.column = column


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """`Did you mean 'x'?` for the nearest known word, else nothing.

    >>> did_you_mean("margn", ["margin", "costs"])
    "Did you mean 'margin'?"
    """
    near = nearest(word, known, cutoff=cutoff)
    return "" if near is None else f"Did you mean '{near}'?"


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word that a mistyped one is nearest to, if any is near.

    >>> nearest("margn", ["margin", "costs"])
    'margin'
    """
    names = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), names, n=1, cutoff=cutoff)
    return names[near[0]] if near else None


def amount(text: str) -> Fraction:
    """A plain decimal number, exactly.

    Raises Unreadable for anything else.

    >>> amount("0.002")
    Fraction(1, 500)
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise Unreadable(f"'{text}' is not a number.", fix=_number_fix(text))
    return Fraction(text.strip())


def share(text: str) -> Fraction:
    """A share or rate: ``10%``, ``0.1`` or ``1/10``, exactly; any sign and size.

    Raises Unreadable for anything else, or a division by 0.

    >>> share("10%") == share("0.1") == share("1/10")
    True
    """
    plain = text.strip()
    top, slash, bottom = (part.strip() for part in plain.partition("/"))
    if slash and top.isdecimal() and bottom.isdecimal() and len(plain) < 40:
        if int(bottom) == 0:
            raise Unreadable(f"'{text}' divides by zero.")
        return Fraction(int(top), int(bottom))
    percent = plain.endswith("%")
    number = plain[:-1].rstrip() if percent else plain
    if not _NUMBER.fullmatch(number):
        raise Unreadable(
            f"'{text}' is not a share.",
            fix=_number_fix(number) if "," in number else "Write 10%, 0.1 or 1/10.",
        )
    return Fraction(number) / (100 if percent else 1)


def share_text(value: Fraction) -> str:
    """A share as it would be written: a percentage, or a fraction such as 1/3.

    >>> share_text(Fraction(1, 8)), share_text(Fraction(1, 3))
    ('12.5%', '1/3')
    """
    percent = decimal_text(value * 100)
    return f"{value.numerator}/{value.denominator}" if "/" in percent else f"{percent}%"


def decimal_text(value: Fraction) -> str:
    """An exact decimal, or `a/b` where no finite decimal exists.

    >>> decimal_text(Fraction(1, 500)), decimal_text(Fraction(2, 3))
    ('0.002', '2/3')
    """
    rest, digits = value.denominator, 0
    while rest % 10 == 0:
        rest, digits = rest // 10, digits + 1
    for prime in (2, 5):
        while rest % prime == 0:
            rest, digits = rest // prime, digits + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    scaled = abs(value.numerator) * 10**digits // value.denominator
    whole, part = divmod(scaled, 10**digits)
    decimals = str(part).rjust(digits, "0").rstrip("0") if digits and part else ""
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def duration(text: str) -> timedelta:
    """A length of time such as ``28 days``; a month is 365.25/12 days.

    Raises Unreadable for anything else, for 0 and for more than 100 years.

    >>> duration("2 weeks").days
    14
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        fix = "Write a number and a unit, such as 28 days, 2 weeks or 12 hours."
        if _NUMBER.fullmatch(text.strip()):
            fix = f"Say the unit: {text.strip()} days?"
        raise Unreadable(f"'{text}' is not a duration.", fix=fix)
    number, word = match.groups()
    unit = word.lower().removesuffix("s")
    if unit not in UNIT_LENGTHS:
        hint = did_you_mean(word, [f"{name}s" for name in UNIT_LENGTHS])
        raise Unreadable(
            f"'{word}' is not a unit of time.",
            fix=hint
            or "Known units: seconds, minutes, hours, days, weeks, months, years.",
        )
    length = float(number) * UNIT_LENGTHS[unit].total_seconds()
    if not 0 < length <= LONGEST_DAYS * 86400:
        raise Unreadable(f"'{text}' lies outside 0 to 100 years, or is 0.")
    return timedelta(seconds=length)


def duration_text(value: timedelta) -> str:
    """A duration as it would be written, in the longest unit that is whole.

    >>> duration_text(timedelta(days=28))
    '28 days'
    """
    if value % UNIT_LENGTHS["month"] == timedelta(0):
        return _counted(value // UNIT_LENGTHS["month"], "month")
    for unit in ("day", "hour", "minute"):
        if value % UNIT_LENGTHS[unit] == timedelta(0):
            return _counted(value // UNIT_LENGTHS[unit], unit)
    seconds = Fraction(value // timedelta(microseconds=1), 1_000_000)
    return f"{decimal_text(seconds)} seconds"


def day(text: str) -> date:
    """A calendar day, YYYY-MM-DD.

    Raises Unreadable for anything else, or a day that the calendar does not have.
    """
    plain = text.strip()
    if not _DAY.fullmatch(plain):
        why = "A window is made of whole days." if _DAY.match(plain) else ""
        raise Unreadable(
            f"'{text}' is not a date.", why=why, fix="Write a date such as 2026-10-01."
        )
    try:
        return date.fromisoformat(plain)
    except ValueError as error:
        raise Unreadable(
            f"{plain} is not in the calendar.",
            fix="Write a date that exists, such as 2026-02-28.",
        ) from error


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _number_fix(text: str) -> str:
    if "," in text and _NUMBER.fullmatch(text.strip().replace(",", ".")):
        return f"Write {text.strip().replace(',', '.')} (a point before the decimals)."
    return "Write a number such as 1800 or 0.002."


_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD
    BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP
    ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
    JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR
    RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
    TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG""",
}
CODES: dict[str, int] = {
    code: digits for digits, codes in _DIGITS.items() for code in codes.split()
}


def minor_digits(code: str) -> int:
    """Decimals of a currency's minor unit.

    >>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    return CODES[code]
