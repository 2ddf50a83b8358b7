"""Arms whose shares changed during the test: compared within stretches, or not at all.

The oracle is the arithmetic of stratified means over the rows of a world, written out
in numpy: Σ w (mean of the stretch), w the stretch's share of all its units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import holdback as hb
from holdback.results.scorecard import Finding
from holdback.results.sections.sensitivity import Sensitivity

START = date(2026, 10, 1)
FILE = """
version: 1
experiment: ramp
currency: EUR
arms: {arms}
assignment: {{source: exposures}}
window: {{start: 2026-10-01, end: 2026-10-28}}
sources:
  exposures: {{csv: exposures.csv, columns: {{unit: id, arm: arm, time: at}}}}
  orders: {{csv: orders.csv, columns: {{unit: id, time: at, id: order}}}}
metrics:
  conversion: {{kind: conversion, source: orders, within: 7 days}}
  revenue: {{kind: mean, source: orders, value: total, unit: money, within: 7 days}}
  order_value: {{kind: ratio, source: orders, value: total, per: orders, unit: money,
    within: 7 days}}
  {more}
primary: {primary}
secondary: [{secondary}]
analysis: {{looks: end{analysis}}}
{economics}
"""


@dataclass(frozen=True)
class Ramp:
    """Units of both arms: the day they joined, their arm and what they spent."""

    day: np.ndarray
    treated: np.ndarray
    spent: np.ndarray

    def stratified(self, edges: Sequence[int], values: np.ndarray) -> tuple[float, ...]:
        """Control and treated means over stretches that begin at `edges`."""
        at = np.searchsorted(np.array(edges), self.day, side="right")
        means = [0.0, 0.0]
        for stretch in np.unique(at):
            here = at == stretch
            for arm in (0, 1):
                mine = here & (self.treated == arm)
                means[arm] += here.mean() * values[mine].mean()
        return tuple(means)


def ramp(
    rng: np.random.Generator,
    shares: Sequence[float],
    rates: Sequence[float],
    *,
    effect: float = 0.8,
    daily: int = 400,
) -> Ramp:
    """Days of so many units: a share treated, a rate that buys, less by the effect."""
    day = np.repeat(np.arange(len(shares)), daily)
    treated = (rng.random(len(day)) < np.array(shares)[day]).astype(int)
    buys = rng.random(len(day)) < np.array(rates)[day] * np.where(treated, effect, 1)
    amounts = np.round(np.exp(rng.normal(3.4, 0.5, len(day))), 2)
    return Ramp(day=day, treated=treated, spent=np.where(buys, amounts, 0.0))


def analyzed(
    folder: Path,
    units: Ramp,
    *,
    arms: str = "{holdback: {share: 50%, control: true}, treated: {share: 50%}}",
    names: Sequence[str] = ("holdback", "treated"),
    **more: Any,
) -> hb.Analysis:
    """The analysis of a world written as two CSV files."""
    keys = {
        "primary": "conversion",
        "secondary": "revenue, order_value",
        "more": "",
        "analysis": "",
        "economics": "",
    } | more
    at = [(START + timedelta(days=int(d))).isoformat() for d in units.day]
    exposures = [
        f"u{i},{names[arm]},{day}T06:00:00Z"
        for i, (arm, day) in enumerate(zip(units.treated, at, strict=True))
    ]
    orders = [
        f"o{i},u{i},{day}T12:00:00Z,{units.spent[i]:.2f}"
        for i, day in enumerate(at)
        if units.spent[i]
    ]
    orders.append("late,nobody,2026-11-20T00:00:00Z,1.00")
    (folder / "exposures.csv").write_text("\n".join(["id,arm,at", *exposures]))
    (folder / "orders.csv").write_text("\n".join(["order,id,at,total", *orders]))
    file = folder / "ramp.yaml"
    file.write_text(FILE.format(arms=arms, **keys), encoding="utf-8")
    return hb.analyze(file)


def drift(analysis: hb.Analysis) -> Finding:
    """The finding on the split."""
    (finding,) = [c for c in analysis.scorecard.checks if c.check == "split_drift"]
    return finding


def planned(units: Ramp) -> str:
    """Arms with the shares of the whole period, as a file may state them."""
    share = round(100 * units.treated.mean())
    return (
        f"{{holdback: {{share: {100 - share}%, control: true}}, "
        f"treated: {{share: {share}%}}}}"
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_ramp_against_rows(tmp_path: Path, seed: int) -> None:
    """Every day shows −20 %; pooled it looks like a gain, and is never told as one."""
    rng = np.random.default_rng(seed)
    cut = int(rng.integers(2, 6))
    shares = [0.5 + 0.1 * rng.random()] * cut + [0.08] * (14 - cut)
    rates = [0.3] * cut + [0.06] * (14 - cut)
    units = ramp(rng, shares, rates)
    pooled = [(units.spent[units.treated == arm] > 0).mean() for arm in (0, 1)]
    assert pooled[1] / pooled[0] > 1.2, "the paradox is there"
    analysis = analyzed(tmp_path, units, arms=planned(units))
    scorecard = analysis.scorecard
    assert scorecard.validity.state == "usable"
    assert drift(analysis).status == "warn"
    for name, values in (("conversion", units.spent > 0), ("revenue", units.spent)):
        estimates = scorecard.readout(name, "treated").estimates
        assert estimates is not None
        seen = estimates.control.value, estimates.treatment.value
        assert seen == pytest.approx(units.stratified([cut], values), rel=1e-9)
        assert seen[1] < seen[0]
    ratio = scorecard.readout("order_value", "treated").estimates
    assert ratio is not None
    spent = units.stratified([cut], units.spent)
    bought = units.stratified([cut], units.spent > 0)
    assert ratio.treatment.value == pytest.approx(spent[1] / bought[1], rel=1e-9)
    assert analysis.decision.outcome != "ship"
    lifts = [s.relative.value for s in scorecard.section(Sensitivity)]
    assert lifts
    assert max(lifts) < 0, "no way of computing it shows the gain"


def test_money_and_chances_follow(tmp_path: Path) -> None:
    """Extra revenue, the chance and the interval are on the side of the strata."""
    units = ramp(
        np.random.default_rng(1), [0.5] * 4 + [0.08] * 10, [0.3] * 4 + [0.06] * 10
    )
    analysis = analyzed(
        tmp_path,
        units,
        arms=planned(units),
        primary="revenue",
        secondary="conversion",
        economics="economics: {margin: 50%}",
    )
    readout = analysis.scorecard.readout("revenue", "treated")
    (money, _) = analysis.money
    assert readout.relative is not None
    assert readout.relative.value < 0
    assert money.incremental_revenue.value < 0
    assert readout.bayes is not None
    assert readout.bayes.p_positive < 0.5
    treated = units.spent[units.treated == 1].sum()
    lift = readout.relative.value
    assert money.incremental_revenue.value == pytest.approx(
        treated * (1 - 1 / (1 + lift)), rel=1e-9
    )


def test_covariates_follow(tmp_path: Path) -> None:
    """A covariate that tells the days apart cannot bring the paradox back."""
    rng = np.random.default_rng(3)
    units = ramp(rng, [0.5] * 4 + [0.08] * 10, [0.3] * 4 + [0.06] * 10)
    analysis = analyzed(tmp_path, units, arms=planned(units))
    folder = tmp_path / "adjusted"
    folder.mkdir()
    visits = rng.poisson(1 + 3 * (units.spent > 0))
    analyzed(folder, units, arms=planned(units))
    exposures = (folder / "exposures.csv").read_text().splitlines()
    lines = [f"{line},{visits[i]}" for i, line in enumerate(exposures[1:])]
    (folder / "exposures.csv").write_text("\n".join([exposures[0] + ",visits", *lines]))
    file = folder / "ramp.yaml"
    text = file.read_text().replace("looks: end", "looks: end, covariates: [visits]")
    file.write_text(text)
    adjusted = hb.analyze(file).scorecard.readout("conversion", "treated")
    plain = analysis.scorecard.readout("conversion", "treated")
    assert adjusted.variance_reduction is not None
    assert adjusted.variance_reduction > 0.1
    assert adjusted.relative is not None
    assert plain.relative is not None
    assert adjusted.relative.value < 0
    assert adjusted.unadjusted is not None
    assert adjusted.unadjusted.relative == plain.relative


def test_an_honest_split_is_pooled(tmp_path: Path) -> None:
    """The same share on every day: plain means of all units, and no remark."""
    units = ramp(np.random.default_rng(5), [0.3] * 14, [0.3, 0.1] * 7)
    analysis = analyzed(tmp_path, units, arms=planned(units))
    assert drift(analysis).status == "pass"
    estimates = analysis.scorecard.readout("revenue", "treated").estimates
    assert estimates is not None
    mean = units.spent[units.treated == 1].mean()
    assert estimates.treatment.value == pytest.approx(mean, rel=1e-12)


def test_two_periods_are_no_groups(tmp_path: Path) -> None:
    """Before and after, with the planned shares to the unit: told as what it is."""
    units = ramp(np.random.default_rng(6), [0.0] * 7 + [1.0] * 7, [0.1] * 14)
    analysis = analyzed(tmp_path, units)
    assert analysis.decision.outcome == "invalid"
    finding = drift(analysis)
    assert finding.status == "fail"
    assert "this compares two periods, not two groups" in finding.message
    checks = {c.check for c in analysis.scorecard.checks if c.status == "fail"}
    assert checks == {"split_drift"}, "nothing is said of shares"


def test_alternating_days_are_no_groups(tmp_path: Path) -> None:
    """An arm a day: no two units joined on the same day."""
    units = ramp(np.random.default_rng(7), [0.0, 1.0] * 7, [0.1] * 14)
    assert drift(analyzed(tmp_path, units)).status == "fail"


def test_a_list_of_holdouts_stamped_on_day_one(tmp_path: Path) -> None:
    """All controls on the first day, visitors as they come: only that day meets."""
    units = ramp(np.random.default_rng(8), [0.05] + [1.0] * 13, [0.1] * 14)
    finding = drift(analyzed(tmp_path, units, arms=planned(units)))
    assert finding.status == "fail"
    assert "a list" in finding.message


def test_units_outside_the_common_days_are_counted(tmp_path: Path) -> None:
    """A treatment that begins late: earlier controls are left out, and told."""
    units = ramp(np.random.default_rng(9), [0.0] * 4 + [0.5] * 10, [0.1] * 14)
    analysis = analyzed(tmp_path, units, arms=planned(units))
    finding = drift(analysis)
    assert finding.status == "warn"
    assert "1,600 units joined on days" in finding.message
    late = units.day >= 4
    estimates = analysis.scorecard.readout("revenue", "treated").estimates
    assert estimates is not None
    control = units.spent[late & (units.treated == 0)]
    assert estimates.control.value == pytest.approx(control.mean(), rel=1e-9)
    assert estimates.control.units == len(control)


def test_what_is_no_mean_against_repeated_units(tmp_path: Path) -> None:
    """Median, trimmed mean and days until an order, each unit weighed w/n by hand."""
    units = ramp(
        np.random.default_rng(1), [0.5] * 4 + [0.08] * 10, [0.3] * 4 + [0.06] * 10
    )
    more = """
  middle: {kind: quantile, quantile: 50%, source: orders, value: total, within: 7 days}
  usual: {kind: trimmed_mean, source: orders, value: total, trim: 1%, within: 7 days}
  wait: {kind: time_to, source: orders, within: 7 days}"""
    card = analyzed(
        tmp_path,
        units,
        arms=planned(units),
        more=more.strip(),
        primary="middle",
        secondary="usual, wait",
    ).scorecard
    assert card.validity.state == "usable"
    late = units.day >= 4
    for arm in (0, 1):
        mine = units.treated == arm
        weight = np.where(late, late.mean(), 1 - late.mean()) / np.where(
            late, (mine & late).sum(), (mine & ~late).sum()
        )
        spent, weights = units.spent[mine], weight[mine]
        values = {}
        order = np.argsort(spent[spent > 0])
        mass = np.cumsum(weights[spent > 0][order])
        at = np.searchsorted(mass / mass[-1], 0.5 - 1e-12)
        values["middle"] = spent[spent > 0][order][at]
        order = np.argsort(spent)
        through = np.cumsum(weights[order])
        left = np.minimum(through, 0.99) - np.maximum(through - weights[order], 0.01)
        values["usual"] = float(np.clip(left, 0, None) @ spent[order]) / 0.98
        values["wait"] = float(weights @ np.where(spent > 0, 1.0, 7.0))
        for name, value in values.items():
            readout = card.readout(name, "treated")
            assert readout.relative is not None
            assert readout.relative.lower is not None
            assert readout.estimates is not None
            sides = (readout.estimates.control, readout.estimates.treatment)
            assert sides[arm].value == pytest.approx(value, rel=1e-9)
