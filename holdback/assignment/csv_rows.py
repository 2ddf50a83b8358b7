"""CSV row by row with the standard library: for pipes, and for odd headers.

A pipe cannot be read twice and its rows should flow, so the engine has no part here.
Values are copied as they are: the output is data for machines, so text that a
spreadsheet would take for a formula (``=``, ``+``, ``-``, ``@``) is left alone.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO

from holdback.assignment.appended import APPENDED, Tally, unit_position
from holdback.assignment.similar import Similar
from holdback.errors import DataError, EnvironmentFault, Problem

if TYPE_CHECKING:
    from holdback.assignment.split import Split

__all__ = ["assign_rows", "header_of"]

_DELIMITERS = ",;\t|"


def assign_rows(
    split: Split, lines: Iterable[str], out: TextIO, *, unit: str, where: str
) -> Tally:
    """Copy CSV lines to `out` with arm, bucket and reason appended to each row.

    `lines` keep their line ends. Memory does not grow with the rows. Raises DataError,
    with the line, for a row that does not fit the header or cannot be read.
    """
    names, delimiter, rest = header_of(lines, where)
    position = unit_position(names, unit, where)
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([*names, *APPENDED])
    counts: Counter[tuple[str | None, str]] = Counter()
    alike = Similar()
    for row in _rows(rest, delimiter, len(names), where):
        one = split.assign(row[position])
        counts[one.arm, one.reason] += 1
        alike.add(row[position])
        bucket = "" if one.bucket is None else one.bucket
        writer.writerow([*row, one.arm or "", bucket, one.reason])
    return Tally(counts=dict(counts), similar=alike.count)


def header_of(
    lines: Iterable[str], where: str
) -> tuple[Sequence[str], str, Iterator[str]]:
    """Column names, delimiter, and the lines again from the header on.

    The delimiter is the one of ``, ; tab |`` that stands most often in the header.
    """
    flow = iter(lines)
    with _readable(where):
        first = next(flow, "")
    delimiter = max(_DELIMITERS, key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    if not names:
        raise DataError(
            Problem(
                where=where,
                what="the header is blank" if first else "the file is empty",
                fix="Begin the file with the names of its columns.",
            )
        )
    return names, delimiter, chain([first], flow)


def _rows(
    lines: Iterator[str], delimiter: str, width: int, where: str
) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    with _readable(where, reader):
        next(reader)
        for row in reader:
            if not row and width > 1:  # a blank line
                continue
            if len(row or [""]) != width:
                raise DataError(
                    Problem(
                        where=f"{where}:{reader.line_num}",
                        what=f"the row has {len(row)} values, the header {width}",
                        fix="Mend the row; quote values that hold the delimiter.",
                    )
                )
            yield row or [""]


@contextmanager
def _readable(where: str, reader: Any = None) -> Iterator[None]:
    """Turn the errors of reading into the one that names the line."""
    try:
        yield
    except (csv.Error, UnicodeDecodeError) as error:
        undecodable = isinstance(error, UnicodeDecodeError)
        raise DataError(
            Problem(
                where=f"{where}:{reader.line_num + 1}" if reader else where,
                what="the text is not UTF-8" if undecodable else str(error),
                fix="Save the file as UTF-8." if undecodable else "Mend the row.",
            )
        ) from error
    except OSError as error:
        raise EnvironmentFault(
            Problem(where=where, what=f"cannot be read: {error.strerror or error}")
        ) from error
