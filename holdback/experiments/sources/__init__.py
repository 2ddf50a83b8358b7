"""Sources: one file a kind of table of data. The fields are the YAML keys."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from holdback.experiments.language.expression import Expression
from holdback.registry import Kinds

if TYPE_CHECKING:
    from holdback.data.engine import Table
    from holdback.data.engine.postgres import Server
    from holdback.data.loaders.loader import Store

__all__ = ["Columns", "Returns", "Source", "kinds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Role → column name. Every other column of a source is an attribute.

    `unit` may be the word ``row``: each row is then its own unit.
    """

    unit: str
    arm: str | None = None
    time: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Which rows are returns, and by what they are matched to their purchase.

    A return counts at the time of the unit's latest purchase with the same values in
    the columns of `match`; without columns, of its latest purchase of anything.
    """

    where: Expression
    match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What every source has.

    `duplicates` rules rows of the same `id` that differ; `returns` says which rows undo
    others.
    """

    name: str
    columns: Columns
    where: Expression | None = None
    duplicates: Literal["error", "first", "last"] = "error"
    returns: Returns | None = None

    def attach(self, store: Store, wanted: Collection[str] | None) -> Table:
        """Read the source into the embedded engine; None wants every column."""
        raise NotImplementedError

    def inside(self, server: Server) -> Table:
        """The source inside the database that `lives_in` says it is in."""
        raise NotImplementedError

    def lives_in(self, database: str) -> bool:
        """Whether the rows live in a database, so that queries can run there."""
        del database
        return False


kinds: Kinds[Source] = Kinds("holdback.experiments.sources")
