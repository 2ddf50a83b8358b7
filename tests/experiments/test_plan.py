"""Plans: weeks, looks, the cheapest holdback, and what if."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

import holdback as hb
from holdback.errors import ConfigError
from holdback.reports.plan_page import render

YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 10%, control: true}, personalized: {share: 90%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 14 days}
  conversion: {kind: conversion, source: orders, within: 14 days}
currency: EUR
assignment: {source: visitors}
window: {start: 2026-10-01, end: 2026-10-28}
primary: PRIMARY
secondary: [OTHER]
decision: {rule: lift, minimum_lift: LIFT}
economics: {value: revenue, margin: 50%}
"""


def written(primary: str, lift: str) -> str:
    """The file with that primary metric and minimum lift."""
    other = {"revenue": "conversion", "conversion": "revenue"}[primary]
    text = YAML.replace("PRIMARY", primary).replace("OTHER", other)
    return text.replace("LIFT", lift)


def planned(
    folder: Path, primary: str = "revenue", lift: str = "5%", **more: Any
) -> Any:
    """A plan of 200,000 units in four weeks from typed baselines."""
    (folder / "shop.yaml").write_text(written(primary, lift))
    return hb.plan(
        folder / "shop.yaml",
        baselines={"revenue": (8.0, 48.0), "conversion": (0.02, None)},
        units=200_000,
        **more,
    )


def test_the_holdback_is_priced(tmp_path: Path) -> None:
    """Forgone: units held back × lift × baseline × margin, at each share."""
    plan = planned(tmp_path, lift="10%")
    assert plan.design.forgone == pytest.approx(200_000 * 0.1 * 8 * 0.1 * 0.5)
    share = plan.design.cheapest_share
    need = (stats.norm.isf(0.025) + stats.norm.isf(0.2)) * 6 / np.log(1.1)
    assert share * (1 - share) == pytest.approx(need**2 / 200_000, rel=1e-4)
    primary = plan.metrics[0]
    at_half = next(a for a in primary.alternatives if a.control_share == 0.5)
    assert at_half.forgone == pytest.approx(5 * plan.design.forgone)


def test_weeks_against_statsmodels(tmp_path: Path) -> None:
    """Each week's detectable lift has a power of 80 % with that week's units."""
    plan = planned(tmp_path, primary="conversion")
    assert [w.units for w in plan.design.weeks] == [50_000, 100_000, 150_000, 200_000]
    for week in plan.design.weeks:
        effect = proportion_effectsize(0.02 * (1 + week.detectable_lift), 0.02)
        found = NormalIndPower().power(effect, 0.1 * week.units, 0.05, ratio=9)
        assert found == pytest.approx(0.8, abs=1e-6)
    assert plan.design.answer_on == date(2026, 11, 11).isoformat()


def test_weeks_needed_are_whole(tmp_path: Path) -> None:
    """2 % → 2.2 %: 447,985 units at 90/10 and 161,274 even, at 50,000 a week."""
    design = planned(tmp_path, primary="conversion", lift="10%").design
    assert design.weeks_needed == 9
    assert design.weeks_at_half == 4
    assert design.cheapest_share == pytest.approx(
        (1 - np.sqrt(1 - 161_275 / 200_000)) / 2, abs=1e-4
    )


def test_what_cannot_be_proved_is_told(tmp_path: Path) -> None:
    """Half a percent of heavy-tailed revenue: not within a year."""
    plan = planned(tmp_path, lift="0.5%")
    assert plan.design.hopeless
    assert plan.design.cheapest_share is None
    assert "cannot be proved within a year" in str(plan)
    assert "cannot be proved within a year" in render(plan)


def test_weekly_looks_have_their_price(tmp_path: Path) -> None:
    """Four looks under O'Brien–Fleming spending cost 2 %; they end tests early."""
    plan = planned(tmp_path, lift="10%")
    design = plan.design
    assert design.looks_factor == pytest.approx(1.020, abs=0.001)
    bounds = [4.3326, 2.9631, 2.3590, 2.0141]
    assert [k.boundary for k in design.looks] == pytest.approx(bounds, abs=1e-3)
    error = 6 / np.sqrt(200_000 * 0.1 * 0.9)
    rng = np.random.default_rng(3)
    steps = rng.standard_normal((100_000, 4)) / 2
    steps += np.log(1.1) / error / 4
    z = np.cumsum(steps, axis=1) / np.sqrt([0.25, 0.5, 0.75, 1.0])
    found = np.maximum.accumulate(z > bounds, axis=1).mean(axis=0)
    assert [k.chance for k in design.looks] == pytest.approx(found, abs=0.006)


def test_without_a_minimum_lift_there_is_no_target(tmp_path: Path) -> None:
    """Weeks are told, and nothing that needs a lift is invented."""
    design = planned(tmp_path, lift="0%").design
    assert design.target_lift is None
    assert design.cheapest_share is design.forgone is design.looks_factor is None
    assert len(design.weeks) == 4


def test_what_if_is_the_plan_of_another_file(tmp_path: Path) -> None:
    """Another share, more weeks, another lift: as if the file had said so."""
    supposed = planned(
        tmp_path, what_if={"share": Fraction(1, 5), "weeks": 8, "lift": 0.1}
    )
    file = tmp_path / "shop.yaml"
    text = written("revenue", "10%")
    text = text.replace("10%, control", "20%, control").replace(
        "share: 90%", "share: 80%"
    )
    file.write_text(text.replace("end: 2026-10-28", "end: 2026-11-25"))
    same = hb.plan(
        file,
        baselines={"revenue": (8.0, 48.0), "conversion": (0.02, None)},
        units=400_000,
    )
    assert supposed == same


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"share": 1.0}, "between 0% and 100%"),
        ({"weeks": 2.5}, "whole number"),
        ({"lift": 0}, "above 0%"),
        ({"lfit": 0.1}, "share, weeks or lift"),
    ],
)
def test_impossible_suppositions(
    tmp_path: Path, given: dict[str, float], told: str
) -> None:
    """One clear sentence each."""
    with pytest.raises(ConfigError, match=told):
        planned(tmp_path, what_if=given)


def test_the_page_shows_the_weeks(tmp_path: Path) -> None:
    """A curve with its numbers, the price of each share, the looks."""
    page = render(planned(tmp_path, lift="10%"))
    for told in (
        "Week by week",
        "Gives up, if the lift is 10.0%",
        "If you read it every",
    ):
        assert told in page
    assert page.count("<svg") == 1
    assert "€8,000" in page
