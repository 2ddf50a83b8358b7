"""Unit ids that look like one id written in two ways.

They count as different units everywhere: nothing is trimmed or folded. Whoever joins
them by another system's rules gets other arms, so their number is told.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

__all__ = ["COMPARED", "Similar", "plain", "plain_sql"]

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
