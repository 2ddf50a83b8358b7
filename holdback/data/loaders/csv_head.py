"""The header of a CSV file: found below what stands above it, its cells named.

Exports put a line of Excel (``sep=;``), titles, comments and empty lines above the
header, and columns without a name beside those that have one. Such things are harmless
and read past; what was read past is counted, and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from holdback.data.loaders.csv_text import CsvForm, decoding, opened, records
from holdback.data.loaders.files import shown
from holdback.errors import DataError, Problem

__all__ = ["CsvHead", "head_of"]

SEP = "sep="
SEARCHED = 50
"""Records among which a header is looked for."""
DELIMITERS = (";", "\t", "|", ",")
UNNAMED = "holdback:column "


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvHead:
    """What the beginning of a file tells.

    `names` holds a name for each column, made up for cells without one; `cells` the
    header as it is written; `line` is where it stands, from 1. `read_past` counts what
    was harmless.
    """

    names: tuple[str, ...]
    cells: tuple[str, ...]
    line: int
    delimiter: str
    read_past: Mapping[str, int] = field(default_factory=dict)

    @property
    def named(self) -> tuple[str, ...]:
        """Columns that have a name."""
        return tuple(name for name in self.names if not name.startswith(UNNAMED))


def head_of(path: Path, form: CsvForm) -> CsvHead:
    """The header of a file.

    Raises DataError for a file without one, for a name that stands twice, and for text
    that cannot be decoded.
    """
    delimiter, found = _first_records(path, form)
    if not any(cell.strip() for _, cells in found for cell in cells):
        raise DataError(
            Problem(
                where=shown(path, form.root),
                what="the file has no header line.",
                fix="The first line must hold the names of the columns.",
            )
        )
    at = _header_at(path, form, found)
    line, cells = found[at]
    with decoding(path, form):
        "".join(cells).encode()  # names are text; of rows the engine takes care
    first = next((record for _, record in found[at + 1 :] if record), [])
    names = _names(cells)
    if len(first) == len(names) + 1 and not first[-1].strip():
        names.append(f"{UNNAMED}{len(names) + 1}")  # a delimiter at the end of each row
    elif len(first) == len(names) - 1 and names[-1].startswith(UNNAMED) and first:
        names.pop()  # a delimiter at the end of the header
    where = f"{shown(path, form.root)}:{line}"
    _refuse_one_column(where, names, delimiter)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            Problem(
                where=where,
                what=f"the column '{twice[0]}' stands {names.count(twice[0])} times in "
                "the header.",
                fix="Give each column a name of its own.",
            )
        )
    _refuse_alike(where, names)
    return CsvHead(
        names=tuple(names),
        cells=tuple(cells),
        line=line,
        delimiter=delimiter,
        read_past=_read_past(line, found, names),
    )


def _first_records(
    path: Path, form: CsvForm
) -> tuple[str, list[tuple[int, list[str]]]]:
    """The delimiter, which Excel's first line may name, and the first records."""
    delimiter = form.delimiter
    with decoding(path, form):
        with opened(path, form) as file:
            line = file.readline(200).strip(" \r\n").strip('"')
        if line.lower().startswith(SEP) and len(line) == len(SEP) + 1:
            delimiter = line[-1]
        wanted = max(SEARCHED, form.header or 0)
        with opened(path, form) as file:
            rows = records(file, path, form, delimiter=delimiter)
            found = list(islice(rows, wanted))
    return delimiter, found


def _header_at(
    path: Path, form: CsvForm, found: Sequence[tuple[int, list[str]]]
) -> int:
    """Which of the first records is the header.

    The one that the file names by its line; else the first that holds the columns that
    the source names; else the first as wide as most.
    """
    if form.header is not None:
        return _at_line(path, form, found, form.header)
    needed = set(form.roles)
    for at, (_, cells) in enumerate(found):
        if needed and needed <= {cell.strip() for cell in cells}:
            return at
    widths = Counter(len(cells) for _, cells in found if cells)
    ((width, _),) = widths.most_common(1)
    filled = [
        at
        for at, (_, cells) in enumerate(found)
        if any(map(str.strip, cells)) and not (at == 0 and _is_sep(cells))
    ]
    first = filled[0]
    odd = len(found[first][1]) == 1 and width > 1
    return (
        next((at for at in filled if len(found[at][1]) == width), first)
        if odd
        else (first)
    )


def _is_sep(cells: Sequence[str]) -> bool:
    """Whether this is Excel's line that names the delimiter."""
    return len(cells) < 3 and cells[0].strip('"').lower().startswith(SEP)


def _at_line(
    path: Path, form: CsvForm, found: Sequence[tuple[int, list[str]]], line: int
) -> int:
    for at, (start, cells) in enumerate(found):
        if start == line and any(map(str.strip, cells)):
            return at
    raise DataError(
        Problem(
            where=f"{shown(path, form.root)}:{line}",
            what=f"there is no header in line {line}.",
            fix="Set `header` of the source to the line that holds the names.",
        )
    )


def _names(cells: Sequence[str]) -> list[str]:
    """A name for each cell: without spaces around it, made up where there is none."""
    stripped = [cell.strip() for cell in cells]
    clear = len({name for name in stripped if name}) == sum(map(bool, stripped))
    chosen = stripped if clear else [cell if cell.strip() else "" for cell in cells]
    return [name or f"{UNNAMED}{i}" for i, name in enumerate(chosen, start=1)]


def _read_past(
    line: int, found: Sequence[tuple[int, list[str]]], names: Sequence[str]
) -> dict[str, int]:
    above = [cells for start, cells in found if start < line]
    text = ",".join(above[0]) if above else ""
    sep = text.strip('"').lower().startswith(SEP) or (
        bool(above) and above[0][:1] == [SEP]
    )
    titles = sum(any(map(str.strip, cells)) for cells in above) - sep
    unnamed = sum(name.startswith(UNNAMED) for name in names)
    counts = {"sep_line": int(sep), "lines_above": titles, "unnamed_columns": unnamed}
    return {what: count for what, count in counts.items() if count}


def _refuse_alike(where: str, names: Sequence[str]) -> None:
    """DataError for names that differ by capital letters only: databases see one."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise DataError(
                Problem(
                    where=where,
                    what=f"the columns '{other}' and '{name}' differ by capital "
                    "letters only.",
                    why="One could be taken for the other.",
                    fix="Give each column a name of its own.",
                )
            )


def _refuse_one_column(where: str, names: Sequence[str], delimiter: str) -> None:
    """DataError for a header that another delimiter would split."""
    other = next((mark for mark in DELIMITERS if mark in names[0]), None)
    if len(names) == 1 and other is not None and delimiter != other:
        shown_mark = "\\t" if other == "\t" else other
        raise DataError(
            Problem(
                where=where,
                what=f"the header is one column: {names[0][:60]}.",
                fix=f"If it separates columns, set `delimiter: '{shown_mark}'`.",
            )
        )
