"""DuckDB files: their rows are fetched, as text where a driver would need help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb

from holdback.data.engine.by_url import kinds
from holdback.data.engine.connector import Connector
from holdback.data.engine.sql import quoted_name
from holdback.errors import EnvironmentFault, Problem

__all__ = ["DuckDBFile"]

READING_ONLY = (
    "SET enable_external_access = false",
    "SET TimeZone = 'UTC'",
)
FILE_MARK, MARKED_WITHIN = b"DUCK", 16
"""What stands among the first bytes of a DuckDB file."""
AS_TEXT = ("TIMESTAMP WITH TIME ZONE", "TIME WITH TIME ZONE")
"""Types that come as text: as Python's own they need a package that may be missing."""


@kinds.register("duckdb_file")
@dataclass(frozen=True, slots=True, kw_only=True)
class DuckDBFile(Connector):
    """A database in a file; relative paths start from the folder of the YAML."""

    role = "rows"
    sql = "duckdb"
    example = "duckdb:///file.duckdb"
    aliases = ("duckdb",)

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that only reads, and nothing but the file.

        Raises EnvironmentFault where there is no such file, or it cannot be opened.
        """
        path = self._path()
        if not path.is_file():
            raise EnvironmentFault(
                Problem(
                    where=f"source {self.source}",
                    what=f"there is no database file '{path.name}'.",
                    fix="Correct the URL: duckdb:///file.duckdb starts from the folder "
                    "of the YAML file.",
                )
            )
        try:
            connection = duckdb.connect(path, read_only=True)
        except duckdb.Error as error:
            raise self._cannot_open(path, error) from error
        with closing(connection):
            for setting in READING_ONLY:
                connection.execute(setting)
            yield connection

    def cursor(self, connection: Any) -> Any:
        """A cursor that fetches times with a zone as text."""
        return _Cursor(connection.cursor())

    def select_all(self, connection: Any, table: str) -> str:
        """SELECT of a table's columns, by the names of the catalogue.

        Raises DataError for a table that is not there.
        """
        rows = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
        ).fetchall()
        known = {
            name if schema == "main" else f"{schema}.{name}": (schema, name)
            for schema, name in rows
        }
        if table not in known:
            raise self.no_table(table, sorted(known))
        return f"SELECT * FROM {'.'.join(map(quoted_name, known[table]))}"

    def is_own(self, error: Exception) -> bool:
        """Whether an error comes from DuckDB."""
        return isinstance(error, duckdb.Error)

    def _cannot_open(self, path: Path, error: duckdb.Error) -> EnvironmentFault:
        with path.open("rb") as file:
            is_database = FILE_MARK in file.read(MARKED_WITHIN)
        if not is_database:
            what = f"'{path.name}' is not a database of DuckDB."
            fix = "Write `csv:` or `parquet:` for such files."
        elif "lock" in str(error).lower():
            what = f"'{path.name}' is open in another program that writes to it."
            fix = "Close it there, or copy the file."
        else:
            what = f"'{path.name}' cannot be opened; it may be of another version."
            fix = "Export the table as Parquet, and name that file."
        return EnvironmentFault(
            Problem(where=f"source {self.source}", what=what, fix=fix)
        )

    def _path(self) -> Path:
        _, _, rest = self.revealed().partition("://")
        return self.root / unquote(rest.removeprefix("/"))


class _Cursor:
    """DuckDB's cursor, with times of a zone cast to text."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def execute(self, text: str) -> None:
        """Run a SELECT."""
        inner = text.strip().rstrip(";")
        described = self._cursor.execute(f"DESCRIBE {inner}").fetchall()
        columns = [
            f"CAST({quoted_name(name)} AS VARCHAR) AS {quoted_name(name)}"
            if type_ in AS_TEXT
            else quoted_name(name)
            for name, type_, *_ in described
        ]
        names = [name for name, *_ in described]
        if len(set(names)) == len(names):
            inner = f"SELECT {', '.join(columns)} FROM ({inner})"
        self._cursor.execute(inner)

    @property
    def description(self) -> Any:
        """Columns of the result."""
        return self._cursor.description

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """So many rows at most."""
        return self._cursor.fetchmany(size)

    def close(self) -> None:
        """Let go of the result."""
        self._cursor.close()
