"""Why rows of a CSV file cannot be read: the cause where one explains them all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from holdback.data.loaders.csv_head import CsvHead
from holdback.data.loaders.csv_sieve import TOTAL_WORDS
from holdback.data.loaders.csv_text import CsvForm, opened, records
from holdback.data.loaders.files import is_gzip, shown
from holdback.errors import DataError, Problem

__all__ = ["rejected", "unreadable"]

SHOWN_ROWS = 5
FOOTER = 10
"""Last lines that may be a footer of the export."""

Reject = tuple[object, ...]


def rejected(
    path: Path, form: CsvForm, head: CsvHead, rejects: Sequence[Reject]
) -> list[Problem]:
    """The problems of rows that the engine set aside, (line, column, kind, …).

    Where one cause explains them all it is told alone: a file that is cut off in its
    last line, a footer, rows that are all wider than the header.
    """
    where = shown(path, form.root)
    lines = sorted({int(str(row[0])) for row in rejects})
    cause = _common_cause(path, form, head, rejects, lines)
    if cause is not None:
        return [cause]
    places = []
    for line in lines[:SHOWN_ROWS]:
        row = next(r for r in rejects if int(str(r[0])) == line)
        column = str(row[1])
        at = head.names.index(column) + 1 if column in head.names else 1
        what = _reason(str(row[2]), str(row[3]))
        places.append(Problem(where=f"{where}:{line}:{at}", what=what))
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


def unreadable(path: Path, form: CsvForm, head: CsvHead) -> DataError:
    """A file that the engine gives up on, in words of its own."""
    return DataError(
        Problem(
            where=shown(path, form.root),
            what=f"the file cannot be read as CSV with the delimiter "
            f"'{_shown_mark(head.delimiter)}'.",
            why="A quote that is not closed, or bytes that are no text, break it off.",
            fix='Open it in a text editor and look for a single " in the rows, or '
            "export it again as CSV UTF-8.",
        )
    )


def _common_cause(
    path: Path,
    form: CsvForm,
    head: CsvHead,
    rejects: Sequence[Reject],
    lines: Sequence[int],
) -> Problem | None:
    where = shown(path, form.root)
    total, last, ended = _end(path, form, head)
    if lines == [last] and not ended:
        return Problem(
            where=f"{where}:{last}",
            what="the file ends in the middle of its last row: it was cut off.",
            why="What came after it is missing.",
            fix="Export or download the file again.",
        )
    if len(lines) >= total > 1 and _wider(rejects):
        return Problem(
            where=f"{where}:{head.line}",
            what=f"every row has more fields than the header, which has "
            f"{len(head.names)}.",
            why="Row numbers or names without a header cell move all columns by one, "
            "and a decimal comma that is not quoted ends its column.",
            fix="Give every column a name in the header and export without row names, "
            "or separate columns by another mark (`delimiter: ';'`).",
        )
    if lines and lines[0] > last - FOOTER and _narrower(rejects):
        return _footer(path, form, head, lines)
    return None


def _footer(
    path: Path, form: CsvForm, head: CsvHead, lines: Sequence[int]
) -> Problem | None:
    """Lines below the table, where nothing but such lines follows the first."""
    with opened(path, form) as file:
        rows = records(file, path, form, delimiter=head.delimiter)
        tail = [(line, cells) for line, cells in rows if line >= lines[0] and cells]
    if [line for line, _ in tail] != list(lines):
        return None
    where = f"{shown(path, form.root)}:{lines[0]}"
    words = {cell.strip().lower().rstrip(":") for _, cells in tail for cell in cells}
    if words & set(TOTAL_WORDS):
        return Problem(
            where=where,
            what="a row of totals stands below the table.",
            fix="Delete it: totals must not be in the data.",
        )
    first = head.delimiter.join(tail[0][1])[:60]
    return Problem(
        where=where,
        what=f"text stands below the table: {first}.",
        why="It has fewer fields than the rows above it.",
        fix="Delete the lines below the table.",
    )


def _end(path: Path, form: CsvForm, head: CsvHead) -> tuple[int, int, bool]:
    """Rows of data, the line of the last one, and whether a line end follows it."""
    count, last = 0, head.line
    with opened(path, form) as file:
        try:
            for line, cells in records(file, path, form, delimiter=head.delimiter):
                if line > head.line and cells:
                    count, last = count + 1, line
        except DataError:
            return count, last, True
    if is_gzip(path, form.root):
        with opened(path, form) as file:
            tail = ""
            while piece := "".join(islice(file, 10_000)):
                tail = piece
        return count, last, tail.endswith(("\n", "\r"))
    with path.open("rb") as raw:
        raw.seek(-1, 2)
        return count, last, raw.read(1) in {b"\n", b"\r"}


def _wider(rejects: Sequence[Reject]) -> bool:
    return all(str(row[2]) == "TOO MANY COLUMNS" for row in rejects)


def _narrower(rejects: Sequence[Reject]) -> bool:
    return all(str(row[2]) == "MISSING COLUMNS" for row in rejects)


def _reason(kind: str, message: str) -> str:
    if "COLUMNS" in kind:
        expected, _, found = message.partition(" Found: ")
        width = expected.rpartition(" ")[2]
        return f"expected fields: {width} found: {found.strip('. ')}."
    if kind == "UNQUOTED VALUE":
        return "a quoted value is not closed or is followed by more text."
    if kind == "INVALID ENCODING":
        return "the text is not UTF-8."
    if kind == "LINE SIZE OVER MAXIMUM":
        return "the row is longer than 10 million characters: a quote is not closed."
    return "the row cannot be taken apart."


def _fix(rejects: Sequence[Reject]) -> str:
    if any(row[2] == "INVALID ENCODING" for row in rejects):
        return "Say how the file is written, for instance `encoding: cp1252`."
    return "Correct these rows; a value that holds the delimiter must be quoted."


def _shown_mark(delimiter: str) -> str:
    return "\\t" if delimiter == "\t" else delimiter
