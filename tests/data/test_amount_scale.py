"""Amounts in cents, in thousands or in two units: questioned before they are summed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from holdback.analysis.checks.data.unit_of_amounts import UnitOfAmounts
from holdback.data.evidence.amounts import OddScale
from holdback.data.extraction.extract import extract
from holdback.data.profiling.amount_scale import AmountBin, read_bins
from holdback.experiments.load import load
from tests.data.test_extract_rejects import write
from tests.worlds.words import in_words


def bins_of(amounts: np.ndarray, before: np.ndarray | None = None) -> list[AmountBin]:
    """The bins of amounts, by pandas."""
    frame = pd.DataFrame({"amount": amounts[amounts > 0]})
    frame["at"] = np.floor(np.log10(frame.amount) * 10).astype(int)
    frame["whole"] = frame.amount % 1 == 0
    frame["before"] = False if before is None else before[amounts > 0]
    frame["unround"] = ~(frame.amount % 10).isin([0, 5, 9])
    return [
        AmountBin(
            at=int(at),
            whole=bool(whole),
            before=bool(early),
            rows=len(part),
            values=part.amount.nunique(),
            unround=int(part.unround.sum()),
        )
        for (at, whole, early), part in frame.groupby(["at", "whole", "before"])
    ]


def read(amounts: np.ndarray, before: np.ndarray | None = None) -> OddScale | None:
    """What the amounts say of their unit, in euros."""
    return read_bins("total", bins_of(amounts, before), whole_is_odd=True)


def honest(seed: int, size: int) -> np.ndarray:
    """Amounts of a shop of one of five kinds."""
    rng = np.random.default_rng(seed)
    kind = seed % 5
    if kind == 0:
        return np.round(rng.lognormal(3.5, 0.4 + seed % 7 / 6, size), 2)
    if kind == 1:
        return rng.choice([9.99, 19.95, 29.9, 49.0, 99.0, 149.0], size)
    if kind == 2:
        return rng.choice([9.0, 99.0, 990.0], size)
    if kind == 3:
        return np.round(rng.lognormal(5, 1, size) / 10) * 10
    return np.round(rng.gamma(1, 60, size), 2) + rng.choice([0, 4.95], size)


@pytest.mark.parametrize("size", [40, 400, 4_000])
def test_honest_amounts_are_not_questioned(size: int) -> None:
    """Of 100 shops of each size at most one."""
    odd = [seed for seed in range(100) if read(honest(seed, size)) is not None]
    assert len(odd) <= 1


@pytest.mark.parametrize("seed", [0, 5, 10, 4, 9, 14])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_two_units_are_found(seed: int, share: float) -> None:
    """A part of the amounts a hundred times as large, but for those among the rest."""
    amounts = honest(seed, 2_000)
    in_cents = np.arange(amounts.size) < share * amounts.size
    odd = read(np.where(in_cents, np.round(amounts * 100), amounts))
    assert odd is not None
    assert (odd.cause, odd.times) == ("two_units", 100)
    assert odd.rows == pytest.approx(in_cents.sum(), rel=0.15)


@pytest.mark.parametrize("seed", [0, 5, 10, 4, 9, 14])
def test_cents_are_questioned(seed: int) -> None:
    """All whole, a hundred times as large, with any last digit."""
    odd = read(np.round(honest(seed, 100) * 100))
    assert odd is not None
    assert odd.cause == "whole"


@pytest.mark.parametrize("factor", [100, 1000, 1 / 100])
def test_another_unit_than_before_the_test(factor: float) -> None:
    """What the rows from before the first exposure say."""
    amounts = honest(5, 600)
    before = np.arange(600) < 200
    odd = read(np.where(before, amounts, amounts * factor), before)
    assert odd is not None
    assert (odd.cause, odd.times) == ("history", factor)


def told(file: Path) -> list[str]:
    """What the check says of an experiment's data."""
    planned = load(file)
    findings = UnitOfAmounts().examine(planned, extract(planned))
    return [finding.message for finding in in_words(planned, findings)]


def test_the_query_against_pandas(tmp_path: Path) -> None:
    """Cents from a file are told as from bins; divided, or named and divided, not."""
    file = write(tmp_path)
    rng = np.random.default_rng(1)
    cents = np.round(rng.lognormal(8, 0.5, 60)).astype(int)
    rows = [f"o{i},u{i % 12},2026-10-06T11:00:00Z,{n}" for i, n in enumerate(cents)]
    text = "\n".join(["order,visitor,at,total", *rows]) + "\n"
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    odd = read(cents.astype(float))
    assert odd is not None
    assert extract(load(file)).quality.odd_scales["orders"] == (odd,)
    (message,) = told(file)
    assert "All 60 amounts of total" in message
    assert "`(total) / 100`" in message
    divided = write(tmp_path, value="total / 100")
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    assert not told(divided)


def test_rows_of_nothing_are_questioned(tmp_path: Path) -> None:
    """A row a customer and day: who has one is no buyer, where rows are counted."""
    file = write(tmp_path)
    lines = [
        f"o{i},u{i % 12},2026-10-06T11:00:00Z,{20 if i % 4 == 0 else 0}"
        for i in range(48)
    ]
    text = "\n".join(["order,visitor,at,total", *lines]) + "\n"
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    assert not told(file)
    written = file.read_text(encoding="utf-8").replace(
        "primary: revenue",
        "  bought: {kind: conversion, source: orders}\n"
        "primary: revenue\nsecondary: [bought]",
    )
    file.write_text(written, encoding="utf-8")
    (message,) = told(file)
    assert "36 rows of orders (75 %) have total 0" in message
    assert "`where: total > 0`" in message


def test_a_column_named_after_cents(tmp_path: Path) -> None:
    """`amount_cents` is taken as euros: told with what to write."""
    file = write(tmp_path, value="amount_cents")
    orders = (tmp_path / "orders.csv").read_text(encoding="utf-8")
    renamed = orders.replace("total", "amount_cents")
    (tmp_path / "orders.csv").write_text(renamed, encoding="utf-8")
    (message,) = told(file)
    assert "write `amount_cents / 100`" in message
