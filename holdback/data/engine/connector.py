"""Reaching an engine by its URL, and fetching rows of a database as text.

A password never leaves this file or an engine's own: every message is redacted. A
query of the user must be one SELECT, and runs as it is written, in a transaction that
only reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import unquote, urlsplit

import sqlglot
from sqlglot import exp

from holdback.data.engine.expressions import missing_column
from holdback.data.engine.protocol import EmbeddedEngine, EngineDialect, ServerEngine
from holdback.errors import (
    ConfigError,
    DataError,
    EnvironmentFault,
    HoldbackError,
    Problem,
)
from holdback.experiments.language.secrets import revealed

__all__ = ["Connector", "only_select", "redacted"]

FETCHED_AT_ONCE = 10_000
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")
CHANGING = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Lock)


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
    try:
        parsed = [tree for tree in sqlglot.parse(sql, read=dialect) if tree is not None]
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
    if not single or any(parsed[0].find(kind) for kind in CHANGING):
        raise ConfigError(
            Problem(
                where=f"source {source}",
                what="`sql` must be one SELECT statement.",
                why="holdback only reads; it runs nothing that could change data.",
                fix="Leave one SELECT, without a second statement after it.",
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """How an engine is reached. `url` is as the YAML writes it, with ${env:…}.

    `role` says what the engine is for: files are read into an *embedded* one, the
    statement runs in a *server* that holds all sources, and of a store of *rows*
    nothing is asked but its rows. A server's rows can be fetched, too.

    `sql` is SQLGlot's name of the SQL that it speaks, `example` a URL for messages,
    `aliases` are further schemes of it, and `extra` is the one of this distribution
    that installs its driver.
    """

    url: str
    root: Path
    source: str

    role: ClassVar[Literal["embedded", "server", "rows"]]
    sql: ClassVar[str]
    dialect: ClassVar[EngineDialect | None] = None
    title: ClassVar[str] = ""
    example: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def embedded(self) -> EmbeddedEngine:
        """A new engine in this process, for the role *embedded*."""
        raise NotImplementedError

    def server(self) -> ServerEngine:
        """The engine in the database, for the role *server*.

        Raises EnvironmentFault when it cannot be reached or the driver is missing.
        """
        raise NotImplementedError

    def connection(self) -> AbstractContextManager[Any]:
        """A connection in a transaction that only reads.

        Raises EnvironmentFault when the database cannot be reached.
        """
        raise NotImplementedError

    def cursor(self, connection: Any) -> Any:
        """A cursor that fetches a large result piece by piece."""
        return connection.cursor()

    def select_all(self, connection: Any, table: str) -> str:
        """SELECT of a table's columns, by the catalogue's names; DataError without."""
        raise NotImplementedError

    def is_own(self, error: Exception) -> bool:
        """Whether an error comes from the engine's driver."""
        raise NotImplementedError

    def is_lost(self, error: Exception) -> bool:
        """Whether an error says that the server is gone, rather than the query bad."""
        del error
        return False

    def rows(
        self, *, table: str | None, sql: str | None
    ) -> Iterator[tuple[list[str], Iterator[list[str | None]]]]:
        """Names of the columns and all rows as text, of a table or a query.

        Raises ConfigError for a query that is no SELECT, DataError for a table or
        column that is not there, EnvironmentFault when the connection fails.
        """
        with self.connection() as connection:
            text = sql
            if text is None:
                assert table is not None  # noqa: S101  # one of both is given
                with self._in_our_words():
                    text = self.select_all(connection, table)
            else:
                only_select(text, self.source, self.sql)
            with closing(self.cursor(connection)) as cursor:
                with self._in_our_words():
                    cursor.execute(text)
                names = [str(column[0]) for column in cursor.description]
                yield names, self._fetched(cursor, names)

    def fault(self, error: Exception) -> HoldbackError:
        """A driver's error of the connection as one of ours, without secrets."""
        text = redacted(str(error).strip(), self.revealed())
        first = text.splitlines()[0] if text else type(error).__name__
        return EnvironmentFault(
            Problem(
                where=f"source {self.source}",
                what=f"the database connection failed: {first}.",
                fix="Check the URL, the network and the rights of the user.",
            )
        )

    def no_driver(self) -> EnvironmentFault:
        """The fault that the engine's driver is not installed."""
        return EnvironmentFault(
            Problem(
                what=f"{self.title} needs a driver that is not installed.",
                fix=f"Install it: pip install 'holdback[{self.extra}]'.",
            )
        )

    def no_table(self, name: str, known: Sequence[str]) -> DataError:
        """The error that a table is not there, with the nearest name."""
        return DataError(missing_column(self.source, name, known, noun="table"))

    def revealed(self) -> str:
        """The URL with its secrets: for the driver, and to redact its messages."""
        return revealed(self.url)

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """The driver's errors at a query as ours."""
        try:
            yield
        except Exception as error:
            if not self.is_own(error):
                raise
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> HoldbackError:
        if self.is_lost(error):
            return self.fault(error)
        text = redacted(str(error).strip(), self.revealed()).splitlines()[0]
        return DataError(
            Problem(where=f"source {self.source}", what=f"the database says: {text}.")
        )

    def _fetched(self, cursor: Any, names: Sequence[str]) -> Iterator[list[str | None]]:
        try:
            while batch := cursor.fetchmany(FETCHED_AT_ONCE):
                for row in batch:
                    yield [
                        _text(value, self.source, name)
                        for value, name in zip(row, names, strict=True)
                    ]
        except Exception as error:
            if not self.is_own(error):
                raise
            raise self.fault(error) from error


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
