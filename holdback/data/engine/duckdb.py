"""The embedded engine: DuckDB in this process, within a memory limit.

Beyond the limit the engine spills to a private folder that is removed at the end.
It loads no extension from the network and is asked for the named files only.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import duckdb
from sqlglot import exp

from holdback.assignment.recipe import Draw
from holdback.assignment.sql import drawn as drawn_in
from holdback.data.engine import Query, TooLarge, Type
from holdback.data.engine.dialects import DuckDB
from holdback.data.engine.sql import col
from holdback.errors import (
    ConfigError,
    DataError,
    EnvironmentFault,
    HoldbackError,
    Problem,
)

__all__ = ["Embedded"]

MEMORY = "HOLDBACK_MEMORY_LIMIT"
FRACTION = "50%"
IN_NUMPY = 50_000_000
SETTINGS = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET enable_progress_bar = false",
    "SET preserve_insertion_order = true",
    "SET TimeZone = 'UTC'",
)
INTEGERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
}  # fmt: skip


class Embedded:
    """An engine of its own; `close` it, or use it in a `with` statement."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        known = os.environ if environ is None else environ
        self.dialect = DuckDB()
        self.folder = Path(tempfile.mkdtemp(prefix="holdback-"))
        self._connection = duckdb.connect()
        self._draws = self._tables = 0
        self.execute(f"SET temp_directory = '{_escaped(self.folder / 'spill')}'")
        limit = known.get(MEMORY, "")
        try:
            self._connection.execute(
                f"SET memory_limit = '{_escaped(limit or FRACTION)}'"
            )
        except duckdb.Error as error:
            self.close()
            raise ConfigError(
                Problem(
                    what=f"{MEMORY} is '{limit}', which is no size.",
                    fix="Write for instance 2GB or 60%.",
                )
            ) from error
        for setting in SETTINGS:
            self._connection.execute(setting)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the memory and of the private folder."""
        self._connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, query: Query) -> Sequence[tuple[Any, ...]]:
        """Rows of a query tree."""
        return self.execute(query.sql(dialect="duckdb"))

    def batches(self, query: Query, size: int) -> Iterator[Sequence[tuple[Any, ...]]]:
        """Rows of a query tree, so many at a time; nothing else may run meanwhile."""
        try:
            found = self._connection.execute(query.sql(dialect="duckdb"))
            while rows := found.fetchmany(size):
                yield rows
        except duckdb.Error as error:
            raise _told(error) from error

    def execute(
        self, text: str, parameters: Sequence[object] = ()
    ) -> list[tuple[Any, ...]]:
        """Rows of a statement of our own making."""
        try:
            return self._connection.execute(text, list(parameters)).fetchall()
        except duckdb.Error as error:
            raise _told(error) from error

    def interrupt(self) -> None:
        """Stop what is running, from another thread."""
        self._connection.interrupt()

    def repeats(self, query: Query) -> int:
        """Rows of a one-column query beyond the first of each value.

        Values are compared by a 64-bit hash: two that share one make the answer
        greater, never smaller. Up to 50 million rows the hashes are sorted in
        memory, which is several times faster than grouping; beyond, they are grouped
        by the engine, which can spill.
        """
        inner = exp.Subquery(
            this=query, alias=exp.TableAlias(this=exp.to_identifier("q", quoted=True))
        )
        name = query.expressions[0].alias_or_name
        hashed = exp.Anonymous(this="hash", expressions=[col(name)])
        listed = exp.Select(expressions=[exp.alias_(hashed, "h")]).from_(inner)
        ((rows,),) = self.run(
            exp.Select(expressions=[exp.Count(this=exp.Star())]).from_(inner.copy())
        )
        if rows <= IN_NUMPY:
            return self._sorted_repeats(listed.sql(dialect="duckdb"))
        distinct = exp.Count(this=exp.Distinct(expressions=[hashed.copy()]))
        ((kinds,),) = self.run(exp.Select(expressions=[distinct]).from_(inner.copy()))
        return int(rows) - int(kinds)

    def _sorted_repeats(self, text: str) -> int:
        import numpy as np

        try:
            hashes = self._connection.execute(text).fetchnumpy()["h"]
        except duckdb.Error as error:
            raise _told(error) from error
        array = np.asarray(hashes)
        array.sort()
        return int((array[1:] == array[:-1]).sum())

    def drawn(self, draw: Draw, unit: str) -> str:
        """SQL of a draw's number; a hash that DuckDB lacks becomes a function."""
        self._draws += 1
        return drawn_in(self._connection, draw, unit, f"draw_{self._draws}")

    def kept(self, query: Query) -> Query:
        """A query's rows as a table, in their order; memory spills as elsewhere."""
        self._tables += 1
        table = exp.table_(f"holdback:kept {self._tables}", quoted=True)
        text = query.sql(dialect="duckdb")
        self.execute(f"CREATE TEMP TABLE {table.sql(dialect='duckdb')} AS {text}")
        return table

    def types(self, text: str) -> dict[str, Type]:
        """Columns of a query's result and what they hold."""
        rows = self.execute(f"DESCRIBE {text}")
        return {str(row[0]): type_of(str(row[1])) for row in rows}

    def fields(self, text: str) -> dict[str, Any]:
        """Columns of a query's result and the engine's own types, records and all."""
        try:
            found = self._connection.sql(text)
        except duckdb.Error as error:
            raise _told(error) from error
        return dict(zip(found.columns, found.types, strict=True))

    def register(self, name: str, frame: object) -> None:
        """Make a frame readable under a name, until `unregister`."""
        try:
            self._connection.register(name, frame)
        except duckdb.Error as error:
            raise _told(error) from error

    def unregister(self, name: str) -> None:
        """Forget a frame."""
        self._connection.unregister(name)

    def insert(self, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Append rows to a table of ours."""
        if not rows:
            return
        marks = ", ".join("?" for _ in rows[0])
        try:
            self._connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
        except duckdb.Error as error:
            raise _told(error) from error


def type_of(name: str) -> Type:
    """The engine's type name as one of ours."""
    if name.startswith(("VARCHAR", "ENUM")):
        return "text"
    if name in INTEGERS:
        return "integer"
    if name.startswith("DECIMAL"):
        return "integer" if name.endswith(",0)") else "decimal"
    if name in {"DOUBLE", "FLOAT"}:
        return "float"
    if name == "BOOLEAN":
        return "boolean"
    if name == "DATE":
        return "date"
    if name == "TIMESTAMP WITH TIME ZONE":
        return "instant"
    return "local" if name.startswith("TIMESTAMP") else "other"


def _escaped(value: object) -> str:
    return str(value).replace("'", "''")


def _told(error: duckdb.Error) -> HoldbackError:
    """The engine's error as one of ours."""
    text = str(error).split("\n\n")[0].split("\nPossible")[0].strip()
    if isinstance(error, duckdb.OutOfMemoryException):
        return EnvironmentFault(
            Problem(
                what="the data engine ran out of memory.",
                why=text,
                fix=f"Set {MEMORY} higher, or use a machine with more.",
            )
        )
    if isinstance(error, duckdb.OutOfRangeException):
        return TooLarge(
            Problem(
                what="a sum of the data is too large for exact arithmetic.",
                why=text,
                fix="Look for values that cannot be right, or measure in larger units.",
            )
        )
    if isinstance(error, duckdb.IOException | duckdb.PermissionException):
        return EnvironmentFault(Problem(what=text))
    return DataError(Problem(what=text))
