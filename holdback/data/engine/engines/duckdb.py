"""The embedded engine: DuckDB in this process, within a memory limit.

Beyond the limit the engine spills to a private folder that is removed at the end.
It loads no extension from the network and is asked for the named files only.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from holdback.assignment.recipe import Draw
from holdback.assignment.sql import drawn as drawn_in
from holdback.data.engine.by_url import kinds
from holdback.data.engine.connector import Connector
from holdback.data.engine.protocol import (
    EmbeddedEngine,
    EngineDialect,
    Query,
    TooLarge,
    Type,
)
from holdback.data.engine.sql import (
    NO_DATE_FORM,
    OFFSET_FORM,
    STAMP_FORM,
    all_of,
    any_of,
    cast,
    col,
    is_finite,
    quoted_text,
    total,
)
from holdback.errors import (
    ConfigError,
    DataError,
    EnvironmentFault,
    HoldbackError,
    Problem,
)

__all__ = ["DuckDB"]

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
INTEGERS: dict[str, Type] = dict.fromkeys(
    (
        "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
        "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    ),
    "integer",
)  # fmt: skip
DUCKDB_TYPES: dict[str, Type] = INTEGERS | {
    "DOUBLE": "float",
    "FLOAT": "float",
    "BOOLEAN": "boolean",
    "DATE": "date",
}


class DuckDBDialect:
    """The leaves as DuckDB spells them."""

    name = "duckdb"
    digits = 38

    def type_of(self, described: object) -> Type:
        """What a column holds, by the name of its type."""
        name = str(described)
        if name.startswith(("VARCHAR", "ENUM")):
            return "text"
        if name.startswith("DECIMAL"):
            return "integer" if name.endswith(",0)") else "decimal"
        if name.startswith("TIMESTAMP"):
            return "instant" if name.endswith("WITH TIME ZONE") else "local"
        return DUCKDB_TYPES.get(name, "other")

    def wide(self, value: exp.Expression) -> exp.Expression:
        """An integer cast to the widest exact type."""
        return cast(value, "INT128")

    def total(self, value: exp.Expression) -> exp.Expression:
        """SUM, 0 for no rows, as wide as it needs to be."""
        return total(value)

    def quotient(self, value: exp.Expression, by: exp.Expression) -> exp.Expression:
        """Integer division, truncated."""
        return exp.IntDiv(this=exp.Paren(this=value), expression=exp.Paren(this=by))

    def number(self, text: exp.Expression) -> exp.Expression:
        """Text → DOUBLE, or null where it is no number."""
        parsed = exp.TryCast(this=text, to=exp.DataType.build("DOUBLE"))
        odd = [  # DuckDB reads 1_000, and +-5 as -5
            exp.Anonymous(
                this="contains", expressions=[text.copy(), exp.Literal.string(sign)]
            )
            for sign in ("_", "+-")
        ]
        return exp.Case().when(
            all_of([exp.Not(this=exp.Paren(this=any_of(odd))), is_finite(parsed)]),
            parsed.copy(),
        )

    def stamp(self, text: exp.Expression) -> exp.Expression:
        """Text → microseconds since 1970 (UTC, or the wall clock's), or null."""
        to = exp.DataType.build("TIMESTAMPTZ")
        # `12:00:00 -0300`: DuckDB wants the offset without the space before it.
        joined = self._replaced(text, r"\s+([+-]\d+(:\d+)?)\s*$", r"\1")
        named = self._replaced(joined, r"\s*(Z|z|UTC|GMT)\s*$", "Z")
        parsed = exp.func(
            "COALESCE", exp.TryCast(this=text, to=to), exp.TryCast(this=named, to=to)
        )
        moment = exp.Anonymous(this="epoch_us", expressions=[parsed])
        return exp.Case().when(self._matches(text.copy(), STAMP_FORM), moment)

    def has_offset(self, text: exp.Expression) -> exp.Expression:
        """Whether a time in text names its offset."""
        return self._matches(text, rf":\d\d(\.\d+)?\s?{OFFSET_FORM}\s*$")

    def names_no_date(self, text: exp.Expression) -> exp.Expression:
        """Whether text is what programs write for no date."""
        matched = self._matches(text, NO_DATE_FORM)
        return exp.func("COALESCE", matched, exp.false())

    @staticmethod
    def _matches(text: exp.Expression, form: str) -> exp.Expression:
        return exp.Anonymous(
            this="regexp_matches", expressions=[text, exp.Literal.string(form)]
        )

    @staticmethod
    def _replaced(text: exp.Expression, form: str, by: str) -> exp.Expression:
        return exp.Anonymous(
            this="regexp_replace",
            expressions=[
                text.copy(),
                exp.Literal.string(form),
                exp.Literal.string(by),
            ],
        )

    def microseconds(self, stamp: exp.Expression, kind: Type) -> exp.Expression:
        """Date or timestamp → microseconds since 1970 (UTC, or the wall clock's)."""
        del kind
        return exp.Anonymous(this="epoch_us", expressions=[stamp])

    def iso(self, microseconds: exp.Expression) -> exp.Expression:
        """Microseconds since 1970 → ``2026-10-04 21:05:00.000000``, as text."""
        moment = exp.Anonymous(this="make_timestamp", expressions=[microseconds])
        written = exp.Literal.string("%Y-%m-%d %H:%M:%S.%f")
        return exp.Anonymous(this="strftime", expressions=[moment, written])

    def bytewise(self, text: exp.Expression) -> exp.Expression:
        """Text that is ordered by its bytes."""
        return text

    def composed(self, text: exp.Expression) -> exp.Expression:
        """Text in Unicode's composed form (NFC)."""
        return exp.Anonymous(this="nfc_normalize", expressions=[text])


class Embedded:
    """An engine of its own, with the limits of the environment; `close` it."""

    stores = True
    careful = False

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        known = os.environ if environ is None else environ
        self.dialect: EngineDialect = DuckDBDialect()
        self.folder = Path(tempfile.mkdtemp(prefix="holdback-"))
        self._connection = duckdb.connect()
        self._draws = self._tables = 0
        self.execute(f"SET temp_directory = {quoted_text(str(self.folder / 'spill'))}")
        limit = known.get(MEMORY, "")
        try:
            if limit.lstrip().startswith("-"):  # DuckDB takes -1 for no limit
                raise duckdb.InvalidInputException
            self._connection.execute(
                f"SET memory_limit = {quoted_text(limit or FRACTION)}"
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

    def close(self) -> None:
        """Let go of the memory and of the private folder."""
        self._connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, query: Query) -> Sequence[tuple[Any, ...]]:
        """Rows of a query tree.

        Raises DataError for what the engine refuses, EnvironmentFault without memory.
        """
        return self.execute(query.sql(dialect="duckdb"))

    def batches(self, query: Query, size: int) -> Iterator[Sequence[tuple[Any, ...]]]:
        """Rows of a query tree, so many at a time; nothing else may run meanwhile.

        Raises DataError for what the engine refuses, EnvironmentFault without memory.
        """
        try:
            result = self._connection.execute(query.sql(dialect="duckdb"))
            while rows := result.fetchmany(size):
                yield rows
        except duckdb.Error as error:
            raise _in_our_words(error) from error

    def execute(
        self, text: str, parameters: Sequence[object] = ()
    ) -> list[tuple[Any, ...]]:
        """Rows of a statement of our own making.

        Raises DataError for what the engine refuses, EnvironmentFault without memory.
        """
        try:
            return self._connection.execute(text, list(parameters)).fetchall()
        except duckdb.Error as error:
            raise _in_our_words(error) from error

    def repeats(self, query: Query) -> int:
        """Rows of a one-column query beyond the first of each value.

        Values are compared by a 64-bit hash: two that share one make the answer
        greater, never smaller. Up to 50 million rows the hashes are sorted in
        memory, which is several times faster than grouping; beyond, they are grouped
        by the engine, which can spill.

        Raises DataError for what the engine refuses, EnvironmentFault without memory.
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
            raise _in_our_words(error) from error
        array = np.asarray(hashes)
        array.sort()
        return int((array[1:] == array[:-1]).sum())

    def drawn(self, draw: Draw, unit: str) -> str:
        """SQL of a draw's number; a hash that DuckDB lacks becomes a function."""
        self._draws += 1
        return drawn_in(self._connection, draw, unit, f"draw_{self._draws}")

    def kept(self, query: Query) -> Query:
        """A query's rows as a table, in their order; memory spills as elsewhere.

        Raises DataError for what the engine refuses, EnvironmentFault without memory.
        """
        self._tables += 1
        table = exp.table_(f"holdback:kept {self._tables}", quoted=True)
        text = query.sql(dialect="duckdb")
        self.execute(f"CREATE TEMP TABLE {table.sql(dialect='duckdb')} AS {text}")
        return table

    def types(self, text: str) -> dict[str, Type]:
        """Columns of a query's result and what they hold.

        Raises DataError for what the engine refuses, EnvironmentFault without memory.
        """
        rows = self.execute(f"DESCRIBE {text}")
        return {str(row[0]): self.dialect.type_of(row[1]) for row in rows}

    def fields(self, text: str) -> dict[str, Any]:
        """Columns of a query's result and the engine's own types, records and all.

        Raises DataError for what the engine refuses, EnvironmentFault without memory.
        """
        try:
            result = self._connection.sql(text)
        except duckdb.Error as error:
            raise _in_our_words(error) from error
        return dict(zip(result.columns, result.types, strict=True))

    def register(self, name: str, frame: object) -> None:
        """Make a frame readable under a name, until `unregister`.

        Raises DataError for what is no frame.
        """
        try:
            self._connection.register(name, frame)
        except duckdb.Error as error:
            raise _in_our_words(error) from error

    def unregister(self, name: str) -> None:
        """Forget a frame."""
        self._connection.unregister(name)


@kinds.register("duckdb")
@dataclass(frozen=True, slots=True, kw_only=True)
class DuckDB(Connector):
    """The engine of `database: duckdb`, which files are read into."""

    role = "embedded"
    sql = "duckdb"
    dialect = DuckDBDialect()

    def embedded(self) -> EmbeddedEngine:
        """A new engine; raises ConfigError for a memory limit that is no size."""
        return Embedded()


def _in_our_words(error: duckdb.Error) -> HoldbackError:
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
