"""Amounts that run on are told from others, and differenced where that is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds.words import in_words

from holdback.analysis.checks.check import findings
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError
from holdback.experiments.load import load

START = pd.Timestamp("2026-10-01")

PLAN = """\
version: 1
experiment: recs
currency: EUR
timezone: UTC
arms:
  held: {share: 50%, control: true}
  shown: {share: 50%}
assignment: {source: exposures}
window: {start: 2026-10-05, end: 2026-10-14}
sources:
  exposures: {csv: e.csv, columns: {unit: u, arm: arm, time: at}}
  spend: {csv: s.csv, columns: {unit: u, time: at}OPTIONS}
metrics:
  revenue: {kind: mean, source: spend, value: total, unit: money, within: 7 days}
  buyers: {kind: conversion, source: spend, within: 7 days}
primary: revenue
secondary: [buyers]
analysis: {looks: end}
"""

Amounts = Callable[[np.random.Generator], pd.DataFrame]


def lives(
    rng: np.random.Generator, days: range, *, rate: float = 0.1, most: int = 9_000
) -> pd.DataFrame:
    """Snapshots of 200 units at some days: the total of all days so far, in cents."""
    spent = rng.integers(500, most, (200, 40)) * (rng.random((200, 40)) < rate)
    totals = spent.cumsum(axis=1) / 100 + rng.integers(0, 3, (200, 1)) * 50
    return pd.DataFrame(
        [
            (f"u{i}", START + pd.Timedelta(days=day, hours=3), totals[i, day])
            for i in range(200)
            for day in days
        ],
        columns=["u", "at", "total"],
    )


def orders(rng: np.random.Generator, often: int = 800) -> pd.DataFrame:
    """Orders of their own amount."""
    at = START + pd.to_timedelta(rng.integers(0, 25 * 86_400, often), unit="s")
    units = [f"u{i}" for i in rng.integers(0, 200, often)]
    amounts = rng.integers(500, 9_000, often) / 100
    return pd.DataFrame({"u": units, "at": at, "total": amounts})


def so_far(rng: np.random.Generator) -> pd.DataFrame:
    """Each order with all that its unit had spent by then."""
    rows = orders(rng).sort_values("at")
    return rows.assign(total=rows.groupby("u").total.cumsum())


def refunded(rng: np.random.Generator) -> pd.DataFrame:
    """Daily totals from which a refund takes something now and then."""
    rows = lives(rng, range(25), rate=0.2)
    fell = rng.random(len(rows)) < 0.002
    return rows.assign(total=np.where(fell, rows.total - 5, rows.total))


def plans(rng: np.random.Generator) -> pd.DataFrame:
    """A payment a week at the price of one's plan, which rises for all."""
    prices = np.array([4.99, 9.99, 19.99])[rng.integers(0, 3, 200)]
    return pd.DataFrame(
        [
            (
                f"u{i}",
                START + pd.Timedelta(days=7 * week + i % 7),
                prices[i] + week // 2,
            )
            for i in range(200)
            for week in range(4)
        ],
        columns=["u", "at", "total"],
    )


def read(folder: Path, spend: pd.DataFrame, options: str = "") -> Path:
    """The files of a test of 200 units, half of them in each arm."""
    units = [f"u{i}" for i in range(200)]
    exposures = pd.DataFrame(
        {
            "u": units,
            "arm": ["held", "shown"] * 100,
            "at": [START + pd.Timedelta(days=4 + i % 10, hours=6) for i in range(200)],
        }
    )
    for name, frame in (("e", exposures), ("s", spend)):
        text = frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
        text.to_csv(folder / f"{name}.csv", index=False)
    file = folder / "t.yaml"
    file.write_text(PLAN.replace("OPTIONS", options), encoding="utf-8")
    return file


RUNNING: list[Amounts] = [
    lambda rng: lives(rng, range(25)),
    lambda rng: lives(rng, range(0, 25, 7), rate=0.2),
    so_far,
    refunded,
]


@pytest.mark.parametrize("amounts", RUNNING)
def test_totals_that_run_on_fail(tmp_path: Path, amounts: Amounts) -> None:
    """Daily and weekly snapshots, totals beside each order, refunds among them."""
    spend = amounts(np.random.default_rng(1))
    file = read(tmp_path, spend)
    seen = extract(load(file))
    ordered = spend.sort_values(["u", "at", "total"])
    steps = ordered.groupby("u").total.diff().dropna().round(6)
    totals = seen.quality.running_totals["spend"]
    assert (totals.steps, totals.rises, totals.falls) == (
        len(steps),
        (steps > 0).sum(),
        (steps < 0).sum(),
    )
    (finding,) = [f for f in findings(load(file), seen) if f.check == "running_totals"]
    assert finding.status == "fail"
    (told,) = in_words(load(file), [finding])
    assert "snapshots: cumulative" in told.message
    separate = read(tmp_path, spend, ", snapshots: separate")
    assert not extract(load(separate)).quality.running_totals


@pytest.mark.parametrize("amounts", [orders, plans])
def test_amounts_of_their_own_are_none(tmp_path: Path, amounts: Amounts) -> None:
    """Orders, and subscriptions of which a price rose."""
    seen = extract(load(read(tmp_path, amounts(np.random.default_rng(2)))))
    assert not seen.quality.running_totals


def test_snapshots_are_differenced_against_pandas(tmp_path: Path) -> None:
    """Totals at the end of each unit's time, less those before it; late ones are new.

    The first snapshots hold what was spent before the test. A unit that stands in none
    of them comes with its whole total; rows that add nothing make nobody a buyer.
    """
    spend = lives(np.random.default_rng(3), range(25))
    late = spend.u.isin([f"u{i}" for i in range(0, 200, 5)])
    spend = spend[~late | (spend["at"] >= START + pd.Timedelta(days=8))]
    file = read(tmp_path, spend, ", snapshots: cumulative")
    seen = extract(load(file))
    ordered = spend.sort_values(["u", "at"])
    first = ordered.groupby("u")["at"].transform("min")
    base = np.where(first == spend["at"].min(), ordered.total, 0)
    added = (
        ordered.groupby("u")
        .total.diff()
        .fillna(ordered.total - base)
        .round(2)
        .to_numpy()
    )
    number = ordered.u.str[1:].astype(int)
    joined = START + pd.to_timedelta(4 + number % 10, unit="D") + pd.Timedelta(hours=6)
    inside = (ordered["at"] >= joined) & (ordered["at"] < joined + pd.Timedelta(days=7))
    for k, arm in enumerate(("held", "shown")):
        own = (inside & (number % 2 == k)).to_numpy()
        money = seen.cells.total("revenue", {arm}).sums[0]
        assert money / 100 == pytest.approx(added[own].sum(), abs=1e-6)
        buyers = ordered.u[own & (added != 0)].nunique()
        assert seen.cells.total("buyers", {arm}).sums[0] == buyers
    assert not seen.quality.running_totals


def test_exposures_hold_no_snapshots(tmp_path: Path) -> None:
    """`snapshots` at the source of exposures is refused."""
    file = read(tmp_path, orders(np.random.default_rng(4)))
    text = file.read_text().replace("time: at}}\n", "time: at}, snapshots: separate}\n")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="no total runs on there"):
        load(file)
