"""Unit ids are text: what is hashed is the text of the id and nothing else.

Text stays as it is (nothing is trimmed, folded or normalized, so ``00123`` is not
``123``). Whole numbers are their decimal text. A float is accepted when it is whole
and below 2**53, because a missing value turns a column of integers into floats; it
is counted, so that the user hears of it. Everything else is no id.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Integral, Real
from uuid import UUID

__all__ = [
    "COMPARED",
    "Similar",
    "is_float",
    "is_float_sql",
    "plain",
    "plain_sql",
    "text_sql",
    "unit_text",
]

_EXACT = 2**53
_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BIGNUM|VARINT")
_TEXT = re.compile(r"VARCHAR|UUID|ENUM\(.*\)", re.DOTALL)
_DECIMAL = re.compile(r"DECIMAL\(\d+,(\d+)\)")


def unit_text(value: object) -> str | None:
    """Text of a unit id that is hashed; None for what is no id.

    >>> unit_text(123), unit_text(123.0), unit_text("00123"), unit_text(" u1")
    ('123', '123', '00123', ' u1')
    >>> unit_text(True), unit_text(float("nan")), unit_text(None), unit_text("")
    (None, None, None, None)
    """
    if isinstance(value, str):
        return str(value) if value and _is_encodable(value) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Decimal):
        whole = value.is_finite() and value == int(value)
        return str(int(value)) if whole else None
    if isinstance(value, Real):
        number = float(value)
        return (
            str(int(number)) if number.is_integer() and abs(number) < _EXACT else None
        )
    return str(value) if isinstance(value, UUID) else None


def is_float(value: object) -> bool:
    """Whether an id came as a number that need not have been whole."""
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return not isinstance(exponent, int) or exponent < 0
    return isinstance(value, Real) and not isinstance(value, Integral)


def text_sql(column_sql: str, column_type: str) -> str | None:
    """DuckDB text of a column as `unit_text` has it; None for a type without ids."""
    if _TEXT.fullmatch(column_type) or _WHOLE.fullmatch(column_type):
        return f"CAST({column_sql} AS VARCHAR)"
    if _DECIMAL.fullmatch(column_type):
        return (
            f"CASE WHEN {column_sql} = trunc({column_sql})"
            f" THEN CAST(CAST(trunc({column_sql}) AS HUGEINT) AS VARCHAR) END"
        )
    if is_float_sql(column_type):
        return (
            f"CASE WHEN abs({column_sql}) < {_EXACT}"
            f" AND {column_sql} = trunc({column_sql})"
            f" THEN CAST(CAST({column_sql} AS BIGINT) AS VARCHAR) END"
        )
    if column_type == "BOOLEAN":
        return "CAST(NULL AS VARCHAR)"
    return None


def is_float_sql(column_type: str) -> bool:
    """Whether a DuckDB type holds numbers that need not be whole."""
    decimal = _DECIMAL.fullmatch(column_type)
    return column_type in {"FLOAT", "DOUBLE"} or bool(decimal and decimal[1] != "0")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


COMPARED = 300_000


@dataclass(slots=True)
class Similar:
    """Counts ids that pass by; beyond `COMPARED` of them it gives up.

    >>> seen = Similar()
    >>> for unit in ("u1", "U1", "u1 ", "7.0", "7", "u1"):
    ...     seen.add(unit)
    >>> seen.count
    3
    """

    _ids: set[str] = field(default_factory=set)
    _plain: set[str] = field(default_factory=set)

    def add(self, unit: str) -> None:
        """Take notice of one id."""
        if len(self._ids) <= COMPARED:
            self._ids.add(unit)
            self._plain.add(plain(unit))

    @property
    def count(self) -> int | None:
        """Ids beyond the first of those that look alike; None where it gave up."""
        if len(self._ids) > COMPARED:
            return None
        return len(self._ids) - len(self._plain)


def plain(unit: str) -> str:
    """The id without case, spaces at its ends, spelling of accents, or ``.0``.

    >>> plain(" Ann "), plain("7.0")
    ('ann', '7')
    """
    folded = unicodedata.normalize("NFC", unit).strip().lower()
    return folded.removesuffix(".0")


def plain_sql(unit: str) -> str:
    """The same as DuckDB text."""
    trimmed = (
        f"regexp_replace(nfc_normalize({unit}), '^[\\s\\pZ]+|[\\s\\pZ]+$', '', 'g')"
    )
    return f"regexp_replace(lower({trimmed}), '\\.0$', '')"
