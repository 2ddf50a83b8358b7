"""Parquet files: typed, read by column."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdback.experiments.sources import Source, kinds

if TYPE_CHECKING:
    from holdback.data.engine import Table
    from holdback.data.loaders.loader import Store

__all__ = ["ParquetSource"]


@kinds.register("parquet")
@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetSource(Source):
    """A file or a glob of files."""

    path: str

    def attach(self, store: Store, wanted: Collection[str] | None) -> Table:
        """A view on the files: columns are read when they are asked for."""
        del wanted
        return store.parquet(self.name, self.path)
