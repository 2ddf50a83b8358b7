"""A file of ids, CSV or Parquet, copied with arm, bucket and reason appended.

DuckDB streams the file through its own digests (or through ours, for hashes that it
does not have), in order and in bounded memory. CSV
values are text and stay text (``00123``, ``NA`` and 19 digits are what they are);
Parquet columns keep their types. Nothing is escaped for spreadsheets: the output is
data for machines.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO, get_args

from holdback.assignment.batch import no_ids_of
from holdback.assignment.sql import decided, identifier, literal
from holdback.assignment.sql import drawn as drawn_in
from holdback.assignment.unit_ids import (
    COMPARED,
    Similar,
    is_float_sql,
    plain_sql,
    text_sql,
)
from holdback.errors import ConfigError, DataError, EnvironmentFault, Problem

if TYPE_CHECKING:
    import duckdb

    from holdback.assignment.split import Split

__all__ = [
    "APPENDED",
    "AssignmentTally",
    "Eligible",
    "Shape",
    "assign_file",
    "assign_rows",
    "header_of",
    "opened",
    "shape_of",
    "unit_position",
]

Shape = Literal[".csv", ".csv.gz", ".parquet"]
Eligible = Callable[[Sequence[str], Sequence[str]], str | None]
"""Names and engine types of a file's columns → a condition over ``c0``, ``c1``, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A file as the engine reads it: ``SELECT c0, c1, …`` and the columns behind."""

    sql: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    delimiter: str = ","


def shape_of(path: Path) -> Shape:
    """Kind of a file by its name. Raises ConfigError for a name that tells none."""
    shapes: tuple[Shape, ...] = get_args(Shape)
    for shape in shapes:
        if path.name.lower().endswith(shape):
            return shape
    raise ConfigError(
        Problem(
            where=str(path),
            what="the name tells neither CSV nor Parquet",
            fix=f"Let it end in {', '.join(get_args(Shape))}.",
        )
    )


def assign_file(
    split: Split,
    source: Path,
    target: Path,
    *,
    unit: str,
    shape: Shape,
    eligible: Eligible | None = None,
) -> AssignmentTally:
    """Write `source` with its assignment to `target`, whose kind is `shape`.

    The kind of `source` is told by its name; CSV goes out with the delimiter it came
    in. `eligible` says which rows may take part. Raises ConfigError, DataError or
    EnvironmentFault; `target` is then unfinished, so hand over a temporary file
    (`holdback.atomic_files.replacing`).
    """
    if not source.is_file():
        raise ConfigError(Problem(where=str(source), what="there is no such file"))
    if eligible is None and shape == ".csv":
        tally = _without_engine(split, source, target, unit)
        if tally is not None:
            return tally
    import duckdb

    with _told(source, target), duckdb.connect(config=_CONFIG) as connection:
        connection.execute("SET enable_progress_bar = false")  # it prints to stdout
        if shape_of(source) == ".parquet":
            table = _parquet(connection, source)
        else:
            table = _csv(source)
        position = unit_position(table.names, unit, str(source))
        condition = eligible(table.names, table.types) if eligible else None
        if not _has_plain_names(table):
            if condition is not None:
                raise DataError(_unnamed(source))
            return _by_rows(split, source, target, unit=unit, shape=shape)
        text = text_sql(f"c{position}", table.types[position])
        if text is None:
            raise DataError(no_ids_of(table.types[position]))
        options = _options(shape, table.delimiter)
        query = _assigned(connection, split, table, text, condition)
        connection.execute(f"COPY ({query}) TO {_path_sql(target)} ({options})")
        written = _read_back(target, shape, table)
        counts = connection.execute(
            f"SELECT arm, reason, count(*) FROM {written} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        tally = AssignmentTally(
            counts={(arm, reason): rows for arm, reason, rows in counts}
        )
        tally = replace(tally, similar=_similar(connection, table, text, tally.rows))
    if is_float_sql(table.types[position]):
        usable = tally.rows - tally.by_reason().get("invalid_id", 0)
        return replace(tally, floats=usable)
    return tally


@contextmanager
def opened(source: Path) -> Iterator[TextIO]:
    """A CSV file as text with its line ends kept and without a byte order mark."""
    unpack = source.name.lower().endswith(".gz")
    how: Any = gzip.open if unpack else open
    with how(source, "rt", encoding="utf-8-sig", newline="") as lines:
        yield lines


_SMALL = 65_536
"""Bytes of a file that is read row by row: starting the engine would take longer."""
_NOT_PLAIN = re.compile(rb"[^\t\n\x20-\x7e]|[\"#]|^\n|\n\n")


def _without_engine(
    split: Split, source: Path, target: Path, unit: str
) -> AssignmentTally | None:
    """The same for a small file of plain rows; None for one that the engine reads.

    The engine keeps what it would quote, other letters than ASCII, blank lines, rows
    of another width, and files that cannot be read or written: it has its own words.
    """
    if not source.name.lower().endswith(".csv") or source.stat().st_size > _SMALL:
        return None
    try:
        content = source.read_bytes()
        if not content or _NOT_PLAIN.search(content + "".join(split.names).encode()):
            return None
        lines = content.decode("ascii").splitlines(keepends=True)
        delimiter = max(_DELIMITERS, key=lines[0].count)
        if len({line.count(delimiter) for line in lines}) > 1:
            return None
        with target.open("w", encoding="utf-8", newline="") as out:
            return assign_rows(split, lines, out, unit=unit, where=str(source))
    except OSError:
        return None


_CONFIG: dict[str, Any] = {
    "preserve_insertion_order": "true",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "1GB",
}


def _parquet(connection: duckdb.DuckDBPyConnection, source: Path) -> _Table:
    scan = f"read_parquet({_path_sql(source)}, hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE FROM {scan}").fetchall()
    columns = ", ".join(
        f"{identifier(row[0], 'duckdb')} AS c{i}" for i, row in enumerate(described)
    )
    return _Table(
        sql=f"SELECT {columns} FROM {scan}",
        names=tuple(row[0] for row in described),
        types=tuple(row[1] for row in described),
    )


def _csv(source: Path) -> _Table:
    with opened(source) as lines:
        names, delimiter, _ = header_of(lines, str(source))
    return _Table(
        sql=f"SELECT * FROM {_csv_scan(source, len(names), delimiter)}",
        names=tuple(names),
        types=("VARCHAR",) * len(names),
        delimiter=delimiter,
    )


def _csv_scan(path: Path, columns: int, delimiter: str, compression: str = "") -> str:
    typed = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(columns))
    packed = compression or ("gzip" if path.name.lower().endswith(".gz") else "none")
    return (
        f"read_csv({_path_sql(path)}, auto_detect = false, header = true,"
        f" columns = {{{typed}}}, delim = {literal(delimiter, 'duckdb')},"
        f" quote = '\"', escape = '\"', compression = '{packed}')"
    )


def _assigned(
    connection: duckdb.DuckDBPyConnection,
    split: Split,
    table: _Table,
    text: str,
    condition: str | None,
) -> str:
    """Query of the output: the columns as they were, then the assignment."""
    numbers = [f"n{i}" for i in range(len(split.draws))]
    drawn = ", ".join(
        f"{drawn_in(connection, draw, 'u', number)} AS {number}"
        for draw, number in zip(split.draws, numbers, strict=True)
    )
    decision = decided(
        split, "duckdb", unit="u", numbers=numbers, eligible=condition and "e"
    )
    kept = ", ".join(
        f"c{i} AS {identifier(name, 'duckdb')}" for i, name in enumerate(table.names)
    )
    return f"""
        WITH source AS ({table.sql}),
        texts AS (SELECT *, {text} AS u, {condition or "true"} AS e FROM source),
        drawn AS (SELECT *, {drawn} FROM texts)
        SELECT {kept}, {decision.arm} AS arm, {decision.bucket} AS bucket,
            {decision.reason} AS reason
        FROM drawn
    """


def _similar(
    connection: duckdb.DuckDBPyConnection, table: _Table, text: str, rows: int
) -> int | None:
    """Ids that look like another one; None where there are too many to compare."""
    if rows > COMPARED:
        return None
    counted = connection.execute(
        f"WITH source AS ({table.sql}), ids AS (SELECT {text} AS u FROM source)"
        f" SELECT count(DISTINCT u) - count(DISTINCT {plain_sql('u')}) FROM ids"
    ).fetchall()
    return int(counted[0][0])


def _options(shape: Shape, delimiter: str) -> str:
    if shape == ".parquet":
        return "FORMAT parquet, COMPRESSION zstd"
    packed = "gzip" if shape == ".csv.gz" else "none"
    return (
        f"FORMAT csv, HEADER true, DELIMITER {literal(delimiter, 'duckdb')},"
        f" COMPRESSION {packed}, USE_TMP_FILE false"
    )


def _read_back(target: Path, shape: Shape, table: _Table) -> str:
    """The output as a table with columns `arm` and `reason`, to be counted."""
    if shape == ".parquet":
        return f"read_parquet({_path_sql(target)})"
    wide = len(table.names)
    packed = "gzip" if shape == ".csv.gz" else "none"
    scan = _csv_scan(target, wide + len(APPENDED), table.delimiter, packed)
    return f"(SELECT c{wide} AS arm, c{wide + 2} AS reason FROM {scan})"


def _has_plain_names(table: _Table) -> bool:
    """Whether the engine can tell the columns apart: it ignores case."""
    folded = {name.casefold() for name in table.names}
    return "" not in folded and len(folded) == len(table.names)


def _by_rows(
    split: Split, source: Path, target: Path, *, unit: str, shape: Shape
) -> AssignmentTally:
    """The same for a header with blank or repeated names, which only CSV can hold."""
    if shape == ".parquet":
        raise DataError(_unnamed(source))
    how: Any = gzip.open if shape == ".csv.gz" else open
    with (
        opened(source) as lines,
        how(target, "wt", encoding="utf-8", newline="") as out,
    ):
        return assign_rows(split, lines, out, unit=unit, where=str(source))


def _unnamed(source: Path) -> Problem:
    return Problem(
        where=str(source),
        what="a column has no name, or two have the same",
        fix="Give each column a name of its own, or write CSV.",
    )


def _path_sql(path: Path) -> str:
    """A path as a literal that names this one file and is no pattern."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path)), "duckdb")


@contextmanager
def _told(source: Path, target: Path) -> Iterator[None]:
    """Turn the engine's errors into ours, without the values it would repeat."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        free = shutil.disk_usage(target.parent).free
        raise EnvironmentFault(
            Problem(
                where=str(source),
                what=str(error).partition("\n")[0],
                why="The output was not finished and nothing was overwritten.",
                fix=f"Check permissions and space: {free} bytes are free for the"
                " output.",
            )
        ) from error
    except duckdb.Error as error:
        said = str(error)
        line = re.search(r"CSV Error on Line: (\d+)", said)
        why = re.search(
            r"Expected Number of Columns: \d+ Found: \d+|Value with unterminated quote"
            r"|Invalid unicode|No magic bytes",
            said,
        )
        raise DataError(
            Problem(
                where=f"{source}:{line[1]}" if line else str(source),
                what="the file cannot be read",
                why=f"{why[0]}." if why else said.partition("\n")[0],
                fix="Mend the file; CSV is UTF-8 with as many values in each row "
                "as in the header.",
            )
        ) from error


APPENDED = ("arm", "bucket", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentTally:
    """Rows of each (arm, reason), and what is odd about the ids.

    `floats` came as whole floats; `similar` are ids beyond the first of those that
    differ only by case, spaces at the ends, spelling of accents or a trailing ``.0``,
    None where there were too many ids to compare.
    """

    counts: Mapping[tuple[str | None, str], int]
    floats: int = 0
    similar: int | None = 0

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    def by_arm(self) -> dict[str, int]:
        """Rows with an arm: arm → rows."""
        arms: Counter[str] = Counter()
        for (arm, _), rows in self.counts.items():
            if arm is not None:
                arms[arm] += rows
        return dict(arms)

    def by_reason(self) -> dict[str, int]:
        """Rows of each reason that occurs."""
        reasons: Counter[str] = Counter()
        for (_, reason), rows in self.counts.items():
            reasons[reason] += rows
        return dict(reasons)


def unit_position(names: Sequence[str], unit: str, where: str) -> int:
    """Position of the id column among the names of a file's columns.

    Raises DataError when it is missing or there twice, and when a column already
    has a name that is to be appended.
    """
    problems = [
        Problem(
            where=where,
            what=f"there is already a column '{name}'",
            why=f"The columns {', '.join(APPENDED)} are appended to the file.",
            fix="Rename that column in the file, or leave it out.",
        )
        for name in names
        if name.casefold() in APPENDED
    ]
    if names.count(unit) != 1:
        near = difflib.get_close_matches(unit, names, n=1, cutoff=0.6)
        meant = f"Did you mean '{near[0]}'? " if near and near[0] != unit else ""
        fault = "two columns are called" if unit in names else "there is no column"
        problems.append(
            Problem(
                where=where,
                what=f"{fault} '{unit}'",
                why=f"The file has the columns {', '.join(names)}.",
                fix=f"{meant}Name the column of the unit ids with --id.",
            )
        )
    if problems:
        raise DataError(problems)
    return names.index(unit)


_DELIMITERS = ",;\t|"


def assign_rows(
    split: Split, lines: Iterable[str], out: TextIO, *, unit: str, where: str
) -> AssignmentTally:
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
        outcome = split.assign(row[position])
        counts[outcome.arm, outcome.reason] += 1
        if outcome.bucket is not None:
            alike.add(row[position])
        bucket = "" if outcome.bucket is None else outcome.bucket
        writer.writerow([*row, outcome.arm or "", bucket, outcome.reason])
    return AssignmentTally(counts=dict(counts), similar=alike.count)


def header_of(
    lines: Iterable[str], where: str
) -> tuple[Sequence[str], str, Iterator[str]]:
    """Column names, delimiter, and the lines again from the header on.

    The delimiter is the one of ``, ; tab |`` that stands most often in the header.

    Raises DataError for an empty file, a blank header or bytes that are no UTF-8,
    EnvironmentFault for a file that cannot be read.
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
