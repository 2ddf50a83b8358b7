"""The data engine inside PostgreSQL: the same statement, in the user's database.

All queries of a reading run in one read-only, repeatable-read transaction, so they
see one state of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self

from sqlglot import exp, parse_one

from holdback.assignment.recipe import Draw
from holdback.assignment.sql import draw_sql
from holdback.data.engine import Query, Table, Type
from holdback.data.engine.connections import Database, only_select, redacted
from holdback.data.engine.dialects import Postgres, cast
from holdback.data.engine.expressions import missing_column
from holdback.data.engine.sql import col
from holdback.errors import DataError, HoldbackError, Problem

__all__ = ["Server"]

UUID = 2950
TYPES: dict[int, Type] = {
    16: "boolean",
    20: "integer", 21: "integer", 23: "integer",
    25: "text", 1042: "text", 1043: "text", 19: "text", UUID: "text",
    700: "float", 701: "float",
    1082: "date", 1114: "local", 1184: "instant",
    1700: "decimal",
}  # fmt: skip


class Server:
    """An engine that runs inside a PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self.dialect = Postgres()
        self._database = database
        self._connection = database.connected()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def run(self, query: Query) -> Sequence[tuple[Any, ...]]:
        """Rows of a query tree."""
        rows, _ = self._execute(query.sql(dialect="postgres"))
        return rows

    def batches(self, query: Query, size: int) -> Iterator[Sequence[tuple[Any, ...]]]:
        """Rows of a query tree, so many at a time, by a cursor of the server's."""
        import psycopg

        try:
            with self._connection.cursor(name="holdback") as cursor:
                cursor.execute(query.sql(dialect="postgres"))
                while rows := cursor.fetchmany(size):
                    yield rows
        except psycopg.OperationalError as error:
            raise self._database.fault(error) from error
        except psycopg.Error as error:
            raise _told(error) from error

    def repeats(self, query: Query) -> int:
        """Rows of a one-column query beyond the first of each value."""
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
        """A table of the database, looked up in its catalogue."""
        *schema, short = name.split(".", 1)
        where = schema[0] if schema else "public"
        rows, _ = self._execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
            (where,),
        )
        known = [str(row[0]) for row in rows]
        if short not in known:
            raise DataError(missing_column(source, short, known, noun="table"))
        return self._typed(source, exp.table_(short, db=where, quoted=True))

    def query(self, source: str, sql: str) -> Table:
        """The result of the user's SELECT."""
        only_select(sql, source, "postgres")
        inner = parse_one(sql, read="postgres")
        return self._typed(source, _subquery(inner))

    def _typed(self, source: str, relation: exp.Expression) -> Table:
        empty = exp.Select(expressions=[exp.Star()]).from_(relation.copy()).limit(0)
        _, described = self._execute(empty.sql(dialect="postgres"))
        types: dict[str, Type] = {
            str(column.name): TYPES.get(column.type_code, "other")
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
        import psycopg

        try:
            with self._connection.cursor() as cursor:
                cursor.execute(text, parameters)
                return cursor.fetchall(), list(cursor.description)
        except psycopg.OperationalError as error:
            raise self._database.fault(error) from error
        except psycopg.Error as error:
            raise _told(error) from error


def _subquery(query: exp.Expression) -> exp.Expression:
    return exp.Subquery(
        this=query, alias=exp.TableAlias(this=exp.to_identifier("src", quoted=True))
    )


def _told(error: Exception) -> HoldbackError:
    text = redacted(str(error)).strip().splitlines()[0]
    return DataError(Problem(what=f"the database says: {text}."))
