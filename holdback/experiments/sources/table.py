"""A table or view of a database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdback.experiments.sources import Source, kinds

if TYPE_CHECKING:
    from holdback.data.engine import Table
    from holdback.data.engine.postgres import Server
    from holdback.data.loaders.loader import Store

__all__ = ["TableSource"]


@kinds.register("table")
@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource(Source):
    """`table` is a name or schema.name; without `database` the project's is meant."""

    table: str
    database: str | None = None

    def attach(self, store: Store, wanted: Collection[str] | None) -> Table:
        """All rows as text in the embedded engine."""
        del wanted
        url = self.database or store.project_database
        return store.database(self.name, url, table=self.table)

    def inside(self, server: Server) -> Table:
        """The rows where they live."""
        return server.table(self.name, self.table)

    def lives_in(self, database: str) -> bool:
        """Whether the rows live in the project's database."""
        return self.database in {None, database}
