"""Quantiles, rates, repeats and silence, against a walk over the rows."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import holdback as hb
from holdback.errors import ConfigError

YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 30%, control: true}, personalized: {share: 70%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  visits: {csv: visits.csv, columns: {unit: id, time: at}}
metrics:
  load_p75: {kind: quantile, quantile: 75%, source: visits, value: load, unit: ms, within: 30 days, better: lower}
  bounce_rate: {kind: rate, source: visits, value: bounced, within: 30 days, better: lower}
  came_twice: {kind: repeat_purchase, source: visits, within: 30 days}
  gone: {kind: churn, source: visits, inactive: 10 days, within: 30 days}
assignment: {source: visitors}
window: {start: 2026-09-01, end: 2026-09-14}
primary: came_twice
secondary: [load_p75, bounce_rate, gone]
analysis: {looks: end}
"""  # noqa: E501  # one metric a line
START = datetime.fromisoformat("2026-09-01")
UNITS = 1_200


def shop(folder: Path) -> dict[str, Any]:
    """Visitors and their visits; some loads are missing. The raw rows back."""
    rng = np.random.default_rng(21)
    joined = {
        f"u{i}": START
        + timedelta(days=int(rng.integers(14)), hours=int(rng.integers(24)))
        for i in range(UNITS)
    }
    arms = {unit: ("holdback", "personalized")[rng.random() < 0.7] for unit in joined}
    visits = [
        (
            unit,
            at + timedelta(days=float(rng.uniform(-3, 40))),
            "" if rng.random() < 0.05 else int(rng.gamma(3, 200)),
            int(rng.random() < 0.4),
        )
        for unit, at in joined.items()
        for _ in range(rng.poisson(2.5))
    ]
    last = max(joined.values()) + timedelta(days=31)
    visits.append(("stranger", last, 1, 0))
    with (folder / "visitors.csv").open("w", newline="") as file:
        rows = [(u, arms[u], joined[u].isoformat()) for u in joined]
        csv.writer(file).writerows([("id", "arm", "at"), *rows])
    with (folder / "visits.csv").open("w", newline="") as file:
        rows = [
            (u, at.isoformat(timespec="microseconds"), *rest) for u, at, *rest in visits
        ]
        csv.writer(file).writerows([("id", "at", "load", "bounced"), *rows])
    (folder / "shop.yaml").write_text(YAML)
    within: dict[str, list[tuple[timedelta, Any, int]]] = defaultdict(list)
    for unit, at, load, bounced in visits:
        if unit in joined and timedelta(0) <= at - joined[unit] < timedelta(days=30):
            within[unit].append((at - joined[unit], load, bounced))
    return {"arms": arms, "within": within}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, Any]]:
    """The scorecard, and the raw rows."""
    folder = tmp_path_factory.mktemp("kinds")
    raw = shop(folder)
    return hb.analyze(folder / "shop.yaml").scorecard, raw


def by_arm(raw: dict[str, Any]) -> dict[str, list[list[tuple[timedelta, Any, int]]]]:
    """The visits of each unit, by arm."""
    found: dict[str, list[Any]] = {"holdback": [], "personalized": []}
    for unit, arm in raw["arms"].items():
        found[arm].append(raw["within"][unit])
    return found


def values(scorecard: Any, metric: str) -> tuple[float, float]:
    """Control and treatment as reported."""
    readout = scorecard.readout(metric)
    return readout.estimates.control.value, readout.estimates.treatment.value


def test_quantiles_of_units_against_numpy(world: tuple[Any, dict[str, Any]]) -> None:
    """The mean load of each unit that has one; three quarters lie at or below."""
    scorecard, raw = world
    expected = []
    for visits in by_arm(raw).values():
        means = [
            np.round(np.mean([load for _, load, _ in unit if load != ""]), 6)
            for unit in visits
            if any(load != "" for _, load, _ in unit)
        ]
        expected.append(np.quantile(means, 0.75, method="inverted_cdf"))
    assert values(scorecard, "load_p75") == pytest.approx(expected)
    assert scorecard.readout("load_p75").method == "order_statistics"


def test_rates_of_rows_against_sums(world: tuple[Any, dict[str, Any]]) -> None:
    """Bounces by visits; the error is that of units, by the delta method."""
    scorecard, raw = world
    expected, errors = [], []
    for visits in by_arm(raw).values():
        top = np.array([sum(b for _, _, b in unit) for unit in visits], dtype=float)
        rows = np.array([len(unit) for unit in visits], dtype=float)
        expected.append(top.sum() / rows.sum())
        linear = (top - expected[-1] * rows) / rows.mean()
        errors.append(linear.std(ddof=1) / np.sqrt(len(linear)))
    assert values(scorecard, "bounce_rate") == pytest.approx(expected)
    readout = scorecard.readout("bounce_rate")
    assert readout.absolute.se == pytest.approx(np.hypot(*errors), rel=1e-6)


def test_repeats_against_counts(world: tuple[Any, dict[str, Any]]) -> None:
    """Units with two visits or more, of all units."""
    scorecard, raw = world
    expected = [np.mean([len(u) >= 2 for u in v]) for v in by_arm(raw).values()]
    assert values(scorecard, "came_twice") == pytest.approx(expected)


def test_silence_against_the_last_days(world: tuple[Any, dict[str, Any]]) -> None:
    """Without a visit from day 20 on a unit is gone, and so is who never came."""
    scorecard, raw = world
    late = timedelta(days=20)
    expected = [
        np.mean([not any(at >= late for at, _, _ in unit) for unit in visits])
        for visits in by_arm(raw).values()
    ]
    found = scorecard.readout("gone")
    assert values(scorecard, "gone") == pytest.approx(expected)
    from scipy.optimize import brentq
    from scipy.stats import norm

    sizes = [len(visits) for visits in by_arm(raw).values()]
    counts = [round(share * n) for share, n in zip(expected, sizes, strict=True)]
    # The pooled score with its skewness (Gart & Nam 1988), solved by a root finder.
    (m, n), (y, x) = sizes, counts
    p = (x + y) / (n + m)
    spread = p * (1 - p) * (1 / n + 1 / m) * (n + m) / (n + m - 1)
    k = p * (1 - p) * (1 - 2 * p) * (1 / n**2 - 1 / m**2) / spread**1.5 / 6
    w = (x / n - y / m) / np.sqrt(spread)
    z = brentq(lambda at: at + k * (at * at - 1) - w, -10, 10)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(z)), rel=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("quantile: 75%", "quantile: 100%", "between 0% and 100%"),
        ("inactive: 10 days", "inactive: 40 days", "a part of `within`"),
        ("{kind: repeat_purchase,", "{kind: repeat_purchase, least: 1,", "2 or more"),
    ],
)
def test_impossible_kinds(tmp_path: Path, old: str, new: str, told: str) -> None:
    """One clear sentence each."""
    file = tmp_path / "shop.yaml"
    file.write_text(YAML.replace(old, new))
    with pytest.raises(ConfigError, match=told):
        hb.load(file)
