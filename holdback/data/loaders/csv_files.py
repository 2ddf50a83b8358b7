"""CSV files read strictly into one table of text.

The data engine reads the rows of ordinary files. Python reads the header, finds the
line of a row for a message, and rewrites files that are not plain UTF-8 with one
kind of line end into ones that are. Read `csv_text`, `csv_head` and `csv_sieve` first.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from holdback.data.engine import EmbeddedEngine, PlaceOf, Table
from holdback.data.engine.sql import quoted_name, quoted_text
from holdback.data.loaders.csv_head import CsvHead, head_of
from holdback.data.loaders.csv_rejects import rejected, unreadable
from holdback.data.loaders.csv_sieve import Sieve
from holdback.data.loaders.csv_text import (
    CsvForm,
    decoding,
    encoding_of,
    open_ends,
    opened,
    records,
    refuse_other_formats,
)
from holdback.data.loaders.files import (
    Fingerprint,
    is_gzip,
    shown,
)
from holdback.data.loaders.store import WITH_LEVELS, Store, relation_of
from holdback.data.loaders.workbooks import is_workbook, sheet_as_csv
from holdback.errors import DataError, Problem
from holdback.experiments.language.currency_names import holds_currencies
from holdback.experiments.language.quantities import did_you_mean
from holdback.experiments.language.status_words import holds_states, is_telling

__all__ = ["CsvRows", "csv_table"]

PEEKED = 200
"""Rows of a file that are looked at before it is read."""
MOST = 30
"""Columns of a file that are read for their levels."""
ODD = "holdback:odd"
"""Column that says why a row is none, until such rows are out."""


def csv_table(
    store: Store,
    path: str,
    form: CsvForm,
    *,
    decimal: str,
    wanted: Collection[str] | None,
) -> Table:
    """CSV files as a table of text in the embedded engine, read strictly.

    `decimal` is the mark before decimals, `wanted` the columns that are needed (None:
    all). Columns are taken by their names, in whatever order a file has them. Raises
    DataError with the places of rows that cannot be read, and what `Store.files`
    raises.
    """
    source = form.source
    originals = store.files(source, path)
    paths = [
        sheet_as_csv(store.engine, file, form, decimal) if is_workbook(file) else file
        for file in originals
    ]
    for file in paths:
        refuse_other_formats(file, store.root)
        is_gzip(file, store.root)
    heads = [head_of(file, form) for file in paths]
    names = heads[0].named
    telling = () if wanted is None else telling_columns(paths[0], form, heads[0])
    also = () if wanted is None or WITH_LEVELS not in wanted else in_all(heads)
    needed = {*(names if wanted is None else wanted), *telling, *also}
    kept = [name for name in names if name in needed]
    kept = kept or list(names[:1])
    for file, other in zip(paths[1:], heads[1:], strict=True):
        _same_columns(heads[0], other, file, form, None if wanted is None else kept)
    futures = store.fingerprinted(source, paths, text=True)
    if paths != originals:
        store.fingerprinted(source, originals, text=False)
    sieve = Sieve(kept=tuple(kept), keys=form.keys)
    appended = CsvRows(engine=store.engine, form=form, kept=kept, sieve=sieve)
    appended.create()
    starts = []
    rows = 0
    for file, seen, future in zip(paths, heads, futures, strict=True):
        starts.append(rows)
        rows = appended.load(file, seen, rows, future)
    appended.finish()
    return Table(
        source=source,
        relation=relation_of(source),
        columns=dict.fromkeys(names, "text"),
        loaded=frozenset(kept),
        rows=rows,
        decimal_comma=decimal == ",",
        numbered=True,
        place=_place(paths, starts, heads, form, sieve),
        read_past=_together(
            [
                *(one.read_past for one in heads),
                {"open_ends": open_ends(paths, [one.delimiter for one in heads])},
            ],
            appended.left_out,
        ),
    )


def in_all(heads: Sequence[CsvHead]) -> list[str]:
    """The first columns that every file has, as many as are looked through."""
    others = [frozenset(head.named) for head in heads[1:]]
    return [n for n in heads[0].named if all(n in other for other in others)][:MOST]


def _together(
    heads: Sequence[Mapping[str, int]], rows: Mapping[str, int]
) -> dict[str, int]:
    """What was read past in all files together."""
    counts = dict(rows)
    for one in heads:
        for what, count in one.items():
            if count:
                counts[what] = counts.get(what, 0) + count
    return counts


def telling_columns(path: Path, form: CsvForm, head: CsvHead) -> frozenset[str]:
    """Columns that tell a currency or what is a sale, by name or first values."""
    by_name = {name for name in head.named if is_telling(name)}
    with opened(path, form, "replace") as file:
        try:
            found = records(file, path, form, delimiter=head.delimiter)
            rows = [r for at, r in islice(found, PEEKED + head.line) if at > head.line]
        except (DataError, EOFError, OSError, UnicodeError):
            return frozenset(by_name)
    for i, name in enumerate(head.names):
        values = {row[i].strip() for row in rows if i < len(row)} - {""}
        codes = {value.upper() for value in values}
        tells = holds_currencies(codes) or holds_states(name, values)
        if tells and name in head.named:
            by_name.add(name)
    return frozenset(by_name)


def line_of(
    path: Path, head: CsvHead, form: CsvForm, sieve: Sieve, row: int
) -> tuple[int, list[str]]:
    """Line and fields of a data row (from 0) of a file."""
    seen, start = -1, 1
    with opened(path, form) as file:
        for start, record in records(file, path, form, delimiter=head.delimiter):
            if start <= head.line or not record or sieve.why(head, record):
                continue
            seen += 1
            if seen == row:
                return start, record
    return start, []


def rewritten(path: Path, head: CsvHead, form: CsvForm, target: Path) -> None:
    """Write a file again as UTF-8 with LF line ends, every field quoted.

    What stands above the header is left out. Raises DataError with the place of a row
    that cannot be read.
    """
    where = shown(path, form.root)
    width = len(head.names)
    with (
        decoding(path, form),
        opened(path, form, "strict") as file,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(head.names)
        rows = records(file, path, form, delimiter=head.delimiter, strict=True)
        for line, record in rows:
            if line <= head.line or not record:
                continue
            if len(record) != width:
                raise _ragged(f"{where}:{line}", width, len(record))
            writer.writerow(record)


def _ragged(where: str, width: int, got: int) -> DataError:
    return DataError(
        Problem(
            where=where,
            what=f"the row has {got} fields, the header {width}.",
            fix="Correct the row; a value that holds the delimiter must be quoted.",
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRows:
    """Appends files to one table of text. `kept` are the columns that are needed.

    `sieve` says which rows are none; what it left out is counted in `left_out`.
    """

    engine: EmbeddedEngine
    form: CsvForm
    kept: Sequence[str]
    sieve: Sieve | None = None
    left_out: dict[str, int] = field(default_factory=dict)

    def create(self) -> None:
        """Make the table."""
        columns = [*self.kept, *([ODD] if self.sieve else [])]
        typed = ", ".join(f"{quoted_name(n)} VARCHAR" for n in columns)
        self.engine.execute(
            f"CREATE TEMP TABLE {quoted_name(self.form.source)} ({typed})"
        )

    def load(
        self, path: Path, head: CsvHead, before: int, future: Future[Fingerprint]
    ) -> int:
        """Append a file's rows; returns the number of rows of the source so far.

        Raises DataError with the places of rows that cannot be read.
        """
        plain = encoding_of(path, self.form) == "utf-8-sig"
        if is_gzip(path, self.form.root) or not plain:
            sound(self.form.root, path, future.result(), utf8=plain)
        try:
            if plain:
                self.copy(path, self.form, head)
        except DataError:
            if not future.result().mixed:
                sound(self.form.root, path, future.result(), utf8=plain)
                raise
        sound(self.form.root, path, future.result(), utf8=plain)
        if plain and future.result().mixed:
            self._keep(f"rowid < {before}")
            plain = False
        if not plain:
            self._copy_again(path, head, before)
        self._sift(before)
        ((rows,),) = self.engine.execute(
            f"SELECT COUNT(*) FROM {quoted_name(self.form.source)}"
        )
        return int(rows)

    def finish(self) -> None:
        """Take the marks of rows away."""
        if self.sieve is not None:
            table, odd = quoted_name(self.form.source), quoted_name(ODD)
            self.engine.execute(f"ALTER TABLE {table} DROP COLUMN {odd}")

    def _copy_again(self, path: Path, head: CsvHead, before: int) -> None:
        """Append a file that has to be rewritten first."""
        target = self.engine.folder / f"{self.form.source}-{before}.csv"
        rewritten(path, head, self.form, target)
        again = CsvForm(
            source=self.form.source,
            root=self.engine.folder,
            delimiter=",",
            encoding="utf-8",
        )
        self.copy(target, again, replace(head, line=1, delimiter=","))
        target.unlink()

    def _sift(self, before: int) -> None:
        """Take out and count the rows from `before` on that are none."""
        if self.sieve is None:
            return
        table, odd = quoted_name(self.form.source), quoted_name(ODD)
        counted = self.engine.execute(
            f"SELECT {odd}, COUNT(*) FROM {table} WHERE rowid >= {before} "
            f"AND {odd} IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        for why, count in counted:
            self.left_out[str(why)] = self.left_out.get(str(why), 0) + int(count)
        if counted:
            self._keep(f"{odd} IS NULL")

    def _keep(self, condition: str) -> None:
        """Keep rows of the table; those that follow are numbered from there.

        After a DELETE the engine would go on numbering from the rows that are gone.
        """
        table, first = quoted_name(self.form.source), quoted_name("holdback:first rows")
        self.engine.execute(
            f"CREATE TEMP TABLE {first} AS SELECT * FROM {table} WHERE {condition} "
            "ORDER BY rowid"
        )
        self.engine.execute(f"DROP TABLE {table}")
        self.engine.execute(f"ALTER TABLE {first} RENAME TO {table}")

    def copy(self, path: Path, form: CsvForm, head: CsvHead) -> None:
        """Append the rows of one plain UTF-8 file.

        Raises DataError with the places of rows that cannot be read.
        """
        typed = ", ".join(f"{quoted_text(n)}: 'VARCHAR'" for n in head.names)
        listed = ", ".join(quoted_name(n) for n in self.kept)
        if self.sieve is not None:
            listed += f", {self.sieve.sql(head)}"
        self.engine.execute("DROP TABLE IF EXISTS reject_errors")
        self.engine.execute("DROP TABLE IF EXISTS reject_scans")
        statement = (
            f"INSERT INTO {quoted_name(self.form.source)} SELECT {listed} "
            f"FROM read_csv({quoted_text(str(path))}, auto_detect = false, "
            f"columns = {{{typed}}}, "
            f"header = true, skip = {head.line - 1}, "
            f"delim = {quoted_text(head.delimiter)}, quote = '\"', "
            "escape = '\"', nullstr = '', store_rejects = true, "
            "max_line_size = 10485760, strict_mode = true"
            + (", compression = 'gzip'" if is_gzip(path, form.root) else "")
            + ")"
        )
        try:
            self.engine.execute(statement)
        except DataError as error:
            raise unreadable(path, form, head) from error
        rejects = self.engine.execute(
            "SELECT line, column_name, error_type, error_message, COUNT(*) OVER () "
            "FROM reject_errors ORDER BY line, byte_position"
        )
        if rejects:
            raise DataError(rejected(path, form, head, rejects))


def _same_columns(
    first: CsvHead,
    other: CsvHead,
    path: Path,
    form: CsvForm,
    needed: Sequence[str] | None,
) -> None:
    """Refuse files of one source that lack a column; `needed` None: any of the first.

    Raises DataError.
    """
    missing = [n for n in needed or first.named if n not in other.named]
    added = [n for n in other.named if n not in first.named]
    if needed is None and added and not missing:
        missing, added = added, missing
        where, holder = "the first file of the source", "this file"
    else:
        where, holder = "this file", "the first file of the source"
    if not missing:
        return
    near = did_you_mean(missing[0], added) if added else ""
    if not near and len(added) == len(missing) == 1:
        near = f"Did you mean '{added[0]}'?"
    raise DataError(
        Problem(
            where=f"{shown(path, form.root)}:{other.line}",
            what=f"{where} has no column '{missing[0]}', which {holder} has.",
            why=f"The columns here are {', '.join(other.named)}.",
            fix=near.replace("Did you mean", "Was it renamed? Here stands").rstrip("?")
            + ". All files of a source need the same columns, in any order."
            if near
            else "All files of a source need the same columns, in any order.",
        )
    )


def sound(root: Path, path: Path, seen: Fingerprint, *, utf8: bool) -> None:
    """Refuse a file whose bytes cannot be right.

    Raises DataError.
    """
    where = shown(path, root)
    if seen.broken == "bomb":
        raise DataError(
            Problem(
                where=where,
                what="the gzip file expands beyond 200 times its size or 20 GB.",
                why="That is more than data of this kind ever does.",
                fix="Check the file; unpack it yourself if it is right.",
            )
        )
    if seen.broken:
        raise DataError(
            Problem(
                where=where,
                what=f"the gzip file is {seen.broken}.",
                fix="Export or transfer it again.",
            )
        )
    if seen.nul_line is not None and utf8:
        raise DataError(
            Problem(
                where=f"{where}:{seen.nul_line}",
                what=f"there is a NUL byte in line {seen.nul_line}.",
                why="The file is damaged or is no text.",
                fix="Export it again.",
            )
        )


def _place(
    paths: Sequence[Path],
    starts: Sequence[int],
    heads: Sequence[CsvHead],
    form: CsvForm,
    sieve: Sieve,
) -> PlaceOf:
    """Where a row of several files stands: file, line and column."""

    def place(row: int, column: str | None) -> str:
        at = max(i for i, start in enumerate(starts) if start <= row)
        line, _ = line_of(paths[at], heads[at], form, sieve, row - starts[at])
        names = heads[at].names
        number = f":{names.index(column) + 1}" if column in names else ""
        return f"{shown(paths[at], form.root)}:{line}{number}"

    return place
