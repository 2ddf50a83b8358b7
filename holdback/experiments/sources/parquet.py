"""Parquet files: typed, read by column."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.experiments.kinds.source import Source, kinds

__all__ = ["ParquetSource"]


@kinds.register("parquet")
@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetSource(Source):
    """A file or a glob of files."""

    path: str
