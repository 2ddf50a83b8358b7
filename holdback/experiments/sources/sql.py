"""The result of a query that the user wrote."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.experiments.kinds.source import Source, kinds

__all__ = ["SqlSource"]


@kinds.register("sql")
@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSource(Source):
    """One SELECT; without `database` the project's is meant."""

    sql: str
    database: str | None = None

    def lives_in(self, database: str) -> bool:
        """Whether the rows live in the project's database."""
        return self.database in {None, database}
