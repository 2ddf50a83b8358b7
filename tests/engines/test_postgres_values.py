"""PostgreSQL beside DuckDB: values as people write them mean the same in both."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from holdback.data.extraction.extract import extract
from holdback.experiments.load import load

if os.environ.get("HOLDBACK_TEST_POSTGRES"):
    import psycopg
else:
    psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.engines

VISITORS = [("visitor", "arm", "seen")]
VISITORS += [
    (f"{i:04d}", "ab"[i % 2], f"{i % 5 + 1:02d}/10/2026") for i in range(1, 25)
]
VISITORS += [("(not set)", "a", "01/10/2026"), ("guest", "b", "13/10/2026")]
ORDERS = [("order_id", "visitor", "at", "total", "currency", "paid", "status")]
ORDERS += [
    (
        "(not set)" if i % 7 == 0 else f"o{i % 20}",
        "null"
        if i % 11 == 0
        else str(i % 24 + 1)
        if i % 9 == 0
        else f"{i % 24 + 1:04d}",
        f"{i % 7 + 6}.10.26 {i % 12 + 1}:05 {'AP'[i % 2]}M",
        ["1.482,00 €", "(5,00)", "12,50", "7,25-", "1 000,00"][i % 5],
        "EUR" if i % 3 else "usd",
        ["Yes", "no", "TRUE", "0", ""][i % 5] if i % 4 else "y",
        ["paid", "Paid", "open", ""][i % 4],
    )
    for i in range(120)
]
YAML = """
version: 1
experiment: trial
currency: EUR
timezone: Europe/Berlin
arms: {{a: {{share: 50%, control: true}}, b: {{share: 50%}}}}
assignment: {{source: visitors}}
window: {{start: 2026-10-01, end: 2026-10-14}}
{database}
sources:
  visitors:
    {visitors}
    columns: {{unit: visitor, arm: arm, time: seen}}
    dates: d/m/y
  orders:
    {orders}
    columns: {{unit: visitor, time: at, id: order_id}}
    duplicates: first
    dates: d/m/y
    numbers: de
    rates: {{USD: 0.5}}
    where: status != 'open'
metrics:
  revenue: {{kind: mean, source: orders, value: total, unit: money}}
  bought: {{kind: conversion, source: orders}}
  certain: {{kind: conversion, source: orders, where: paid = true}}
primary: revenue
secondary: [bought, certain]
analysis: {{looks: end}}
"""


@pytest.fixture
def url() -> str:
    """URL of a PostgreSQL server that tests may write to."""
    found = os.environ.get("HOLDBACK_TEST_POSTGRES")
    if not found:
        pytest.skip("HOLDBACK_TEST_POSTGRES is not set: run `make test-engines`")
    return found


def test_values_are_the_same_in_both(tmp_path: Path, url: str) -> None:
    """Cells, words, spellings and everything else that is counted of the rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name, rows in (("visitors", VISITORS), ("orders", ORDERS)):
            path = tmp_path / f"{name}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(rows)
            columns = ", ".join(f'"{column}" text' for column in rows[0])
            connection.execute(f"DROP TABLE IF EXISTS values_{name}")
            connection.execute(f"CREATE TABLE values_{name} ({columns})")
            places = ", ".join(["nullif(%s, '')"] * len(rows[0]))
            for row in rows[1:]:
                connection.execute(f"INSERT INTO values_{name} VALUES ({places})", row)
    files = {name: f"csv: {name}.csv" for name in ("visitors", "orders")}
    tables = {name: f"table: values_{name}" for name in ("visitors", "orders")}
    found = []
    for parts, database in ((files, ""), (tables, f"database: {url}")):
        (tmp_path / "trial.yaml").write_text(
            YAML.format(**parts, database=database), encoding="utf-8"
        )
        found.append(extract(load(tmp_path / "trial.yaml")))
    embedded, server = found
    assert embedded.cells.total("revenue", {"a", "b"}).sums[0] != 0
    assert server.cells.rows == embedded.cells.rows
    assert server.accounting == embedded.accounting
    assert server.quality == embedded.quality
    assert embedded.quality.id_spellings["orders"].cause == "leading_zeros"
    assert embedded.quality.currencies["orders"].rates == {"USD": 0.5}
    assert set(embedded.quality.placeholders) == {"visitors", "orders"}
