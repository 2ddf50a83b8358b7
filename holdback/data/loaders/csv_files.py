"""CSV text read strictly in Python: headers, places of rows, and odd files.

The data engine reads the rows of ordinary files. Python reads the header, finds the
line of a row for a message, and rewrites files that are not plain UTF-8 with one
kind of line end into ones that are.
"""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from holdback.data.engine import EmbeddedEngine, PlaceOf, Table
from holdback.data.engine.sql import quoted_name, quoted_text
from holdback.data.loaders.files import (
    Fingerprint,
    head,
    is_gzip,
    shown,
)
from holdback.data.loaders.store import SHOWN_FILES, Store, relation_of
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.language.currency_names import (
    CURRENCY_COLUMNS,
    holds_currencies,
    plain_name,
)

__all__ = ["CsvForm", "CsvRows", "csv_table"]

EXCEL = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
PARQUET = b"PAR1"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (";", "\t", "|", ",")
FIELD_LIMIT = 10 << 20
SHOWN_ROWS = 5
PEEKED = 200
"""Lines of a file that are looked at before it is read."""


class CsvForm:
    """How the files of one source are written."""

    __slots__ = ("delimiter", "encoding", "root", "source")

    def __init__(
        self, *, source: str, root: Path, delimiter: str, encoding: str
    ) -> None:
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise ConfigError(
                Problem(
                    where=f"source {source}",
                    what=f"'{encoding}' is no known encoding.",
                    fix="Write for instance utf-8, utf-16 or cp1252.",
                )
            ) from error
        self.source = source
        self.root = root
        self.delimiter = delimiter
        self.encoding = encoding


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
    all). Raises DataError with the places of rows that cannot be read, and what
    `Store.files` raises.
    """
    source = form.source
    paths = store.files(source, path)
    for file in paths:
        refuse_other_formats(file, store.root)
        is_gzip(file, store.root)
    names = header(paths[0], form)
    for other in paths[1:]:
        same_header(names, other, form)
    futures = store.fingerprinted(source, paths, text=True)
    telling = () if wanted is None else currency_columns(paths[0], form, names)
    kept = [n for n in names if wanted is None or n in wanted or n in telling]
    kept = kept or names[:1]
    appended = CsvRows(engine=store.engine, form=form, names=names, kept=kept)
    appended.create()
    starts = []
    rows = 0
    for file, future in zip(paths, futures, strict=True):
        starts.append(rows)
        rows = appended.load(file, rows, future)
    if rows == 0:
        raise DataError(
            Problem(
                where=", ".join(
                    shown(file, store.root) for file in paths[:SHOWN_FILES]
                ),
                what="there is a header, but no row of data.",
            )
        )
    return Table(
        source=source,
        relation=relation_of(source),
        columns=dict.fromkeys(names, "text"),
        loaded=frozenset(kept),
        rows=rows,
        decimal_comma=decimal == ",",
        numbered=True,
        place=_place(paths, starts, names, form),
    )


def refuse_other_formats(path: Path, root: Path) -> None:
    """Refuse workbooks and Parquet files that were named as CSV.

    Raises DataError.
    """
    first = head(path)
    if first.startswith((EXCEL, OLD_EXCEL)):
        format_, fix = (
            "an Excel workbook (or a zip file)",
            "Export the sheet as CSV UTF-8.",
        )
    elif first.startswith(PARQUET):
        format_, fix = "a Parquet file", "Write `parquet:` in place of `csv:`."
    else:
        return
    raise DataError(
        Problem(
            where=shown(path, root),
            what=f"this is {format_}, not a CSV file.",
            fix=fix,
        )
    )


def encoding_of(path: Path, form: CsvForm) -> str:
    """The encoding asked for, or what the byte order mark says."""
    first = head(path, 4)
    if first[:2] in UTF16:
        return "utf-16"
    if first[:3] == codecs.BOM_UTF8:
        return "utf-8-sig"
    plain = codecs.lookup(form.encoding).name in {"utf-8", "ascii"}
    return "utf-8-sig" if plain else form.encoding


@contextmanager
def opened(
    path: Path, form: CsvForm, errors: str = "surrogateescape"
) -> Iterator[TextIO]:
    """A file's text, unpacked and decoded; lines end as they are written."""
    encoding = encoding_of(path, form)
    errors = "strict" if encoding == "utf-16" else errors
    if is_gzip(path, form.root):
        with gzip.open(
            path, "rt", encoding=encoding, errors=errors, newline=""
        ) as text:
            yield text
    else:
        with path.open(encoding=encoding, errors=errors, newline="") as file:
            yield file


def header(path: Path, form: CsvForm) -> list[str]:
    """Names of the columns, from the first line.

    Raises DataError for a file without a header or with a name that stands twice.
    """
    where = shown(path, form.root)
    with opened(path, form) as file, _decoding(path, form):
        try:
            names = next(_records(file, form), [])
        except (EOFError, OSError) as error:
            raise DataError(
                Problem(where=where, what="the gzip file is cut off or damaged.")
            ) from error
    if not any(name.strip() for name in names):
        raise DataError(
            Problem(
                where=where,
                what="the file has no header line.",
                fix="The first line must hold the names of the columns.",
            )
        )
    other = next((mark for mark in DELIMITERS if mark in names[0]), None)
    if len(names) == 1 and other is not None and form.delimiter != other:
        shown_mark = "\\t" if other == "\t" else other
        raise DataError(
            Problem(
                where=f"{where}:1",
                what=f"the header is one column: {names[0][:60]}.",
                fix=f"If it separates columns, set `delimiter: '{shown_mark}'`.",
            )
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            Problem(
                where=f"{where}:1",
                what=f"the column '{twice[0]}' stands {names.count(twice[0])} times in "
                "the header.",
                fix="Give each column a name of its own.",
            )
        )
    return names


def currency_columns(path: Path, form: CsvForm, names: Sequence[str]) -> frozenset[str]:
    """Columns that tell a currency, by their name or their first values."""
    by_name = {name for name in names if plain_name(name) in CURRENCY_COLUMNS}
    with opened(path, form, "replace") as file:
        reader = csv.reader(file, delimiter=form.delimiter)
        try:
            rows = list(islice(reader, 1, PEEKED))
        except (csv.Error, EOFError, OSError, UnicodeError):
            return frozenset(by_name)
    for i, name in enumerate(names):
        values = {row[i].strip() for row in rows if i < len(row)} - {""}
        if holds_currencies(values):
            by_name.add(name)
    return frozenset(by_name)


def line_of(path: Path, form: CsvForm, row: int) -> tuple[int, list[str]]:
    """Line and fields of a data row (from 0) of a file."""
    with opened(path, form) as file:
        reader = csv.reader(file, delimiter=form.delimiter)
        start, seen = 1, -2
        for record in reader:
            if record:
                seen += 1
                if seen == row:
                    return start, record
            start = reader.line_num + 1
    return start, []


def rewritten(path: Path, form: CsvForm, target: Path) -> None:
    """Write a file again as UTF-8 with LF line ends, every field quoted.

    Raises DataError with the place of a row that cannot be read.
    """
    where = shown(path, form.root)
    with (
        opened(path, form, "strict") as file,
        target.open("w", encoding="utf-8", newline="") as out,
        _decoding(path, form),
    ):
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        width = 0
        reader = csv.reader(file, delimiter=form.delimiter, strict=True)
        try:
            for record in reader:
                width = width or len(record)
                if record and len(record) != width:
                    raise _ragged(f"{where}:{reader.line_num}", width, len(record))
                if record:
                    writer.writerow(record)
        except csv.Error as error:
            raise DataError(
                Problem(where=f"{where}:{reader.line_num}", what=f"{error}.")
            ) from error
        except (EOFError, OSError) as error:
            raise DataError(
                Problem(where=where, what="the gzip file is cut off or damaged.")
            ) from error


def _records(file: TextIO, form: CsvForm) -> Iterator[list[str]]:
    csv.field_size_limit(FIELD_LIMIT)
    try:
        yield from csv.reader(file, delimiter=form.delimiter)
    except csv.Error as error:
        raise DataError(
            Problem(where=f"source {form.source}", what=f"the header: {error}.")
        ) from error


@contextmanager
def _decoding(path: Path, form: CsvForm) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        raise DataError(
            Problem(
                where=f"{shown(path, form.root)}:{_undecodable(path, form)}",
                what=f"the text is not {form.encoding}.",
                fix="Say how it is written, for instance `encoding: cp1252`.",
            )
        ) from error


def _undecodable(path: Path, form: CsvForm) -> int:
    """The first line that cannot be decoded."""
    with opened(path, form, "replace") as file:
        for number, line in enumerate(file, start=1):
            if "\N{REPLACEMENT CHARACTER}" in line:
                return number
    return 1


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
    """Appends files to one table of text. `kept` are the columns that are needed."""

    engine: EmbeddedEngine
    form: CsvForm
    names: Sequence[str]
    kept: Sequence[str]

    def create(self) -> None:
        """Make the table."""
        columns = ", ".join(f"{quoted_name(n)} VARCHAR" for n in self.kept)
        self.engine.execute(
            f"CREATE TEMP TABLE {quoted_name(self.form.source)} ({columns})"
        )

    def load(self, path: Path, before: int, future: Future[Fingerprint]) -> int:
        """Append a file's rows; returns the number of rows of the source so far.

        Raises DataError with the places of rows that cannot be read.
        """
        plain = encoding_of(path, self.form) == "utf-8-sig"
        if is_gzip(path, self.form.root) or not plain:
            sound(self.form.root, path, future.result(), utf8=plain)
        try:
            if plain:
                self.copy(path, self.form)
        except DataError:
            if not future.result().mixed:
                sound(self.form.root, path, future.result(), utf8=plain)
                raise
        sound(self.form.root, path, future.result(), utf8=plain)
        if plain and future.result().mixed:
            self._cut(before)
            plain = False
        if not plain:
            target = self.engine.folder / f"{self.form.source}-{before}.csv"
            rewritten(path, self.form, target)
            again = CsvForm(
                source=self.form.source,
                root=self.engine.folder,
                delimiter=",",
                encoding="utf-8",
            )
            self.copy(target, again)
            target.unlink()
        ((rows,),) = self.engine.execute(
            f"SELECT COUNT(*) FROM {quoted_name(self.form.source)}"
        )
        return int(rows)

    def _cut(self, rows: int) -> None:
        """Keep the first rows of the table; those that follow are numbered from there.

        After a DELETE the engine would go on numbering from the rows that are gone.
        """
        table, first = quoted_name(self.form.source), quoted_name("holdback:first rows")
        self.engine.execute(
            f"CREATE TEMP TABLE {first} AS SELECT * FROM {table} WHERE rowid < {rows} "
            "ORDER BY rowid"
        )
        self.engine.execute(f"DROP TABLE {table}")
        self.engine.execute(f"ALTER TABLE {first} RENAME TO {table}")

    def copy(self, path: Path, form: CsvForm) -> None:
        """Append the rows of one plain UTF-8 file.

        Raises DataError with the places of rows that cannot be read.
        """
        typed = ", ".join(f"{quoted_text(n)}: 'VARCHAR'" for n in self.names)
        listed = ", ".join(quoted_name(n) for n in self.kept)
        self.engine.execute("DROP TABLE IF EXISTS reject_errors")
        self.engine.execute("DROP TABLE IF EXISTS reject_scans")
        table = quoted_name(self.form.source)
        self.engine.execute(
            f"INSERT INTO {table} SELECT {listed} FROM read_csv("
            f"{quoted_text(str(path))}, auto_detect = false, columns = {{{typed}}}, "
            f"header = true, delim = {quoted_text(form.delimiter)}, quote = '\"', "
            "escape = '\"', nullstr = '', store_rejects = true, "
            "max_line_size = 10485760, strict_mode = true"
            + (", compression = 'gzip'" if is_gzip(path, form.root) else "")
            + ")"
        )
        rejects = self.engine.execute(
            "SELECT line, column_name, error_type, error_message, COUNT(*) OVER () "
            "FROM reject_errors ORDER BY line, byte_position"
        )
        if rejects:
            raise DataError(_rejected(path, form, self.names, rejects))


def same_header(names: list[str], path: Path, form: CsvForm) -> None:
    """Refuse files of one source whose columns differ.

    Raises DataError.
    """
    other = header(path, form)
    if other != names:
        raise DataError(
            Problem(
                where=f"{shown(path, form.root)}:1",
                what=f"the columns are {', '.join(other)}; the first file of the "
                f"source has {', '.join(names)}.",
                fix="All files of a source need the same columns.",
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


def _rejected(
    path: Path,
    form: CsvForm,
    names: Sequence[str],
    rejects: Sequence[tuple[object, ...]],
) -> list[Problem]:
    where = shown(path, form.root)
    lines = sorted({int(str(row[0])) for row in rejects})
    places = []
    for line in lines[:SHOWN_ROWS]:
        _, column, kind, message, _ = next(r for r in rejects if int(str(r[0])) == line)
        at = names.index(str(column)) + 1 if column in names else 1
        places.append(
            Problem(where=f"{where}:{line}:{at}", what=_reason(str(kind), str(message)))
        )
    rows = "1 row" if len(lines) == 1 else f"{len(lines):,} rows"
    return [
        Problem(
            where=where,
            what=f"{rows} cannot be read.",
            why="A row that is lost silently would change the result.",
            fix=_fix(rejects),
        ),
        *places,
    ]


def _reason(kind: str, message: str) -> str:
    if "COLUMNS" in kind:
        return (
            message.replace("Expected Number of Columns: ", "expected fields: ")
            .replace("Found: ", "found: ")
            .rstrip(".")
            + "."
        )
    if kind == "UNQUOTED VALUE":
        return "a quoted value is not closed or is followed by more text."
    if kind == "INVALID ENCODING":
        return "the text is not UTF-8."
    return message.splitlines()[0]


def _fix(rejects: Sequence[tuple[object, ...]]) -> str:
    if any(row[2] == "INVALID ENCODING" for row in rejects):
        return "Say how the file is written, for instance `encoding: cp1252`."
    return "Correct these rows; a value that holds the delimiter must be quoted."


def _place(
    paths: Sequence[Path], starts: Sequence[int], names: Sequence[str], form: CsvForm
) -> PlaceOf:
    """Where a row of several files stands: file, line and column."""

    def place(row: int, column: str | None) -> str:
        at = max(i for i, start in enumerate(starts) if start <= row)
        line, _ = line_of(paths[at], form, row - starts[at])
        number = f":{names.index(column) + 1}" if column in names else ""
        return f"{shown(paths[at], form.root)}:{line}{number}"

    return place
