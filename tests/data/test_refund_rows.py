"""Refunds as rows of their own: taken off the sums, and no purchase."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdback.analysis.checks.data.refunds import Refunds
from holdback.data.extraction.extract import extract
from holdback.experiments.load import load
from tests.data.test_extract_rejects import write

SALES = [("u0", 30, 0), ("u1", 20, 0), ("u2", 25, 0), ("u3", 40, 0)]


def read(
    folder: Path, rows: list[tuple[str, float, float]], value: str
) -> tuple[int, int, int]:
    """Revenue in cents, converted units, and the rows that give money back."""
    file = write(folder, value=value)
    text = file.read_text(encoding="utf-8").replace(
        "primary: revenue",
        "  bought: {kind: conversion, source: orders}\n"
        "primary: revenue\nsecondary: [bought]",
    )
    file.write_text(text, encoding="utf-8")
    lines = [f"{u},2026-10-06T11:00:00Z,{t},{r}" for u, t, r in rows]
    table = "\n".join(["visitor,at,total,refunded", *lines]) + "\n"
    (folder / "orders.csv").write_text(table, encoding="utf-8")
    planned = load(file)
    found = extract(planned)
    arms = {"a", "b"}
    findings = list(Refunds().examine(planned, found))
    assert len(findings) == len(found.quality.refunds)
    return (
        found.cells.total("revenue", arms).sums[0],
        found.cells.total("bought", arms).sums[0],
        found.quality.refunds.get("orders", 0),
    )


@pytest.mark.parametrize(
    ("more", "value", "expected"),
    [
        ([("u5", -15, 0)], "total", (10000, 4, 1)),
        ([("u3", -15, 0)], "total", (10000, 4, 1)),
        ([("u5", -15, 0)], "total - refunded", (10000, 4, 1)),
        ([("u5", 0, 15)], "total - refunded", (10000, 4, 1)),
        ([("u5", 10, 15)], "total - refunded", (11000, 5, 0)),
        ([("u5", 0, 0)], "total", (11500, 5, 0)),
        ([], "total", (11500, 4, 0)),
    ],
)
def test_a_refund_is_no_purchase(
    tmp_path: Path,
    more: list[tuple[str, float, float]],
    value: str,
    expected: tuple[int, int, int],
) -> None:
    """Revenue in cents, buyers and refund rows, counted by hand.

    More refunded than paid, and a purchase for nothing, are purchases.
    """
    assert read(tmp_path, SALES + more, value) == expected


def test_a_source_of_refunds_is_counted_as_it_is(tmp_path: Path) -> None:
    """Where most amounts are below 0, who has a row has what is asked for."""
    rows = [("u0", -5, 0), ("u1", -5, 0), ("u2", -5, 0), ("u3", 5, 0)]
    assert read(tmp_path, rows, "total") == (-1000, 4, 0)
