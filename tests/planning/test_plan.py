"""Plans: weeks, looks, the cheapest holdback, and what if."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.proportion import (
    power_proportions_2indep,
    samplesize_proportions_2indep_onetail,
)

import holdback as hb
from holdback.economics.simple_returns import visitors_per_arm
from holdback.errors import ConfigError
from holdback.reports.pages.plan_page import render

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
        found = power_proportions_2indep(
            0.02 * week.detectable_lift,
            0.02,
            0.9 * week.units,
            ratio=1 / 9,
            return_results=False,
        )
        assert found == pytest.approx(0.8, abs=1e-6)
    assert plan.design.answer_on == date(2026, 11, 11).isoformat()


def test_weeks_needed_are_whole(tmp_path: Path) -> None:
    """2 % → 2.2 %: statsmodels' 454,760 at 90/10 and 161,363 even, at 50,000 a week."""
    design = planned(tmp_path, primary="conversion", lift="10%").design
    assert design.weeks_needed == 10
    assert design.weeks_at_half == 4

    def missing(share: float) -> float:
        treated = samplesize_proportions_2indep_onetail(
            0.002,
            0.02,
            0.8,
            ratio=share / (1 - share),
            alpha=0.025,
            alternative="larger",
        )
        return float(treated / (1 - share) - 200_000)

    share = optimize.brentq(missing, 0.1, 0.5)
    assert design.cheapest_share == pytest.approx(share, abs=1e-4)


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


def test_planned_looks_have_their_days_and_boundaries(tmp_path: Path) -> None:
    """Half and all of the information: 2.9626 and 1.9686, the published boundaries."""
    (tmp_path / "shop.yaml").write_text(
        written("revenue", "10%") + "analysis: {looks: [2026-10-21]}\n"
    )
    plan = hb.plan(
        tmp_path / "shop.yaml",
        baselines={"revenue": (8.0, 48.0), "conversion": 0.02},
        units=200_000,
    )
    assert plan.design is not None
    first, last = plan.design.looks
    assert (first.on, last.on) == ("2026-10-21", "2026-11-11")
    assert first.information == 0.5
    assert first.boundary == pytest.approx(2.9626, abs=1e-3)
    assert last.boundary == pytest.approx(1.9686, abs=1e-3)
    assert "The planned looks cost" in str(plan)
    assert "The planned looks" in render(plan)


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
    assert page.count("<svg") == 3  # weeks, power, shares
    assert "€8,000" in page


SURVEY = """\
version: 1
experiment: shop
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  answers: {csv: answers.csv, columns: {unit: id, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  nps: {kind: nps, source: answers, value: score}
  conversion: {kind: conversion, source: orders}
  bought: {kind: count, source: orders}
assignment: {source: visitors}
window: {start: 2026-10-01, end: 2026-10-28}
primary: nps
GUARDRAILS
"""


def surveyed(folder: Path, guardrails: str = "") -> hb.Plan:
    """49,626 mails, half to each arm; one in eight is answered."""
    (folder / "shop.yaml").write_text(SURVEY.replace("GUARDRAILS", guardrails))
    baselines = {"nps": (30, 70, 0.124)}
    if guardrails:
        baselines |= {"conversion": (0.05,), "bought": (0.2, 0.6)}
    return hb.plan(folder / "shop.yaml", baselines=baselines, units=2 * 24_813)


def test_a_survey_is_planned_in_points(tmp_path: Path) -> None:
    """24,813 mails an arm at 12.4 % find a net score 5 points up 8 times in 10."""
    made = surveyed(tmp_path)
    (nps,) = made.metrics
    assert nps.detectable_points == pytest.approx(5.0, abs=1e-3)
    assert nps.detectable_lift is None
    assert nps.units_needed is None
    assert "about 6,154 answers" in str(made)
    assert "5 points in NPS" in str(made)
    assert "a true change of 5.00 points in NPS is found 8 times in 10" in render(made)


def test_guardrails_raise_the_power_planned(tmp_path: Path) -> None:
    """Two of them: 1 − 0.2/3 each; the chance to show each safe, in closed form."""
    made = surveyed(tmp_path, "guardrails: {conversion: 10%, bought: 0.02}")
    power = 1 - 0.2 / 3
    nps, conversion, bought = made.metrics
    assert [m.power for m in made.metrics] == pytest.approx([power] * 3)
    z = stats.norm.isf(0.025) + stats.norm.ppf(power)
    error = np.sqrt(2 / (24_813 * 0.124)) * 70
    assert nps.detectable_points == pytest.approx(z * error)
    assert conversion.safety is not None
    # Of equal arms: p² 1.8 − p (1.9 + .095) + .1 = 0, its smaller root.
    p = (1.995 - np.sqrt(1.995**2 - 4 * 1.8 * 0.1)) / 3.6
    null = np.sqrt(0.9 * p * (1 - 0.9 * p) + 0.81 * p * (1 - p))
    true = np.sqrt(0.05 * 0.95 * 1.81)
    chance = stats.norm.cdf(
        (0.005 * np.sqrt(24_813) - stats.norm.isf(0.025) * null) / true
    )
    assert conversion.safety.margin == -0.1
    assert conversion.safety.chance == pytest.approx(chance)
    assert bought.safety is not None
    assert bought.safety.margin == pytest.approx(-0.1)  # 0.02 of a mean of 0.2
    shift = -np.log(0.9) / (3 * np.sqrt(2 / 24_813))
    assert bought.safety.chance == pytest.approx(
        stats.norm.cdf(shift - stats.norm.isf(0.025))
    )
    assert "can be shown safe (no worse than -10 %)" in str(made)
    assert "power of 93 %" in str(made)


def test_two_arms_share_their_error(tmp_path: Path) -> None:
    """Dunnett's level: correlation ½ of equal arms, from scipy's own distribution."""
    text = written("conversion", "10%").replace(
        "{holdback: {share: 10%, control: true}, personalized: {share: 90%}}",
        "{none: {share: 1/3, control: true}, a: {share: 1/3}, b: {share: 1/3}}",
    )
    (tmp_path / "shop.yaml").write_text(text)
    made = hb.plan(
        tmp_path / "shop.yaml",
        baselines={"revenue": (8.0, 48.0), "conversion": 0.02},
        units=300_000,
    )
    law = stats.multivariate_normal(cov=[[1, 0.5], [0.5, 1]])
    assert made.arm_level is not None
    c = stats.norm.ppf((1 + made.arm_level) / 2)
    inside = law.cdf([c, c], lower_limit=[-c, -c])
    assert inside == pytest.approx(0.95, abs=1e-4)
    conversion = made.metrics[0]
    found = power_proportions_2indep(
        0.002, 0.02, 100_000, alpha=1 - made.arm_level, return_results=False
    )
    assert conversion.power_at_minimum == pytest.approx(found, abs=1e-6)
    assert "2 treatment arms" in str(made)


def test_break_even_moves_in_where_it_must_pay(tmp_path: Path) -> None:
    """P(ROPI > 0) ≥ 95 %: one-sided, against the lift that covers the costs."""
    text = written("revenue", "20%").replace(
        "margin: 50%",
        "margin: 50%, costs: [{name: tool, amount: 0.2, per: treated unit}]",
    )
    (tmp_path / "shop.yaml").write_text(text)
    made = hb.plan(
        tmp_path / "shop.yaml",
        baselines={"revenue": (8.0, 48.0), "conversion": 0.02},
        units=200_000,
    )
    found = made.returns
    assert found is not None
    assert found.cost == pytest.approx(0.2 * 180_000)
    assert found.break_even_lift == pytest.approx(0.2 / (0.5 * 8))
    error = 6 * np.sqrt(1 / 20_000 + 1 / 180_000)
    shift = (np.log(1.2) - np.log(1.05)) / error
    chance = stats.norm.cdf(shift - stats.norm.isf(0.05))
    assert found.chance == pytest.approx(chance)
    assert found.ropi == pytest.approx((0.5 * 8 * 0.2 - 0.2) / 0.2)
    assert "covered at a lift of 5 %" in str(made)
    reach = (stats.norm.isf(0.05) + stats.norm.isf(0.2)) * 6
    c = (reach / (np.log(1.2) - np.log(1.05))) ** 2 / 200_000
    assert found.cheapest_share == pytest.approx((1 - np.sqrt(1 - 4 * c)) / 2)
    assert "The smallest share held back that proves it 8 times in 10" in str(made)


def test_what_cannot_be_proved_to_pay_is_told(tmp_path: Path) -> None:
    """A lift just above break-even: not even half held back proves that it pays."""
    text = written("revenue", "6%").replace(
        "margin: 50%",
        "margin: 50%, costs: [{name: tool, amount: 0.2, per: treated unit}]",
    )
    (tmp_path / "shop.yaml").write_text(text)
    made = hb.plan(
        tmp_path / "shop.yaml",
        baselines={"revenue": (8.0, 48.0), "conversion": 0.02},
        units=200_000,
    )
    assert made.returns is not None
    assert made.returns.cheapest_share is None
    assert "No share held back proves it with the planned units" in str(made)


def test_half_held_back_first_against_strata(tmp_path: Path) -> None:
    """Two weeks at 50 %, two at 10 %: the precision of the two strata adds up."""
    design = planned(tmp_path, lift="10%").design
    precision = 100_000 * 0.25 + 100_000 * 0.09
    reach = stats.norm.isf(0.025) + stats.norm.isf(0.2)
    expected = np.expm1(reach * 6 / np.sqrt(precision))
    assert design.stepped.detectable_lift == pytest.approx(expected)
    assert design.stepped.forgone == pytest.approx(60_000 * 8 * 0.1 * 0.5)


def test_no_change_can_be_shown_where_there_is_none(tmp_path: Path) -> None:
    """TOST on the log scale at ± 20 %, both sides at 2.5 %."""
    made = planned(tmp_path, lift="20%")
    error = 6 * np.sqrt(1 / 20_000 + 1 / 180_000)
    z = stats.norm.isf(0.025)
    expected = (
        stats.norm.cdf(np.log(1.2) / error - z)
        + stats.norm.cdf(-np.log(0.8) / error - z)
        - 1
    )
    assert made.metrics[0].chance_of_no_change == pytest.approx(expected)
    assert "If nothing changes, the chance to show that" in str(made)


@pytest.mark.parametrize(
    ("name", "numbers", "told"),
    [
        ("conversion", (0.0,), "between 0 % and 100 %, got 0"),
        ("conversion", (1.0,), "between 0 % and 100 %, got 1"),
        ("conversion", (None,), "got no number"),
        ("conversion", (float("nan"),), "got no number"),
        ("revenue", (0.0, 5.0), "a mean and a standard deviation above 0"),
        ("revenue", (float("inf"), 5.0), "a mean and a standard deviation above 0"),
        ("revenue", (5.0,), "a mean and a standard deviation above 0"),
        ("revenue", (5.0, 0.0), "a mean and a standard deviation above 0"),
        ("nosuch", (5.0,), "is not a metric of this experiment"),
    ],
)
def test_impossible_baselines(
    tmp_path: Path, name: str, numbers: tuple[float | None, ...], told: str
) -> None:
    """One clear sentence each, whether typed or given in Python."""
    (tmp_path / "shop.yaml").write_text(written("revenue", "10%"))
    with pytest.raises(ConfigError, match=told):
        hb.plan(tmp_path / "shop.yaml", baselines={name: numbers}, units=1_000)


@pytest.mark.parametrize("numbers", [(30.0,), (30.0, 0.0), (30.0, 70.0, 1.2)])
def test_a_survey_needs_its_spread_and_response(
    tmp_path: Path, numbers: tuple[float, ...]
) -> None:
    """A score without a deviation, or with more answers than mails."""
    (tmp_path / "shop.yaml").write_text(SURVEY.replace("GUARDRAILS", ""))
    with pytest.raises(ConfigError, match="the standard deviation of an answer"):
        hb.plan(tmp_path / "shop.yaml", baselines={"nps": numbers}, units=1_000)


def test_nobody_to_plan_with(tmp_path: Path) -> None:
    """A single unit, or none, is refused."""
    (tmp_path / "shop.yaml").write_text(written("revenue", "10%"))
    with pytest.raises(ConfigError, match="at least 2 units"):
        hb.plan(tmp_path / "shop.yaml", baselines={"revenue": (8, 48)}, units=1)


def test_roi_and_plan_give_one_answer(tmp_path: Path) -> None:
    """2 % to 2.5 % takes 13,809 an arm, the textbook's size, whoever is asked."""
    text = written("conversion", "25%").replace("share: 10%", "share: 50%")
    (tmp_path / "shop.yaml").write_text(text.replace("share: 90%", "share: 50%"))
    made = hb.plan(
        tmp_path / "shop.yaml",
        baselines={"revenue": (8.0, 48.0), "conversion": 0.02},
        units=20_000,
    )
    treated = samplesize_proportions_2indep_onetail(
        0.005, 0.02, 0.8, alpha=0.025, alternative="larger"
    )
    assert np.ceil(treated) == 13_809
    needed = made.metrics[0].units_needed
    assert needed is not None
    assert np.ceil(needed / 2) == visitors_per_arm(0.02, 0.025) == 13_809
    assert "(13,809 of them in control)" in str(made)
    assert "z = 1.96 for the level" in str(made)
