"""Databases by URL: connecting, looking up columns, fetching rows.

A password never leaves this file: every message is redacted. Tables and columns are
looked up in the catalogue and quoted; a query of the user must be one SELECT, and
runs as it is written, in a read-only transaction.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from holdback.data.engine.expressions import missing_column
from holdback.errors import (
    ConfigError,
    DataError,
    EnvironmentFault,
    HoldbackError,
    Problem,
)
from holdback.experiments.language.secrets import revealed

__all__ = ["Database", "is_database", "only_select", "redacted"]

BATCH = 10_000
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")
SCHEMES = ("sqlite", "postgresql")


def is_database(url: str) -> bool:
    """Whether a `database` names a server or file rather than the embedded engine."""
    return url != "duckdb"


def redacted(text: str, url: str = "") -> str:
    """A message without the user and password of any URL.

    >>> redacted("no answer from postgresql://ann:secret@db/shop")
    'no answer from postgresql://***@db/shop'
    """
    clean = CREDENTIALS.sub("***@", text)
    password = urlsplit(url).password if url else None
    if password:
        clean = clean.replace(unquote(password), "***").replace(password, "***")
    return clean


def only_select(sql: str, source: str, dialect: str) -> None:
    """Refuse anything but one SELECT. Raises ConfigError."""
    import sqlglot
    from sqlglot import exp

    changing = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Lock)
    try:
        parsed = [one for one in sqlglot.parse(sql, read=dialect) if one is not None]
    except sqlglot.errors.ParseError as error:
        raise ConfigError(
            Problem(
                where=f"source {source}",
                what="the query cannot be understood.",
                why=str(error).splitlines()[0],
                fix="Write one SELECT statement.",
            )
        ) from error
    single = len(parsed) == 1 and isinstance(parsed[0], exp.Query)
    if not single or any(parsed[0].find(kind) for kind in changing):
        raise ConfigError(
            Problem(
                where=f"source {source}",
                what="`sql` must be one SELECT statement.",
                why="holdback only reads; it runs nothing that could change data.",
                fix="Leave one SELECT, without a second statement after it.",
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database that a source lives in. `url` is as written, with ${env:…}."""

    url: str
    root: Path
    source: str

    @property
    def scheme(self) -> str:
        """`sqlite` or `postgresql`. Raises ConfigError for another."""
        scheme = urlsplit(self._revealed()).scheme.split("+")[0]
        scheme = "postgresql" if scheme == "postgres" else scheme
        if scheme not in SCHEMES:
            raise ConfigError(
                Problem(
                    where=f"source {self.source}",
                    what=f"databases of the kind '{scheme or 'none'}' are not read."
                    if scheme
                    else "there is no database to read from.",
                    fix="Use sqlite:///file.db or postgresql://user@host/name, and "
                    "keep passwords in ${env:…}.",
                )
            )
        return scheme

    def rows(
        self, *, table: str | None, sql: str | None
    ) -> Iterator[tuple[list[str], Iterator[list[str | None]]]]:
        """Names of the columns and all rows as text, of a table or a query."""
        connect = self._sqlite if self.scheme == "sqlite" else self._postgres
        with connect() as connection:
            text = sql
            if text is None:
                assert table is not None  # noqa: S101  # one of both is given
                text = self._table_query(connection, table)
            else:
                only_select(text, self.source, self.dialect)
            with closing(self._cursor(connection)) as cursor:
                self._run(cursor, text)
                names = [str(column[0]) for column in cursor.description]
                yield names, self._fetched(cursor, names)

    @property
    def dialect(self) -> str:
        """Name of the SQL that it speaks."""
        return "sqlite" if self.scheme == "sqlite" else "postgres"

    def fault(self, error: Exception) -> HoldbackError:
        """A driver's error as one of ours, without secrets."""
        text = redacted(str(error).strip(), self._revealed())
        first = text.splitlines()[0] if text else type(error).__name__
        return EnvironmentFault(
            Problem(
                where=f"source {self.source}",
                what=f"the database connection failed: {first}.",
                fix="Check the URL, the network and the rights of the user.",
            )
        )

    def connected(self) -> Any:
        """An open PostgreSQL connection in a read-only repeatable-read transaction."""
        try:
            import psycopg
            from sqlalchemy import create_engine, make_url
        except ImportError as error:
            raise EnvironmentFault(
                Problem(
                    what="PostgreSQL needs a driver that is not installed.",
                    fix="Install it: pip install 'holdback[postgres]'.",
                )
            ) from error
        url = make_url(self._revealed()).set(drivername="postgresql+psycopg")
        try:
            engine = create_engine(
                url,
                isolation_level="REPEATABLE READ",
                connect_args={"connect_timeout": 10},
            )
            pooled = engine.raw_connection()
            connection: Any = pooled.driver_connection
            pooled.detach()
            connection.read_only = True
            connection.execute("SET TIME ZONE 'UTC'")
        except Exception as error:
            if (
                isinstance(error, psycopg.Error)
                or "sqlalchemy" in type(error).__module__
            ):
                raise self.fault(error) from None
            raise
        return connection

    @contextmanager
    def _postgres(self) -> Iterator[Any]:
        connection = self.connected()
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _sqlite(self) -> Iterator[sqlite3.Connection]:
        path = self._sqlite_path()
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
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()

    def _sqlite_path(self) -> Path:
        url = self._revealed()
        rest = url.split("://", 1)[1] if "://" in url else ""
        return self.root / unquote(rest.removeprefix("/"))

    def _cursor(self, connection: Any) -> Any:
        if self.scheme == "sqlite":
            return connection.cursor()
        return connection.cursor(name="holdback")

    def _run(self, cursor: Any, text: str) -> None:
        try:
            cursor.execute(text)
        except sqlite3.DatabaseError as error:
            raise self._told(error) from error
        except Exception as error:
            if "psycopg" in type(error).__module__:
                raise self._told(error) from error
            raise

    def _told(self, error: Exception) -> HoldbackError:
        text = redacted(str(error).strip(), self._revealed()).splitlines()[0]
        if type(error).__name__ == "OperationalError" and self.scheme != "sqlite":
            return self.fault(error)
        return DataError(
            Problem(where=f"source {self.source}", what=f"the database says: {text}.")
        )

    def _fetched(self, cursor: Any, names: Sequence[str]) -> Iterator[list[str | None]]:
        try:
            while batch := cursor.fetchmany(BATCH):
                for row in batch:
                    yield [
                        _text(value, self.source, name)
                        for value, name in zip(row, names, strict=True)
                    ]
        except sqlite3.Error as error:
            raise self.fault(error) from error
        except HoldbackError:
            raise
        except Exception as error:
            if "psycopg" in type(error).__module__:
                raise self.fault(error) from error
            raise

    def _table_query(self, connection: Any, table: str) -> str:
        """SELECT of all columns by their catalogue names."""
        *schema, name = table.split(".", 1)
        if self.scheme == "sqlite":
            known = [r[0] for r in connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            )]  # fmt: skip
            if table not in known:
                raise DataError(missing_column(self.source, table, known, noun="table"))
            return f"SELECT * FROM {_quoted(table)}"
        where = schema[0] if schema else "public"
        rows = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
            (where,),
        ).fetchall()
        known = [str(row[0]) for row in rows]
        if name not in known:
            raise DataError(missing_column(self.source, name, known, noun="table"))
        return f"SELECT * FROM {_quoted(where)}.{_quoted(name)}"

    def _revealed(self) -> str:
        return revealed(self.url)


def _text(value: object, source: str, column: str) -> str | None:
    """A value of a driver as text that reads back as the same value."""
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime() | date():
            return value.isoformat()
        case bytes() | memoryview():
            raise DataError(
                Problem(
                    where=f"source {source}, column {column}",
                    what=f"'{column}' holds binary values.",
                    fix="Leave the column out with `sql:`, or cast it to text there.",
                )
            )
    return str(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
