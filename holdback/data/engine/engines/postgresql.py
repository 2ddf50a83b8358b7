"""The data engine inside PostgreSQL: the same statement, in the user's database.

All queries of a reading run in one read-only, repeatable-read transaction, so they
see one state of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlglot import exp, parse_one

from holdback.assignment.recipe import Draw
from holdback.assignment.sql import draw_sql
from holdback.data.engine.by_url import kinds
from holdback.data.engine.connector import Connector, only_select, redacted
from holdback.data.engine.expressions import missing_column
from holdback.data.engine.protocol import (
    EngineDialect,
    Query,
    ServerEngine,
    Table,
    Type,
)
from holdback.data.engine.sql import (
    NO_DATE_FORM,
    OFFSET_FORM,
    STAMP_FORM,
    all_of,
    cast,
    col,
    quoted_name,
    total,
)
from holdback.errors import DataError, Problem

__all__ = ["Postgres"]

TABLES_OF_SCHEMA = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
)
UUID = 2950
POSTGRESQL_TYPES: dict[int, Type] = {
    16: "boolean",
    20: "integer", 21: "integer", 23: "integer",
    25: "text", 1042: "text", 1043: "text", 19: "text", UUID: "text",
    700: "float", 701: "float",
    1082: "date", 1114: "local", 1184: "instant",
    1700: "decimal",
}  # fmt: skip

NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$"


class PostgresDialect:
    """The leaves as PostgreSQL spells them, from version 14."""

    name = "postgres"
    digits = 38

    def type_of(self, described: object) -> Type:
        """What a column holds, by the number of its type in the catalogue."""
        return POSTGRESQL_TYPES.get(int(str(described)), "other")

    def wide(self, value: exp.Expression) -> exp.Expression:
        """An integer cast to the widest exact type."""
        return cast(value, "DECIMAL(38, 0)")

    def total(self, value: exp.Expression) -> exp.Expression:
        """SUM, 0 for no rows, as wide as it needs to be."""
        return total(value)

    def quotient(self, value: exp.Expression, by: exp.Expression) -> exp.Expression:
        """Integer division, truncated."""
        return exp.Anonymous(
            this="DIV",
            expressions=[self.wide(value), self.wide(by)],
        )

    def number(self, text: exp.Expression) -> exp.Expression:
        """Text → DOUBLE, or null where it is no number."""
        return exp.Case().when(
            exp.RegexpLike(this=text, expression=exp.Literal.string(NUMBER)),
            cast(exp.Trim(this=text.copy()), "DOUBLE"),
        )

    def stamp(self, text: exp.Expression) -> exp.Expression:
        """Text → microseconds since 1970 (UTC, or the wall clock's), or null."""
        # The server rounds what is finer than a microsecond; here it is cut off.
        cut = exp.Anonymous(
            this="regexp_replace",
            expressions=[
                text.copy(),
                exp.Literal.string(r"(\.\d{6})\d+"),
                exp.Literal.string(r"\1"),
            ],
        )
        readable = all_of(
            [
                self._matches(text, STAMP_FORM),
                exp.Not(this=exp.Paren(this=self._matches(text.copy(), r"^\s*0000"))),
            ]
        )
        parsed = exp.Case().when(readable, cast(cut, "TIMESTAMPTZ"))
        return self.microseconds(parsed, "instant")

    def has_offset(self, text: exp.Expression) -> exp.Expression:
        """Whether a time in text names its offset."""
        return self._matches(text, rf":\d\d(\.\d+)?\s?{OFFSET_FORM}\s*$")

    def names_no_date(self, text: exp.Expression) -> exp.Expression:
        """Whether text is what programs write for no date."""
        matched = exp.Paren(this=self._matches(text, NO_DATE_FORM))
        return exp.func("COALESCE", matched, exp.false())

    def microseconds(self, stamp: exp.Expression, kind: Type) -> exp.Expression:
        """Date or timestamp → microseconds since 1970 (UTC, or the wall clock's).

        Null where it is infinite.
        """
        del kind
        seconds = exp.Extract(this=exp.Var(this="EPOCH"), expression=stamp)
        scaled = exp.Mul(this=seconds, expression=exp.Literal.number(1_000_000))
        finite = exp.Anonymous(this="isfinite", expressions=[stamp.copy()])
        return exp.Case().when(finite, cast(scaled, "BIGINT"))

    @staticmethod
    def _matches(text: exp.Expression, form: str) -> exp.Expression:
        return exp.RegexpLike(this=text, expression=exp.Literal.string(form))

    def iso(self, microseconds: exp.Expression) -> exp.Expression:
        """Microseconds since 1970 → ``2026-10-04 21:05:00.000000``, as text."""
        since = exp.Mul(
            this=microseconds,
            expression=exp.cast(exp.Literal.string("1 microsecond"), "INTERVAL"),
        )
        epoch = cast(exp.Literal.string("1970-01-01 00:00:00"), "TIMESTAMP")
        moment = exp.Add(this=epoch, expression=since)
        written = exp.Literal.string("YYYY-MM-DD HH24:MI:SS.US")
        return exp.Anonymous(this="to_char", expressions=[moment, written])

    def bytewise(self, text: exp.Expression) -> exp.Expression:
        """Text that is ordered by its bytes."""
        return exp.Collate(this=text, expression=exp.Identifier(this="C", quoted=True))

    def composed(self, text: exp.Expression) -> exp.Expression:
        """Text in Unicode's composed form (NFC)."""
        return exp.Anonymous(this="normalize", expressions=[text])


class Server:
    """The engine inside a PostgreSQL database, by an open connection."""

    stores = False
    careful = False

    def __init__(self, connector: Connector, connection: Any) -> None:
        self.dialect: EngineDialect = PostgresDialect()
        self._connector = connector
        self._connection = connection

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def run(self, query: Query) -> Sequence[tuple[Any, ...]]:
        """Rows of a query tree.

        Raises DataError for what the server refuses, EnvironmentFault when it is lost.
        """
        rows, _ = self._execute(query.sql(dialect="postgres"))
        return rows

    def batches(self, query: Query, size: int) -> Iterator[Sequence[tuple[Any, ...]]]:
        """Rows of a query tree, so many at a time, by a cursor of the server's.

        Raises DataError for what the server refuses, EnvironmentFault when it is lost.
        """
        with (
            self._in_our_words(),
            self._connection.cursor(name="holdback") as cursor,
        ):
            cursor.execute(query.sql(dialect="postgres"))
            while rows := cursor.fetchmany(size):
                yield rows

    def repeats(self, query: Query) -> int:
        """Rows of a one-column query beyond the first of each value.

        Raises DataError for what the server refuses, EnvironmentFault when it is lost.
        """
        name = query.expressions[0].alias_or_name
        inner = exp.Subquery(
            this=query, alias=exp.TableAlias(this=exp.to_identifier("q", quoted=True))
        )
        distinct = exp.Count(this=exp.Distinct(expressions=[col(name)]))
        counts = exp.Select(expressions=[exp.Count(this=exp.Star()), distinct])
        ((rows, kinds),) = self.run(counts.from_(inner))
        return int(rows) - int(kinds)

    def drawn(self, draw: Draw, unit: str) -> str:
        """SQL of a draw's number, by a digest that PostgreSQL has."""
        return draw_sql(draw, unit, "postgres")

    def kept(self, query: Query) -> Query:
        """The query itself: the transaction only reads."""
        return _subquery(query)

    def table(self, source: str, name: str) -> Table:
        """A table of the database, looked up in its catalogue.

        Raises DataError without it, EnvironmentFault when the server is lost.
        """
        schema, short = _parts(name)
        rows, _ = self._execute(TABLES_OF_SCHEMA, (schema,))
        known = [str(row[0]) for row in rows]
        if short not in known:
            raise DataError(missing_column(source, short, known, noun="table"))
        return self._typed(source, exp.table_(short, db=schema, quoted=True))

    def query(self, source: str, sql: str) -> Table:
        """The result of the user's SELECT.

        Raises ConfigError for anything else, DataError for what the server refuses,
        EnvironmentFault when it is lost.
        """
        only_select(sql, source, "postgres")
        inner = parse_one(sql, read="postgres")
        return self._typed(source, _subquery(inner))

    def _typed(self, source: str, relation: exp.Expression) -> Table:
        """A relation with its columns' types; ids of the type uuid become text."""
        empty = exp.Select(expressions=[exp.Star()]).from_(relation.copy()).limit(0)
        _, described = self._execute(empty.sql(dialect="postgres"))
        types = {
            str(column.name): self.dialect.type_of(column.type_code)
            for column in described
        }
        uuids = {column.name for column in described if column.type_code == UUID}
        if uuids:
            columns = [
                exp.alias_(
                    cast(col(n), "TEXT") if n in uuids else col(n), n, quoted=True
                )
                for n in types
            ]
            relation = _subquery(exp.Select(expressions=columns).from_(relation))
        return Table(source=source, relation=relation, columns=types)

    def _execute(
        self, text: str, parameters: Sequence[object] | None = None
    ) -> tuple[list[tuple[Any, ...]], Sequence[Any]]:
        with self._in_our_words(), self._connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchall(), list(cursor.description)

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """The driver's errors as ours, without secrets."""
        import psycopg

        try:
            yield
        except psycopg.OperationalError as error:
            raise self._connector.fault(error) from error
        except psycopg.Error as error:
            text = redacted(str(error)).strip().splitlines()[0]
            raise DataError(Problem(what=f"the database says: {text}.")) from error


@kinds.register("postgresql")
@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres(Connector):
    """A PostgreSQL database: the statement runs in it, or its rows are fetched."""

    role = "server"
    sql = "postgres"
    dialect = PostgresDialect()
    title = "PostgreSQL"
    example = "postgresql://user@host/name"
    aliases = ("postgres",)
    extra = "postgres"

    def server(self) -> ServerEngine:
        """The engine in the database; raises EnvironmentFault without one."""
        return Server(self, self._connected())

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection in a read-only repeatable-read transaction.

        Raises EnvironmentFault when the database cannot be reached.
        """
        with closing(self._connected()) as connection:
            yield connection

    def cursor(self, connection: Any) -> Any:
        """A cursor of the server's, so that the rows need not fit into memory."""
        return connection.cursor(name="holdback")

    def select_all(self, connection: Any, table: str) -> str:
        """SELECT of a table's columns, by the names of the catalogue.

        Raises DataError for a table that is not there.
        """
        schema, short = _parts(table)
        rows = connection.execute(TABLES_OF_SCHEMA, (schema,)).fetchall()
        known = [str(row[0]) for row in rows]
        if short not in known:
            raise self.no_table(short, known)
        return f"SELECT * FROM {quoted_name(schema)}.{quoted_name(short)}"

    def is_own(self, error: Exception) -> bool:
        """Whether an error comes from psycopg."""
        return "psycopg" in type(error).__module__

    def is_lost(self, error: Exception) -> bool:
        """Whether the server is gone or refuses to go on."""
        return type(error).__name__ == "OperationalError"

    def _connected(self) -> Any:
        """An open connection in a read-only repeatable-read transaction."""
        try:
            import psycopg
            from sqlalchemy import create_engine, make_url
        except ImportError as error:
            raise self.no_driver() from error
        url = make_url(self.revealed()).set(drivername="postgresql+psycopg")
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


def _parts(name: str) -> tuple[str, str]:
    """Schema and name of a table; without a schema, `public`."""
    *schema, short = name.split(".", 1)
    return (schema[0] if schema else "public"), short


def _subquery(query: exp.Expression) -> exp.Expression:
    return exp.Subquery(
        this=query, alias=exp.TableAlias(this=exp.to_identifier("src", quoted=True))
    )
