"""An export of orders from Shopify is read as the plain table of its orders is."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from worlds.shop_exports import (
    Order,
    experiment,
    in_time,
    orders,
    plain_orders,
    write_rows,
)

from holdback.data.evidence.cells import Cells
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError, DataError
from holdback.experiments.load import load
from holdback.experiments.resolve.snapshot import resolved_of

NAMES = [
    "Name", "Email", "Financial Status", "Currency", "Subtotal", "Total", "Created at",
    "Lineitem quantity", "Lineitem name", "Billing Zip", "Notes", "Note Attributes",
    "Cancelled at", "Refunded Amount", "Id",
]  # fmt: skip
SOURCE = "shopify_orders: export*.csv"
VALUE = "total - refunded_amount"


def exported(
    made: list[Order], status: str = "paid", currency: str = "EUR", cancelled: str = ""
) -> list[list[object]]:
    """Rows of an export: one a line item, an order's fields on its first alone."""
    rows: list[list[object]] = []
    for one in made:
        local = one.time - timedelta(hours=3)
        stamp = f"{local:%Y-%m-%d %H:%M:%S} -0300"
        email = f" {one.unit.replace('u', 'U', 1)}"
        notes = f"gift: yes\nvisitor id: {one.unit}\nnote: visitor id: none"
        for item in range(one.items):
            first = item == 0
            told = [
                status,
                currency,
                f"{one.total / 100:.2f}",
                f"{one.total / 100:.2f}",
            ]
            rows.append(
                [
                    f"#{1001 + one.number}", email, *(told if first else [""] * 4),
                    stamp, 1, f"Thing {item}", "'0123", "", notes if first else "",
                    cancelled if first else "",
                    f"{one.refunded / 100:.2f}" if first else "",
                    4_000_000 + one.number if first else "",
                ]
            )  # fmt: skip
    return rows


def written(folder: Path, options: str = "") -> Path:
    """The experiment with an export as its orders, in two files."""
    rows = exported(orders())
    cut = next(i for i, row in enumerate(rows) if row[0] == "#1021")
    write_rows(folder / "export_1.csv", NAMES, rows[:cut])
    write_rows(folder / "export_2.csv", NAMES, rows[cut:])
    return experiment(folder, f"{SOURCE}\n    {options}".rstrip(), VALUE)


def cells(file: Path) -> Cells:
    """What an experiment's data come to."""
    return extract(load(file)).cells


def revenue(found: Cells) -> int:
    """Revenue of all units in cents."""
    return found.total("revenue", {"holdback", "personalized"}).sums[0]


def refused(file: Path, kind: type[DataError | ConfigError] = DataError) -> str:
    """The message that an experiment's data are refused with."""
    with pytest.raises(kind) as caught:
        extract(load(file))
    return str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        "",
        "columns: {unit: visitor id}\n    note_attributes: [visitor id]",
        "columns: {unit: email, time: created_at, id: id}",
    ],
    ids=["by e-mail", "by a cart attribute", "by the shop's own id"],
)
def test_one_row_an_order(tmp_path: Path, options: str) -> None:
    """Items, times with offset, odd e-mails: the plain table's cells."""
    expected = extract(load(plain_orders(tmp_path / "plain", VALUE)))
    found = extract(load(written(tmp_path, options)))
    assert found.cells == expected.cells
    net = sum(one.total - one.refunded for one in in_time())
    assert revenue(found.cells) == net
    assert [one.rows for one in found.inputs] == [60, 40]
    assert found.quality.unassigned == {"orders": 0}


def test_what_is_written_in_a_resolved_file_is_read_again(tmp_path: Path) -> None:
    """The kind's own columns and filter are told where the file left them out."""
    filled = resolved_of(load(written(tmp_path)))["sources"]["orders"]
    assert filled["columns"] == {"unit": "email", "time": "created_at", "id": "name"}
    assert "cancelled_at is null" in filled["where"]


def test_cancelled_orders_count_only_where_asked_for(tmp_path: Path) -> None:
    """Cancelled and voided orders are left out, unless `where` is the author's own."""
    file = written(tmp_path)
    made = orders()
    rows = exported(made[:10], cancelled="2026-10-20 10:00:00 -0300")
    rows += exported(made[10:20], status="voided") + exported(made[20:])
    (tmp_path / "export_2.csv").unlink()
    write_rows(tmp_path / "export_1.csv", NAMES, rows)
    assert cells(file) == cells(plain_orders(tmp_path / "plain", VALUE, made[20:]))
    everything = file.read_text("utf-8").replace(
        SOURCE, f"{SOURCE}\n    where: total > 0"
    )
    file.write_text(everything, "utf-8")
    assert cells(file) == cells(plain_orders(tmp_path / "plain", VALUE))


def test_hashed_addresses(tmp_path: Path) -> None:
    """`email_sha256` is the hash of the address in small letters."""
    file = written(tmp_path, "columns: {unit: email_sha256}")
    text = (tmp_path / "visitors.csv").read_text("utf-8").splitlines()
    hashed = [
        ",".join([hashlib.sha256(unit.encode()).hexdigest(), *rest])
        for unit, *rest in (line.split(",") for line in text[1:])
    ]
    (tmp_path / "visitors.csv").write_text("\n".join([text[0], *hashed]), "utf-8")
    assert cells(file) == cells(plain_orders(tmp_path / "plain", VALUE))


def test_overlapping_exports(tmp_path: Path) -> None:
    """An order in two exports counts once; two versions of it need a rule."""
    file = written(tmp_path)
    changed = in_time()[0]
    rows = exported([changed, *in_time()[1:5]])
    write_rows(tmp_path / "export_3.csv", NAMES, rows)
    expected = cells(plain_orders(tmp_path / "plain", VALUE))
    found = extract(load(file))
    assert found.cells == expected
    assert found.quality.duplicates == {"orders": 5}
    rows[0][NAMES.index("Refunded Amount")] = "1.00"
    write_rows(tmp_path / "export_3.csv", NAMES, rows)
    assert "duplicates: first" in refused(file)
    last = written(tmp_path, "duplicates: last")
    assert revenue(expected) - revenue(cells(last)) == 100 - changed.refunded


def test_items_without_their_order(tmp_path: Path) -> None:
    """A file that is missing is told, with the place of the first lost item."""
    file = written(tmp_path)
    rows = exported(orders())
    several = next(one for one in orders() if one.items > 1)
    cut = next(i for i, row in enumerate(rows) if row[0] == f"#{1001 + several.number}")
    (tmp_path / "export_1.csv").unlink()
    write_rows(tmp_path / "export_2.csv", NAMES, rows[cut + 1 :])
    message = refused(file)
    assert "export_2.csv:2:1" in message
    assert f"1 order has items, but no row with totals: '#{1001 + several.number}'" in (
        message
    )


def test_several_currencies(tmp_path: Path) -> None:
    """Sums over currencies are refused, unless the author says which count."""
    file = written(tmp_path)
    write_rows(
        tmp_path / "export_2.csv", NAMES, exported(orders()[20:], currency="USD")
    )
    assert "20 in EUR, 20 in USD" in refused(file)
    chosen = "where: currency = 'EUR'"
    file.write_text(file.read_text("utf-8").replace(SOURCE, f"{SOURCE}\n    {chosen}"))
    assert cells(file) == cells(plain_orders(tmp_path / "plain", VALUE, orders()[:20]))


def test_an_export_that_a_spreadsheet_saved(tmp_path: Path) -> None:
    """Semicolons and decimal commas are read when the file says so."""
    file = written(tmp_path, "delimiter: ';'\n    decimal: ','")
    for name in ("export_1.csv", "export_2.csv"):
        text = (tmp_path / name).read_text("utf-8")
        (tmp_path / name).write_text(
            re.sub(r"(\d)\.(\d\d);", r"\1,\2;", text.replace(",", ";")), "utf-8"
        )
    assert cells(file) == cells(plain_orders(tmp_path / "plain", VALUE))


def test_places_are_those_of_the_export(tmp_path: Path) -> None:
    """A total that is no number is found in the file, past the items before it."""
    file = written(tmp_path)
    rows = exported(orders())
    at = next(i for i, row in enumerate(rows) if row[0] == "#1011")
    rows[at][NAMES.index("Total")] = "12,50"
    (tmp_path / "export_2.csv").unlink()
    write_rows(tmp_path / "export_1.csv", NAMES, rows)
    # Cart attributes are three lines of text in one field of an order's first row.
    line = 2 + sum(3 if row[5] else 1 for row in rows[:at])
    assert f"export_1.csv:{line}:6" in refused(file)


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["Order", "Email"], "", "no Shopify export of orders"),
        (
            ["Name", "Email", "Created at", "Lineitem name"],
            "",
            "Export the column 'Total'",
        ),
        (NAMES[:-4], "note_attributes: [visitor id]", "no column 'Note Attributes'"),
        (
            NAMES,
            "note_attributes: [email]",
            "'email' is a column of the orders already",
        ),
        (NAMES[:6], "", "there is no column 'created_at'"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, names: list[str], options: str, words: str
) -> None:
    """What is missing is said by the export's own names."""
    file = written(tmp_path, options)
    (tmp_path / "export_2.csv").unlink()
    write_rows(tmp_path / "export_1.csv", names, [["1"] * len(names)])
    kind = ConfigError if "note_attributes" in options else DataError
    assert words in refused(file, kind)
