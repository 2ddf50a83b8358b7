"""The result of a query that the user wrote."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdback.experiments.sources import Source, kinds

if TYPE_CHECKING:
    from holdback.data.engine import Table
    from holdback.data.engine.postgres import Server
    from holdback.data.loaders.loader import Store

__all__ = ["SqlSource"]


@kinds.register("sql")
@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSource(Source):
    """One SELECT; without `database` the project's is meant."""

    sql: str
    database: str | None = None

    def attach(self, store: Store, wanted: Collection[str] | None) -> Table:
        """All rows as text in the embedded engine."""
        del wanted
        url = self.database or store.project_database
        return store.database(self.name, url, sql=self.sql)

    def inside(self, server: Server) -> Table:
        """The rows where they live."""
        return server.query(self.name, self.sql)

    def lives_in(self, database: str) -> bool:
        """Whether the rows live in the project's database."""
        return self.database in {None, database}
