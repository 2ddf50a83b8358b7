"""The units of an experiment one by one, as a table for analyses of one's own."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdback.atomic_files import write_files
from holdback.errors import ConfigError, EnvironmentFault, Problem

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["UnitTable"]


@dataclass(frozen=True, slots=True)
class UnitTable:
    """One row an exposed unit; the values of each column by its name.

    `unit` is the id, as a keyed hash unless ids were asked for; `arm`; `exposed` the
    moment of the first exposure (UTC); `left_out` why a unit does not count (empty for
    those that do). Then segments, and for each metric its value, or its parts; those
    of units left out, or whose time was not over, are empty.
    """

    columns: Mapping[str, tuple[Any, ...]]

    def __len__(self) -> int:
        """How many units."""
        return len(next(iter(self.columns.values()), ()))

    def to_pandas(self) -> pd.DataFrame:
        """As a pandas frame."""
        import pandas as pd

        return pd.DataFrame({name: list(v) for name, v in self.columns.items()})

    def to_polars(self) -> pl.DataFrame:
        """As a polars frame."""
        import polars as pl

        return pl.DataFrame(dict(self.columns), infer_schema_length=None)

    def to_arrow(self) -> pa.Table:
        """As an Arrow table."""
        import pyarrow as pa

        return pa.table({name: list(v) for name, v in self.columns.items()})

    def to_csv(self) -> str:
        """As CSV text, with a head."""
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(
            ["" if value is None else value for value in row]
            for row in zip(*self.columns.values(), strict=True)
        )
        return text.getvalue()

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write it as CSV or Parquet, as the file's ending says.

        Raises ConfigError for another ending, EnvironmentFault for Parquet without
        pyarrow, or where the file cannot be written.
        """
        target = Path(path)
        kind = target.suffix.lower()
        if kind not in {".csv", ".parquet"}:
            raise ConfigError(
                Problem(
                    where=str(target),
                    what=f"'{kind or target.name}' says no kind of table.",
                    fix="End the name in .csv or .parquet.",
                )
            )
        content = self._parquet() if kind == ".parquet" else self.to_csv()
        write_files(target.parent, {target.name: content})
        return target

    def _parquet(self) -> bytes:
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError as error:
            raise EnvironmentFault(
                Problem(
                    what="Parquet needs pyarrow.",
                    fix="pip install 'holdback[frames]', or write a .csv.",
                )
            ) from error
        sink = pa.BufferOutputStream()
        parquet.write_table(self.to_arrow(), sink)
        return bytes(sink.getvalue().to_pybytes())
