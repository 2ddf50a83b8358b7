"""The data engine: where the rows live and the one statement runs.

An engine knows its tables and runs syntax trees. Trees are built once for all
engines, in the common subset of SQL; the few leaves that are spelled differently
(casting text, reading a clock) are asked of the engine's `Dialect`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from holdback.errors import DataError

if TYPE_CHECKING:
    from holdback.assignment.recipe import Draw
    from holdback.data.engine.dialects import Dialect

__all__ = ["Engine", "Place", "Query", "Table", "TooLarge", "Type"]

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

Place = Callable[[int, str | None], str]
"""Row number (from 0) and column → ``file:line:column`` or another exact place."""


class TooLarge(DataError):
    """A sum that does not fit the widest exact integer of an engine."""


def _row_place(row: int, column: str | None) -> str:
    return f"row {row + 1}" + (f", column {column}" if column else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A source as the engine holds it: a relation and the types of its columns.

    `local` is a time without offset, `instant` one with; `decimal_comma` says that
    numbers in text are written ``12,50``. `numbered` tells that the engine's rowid
    is the row's number in the source, so that `place` can say where a row stands.
    """

    source: str
    relation: Query
    columns: Mapping[str, Type]
    rows: int | None = None
    decimal_comma: bool = False
    numbered: bool = False
    place: Place = field(default=_row_place)


class Engine(Protocol):
    """What a data engine must offer."""

    @property
    def dialect(self) -> Dialect:
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
