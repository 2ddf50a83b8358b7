"""Parquet files: typed, read by column."""

from __future__ import annotations

from collections.abc import Collection

from holdback.data.engine import Table
from holdback.data.loaders.loader import Loader, kinds
from holdback.data.loaders.store import Store
from holdback.experiments.sources.parquet import ParquetSource

__all__ = ["ParquetLoader"]


@kinds.register("parquet")
class ParquetLoader(Loader[ParquetSource]):
    """A file or a glob of files with the same columns."""

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """A view on the files: columns are read when they are asked for."""
        del wanted
        return store.parquet(self.source.name, self.source.path)
