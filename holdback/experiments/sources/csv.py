"""CSV files: read strictly and as text; ids stay what they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdback.experiments.sources import Source, kinds

if TYPE_CHECKING:
    from holdback.data.engine import Table
    from holdback.data.loaders.loader import Store

__all__ = ["CsvSource"]


@kinds.register("csv")
@dataclass(frozen=True, slots=True, kw_only=True)
class CsvSource(Source):
    """A file or a glob of files, also gzipped, with one header line each."""

    path: str
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"

    def attach(self, store: Store, wanted: Collection[str] | None) -> Table:
        """The rows as text in the embedded engine."""
        return store.csv(
            self.name,
            self.path,
            delimiter=self.delimiter,
            decimal=self.decimal,
            encoding=self.encoding,
            wanted=wanted,
        )
