"""CSV text read strictly in Python: headers, places of rows, and odd files.

The data engine reads the rows of ordinary files. Python reads the header, finds the
line of a row for a message, and rewrites files that are not plain UTF-8 with one
kind of line end into ones that are.
"""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from holdback.data.loaders.files import head, is_gzip, shown
from holdback.errors import ConfigError, DataError, Problem

__all__ = ["CsvForm", "encoding_of", "header", "line_of", "rewritten"]

EXCEL = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
PARQUET = b"PAR1"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (";", "\t", "|", ",")
FIELD_LIMIT = 10 << 20


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


def refuse_other_formats(path: Path, root: Path) -> None:
    """Refuse workbooks and Parquet files that were named as CSV."""
    first = head(path)
    found = None
    if first.startswith((EXCEL, OLD_EXCEL)):
        found = ("an Excel workbook (or a zip file)", "Export the sheet as CSV UTF-8.")
    elif first.startswith(PARQUET):
        found = ("a Parquet file", "Write `parquet:` in place of `csv:`.")
    if found is not None:
        raise DataError(
            Problem(
                where=shown(path, root),
                what=f"this is {found[0]}, not a CSV file.",
                fix=found[1],
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
