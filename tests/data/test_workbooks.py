"""Excel workbooks: read where a reader is installed, and refused with what to do."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from holdback import HoldbackError
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.data.loaders import workbooks
from tests.data.test_files_as_they_are import ORDERS, planned

Rows = Sequence[Sequence[str | float]]
NAMESPACES = (
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
NOTES: Rows = [["these are notes"], ["of somebody"]]
TABLE: Rows = [
    [float(value) if at and i == 3 else value for i, value in enumerate(cells)]
    for at, cells in enumerate(
        line.split(",")[:4] for line in ORDERS.strip().splitlines()
    )
]


def cell(value: str | float) -> str:
    """A cell's XML: a number, or text in its place."""
    if isinstance(value, float):
        return f"<c><v>{value!r}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def workbook(path: Path, sheets: dict[str, Rows]) -> None:
    """A workbook by hand, as small as the format allows."""
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/'
        'package/2006/content-types"><Default Extension="rels" ContentType="application'
        '/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
        f'"/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" '
            f'ContentType="{TYPES}.worksheet+xml"/>'
            for i in range(len(sheets))
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r0" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f"<workbook {NAMESPACES}><sheets>"
        + "".join(
            f'<sheet name="{name}" sheetId="{i + 1}" r:id="r{i}"/>'
            for i, name in enumerate(sheets)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}">'
        + "".join(
            f'<Relationship Id="r{i}" Type="{OFFICE}/worksheet" '
            f'Target="worksheets/sheet{i}.xml"/>'
            for i in range(len(sheets))
        )
        + "</Relationships>",
    }
    for i, rows in enumerate(sheets.values()):
        lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
        parts[f"xl/worksheets/sheet{i}.xml"] = (
            f"<worksheet {NAMESPACES}><sheetData>{lines}</sheetData></worksheet>"
        )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0"?>' + text)


def cents(found: Evidence) -> int:
    """Revenue of all units."""
    return found.cells.total("revenue", {"a", "b"}).sums[0]


def test_a_workbook_without_a_reader_rejects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps in Excel, and what to install."""
    monkeypatch.setattr(workbooks, "find_spec", lambda _name: None)
    monkeypatch.setattr(workbooks, "_has_extension", lambda _engine: False)
    workbook(tmp_path / "orders.xlsx", {"Sheet1": TABLE})
    with pytest.raises(HoldbackError) as caught:
        extract(planned(tmp_path, path="orders.xlsx"))
    for word in (
        "Excel workbook",
        "Save As, 'CSV UTF-8'",
        "pip install 'holdback[excel]'",
    ):
        assert word in str(caught.value)


@pytest.mark.parametrize("options", ["", ', delimiter: ";"', ", numbers: de"])
@pytest.mark.parametrize("notes", [{}, {"Notes": NOTES}])
def test_a_workbook_is_read_as_its_csv(
    tmp_path: Path, options: str, notes: dict[str, Rows]
) -> None:
    """Numbers are numbers in any notation; the sheet with the columns is taken."""
    workbook(tmp_path / "orders.xlsx", notes | {"Orders": [["A title"], *TABLE]})
    found = extract(planned(tmp_path, path="orders.xlsx", options=options))
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    assert cents(found) == cents(extract(planned(tmp_path)))


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        ({"May": TABLE, "June": TABLE}, "several sheets have the columns"),
        ({"Notes": NOTES, "More": NOTES}, "no sheet has the columns"),
    ],
)
def test_a_sheet_that_is_not_clear_rejects(
    tmp_path: Path, sheets: dict[str, Rows], words: str
) -> None:
    """None of two sheets is guessed."""
    workbook(tmp_path / "orders.xlsx", sheets)
    with pytest.raises(HoldbackError) as caught:
        extract(planned(tmp_path, path="orders.xlsx"))
    assert words in str(caught.value)
