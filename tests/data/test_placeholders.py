"""Words in place of ids, and rows of different units that share an id."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from holdback.analysis.checks.data.placeholders import Placeholders
from holdback.data.extraction.extract import extract
from holdback.experiments.load import load
from tests.data.test_extract_rejects import ORDERS, VISITORS, write

WORDS = [
    "(not set)", "NULL", " undefined ", "None", "n/a", "Unknown", "guest", "Anonymous",
    "00000000-0000-0000-0000-000000000000", '""""""', "0", "0.0", "(none)", "-", "nan",
    "Gast", "invité", "not logged in", "{{user_id}}", "${userId}", "%%id%%", "[[id]]",
]  # fmt: skip
TOTAL = 8 * 1050 + 2800


@pytest.mark.parametrize("word", WORDS)
def test_a_word_as_unit_is_no_unit(tmp_path: Path, word: str) -> None:
    """Its exposures and its orders count for nobody, and are counted and named."""
    file = write(tmp_path)
    exposed = f"{word},a,2026-10-01T10:00:00Z,1\n{word},b,2026-10-02T10:00:00Z,1\n"
    bought = "".join(f"x{i},{word},2026-10-04T11:00:00Z,500\n" for i in range(5))
    (tmp_path / "visitors.csv").write_text(VISITORS + exposed, encoding="utf-8")
    (tmp_path / "orders.csv").write_text(ORDERS + bought, encoding="utf-8")
    found = extract(load(file))
    assert found.accounting.units_used == 12
    assert found.cells.total("revenue", {"a", "b"}).sums[0] == TOTAL
    left_out = [(e.reason, e.count) for e in found.accounting.excluded]
    assert left_out == [("placeholder", 1), ("placeholder", 1)]
    rows = {s: sum(by.values()) for s, by in found.quality.placeholders.items()}
    assert rows == {"visitors": 2, "orders": 5}
    assert found.quality.unassigned == {"orders": 0}
    (finding,) = Placeholders().examine(load(file), found)
    assert finding.status == "warn"


def test_ids_that_run_from_zero_keep_it(tmp_path: Path) -> None:
    """0 is a unit where 1 and 2 are, as long as its rows do not pile up."""
    file = write(tmp_path)
    visitors, orders = VISITORS.replace("\nu", "\n"), ORDERS.replace(",u", ",")
    (tmp_path / "visitors.csv").write_text(visitors, encoding="utf-8")
    (tmp_path / "orders.csv").write_text(orders, encoding="utf-8")
    found = extract(load(file))
    assert found.accounting.units_used == 12
    assert not found.quality.placeholders
    guests = "".join(f"g{i},0,2026-10-05T11:00:00Z,90\n" for i in range(60))
    (tmp_path / "orders.csv").write_text(orders + guests, encoding="utf-8")
    found = extract(load(file))
    assert found.accounting.units_used == 11
    assert found.quality.placeholders["orders"] == {"0": 61}


def test_numbers_as_ids(tmp_path: Path) -> None:
    """0 and -1 of a whole-number column stand for nobody, too."""
    visitors = pd.DataFrame(
        {
            "visitor": [*range(5, 17), -1, 0],
            "group": ["a", "b"] * 7,
            "seen": ["2026-10-01T10:00:00Z"] * 14,
        }
    )
    orders = pd.DataFrame(
        {
            "visitor": [5, 6, -1, 0, 0],
            "at": ["2026-10-02T10:00:00Z"] * 5,
            "total": [10.0, 20.0, 99.0, 99.0, 99.0],
        }
    )
    found = extract(
        load(write(tmp_path)), frames={"visitors": visitors, "orders": orders}
    )
    assert found.accounting.units_used == 12
    assert found.cells.total("revenue", {"a", "b"}).sums[0] == 3000


def test_a_word_as_row_id_makes_no_copies(tmp_path: Path) -> None:
    """Rows with (not set) as id are different rows, and counted."""
    options = "    duplicates: first"
    file = write(tmp_path, ids=", id: order", options=options)
    text = ORDERS
    for i in range(8):
        text = text.replace(f"\no{i},", "\n(not set),")
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    found = extract(load(file))
    assert found.cells.total("revenue", {"a", "b"}).sums[0] == TOTAL
    assert found.quality.idless == {"orders": 8}
    assert not found.quality.duplicates


@pytest.mark.parametrize("keep", ["error", "first", "last"])
def test_rows_of_different_units_are_no_copies(tmp_path: Path, keep: str) -> None:
    """Two shops that count their orders alike: all rows stay, the ids are told."""
    options = f"    duplicates: {keep}"
    file = write(tmp_path, ids=", id: order", options=options)
    text = ORDERS.replace("\no1,", "\no0,").replace("\no2,", "\no0,")
    (tmp_path / "orders.csv").write_text(text + ORDERS.splitlines()[1] + "\n")
    found = extract(load(file))
    assert found.cells.total("revenue", {"a", "b"}).sums[0] == TOTAL
    assert found.quality.duplicates == {"orders": 1}
    assert found.quality.shared_ids == {"orders": 1}


@pytest.mark.parametrize(
    ("case", "holdback", "personalized"),
    [
        ("12i-placeholder-not-set", 12.11966, 19.36321),
        ("31i-minimal-not-set", 10 / 3, 10 / 3),
        ("30d-shopify-two-stores-same-numbers", 12.76525, 15.08627),
    ],
)
def test_exports_as_they_came_against_table(
    shared: Path, case: str, holdback: float, personalized: float
) -> None:
    """Revenue per visitor, of amounts that may be 0."""
    file = shared / "reference" / "field" / case / "trial.yaml"
    cells = extract(load(file)).cells
    means = []
    for arm in ("holdback", "personalized"):
        whole = cells.total("revenue_per_visitor", {arm})
        means.append(whole.sums[0] / 100 / whole.n)
    assert means == pytest.approx([holdback, personalized], abs=1e-5)
