"""CSV files: read strictly and as text; ids stay what they are."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.experiments.kinds.source import Source, kinds

__all__ = ["CsvSource"]


@kinds.register("csv")
@dataclass(frozen=True, slots=True, kw_only=True)
class CsvSource(Source):
    """A file or a glob of files, also gzipped, with one header line each.

    `header` is the line of the header, from 1, where it cannot be found by the names of
    the columns.
    """

    path: str
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    header: int | None = None
