"""A table or view of a database."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.experiments.kinds.source import Source, kinds

__all__ = ["TableSource"]


@kinds.register("table")
@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource(Source):
    """`table` is a name or schema.name; without `database` the project's is meant."""

    table: str
    database: str | None = None

    def lives_in(self, database: str) -> bool:
        """Whether the rows live in the project's database."""
        return self.database in {None, database}
