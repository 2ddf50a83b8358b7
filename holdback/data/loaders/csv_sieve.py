"""Which rows of a CSV file are none: empty ones, headers again, and totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdback.data.engine.sql import quoted_name, quoted_text
from holdback.data.loaders.csv_head import CsvHead

__all__ = ["TOTAL_WORDS", "Sieve"]

TOTAL_WORDS = (
    "total", "totals", "grand total", "sum", "subtotal", "summe", "gesamt",
    "gesamtsumme", "gesamtergebnis", "zwischensumme", "insgesamt", "totaal", "totale",
    "subtotale", "totale complessivo", "total general", "total général", "sous-total",
    "suma", "summa", "somme", "razem", "celkem", "összesen", "toplam", "i alt",
    "итого", "всего", "合計", "总计",
)  # fmt: skip
"""What a row of totals is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """The rows that are none, judged by the columns that are needed (`kept`).

    ``empty_rows``: nothing stands in those columns. ``repeated_headers``: each holds
    its own name. ``totals_rows``: a word for totals stands in one of them, and neither
    a unit nor a time: the columns `keys`, as far as they are kept.
    """

    kept: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def sql(self, head: CsvHead) -> str:
        """SQL of why a row is none; null for rows of data."""
        empty = " AND ".join(f"{_filled(name)} IS NULL" for name in self.kept)
        again = " AND ".join(
            f"{quoted_name(name)} = {quoted_text(cell)}"
            for name, cell in self._header(head)
        )
        words = ", ".join(map(quoted_text, TOTAL_WORDS))
        told = " OR ".join(f"{_word(name)} IN ({words})" for name in self.kept)
        bare = [
            f"({_filled(n)} IS NULL OR {_word(n)} IN ({words}))" for n in self._keys
        ]
        totals = " AND ".join([f"({told})", *bare]) if bare else "false"
        return (
            f"CASE WHEN {empty} THEN 'empty_rows' WHEN {again} THEN 'repeated_headers' "
            f"WHEN {totals} THEN 'totals_rows' END"
        )

    def why(self, head: CsvHead, record: Sequence[str]) -> str | None:
        """The same of a record's fields."""
        cells = dict(zip(head.names, record, strict=False))
        own = {name: cells.get(name, "").strip(" ") for name in self.kept}
        if not any(own.values()):
            return "empty_rows"
        if all(cells.get(name) == cell for name, cell in self._header(head)):
            return "repeated_headers"
        words = {name for name, cell in own.items() if _plain(cell) in TOTAL_WORDS}
        bare = all(not own[name] or name in words for name in self._keys)
        return "totals_rows" if words and self._keys and bare else None

    @property
    def _keys(self) -> list[str]:
        return [name for name in self.keys if name in self.kept]

    def _header(self, head: CsvHead) -> list[tuple[str, str]]:
        """Kept columns and their cells in the header."""
        cells = dict(zip(head.names, head.cells, strict=False))
        return [(name, cells.get(name, name)) for name in self.kept]


def _filled(name: str) -> str:
    return f"nullif(trim({quoted_name(name)}), '')"


def _word(name: str) -> str:
    return f"lower(rtrim(trim({quoted_name(name)}), ' :'))"


def _plain(cell: str) -> str:
    return cell.strip(" ").rstrip(" :").lower()
