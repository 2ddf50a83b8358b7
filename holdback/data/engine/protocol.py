"""What a data engine must offer, and the tables that it holds.

Trees are built once for all engines, in the common subset of SQL. The few leaves that
engines spell differently are asked of the engine's dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from holdback.errors import DataError
from holdback.experiments.language.number_forms import NumberForm

if TYPE_CHECKING:
    from pathlib import Path

    from sqlglot import exp

    from holdback.assignment.recipe import Draw

__all__ = [
    "EmbeddedEngine",
    "Engine",
    "EngineDialect",
    "PlaceOf",
    "Query",
    "ServerEngine",
    "Table",
    "TooLarge",
    "Type",
]

Type = Literal[
    "text",
    "integer",
    "decimal",
    "float",
    "boolean",
    "date",
    "local",
    "instant",
    "other",
]

Query = Any
"""A SQLGlot expression: the library stays behind `engine`."""

PlaceOf = Callable[[int, str | None], str]
"""Row number (from 0) and column → ``file:line:column`` or another exact place."""


class TooLarge(DataError):
    """A sum that does not fit the widest exact integer of an engine."""


def _row_place(row: int, column: str | None) -> str:
    return f"row {row + 1}" + (f", column {column}" if column else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A source as the engine holds it: a relation and the types of its columns.

    `local` is a time without offset, `instant` one with; `decimal_comma` says that
    numbers in text are written ``12,50``, and `numbers` in which notation they are, if
    that is declared. `numbered` tells that the engine's rowid
    is the row's number in the source, so that `place` can say where a row stands.
    `read_past` counts what was harmless and is no data, such as empty rows.
    """

    source: str
    relation: Query
    columns: Mapping[str, Type]
    rows: int | None = None
    decimal_comma: bool = False
    numbers: NumberForm | None = None
    loaded: frozenset[str] | None = None
    numbered: bool = False
    place: PlaceOf = field(default=_row_place)
    read_past: Mapping[str, int] = field(default_factory=dict)


class EngineDialect(Protocol):
    """Spelling of the leaves that differ between engines, and what its types hold.

    `name` is what SQLGlot calls its SQL; `digits` are those of its widest exact
    integer.
    """

    name: str
    digits: int

    def type_of(self, described: object) -> Type:
        """What a column holds, by the engine's own name or number of its type."""
        ...

    def wide(self, value: exp.Expression) -> exp.Expression:
        """An integer cast to the widest exact type."""
        ...

    def total(self, value: exp.Expression) -> exp.Expression:
        """SUM, 0 for no rows: exact, or an error where it does not fit."""
        ...

    def quotient(self, value: exp.Expression, by: exp.Expression) -> exp.Expression:
        """Integer division, truncated."""
        ...

    def number(self, text: exp.Expression) -> exp.Expression:
        """Text → DOUBLE, or null where it is no number."""
        ...

    def stamp(self, text: exp.Expression) -> exp.Expression:
        """Text → microseconds since 1970 (UTC, or the wall clock's), or null."""
        ...

    def has_offset(self, text: exp.Expression) -> exp.Expression:
        """Whether a time in text names its offset."""
        ...

    def names_no_date(self, text: exp.Expression) -> exp.Expression:
        """Whether text is what programs write for no date, such as ``0000-00-00``."""
        ...

    def microseconds(self, stamp: exp.Expression, kind: Type) -> exp.Expression:
        """Date or timestamp → microseconds since 1970 (UTC, or the wall clock's)."""
        ...

    def iso(self, microseconds: exp.Expression) -> exp.Expression:
        """Microseconds since 1970 → ``2026-10-04 21:05:00.000000``, as text."""
        ...

    def bytewise(self, text: exp.Expression) -> exp.Expression:
        """Text that is ordered by its bytes."""
        ...

    def composed(self, text: exp.Expression) -> exp.Expression:
        """Text in Unicode's composed form (NFC)."""
        ...


class Engine(Protocol):
    """Runs the trees of an analysis; `stores` says whether it keeps tables for it.

    `careful` asks for statements that hold whatever the data are, as far as can be:
    nothing can be looked at before they are written down.
    """

    stores: bool
    careful: bool

    @property
    def dialect(self) -> EngineDialect:
        """Spelling of the few leaves that differ."""
        ...

    def run(self, query: Query) -> Sequence[tuple[Any, ...]]:
        """Rows of a query tree; DataError or EnvironmentFault when it fails."""
        ...

    def batches(self, query: Query, size: int) -> Iterator[Sequence[tuple[Any, ...]]]:
        """Rows of a query, so many at a time; nothing else may run meanwhile."""
        ...

    def repeats(self, query: Query) -> int:
        """Rows of a one-column query beyond the first of each value.

        An upper bound is enough: 0 must be exact.
        """
        ...

    def drawn(self, draw: Draw, unit: str) -> str:
        """SQL of a draw's number for the text `unit`.

        Raises AssignmentError for a hash that the engine lacks.
        """
        ...

    def kept(self, query: Query) -> Query:
        """A query as a relation, computed once where the engine may store it."""
        ...

    def close(self) -> None:
        """Let go of files, connections and memory."""
        ...


class ServerEngine(Engine, Protocol):
    """Runs the trees in the database that holds the sources."""

    def table(self, source: str, name: str) -> Table:
        """A table of the database, looked up in its catalogue; DataError without it."""
        ...

    def query(self, source: str, sql: str) -> Table:
        """The result of the user's SELECT; ConfigError for anything else."""
        ...


class EmbeddedEngine(Engine, Protocol):
    """Runs in this process; files, frames and rows of databases are read into it.

    `folder` is private to it and goes with it.
    """

    folder: Path

    def execute(
        self, text: str, parameters: Sequence[object] = ()
    ) -> list[tuple[Any, ...]]:
        """Rows of a statement of our own making, in its own SQL."""
        ...

    def types(self, text: str) -> dict[str, Type]:
        """Columns of a query's result and what they hold."""
        ...

    def fields(self, text: str) -> dict[str, Any]:
        """Columns of a query's result and the engine's own types, records and all."""
        ...

    def register(self, name: str, frame: object) -> None:
        """Make a frame readable under a name, until `unregister`."""
        ...

    def unregister(self, name: str) -> None:
        """Forget a frame."""
        ...
