"""The embedded engine with an experiment's sources: what loaders read into."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from sqlglot import exp

from holdback.data.engine import EmbeddedEngine, PlaceOf, Table
from holdback.data.engine.sql import quoted_name, quoted_text
from holdback.data.loaders.files import (
    Fingerprint,
    check_readable,
    combined,
    fingerprints,
    head,
    matching,
    shown,
    state,
)
from holdback.errors import DataError, Problem

__all__ = ["SHOWN_FILES", "WITH_LEVELS", "Store", "relation_of", "row_of"]

WITH_LEVELS = "holdback:levels"
"""Among the columns that are wanted: all others too that have levels."""

SHOWN_FILES = 5
"""Names of files that a message lists at most."""


class Store:
    """Sources in the embedded engine, with the fingerprints of their files being taken.

    `root` is the folder that paths start from, `database` the project's URL.
    """

    def __init__(self, engine: EmbeddedEngine, root: Path, database: str) -> None:
        self.engine = engine
        self.root = root
        self.database = database
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._prints: dict[str, tuple[list[str], list[Future[Fingerprint]]]] = {}
        self._states: dict[Path, tuple[int, int]] = {}

    def close(self) -> None:
        """Stop the background work."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def sha256(self, source: str) -> str | None:
        """Hash of a source's files; None for what is no file. Waits for it."""
        if source not in self._prints:
            return None
        names, prints = self._prints[source]
        return combined(names, [future.result() for future in prints])

    def files(self, source: str, path: str) -> list[Path]:
        """The files that a path or glob of a source means, looked at from outside.

        Raises ConfigError for a URL, EnvironmentFault for what cannot be read,
        DataError for what is no file or empty.
        """
        paths = matching(path, self.root, source)
        for file in paths:
            check_readable(file, self.root)
            self._states.setdefault(file, state(file))
        return paths

    def check_unchanged(self) -> None:
        """Raise DataError for a file that is not what it was when it was opened."""
        for file, before in self._states.items():
            if state(file) != before:
                raise DataError(
                    Problem(
                        where=shown(file, self.root),
                        what="the file changed while it was read.",
                        why="Some of what was read is of the old file and some of the "
                        "new one.",
                        fix="Wait until the export is done, and run it again.",
                    )
                )

    def fingerprinted(
        self, source: str, paths: list[Path], *, text: bool
    ) -> list[Future[Fingerprint]]:
        """Fingerprints of a source's files, taken in the background."""
        futures = fingerprints(paths, self._pool, text=text)
        self._prints[source] = ([shown(path, self.root) for path in paths], futures)
        return futures

    def parquet(self, source: str, path: str, *, by_name: bool = False) -> Table:
        """A view on Parquet files; `by_name` where some have columns that others lack.

        Such a column is null in the rows of the others. Raises DataError for files
        that are no Parquet or damaged, and what `files` raises.
        """
        paths = self.files(source, path)
        for file in paths:
            if head(file, 4) != b"PAR1":
                raise DataError(
                    Problem(
                        where=shown(file, self.root),
                        what="this is not a Parquet file.",
                        fix="Write `csv:` if it is text; otherwise export it again.",
                    )
                )
        self.fingerprinted(source, paths, text=False)
        listed = ", ".join(quoted_text(str(file)) for file in paths)
        text = f"SELECT * FROM read_parquet([{listed}], union_by_name = {by_name})"
        try:
            types = self.engine.types(text)
            self.engine.execute(f"CREATE VIEW {quoted_name(source)} AS {text}")
        except Exception as error:
            broken = [file for file in paths if not self._is_read(file)] or paths
            raise DataError(
                Problem(
                    where=", ".join(
                        shown(file, self.root) for file in broken[:SHOWN_FILES]
                    ),
                    what="the Parquet file cannot be read: it is damaged or cut off.",
                    fix="Export it again.",
                )
            ) from error
        return Table(source=source, relation=relation_of(source), columns=types)

    def _is_read(self, file: Path) -> bool:
        """Whether a Parquet file's columns can be read, alone."""
        try:
            self.engine.types(f"SELECT * FROM read_parquet({quoted_text(str(file))})")
        except Exception:  # noqa: BLE001  # the engine's errors are of many kinds
            return False
        return True


def row_of(source: str) -> PlaceOf:
    """Where a row stands in a source that is no file: by its number."""

    def place(row: int, column: str | None) -> str:
        return f"source {source}, row {row + 1}" + (
            f", column {column}" if column else ""
        )

    return place


def relation_of(source: str) -> exp.Table:
    """The table or view of a source in the embedded engine."""
    return exp.table_(source, quoted=True)
