"""The power that a plan promises with covariates, against whole tests of the product.

Raw rows in, plan and scorecards out: a history of visits and orders is planned from,
then tests of new customers of the same kind are drawn, analyzed, and counted.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import holdback as hb
from holdback.results.scorecard import Readout
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.methods.compare import compare_means
from holdback.stats.posterior.posterior import LiftPrior, posterior
from holdback.stats.variance_reduction.cuped import adjust

LONG = pytest.mark.calibration
LIFT = 0.0315
FLAT = LiftPrior(name="none", sd=None)
UNITS = 2_000
START = datetime.fromisoformat("2026-09-07")
YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
currency: EUR
assignment: {source: visitors, salt: shop}
window: {start: 2026-09-07, end: 2026-09-20}
primary: revenue
analysis: {looks: end, covariates: {lookback: 14 days}, prior: none}
decision: {rule: lift, minimum_lift: 3.15%}
"""
Frames = dict[str, pd.DataFrame]


def customers(
    rng: np.random.Generator, units: int, start: datetime, lift: float = 0.0
) -> Frames:
    """Who joins in two weeks, half treated; each ordered before, and orders after.

    What a customer is worth is gamma(25), each order that times gamma(25): a CV of
    .286, of whose square the order before explains .24.
    """
    at = np.array(start, "datetime64[s]") + rng.integers(0, 14 * 86_400, units)
    treated = rng.permutation(units) % 2 == 1
    worth = rng.gamma(25, 0.8, units)
    before, after = (worth * rng.gamma(25, 0.04, units) for _ in range(2))
    after *= np.where(treated, 1 + lift, 1)
    ids = [f"{start:%m%d}-{i}" for i in range(units)]
    return {
        "visitors": pd.DataFrame(
            {"id": ids, "arm": np.where(treated, "personalized", "holdback"), "at": at}
        ),
        "orders": pd.DataFrame(
            {
                "id": [*ids, *ids],
                "at": np.concatenate([at - np.timedelta64(5, "D"), at + 3_600]),
                "total": np.round(np.concatenate([before, after]), 2),
            }
        ),
    }


def planned(folder: Path, yaml: str) -> float:
    """The power at the minimum lift, of as many units as are drawn later."""
    (folder / "shop.yaml").write_text(yaml)
    rng = np.random.default_rng(1)
    history = customers(rng, 40_000, START - timedelta(days=28))
    end = pd.DataFrame({"id": ["x"], "at": [np.datetime64(START, "s")], "total": [1.0]})
    history["orders"] = pd.concat([history["orders"], end])
    made = hb.plan(folder / "shop.yaml", data=history, units=UNITS, runs=0)
    power = made.metrics[0].power_at_minimum
    assert power is not None
    return power


def whole(folder: Path, data: Frames) -> Readout:
    """What the product's scorecard says of raw rows."""
    analysis = hb.analyze(folder / "shop.yaml", data=data, as_of=date(2026, 9, 28))
    return analysis.scorecard.readout("revenue")


def read(data: Frames) -> Inference:
    """The same reading without files: orders after, net of those before."""
    orders, arm = data["orders"]["total"].to_numpy(), data["visitors"]["arm"]
    before, after = orders[: len(arm)], orders[len(arm) :]
    top = np.sort(before)[int(np.ceil(0.999 * len(arm))) - 1]  # where it is cut off
    rows = np.column_stack([after, np.minimum(before, top)])
    sides = [
        Moments.of_rows(rows[arm == name], ["y", "x"], [2, 2])
        for name in ("holdback", "personalized")
    ]
    net = adjust(*sides, formula=lambda mean: mean[0], columns=["y"], covariates=["x"])
    return compare_means(net.control, net.treatment, level=0.95)


def test_power_with_covariates_against_drawn_tests(tmp_path: Path) -> None:
    """Planned from a history, found as often; a whole test reads as the drawn ones."""
    power = planned(tmp_path, YAML)
    assert power == pytest.approx(0.80, abs=0.03)  # by the law: an error of .0111
    rng = np.random.default_rng(2)
    data = customers(rng, UNITS, START, LIFT)
    card, drawn = whole(tmp_path, data), read(data)
    assert card.relative is not None
    assert drawn.relative is not None
    assert card.relative.value == pytest.approx(drawn.relative.value, abs=5e-5)
    assert card.relative.lower == pytest.approx(drawn.relative.interval.lower, abs=5e-5)
    runs, hits = 250, 0
    for _ in range(runs):
        p_value = read(customers(rng, UNITS, START, LIFT)).p_value
        hits += p_value is not None and p_value < 0.05
    assert hits / runs == pytest.approx(power, abs=3.3 * (0.16 / runs) ** 0.5)


@pytest.mark.parametrize("runs", [120, pytest.param(3_000, marks=LONG)])
def test_a_high_chance_with_covariates_is_as_rare_as_promised(runs: int) -> None:
    """P(lift > 0) of at least 95 %, and at most 5 %, without a lift: 5 % each.

    Of raw rows net of the order before; each side in the band where 99.9 % of honest
    runs lie.
    """
    rng, high = np.random.default_rng(4), np.zeros(2)
    for _ in range(runs):
        read_out = read(customers(rng, UNITS, START))
        chance = posterior(read_out, family="mean", prior=FLAT).probability_above(0.0)
        high += chance >= 0.95, chance <= 0.05
    least, most = (stats.binom.ppf(q, runs, 0.05) for q in (0.0005, 0.9995))
    assert (least <= high).all()
    assert (high <= most).all()


@LONG
def test_power_with_covariates_against_whole_tests(tmp_path: Path) -> None:
    """Raw rows in, 3,000 scorecards out: the planned power within 2 points."""
    power = planned(tmp_path, YAML)
    rng = np.random.default_rng(3)
    runs, hits = 3_000, 0
    for _ in range(runs):
        data = customers(rng, UNITS, START, LIFT)
        hits += whole(tmp_path, data).verdict == "better"
    assert hits / runs == pytest.approx(power, abs=0.02)


def test_without_covariates_less_is_promised(tmp_path: Path) -> None:
    """The comparison can fail: without them the plan promises .68, not .80."""
    plain = YAML.replace("covariates: {lookback: 14 days}, ", "")
    assert planned(tmp_path, plain) == pytest.approx(0.68, abs=0.03)
