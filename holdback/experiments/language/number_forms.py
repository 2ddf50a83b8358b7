"""How people write numbers, by the notation of a country.

One pattern a notation, in the common subset of regular expressions of Python, RE2 and
PostgreSQL, so that every engine reads alike: an opening bracket, a sign, a currency
and a sign again, the number, an exponent, a currency or a percent sign, a sign, and a
closing bracket.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, get_args

__all__ = [
    "DASHES",
    "MINUS_SIGNS",
    "NUMBER_FORMS",
    "PLUS_SIGNS",
    "Notation",
    "NumberForm",
    "readings",
]

Notation = Literal["en", "de", "fr", "ch", "in"]

SPACE: Final = " \t\u00a0\u2007\u2009\u202f"
DASHES: Final = "-\u2212\u2013\u2014"
CURRENCY_MARK: Final = (
    r"(?:[$€£¥₹₽₺₩₪₫฿₴₦₱¢]|[A-Z]{1,3}[$£¥]|[A-Z]{3}|[a-z]{3}|Fr\.?|kr\.?|zł|Kč|Ft|Rs\.?"
    r"|[Ee]uros?|EURO|лв\.?|lei)"
)
PLUS_SIGNS: Final = ("", "+")
MINUS_SIGNS: Final = (*DASHES, "()")
"""What the signs and brackets of a number, put together, may be."""


@dataclass(frozen=True, slots=True)
class NumberForm:
    """A notation: its decimal mark, and what may stand between groups of digits."""

    name: Notation
    decimal: str
    groups: str
    pairs: bool = False

    @property
    def pattern(self) -> str:
        """The regular expression of a number, with nine groups.

        1 and 9 are brackets, 2, 4 and 8 signs, 3 a currency, 5 the number, 6 its
        exponent, 7 a currency or a percent sign.
        """
        space, dash = f"[{SPACE}]*", f"[+{_class(DASHES)}]?"
        mark, between = f"[{self.decimal}]", f"[{_class(self.groups)}]"
        middle = rf"(?:{between}\d{{2,3}})*" if self.pairs else ""
        last = rf"{between}\d{{3}}" if self.pairs else rf"(?:{between}\d{{3}})+"
        whole = rf"(?:\d+|\d{{1,3}}{middle}{last})"
        fraction = rf"(?:{mark}(?:\d+|[{_class(DASHES)}]{{1,2}}))"
        number = rf"{whole}{fraction}?|{mark}\d+"
        return (
            rf"^{space}(\(?){space}({dash}){space}({CURRENCY_MARK}?){space}({dash})"
            rf"({number})((?:[eE][+-]?\d{{1,2}})?){space}((?:{CURRENCY_MARK}|[%‰])?)"
            rf"{space}({dash}){space}(\)?){space}$"
        )

    @property
    def dropped(self) -> str:
        """Characters of the number (group 5) that say nothing of its size."""
        return self.groups + DASHES

    def read(self, text: str) -> Decimal | None:
        """The number that a text means, or None.

        >>> NUMBER_FORMS["de"].read("(1.482,50 €)")
        Decimal('-1482.50')
        >>> NUMBER_FORMS["in"].read("₹1,23,456.78-"), NUMBER_FORMS["en"].read("12%")
        (Decimal('-123456.78'), Decimal('0.12'))
        """
        match = re.match(self.pattern, text, re.ASCII)
        if match is None:
            return None
        signs = "".join(match[i] for i in (1, 2, 4, 8, 9))
        if signs not in PLUS_SIGNS + MINUS_SIGNS:
            return None
        digits = match[5].translate(dict.fromkeys(map(ord, self.dropped)))
        value = Decimal(digits.replace(self.decimal, ".") + match[6])
        scale = {"%": 100, "‰": 1000}.get(match[7], 1)
        return (-value if signs in MINUS_SIGNS else value) / scale


NUMBER_FORMS: Final[dict[Notation, NumberForm]] = {
    "en": NumberForm("en", ".", "," + SPACE),
    "de": NumberForm("de", ",", "." + SPACE),
    "fr": NumberForm("fr", ",", SPACE),
    "ch": NumberForm("ch", ".", "'\u2019" + SPACE),
    "in": NumberForm("in", ".", ",", pairs=True),
}
assert tuple(NUMBER_FORMS) == get_args(Notation)  # noqa: S101  # one list in two forms


def readings(text: str) -> dict[Notation, Decimal]:
    """What a text means in each notation that can read it.

    >>> {name: str(value) for name, value in readings("1'482.00").items()}
    {'ch': '1482.00'}
    """
    read = {name: form.read(text) for name, form in NUMBER_FORMS.items()}
    return {name: value for name, value in read.items() if value is not None}


def _class(characters: str) -> str:
    """Characters as they stand inside a class of a regular expression."""
    return re.sub(r"([\\\]^-])", r"\\\1", characters)
