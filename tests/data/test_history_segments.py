"""Segments by what was known before exposure, against pandas."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from holdback import analyze
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError
from holdback.experiments.load import load
from holdback.reports.pages.experiment_page import render

START = pd.Timestamp("2026-10-01", tz="UTC")
WEEK = pd.Timedelta(days=7)
YEAR = pd.Timedelta(days=365)

PLAN = """\
version: 1
experiment: recs
timezone: UTC
currency: EUR
arms:
  held: {share: 50%, control: true}
  shown: {share: 50%}
assignment: {source: exposures}
window: {start: 2026-10-01, end: 2026-10-28}
sources:
  exposures: {csv: e.csv, columns: {unit: u, arm: arm, time: at}}
  orders: {csv: o.csv, columns: {unit: u, time: at}}
metrics:
  conversion: {kind: conversion, source: orders, within: 7 days}
primary: conversion
analysis:
  looks: end
  segments:
    - device
    - {name: customer, source: orders, new_or_returning: 365 days}
    - {name: value, source: orders, value: total, lookback: 365 days, tiers: 4}
    - {name: recency, source: orders, days_since_last: [30, 90]}
    - {name: spend, column: spend, tiers: [100, 500]}
    - {name: thirds, column: spend, tiers: 3}
decision: {rule: lift}
"""


def frames(units: int = 900) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Who joined twice too; orders of two years before and of the week after."""
    rng = np.random.default_rng(5)
    ids = np.array([f"u{i}" for i in range(units)])
    at = START + pd.to_timedelta(rng.integers(0, 28 * 86_400, units), unit="s")
    exposures = pd.DataFrame(
        {
            "u": ids,
            "arm": np.where(rng.random(units) < 0.5, "held", "shown"),
            "at": at,
            "device": rng.choice(["phone", "desktop"], units),
            "spend": rng.integers(0, 1000, units).astype(float),
        }
    )
    exposures.loc[::17, "spend"] = np.nan
    again = exposures.sample(units // 15, random_state=1)
    again = again.assign(at=again["at"] + pd.to_timedelta(3, unit="h"))
    past = exposures.loc[np.repeat(np.arange(units), rng.poisson(1.2, units))]
    back = pd.to_timedelta(rng.integers(1, 730 * 86_400, len(past)), unit="s")
    after = exposures[rng.random(units) < 0.3]
    later = pd.to_timedelta(rng.integers(0, 6 * 86_400, len(after)), unit="s")
    edge = exposures.head(1)  # an order at the very moment of exposure is not before
    orders = pd.concat(
        [
            past[["u"]].assign(at=past["at"] - back),
            after[["u"]].assign(at=after["at"] + later),
            edge[["u"]].assign(at=edge["at"]),
        ],
        ignore_index=True,
    )
    orders["total"] = rng.integers(5, 300, len(orders)) + 0.5
    return pd.concat([exposures, again], ignore_index=True), orders


def written(
    folder: Path, exposures: pd.DataFrame, orders: pd.DataFrame, text: str = PLAN
) -> Path:
    """The project on disk."""
    for name, frame in (("e", exposures), ("o", orders)):
        frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(
            folder / f"{name}.csv", index=False
        )
    file = folder / "recs.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def counted(evidence: Evidence, dimension: str) -> dict[str, tuple[int, int]]:
    """Units of control and treatment, by level."""
    cells = evidence.cells
    return {
        level: tuple(
            cells.total("conversion", {arm}, dimension=dimension, level=level).n
            for arm in ("held", "shown")
        )
        for level in cells.levels(dimension)
    }


def by_arm(units: pd.DataFrame, levels: pd.Series) -> dict[str, tuple[int, int]]:
    """The same by pandas."""
    table = pd.crosstab(levels, units["arm"])
    return {str(k): (int(r["held"]), int(r["shown"])) for k, r in table.iterrows()}


def before(units: pd.DataFrame, orders: pd.DataFrame, span: pd.Timedelta) -> pd.Series:
    """Rows strictly before exposure, and not longer ago than a span."""
    rows = orders.merge(units[["u", "at"]], on="u", suffixes=("", "_first"))
    kept = (rows["at"] < rows["at_first"]) & (rows["at"] >= rows["at_first"] - span)
    return rows[kept]


def nearest_rank(values: pd.Series, tiers: int) -> list[float]:
    """Bounds of equal tiers by nearest rank."""
    ordered = np.sort(values.to_numpy())
    ranks = [-(-len(ordered) * i // tiers) - 1 for i in range(1, tiers)]
    return [float(ordered[rank]) for rank in ranks]


def tier(values: pd.Series, bounds: list[float]) -> pd.Series:
    """Number of the tier of each value, from 1; one at a bound is of the lower."""
    return 1 + sum((values > bound).astype(int) for bound in bounds)


def test_levels_against_pandas(tmp_path: Path) -> None:
    """New and returning, value, recency and a logged number: units by arm and level."""
    exposures, orders = frames()
    seen = extract(load(written(tmp_path, exposures, orders)))
    units = exposures.sort_values("at").groupby("u").first().reset_index()
    year = before(units, orders, YEAR)
    ever = before(units, orders, 100 * YEAR)
    returning = units["u"].isin(year["u"])
    assert counted(seen, "customer") == by_arm(
        units, returning.map({True: "returning", False: "new"})
    )
    spent = units["u"].map(year.groupby("u")["total"].sum())
    bounds = nearest_rank(spent.dropna(), 4)
    assert [cut / 1e6 for cut in seen.tiers["value"]] == bounds
    by_value = counted(seen, "value")
    assert list(by_value.values()) == list(
        by_arm(units, tier(spent, bounds).where(spent.notna(), 9)).values()
    )
    assert list(by_value)[3].startswith("4: over ")
    days = units["u"].map(ever.groupby("u")["at"].max())
    gap = (units["at"] - days) / pd.Timedelta(days=1)
    recency = tier(gap, [30, 90]).where(gap.notna(), 9)
    assert list(counted(seen, "recency").values()) == list(
        by_arm(units, recency).values()
    )
    spend = units["spend"]
    fixed = tier(spend, [100, 500]).where(spend.notna(), 0)
    assert list(counted(seen, "spend").values()) == list(by_arm(units, fixed).values())
    thirds = nearest_rank(spend.dropna(), 3)
    equal = tier(spend, thirds).where(spend.notna(), 0)
    assert list(counted(seen, "thirds").values()) == list(by_arm(units, equal).values())


def test_days_count_from_the_day_before(tmp_path: Path) -> None:
    """Orders known by their day: those of the exposure's own day are not before."""
    exposures, orders = frames()
    orders["at"] = orders["at"].dt.floor("D")
    file = written(tmp_path, exposures, orders)
    orders.assign(at=orders["at"].dt.strftime("%Y-%m-%d")).to_csv(
        tmp_path / "o.csv", index=False
    )
    seen = extract(load(file))
    units = exposures.sort_values("at").groupby("u").first().reset_index()
    rows = orders.merge(units, on="u", suffixes=("", "_first"))
    day = rows["at_first"].dt.floor("D")
    past = rows[(rows["at"] < day) & (rows["at"] >= day - YEAR)]
    returning = units["u"].isin(past["u"])
    assert counted(seen, "customer") == by_arm(
        units, returning.map({True: "returning", False: "new"})
    )


def test_tiers_stay_where_the_first_look_cut_them(tmp_path: Path) -> None:
    """The log keeps the bounds; a later look has the same groups."""
    exposures, orders = frames()
    text = PLAN.replace("looks: end", "looks: spending")
    early = exposures["at"] < START + 2 * WEEK
    file = written(tmp_path, exposures[early], orders, text)
    analyze(file, as_of="2026-10-20")
    look = json.loads((tmp_path / "audit.jsonl").read_text())
    cuts = look["says"]["tiers"]["value"]["cuts"]
    units = exposures[early].sort_values("at").groupby("u").first().reset_index()
    year = before(units, orders, YEAR)
    spent = year.groupby("u")["total"].sum()
    assert [cut / 1e6 for cut in cuts] == nearest_rank(spent, 4)
    written(tmp_path, exposures, orders, text)
    later = analyze(file, as_of="2026-11-10").scorecard
    levels = {
        r.segment.level
        for r in later.readouts
        if r.segment is not None and r.segment.dimension == "value"
    }
    assert f"4: over {cuts[-1] / 1e6:g}" in levels
    page = render(later)
    assert "Did it work for the best customers?" in page
    assert later.plan_hash == analyze(file, as_of="2026-11-10").scorecard.plan_hash


def test_derived_segments_survive_the_round_trip(tmp_path: Path) -> None:
    """What `to_yaml` writes means the same."""
    exposures, orders = frames(40)
    first = load(written(tmp_path, exposures, orders))
    again = tmp_path / "again.yaml"
    again.write_text(first.to_yaml())
    assert load(again).analysis == first.analysis


BAD = {
    "{name: a, source: orders}": "does not say how it is made",
    "{name: a, column: spend}": "does not say how it is made",
    "{name: a, source: orders, value: total, tiers: 1}": "2 to 9 tiers",
    "{name: a, column: spend, tiers: [5, 5]}": "its bounds do not rise",
    "{name: a, source: visits, new_or_returning: 1 day}": "no source 'visits'",
    "{name: a, source: exposures, new_or_returning: 1 day}": "holds the exposures",
    "{name: device, source: orders, new_or_returning: 1 day}": "listed twice",
}


@pytest.mark.parametrize("segment", BAD)
def test_segments_rejects(tmp_path: Path, segment: str) -> None:
    """Each with its line."""
    head, _, tail = PLAN.partition("    - {name: customer")
    text = f"{head}    - {segment}\n{tail[tail.index('decision') :]}"
    exposures, orders = frames(40)
    with pytest.raises(ConfigError, match=BAD[segment]) as caught:
        load(written(tmp_path, exposures, orders, text))
    assert "recs.yaml:20" in caught.value.problems[0].where


def test_segments_rejects_more_than_six(tmp_path: Path) -> None:
    """Six derived dimensions are the most."""
    more = "".join(
        f"    - {{name: n{i}, source: orders, new_or_returning: 9 days}}\n"
        for i in range(7)
    )
    exposures, orders = frames(40)
    head, _, tail = PLAN.partition("    - {name: customer")
    text = head + more + tail[tail.index("decision") :]
    with pytest.raises(ConfigError, match="7 segments are derived"):
        load(written(tmp_path, exposures, orders, text))
