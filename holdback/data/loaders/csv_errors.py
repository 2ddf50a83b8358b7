"""CSV files into the embedded engine: as text, strictly, with lost rows located."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from holdback.data.engine import Place
from holdback.data.engine.duckdb import Embedded
from holdback.data.loaders.csv_format import (
    CsvForm,
    encoding_of,
    header,
    line_of,
    rewritten,
)
from holdback.data.loaders.files import (
    Fingerprint,
    is_gzip,
    shown,
)
from holdback.errors import DataError, Problem

__all__ = ["CsvRows", "csv_place", "quoted_name", "quoted_text", "same_header"]

EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRows:
    """Appends files to one table of text. `kept` are the columns that are needed."""

    engine: Embedded
    form: CsvForm
    names: Sequence[str]
    kept: Sequence[str]

    def load(self, path: Path, before: int, future: Future[Fingerprint]) -> int:
        """Append a file's rows; returns the number of rows of the source so far."""
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
        """Append the rows of one plain UTF-8 file."""
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
    """Refuse files of one source whose columns differ."""
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


def sound(root: Path, path: Path, one: Fingerprint, *, utf8: bool) -> None:
    """Refuse a file whose bytes cannot be right."""
    where = shown(path, root)
    if one.broken == "bomb":
        raise DataError(
            Problem(
                where=where,
                what="the gzip file expands beyond 200 times its size or 20 GB.",
                why="That is more than data of this kind ever does.",
                fix="Check the file; unpack it yourself if it is right.",
            )
        )
    if one.broken:
        raise DataError(
            Problem(
                where=where,
                what=f"the gzip file is {one.broken}.",
                fix="Export or transfer it again.",
            )
        )
    if one.nul_line is not None and utf8:
        raise DataError(
            Problem(
                where=f"{where}:{one.nul_line}",
                what=f"there is a NUL byte in line {one.nul_line}.",
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
    found = []
    for line in lines[:EXAMPLES]:
        _, column, kind, message, _ = next(r for r in rejects if int(str(r[0])) == line)
        at = names.index(str(column)) + 1 if column in names else 1
        found.append(
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
        *found,
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


def csv_place(
    paths: Sequence[Path], starts: Sequence[int], names: Sequence[str], form: CsvForm
) -> Place:
    """Where a row of several files stands: file, line and column."""

    def place(row: int, column: str | None) -> str:
        at = max(i for i, start in enumerate(starts) if start <= row)
        line, _ = line_of(paths[at], form, row - starts[at])
        number = f":{names.index(column) + 1}" if column in names else ""
        return f"{shown(paths[at], form.root)}:{line}{number}"

    return place


def quoted_name(text: str) -> str:
    """A name as SQL writes it."""
    return '"' + text.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
