"""Excel workbooks (.xlsx) as CSV files, where something is installed that reads them.

openpyxl reads them, or the `excel` extension of the data engine. Neither comes with the
package, and nothing is downloaded: without them a workbook is refused with what to do.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from html import unescape
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from holdback.data.engine import EmbeddedEngine
from holdback.data.engine.sql import quoted_text
from holdback.data.loaders.csv_text import CsvForm
from holdback.data.loaders.files import head, shown
from holdback.errors import DataError, Problem

__all__ = ["WORKBOOK_FIX", "is_workbook", "sheet_as_csv"]

ZIP_MARK = b"PK\x03\x04"
WORKBOOK_PART = "xl/workbook.xml"
SEARCHED_ROWS = 50
"""Rows of a sheet in which the header is looked for."""
WORKBOOK_FIX = (
    "In Excel: File, Save As, 'CSV UTF-8', and name that file (with `delimiter: \";\"` "
    "where your Excel writes so). Or install a reader, and the workbook is read as it "
    "is: pip install 'holdback[excel]'."
)


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook of Excel, by what is in it."""
    if head(path, 4) != ZIP_MARK:
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return WORKBOOK_PART in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def sheet_as_csv(
    engine: EmbeddedEngine, path: Path, form: CsvForm, decimal: str
) -> Path:
    """A workbook's table as CSV, in the engine's own folder under the same name.

    Of several sheets it is the one with the columns of the form's roles. Raises
    DataError where nothing can read it, or no sheet or several have these columns.
    """
    root, roles = form.root, form.roles
    read = _by_openpyxl if find_spec("openpyxl") else _by_engine
    if read is _by_engine and not _has_extension(engine):
        raise DataError(
            Problem(
                where=shown(path, root),
                what="this is an Excel workbook, not a CSV file, and nothing is "
                "installed here that reads it.",
                fix=WORKBOOK_FIX,
            )
        )
    folder = engine.folder / f"workbook-{len(list(engine.folder.iterdir()))}"
    folder.mkdir()
    target = folder / path.name
    try:
        names = _sheets(path)
        fitting = [n for n in names if _has_roles(read(engine, path, n), roles)]
        name = _only(fitting if len(names) > 1 else names, names, path, root, roles)
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=form.delimiter)
            for row in read(engine, path, name):
                writer.writerow([_text(value, decimal) for value in row])
    except DataError:
        raise
    except Exception as error:  # the reader's own errors are of many kinds
        raise DataError(
            Problem(
                where=shown(path, root),
                what="the Excel workbook cannot be read: it is damaged or locked.",
                fix=WORKBOOK_FIX.partition(" Or install")[0],
            )
        ) from error
    return target


def _only(
    fitting: Sequence[str],
    names: Sequence[str],
    path: Path,
    root: Path,
    roles: Sequence[str],
) -> str:
    """The one sheet that is meant."""
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(f"'{name}'" for name in fitting or names)
    needed = ", ".join(roles)
    raise DataError(
        Problem(
            where=shown(path, root),
            what=f"several sheets have the columns {needed}: {listed}."
            if fitting
            else f"no sheet has the columns {needed}; the sheets are {listed}.",
            fix="Save the sheet that is meant as CSV UTF-8 and name that file.",
        )
    )


def _sheets(path: Path) -> list[str]:
    """Names of a workbook's sheets, in their order; ValueError without any."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(WORKBOOK_PART).decode("utf-8")
    names = re.findall(r"<sheet\s[^>]*?name=\"([^\"]*)\"", text)
    if not names:
        raise ValueError(path)
    return list(map(unescape, names))


def _has_roles(rows: Iterable[Sequence[Any]], roles: Sequence[str]) -> bool:
    return any(
        set(roles) <= {str(value).strip() for value in row}
        for row in islice(rows, SEARCHED_ROWS)
    )


def _by_openpyxl(
    engine: EmbeddedEngine, path: Path, sheet: str
) -> Iterator[Sequence[Any]]:
    """Rows of a sheet, by openpyxl."""
    del engine
    from openpyxl import load_workbook  # type: ignore[import-untyped, unused-ignore]

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        yield from book[sheet].iter_rows(values_only=True)
    finally:
        book.close()


def _text(value: Any, decimal: str) -> str:
    """A cell as a CSV file with that decimal mark holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        whole = value.is_integer()
        return str(int(value)) if whole else repr(value).replace(".", decimal)
    return str(value)


def _has_extension(engine: EmbeddedEngine) -> bool:
    """Whether the data engine reads workbooks, without a download."""
    try:
        engine.execute("LOAD excel")
    except Exception:  # noqa: BLE001  # whatever is missing, it does not
        return False
    return True


def _by_engine(
    engine: EmbeddedEngine, path: Path, sheet: str
) -> Iterator[Sequence[Any]]:
    """Rows of a sheet, by the engine's extension."""
    table = (
        f"read_xlsx({quoted_text(str(path))}, sheet = {quoted_text(sheet)}, "
        "header = true, stop_at_empty = false, empty_as_varchar = true)"
    )
    yield list(engine.types(f"SELECT * FROM {table}"))
    yield from engine.execute(f"SELECT * FROM {table}")
