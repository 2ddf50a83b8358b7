"""Files and frames into the embedded engine: one function a format."""

from __future__ import annotations

import csv
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from sqlglot import exp

from holdback.data.engine import Place, Table
from holdback.data.engine.connections import Database
from holdback.data.engine.duckdb import Embedded
from holdback.data.loaders.csv_files import (
    CsvForm,
    CsvRows,
    csv_place,
    header,
    quoted_name,
    quoted_text,
    refuse_other_formats,
    same_header,
)
from holdback.data.loaders.files import (
    Fingerprint,
    combined,
    fingerprints,
    found,
    head,
    is_gzip,
    look,
    shown,
)
from holdback.errors import DataError, EnvironmentFault, Problem

__all__ = ["Store"]

EXAMPLES = 5
RETRIES = 2


class Store:
    """Sources in the embedded engine, with their fingerprints being taken.

    `root` is the folder that paths start from; `wanted` maps a source to the columns
    that the analysis uses (all of them when the source has an `id`).
    """

    def __init__(self, engine: Embedded, root: Path, database: str) -> None:
        self.engine = engine
        self.root = root
        self.project_database = database
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._prints: dict[str, tuple[list[str], list[Future[Fingerprint]]]] = {}

    def close(self) -> None:
        """Stop the background work."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def sha256(self, source: str) -> str | None:
        """Hash of a source's files; None for what is no file. Waits for it."""
        if source not in self._prints:
            return None
        names, prints = self._prints[source]
        return combined(names, [one.result() for one in prints])

    def parquet(self, source: str, path: str, *, by_name: bool = False) -> Table:
        """A view on Parquet files; `by_name` where some have columns that others lack.

        Such a column is null in the rows of the others.
        """
        paths = self._files(source, path)
        for one in paths:
            if head(one, 4) != b"PAR1":
                raise DataError(
                    Problem(
                        where=shown(one, self.root),
                        what="this is not a Parquet file.",
                        fix="Write `csv:` if it is text; otherwise export it again.",
                    )
                )
        self._prints[source] = self._fingerprinted(paths, text=False)
        listed = ", ".join(quoted_text(str(one)) for one in paths)
        text = f"SELECT * FROM read_parquet([{listed}], union_by_name = {by_name})"
        try:
            types = self.engine.types(text)
            self.engine.execute(f"CREATE VIEW {quoted_name(source)} AS {text}")
        except Exception as error:
            raise DataError(
                Problem(
                    where=", ".join(shown(one, self.root) for one in paths[:EXAMPLES]),
                    what="the Parquet file cannot be read: it is damaged or cut off.",
                    why=str(error).splitlines()[0],
                    fix="Export it again.",
                )
            ) from error
        return Table(source=source, relation=_relation(source), columns=types)

    def csv(
        self,
        source: str,
        path: str,
        *,
        delimiter: str,
        decimal: str,
        encoding: str,
        wanted: Collection[str] | None,
    ) -> Table:
        """CSV files as a table of text, read strictly.

        Raises DataError with the places of rows that cannot be read.
        """
        form = CsvForm(
            source=source, root=self.root, delimiter=delimiter, encoding=encoding
        )
        paths = self._files(source, path)
        for one in paths:
            refuse_other_formats(one, self.root)
            is_gzip(one, self.root)
        names = header(paths[0], form)
        for other in paths[1:]:
            same_header(names, other, form)
        prints = self._fingerprinted(paths, text=True)
        self._prints[source] = prints
        kept = [n for n in names if wanted is None or n in wanted] or names[:1]
        loader = CsvRows(engine=self.engine, form=form, names=names, kept=kept)
        starts = []
        rows = 0
        made = ", ".join(f"{quoted_name(n)} VARCHAR" for n in kept)
        self.engine.execute(f"CREATE TEMP TABLE {quoted_name(source)} ({made})")
        for one, future in zip(paths, prints[1], strict=True):
            starts.append(rows)
            rows = loader.load(one, rows, future)
        place = csv_place(paths, starts, names, form)
        if rows == 0:
            raise DataError(
                Problem(
                    where=", ".join(shown(one, self.root) for one in paths[:EXAMPLES]),
                    what="there is a header, but no row of data.",
                )
            )
        return Table(
            source=source,
            relation=_relation(source),
            columns=dict.fromkeys(names, "text"),
            rows=rows,
            decimal_comma=decimal == ",",
            numbered=True,
            place=place,
        )

    def frame(
        self, source: str, frame: object, *, wanted: Collection[str] | None
    ) -> Table:
        """A frame's columns that are used, copied into the engine."""
        handle = f"frame {source}"
        try:
            self.engine.register(handle, _streamed(frame))
            all_types = self.engine.types(f"SELECT * FROM {quoted_name(handle)}")
            names = [n for n in all_types if wanted is None or n in wanted]
            listed = ", ".join(quoted_name(n) for n in names or list(all_types)[:1])
            self.engine.execute(
                f"CREATE TEMP TABLE {quoted_name(source)} AS "
                f"SELECT {listed} FROM {quoted_name(handle)}"
            )
        except (TypeError, ValueError) as error:
            raise DataError(
                Problem(
                    where=f"source {source}",
                    what=f"a {type(frame).__name__} cannot be read as a table.",
                    fix="Hand over a pandas, polars or Arrow frame.",
                )
            ) from error
        self.engine.unregister(handle)
        return Table(
            source=source,
            relation=_relation(source),
            columns=all_types,
            numbered=True,
            place=_row_of(source),
        )

    def database(
        self, source: str, url: str, *, table: str | None = None, sql: str | None = None
    ) -> Table:
        """Rows of another database, copied as text; a dropped connection is retried."""
        database = Database(url=url, root=self.root, source=source)
        target = self.engine.folder / f"{source}.csv"
        for attempt in (1, 2):
            try:
                names, rows = _written(database, target, table, sql)
                break
            except EnvironmentFault:
                if attempt == RETRIES:
                    raise
        made = ", ".join(f"{quoted_name(n)} VARCHAR" for n in names)
        self.engine.execute(f"CREATE TEMP TABLE {quoted_name(source)} ({made})")
        form = CsvForm(
            source=source, root=self.engine.folder, delimiter=",", encoding="utf-8"
        )
        if rows:
            CsvRows(engine=self.engine, form=form, names=names, kept=names).copy(
                target, form
            )
        target.unlink()

        return Table(
            source=source,
            relation=_relation(source),
            columns=dict.fromkeys(names, "text"),
            rows=rows,
            numbered=True,
            place=_row_of(source),
        )

    def _files(self, source: str, path: str) -> list[Path]:
        paths = found(path, self.root, source)
        for one in paths:
            look(one, self.root)
        return paths

    def _fingerprinted(
        self, paths: list[Path], *, text: bool
    ) -> tuple[list[str], list[Future[Fingerprint]]]:
        names = [shown(one, self.root) for one in paths]
        return names, fingerprints(paths, self._pool, text=text)


def _written(
    database: Database, target: Path, table: str | None, sql: str | None
) -> tuple[list[str], int]:
    """Write all rows of a table or query as CSV; returns columns and row count."""
    count = 0
    for names, rows in database.rows(table=table, sql=sql):
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(names)
            for row in rows:
                writer.writerow(["" if value is None else value for value in row])
                count += 1
    return names, count


def _streamed(frame: object) -> object:
    """A frame as the engine reads it; pandas goes the Arrow way where it can.

    The engine guesses the type of a pandas column of objects from a sample; an Arrow
    stream says it.
    """
    if hasattr(frame, "__arrow_c_stream__") and not hasattr(frame, "iloc"):
        return frame
    if hasattr(frame, "collect"):
        return frame.collect()
    return frame


def _row_of(source: str) -> Place:
    def place(row: int, column: str | None) -> str:
        return f"source {source}, row {row + 1}" + (
            f", column {column}" if column else ""
        )

    return place


def _relation(source: str) -> exp.Table:
    return exp.table_(source, quoted=True)
