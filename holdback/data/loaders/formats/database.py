"""Tables and queries of a database: read where they live, or copied as text."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

from holdback.data.engine import ServerEngine, Table
from holdback.data.engine.by_url import database
from holdback.data.engine.connector import Connector
from holdback.data.loaders.csv_files import CsvRows
from holdback.data.loaders.csv_head import CsvHead
from holdback.data.loaders.csv_text import CsvForm
from holdback.data.loaders.loader import Loader, kinds
from holdback.data.loaders.store import Store, relation_of, row_of
from holdback.errors import EnvironmentFault
from holdback.experiments.sources.sql import SqlSource
from holdback.experiments.sources.table import TableSource

__all__ = ["SqlLoader", "TableLoader"]

ATTEMPTS = 2


@kinds.register("table")
class TableLoader(Loader[TableSource]):
    """A table or view, looked up in the catalogue."""

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """All rows as text in the embedded engine.

        Raises EnvironmentFault for a database that cannot be reached.
        """
        del wanted
        url = self.source.database or store.database
        return _copied(store, self.source.name, url, table=self.source.table)

    def inside(self, engine: ServerEngine) -> Table:
        """The table where it lives."""
        return engine.table(self.source.name, self.source.table)


@kinds.register("sql")
class SqlLoader(Loader[SqlSource]):
    """The result of a query that the user wrote."""

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """All rows as text in the embedded engine.

        Raises EnvironmentFault for a database that cannot be reached.
        """
        del wanted
        url = self.source.database or store.database
        return _copied(store, self.source.name, url, sql=self.source.sql)

    def inside(self, engine: ServerEngine) -> Table:
        """The query's result where its tables live."""
        return engine.query(self.source.name, self.source.sql)


def _copied(
    store: Store,
    source: str,
    url: str,
    *,
    table: str | None = None,
    sql: str | None = None,
) -> Table:
    """Rows of a database, copied as text; a dropped connection is tried again."""
    connector = database(url, store.root, source)
    target = store.engine.folder / f"{source}.csv"
    for attempt in range(1, ATTEMPTS + 1):
        try:
            names, rows = _written(connector, target, table, sql)
            break
        except EnvironmentFault:
            if attempt == ATTEMPTS:
                raise
    form = CsvForm(
        source=source, root=store.engine.folder, delimiter=",", encoding="utf-8"
    )
    copied = CsvRows(engine=store.engine, form=form, kept=names)
    copied.create()
    if rows:
        cells = tuple(names)
        copied.copy(
            target, form, CsvHead(names=cells, cells=cells, line=1, delimiter=",")
        )
    target.unlink()
    return Table(
        source=source,
        relation=relation_of(source),
        columns=dict.fromkeys(names, "text"),
        rows=rows,
        numbered=True,
        place=row_of(source),
    )


def _written(
    connector: Connector, target: Path, table: str | None, sql: str | None
) -> tuple[list[str], int]:
    """Write all rows of a table or query as CSV; returns columns and row count."""
    count = 0
    for names, rows in connector.rows(table=table, sql=sql):
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(names)
            for row in rows:
                writer.writerow(["" if value is None else value for value in row])
                count += 1
    return names, count
