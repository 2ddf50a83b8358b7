"""SQLite files: their rows are fetched; it has no integers for exact sums."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from holdback.data.engine.by_url import kinds
from holdback.data.engine.connector import Connector
from holdback.data.engine.sql import quoted_name
from holdback.errors import EnvironmentFault, Problem

__all__ = ["Sqlite"]


@kinds.register("sqlite")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sqlite(Connector):
    """A database in a file; relative paths start from the folder of the YAML."""

    role = "rows"
    sql = "sqlite"
    example = "sqlite:///file.db"

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that only reads, in one transaction.

        Raises EnvironmentFault when there is no such file.
        """
        path = self._path()
        if not path.is_file():
            raise EnvironmentFault(
                Problem(
                    where=f"source {self.source}",
                    what=f"there is no database file '{path.name}'.",
                    fix="Correct the URL: sqlite:///file.db starts from the folder of "
                    "the YAML file.",
                )
            )
        try:
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True
            )
        except sqlite3.Error as error:
            raise self.fault(error) from error
        with closing(connection):
            connection.execute("BEGIN")
            yield connection

    def select_all(self, connection: Any, table: str) -> str:
        """SELECT of a table's columns, by the names of the catalogue.

        Raises DataError for a table that is not there.
        """
        rows = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        )
        known = [str(row[0]) for row in rows]
        if table not in known:
            raise self.no_table(table, known)
        return f"SELECT * FROM {quoted_name(table)}"

    def is_own(self, error: Exception) -> bool:
        """Whether an error comes from SQLite."""
        return isinstance(error, sqlite3.Error)

    def _path(self) -> Path:
        _, _, rest = self.revealed().partition("://")
        return self.root / unquote(rest.removeprefix("/"))
