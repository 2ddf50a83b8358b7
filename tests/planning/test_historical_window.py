"""Plans from a shop's own history: who would have joined, and what followed."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import holdback as hb
from holdback.errors import HoldbackError
from holdback.reports.pages.plan_page import render

START = datetime.fromisoformat("2026-07-01")
DAYS = 56
YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 20%, control: true}, personalized: {share: 80%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
  conversion: {kind: conversion, source: orders, within: 7 days}
currency: EUR
assignment: {source: visitors, salt: shop}
window: {start: 2026-09-01, end: 2026-09-28}
primary: revenue
secondary: [conversion]
decision: {rule: lift, minimum_lift: 20%}
economics: {value: revenue, margin: 50%, costs: [{name: tool, amount: 100, per: month}]}
"""


def history(folder: Path, days: int = DAYS, buyers: float = 0.1) -> dict[str, Any]:
    """Visits and orders of `days` before the test, written; the raw rows back."""
    rng = np.random.default_rng(8)
    people, visits = 3_000, 150 * days
    day = rng.integers(0, days, visits)
    who = rng.integers(0, people, visits)
    at = [START + timedelta(days=int(d), hours=9) for d in day]
    bought = np.flatnonzero(rng.random(visits) < buyers)
    spent = np.round(np.exp(rng.normal(3.0, 0.8, len(bought))), 2)
    with (folder / "visitors.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ("id", "at"),
                *((f"u{w}", t.isoformat()) for w, t in zip(who, at, strict=True)),
            ]
        )
    with (folder / "orders.csv").open("w", newline="") as file:
        rows = [("x", START.isoformat(), 1)]  # someone who never came since
        rows += [
            (f"u{who[i]}", (at[i] + timedelta(hours=1)).isoformat(), s)
            for i, s in zip(bought, spent, strict=True)
        ]
        csv.writer(file).writerows([("id", "at", "total"), *rows])
    return {"who": who, "day": day, "bought": bought, "spent": spent}


def plan(folder: Path, text: str = YAML, **more: Any) -> hb.Plan:
    """The plan of the file, with no simulation unless asked."""
    (folder / "shop.yaml").write_text(text)
    return hb.plan(folder / "shop.yaml", **({"runs": 0} | more))


def by_hand(raw: dict[str, Any], first: int, last: int) -> tuple[list[int], Any]:
    """Units by week of first visit, and each one's spend of 7 × 24 hours after it."""
    joined: dict[int, int] = {}
    for who, day in sorted(
        zip(raw["who"], raw["day"], strict=True), key=lambda pair: int(pair[1])
    ):
        if first <= day <= last:
            joined.setdefault(int(who), int(day))
    spend = dict.fromkeys(joined, 0.0)
    for i, total in zip(raw["bought"], raw["spent"], strict=True):
        who, day = int(raw["who"][i]), int(raw["day"][i])
        if who in joined and joined[who] <= day < joined[who] + 7:
            spend[who] += float(total)
    weeks = [0] * (1 + (last - first) // 7)
    for day in joined.values():
        weeks[(day - first) // 7] += 1
    return weeks, np.array(list(spend.values()))


def test_the_history_is_read_like_the_test_to_come(tmp_path: Path) -> None:
    """Units, weeks, means and deviations against a walk over the raw rows."""
    raw = history(tmp_path)
    made = plan(tmp_path)
    assert made.earlier == ("2026-07-21", "2026-08-17")
    first = (datetime.fromisoformat(made.earlier[0]) - START).days
    weeks, spend = by_hand(raw, first, first + 27)
    assert made.units == sum(weeks)
    assert made.design is not None
    assert [w.units for w in made.design.weeks] == list(np.cumsum(weeks))
    revenue, conversion = made.metrics
    assert revenue.baseline.mean == pytest.approx(spend.mean())
    assert revenue.baseline.cv == pytest.approx(spend.std(ddof=1) / spend.mean())
    skew = float(np.mean((spend - spend.mean()) ** 3) / spend.std() ** 3)
    assert revenue.baseline.skew == pytest.approx(skew, rel=0.01)
    assert conversion.baseline.mean == pytest.approx(np.mean(spend > 0))


def test_who_comes_back_is_counted_once(tmp_path: Path) -> None:
    """Far fewer units than visits; later weeks bring fewer new ones."""
    raw = history(tmp_path)
    made = plan(tmp_path)
    assert made.units < 0.8 * np.sum((raw["day"] >= 20) & (raw["day"] <= 47))
    assert made.design is not None
    totals = [week.units for week in made.design.weeks]
    steps = np.diff([0, *totals])
    assert all(np.diff(steps) < 0)


def test_traffic_lets_in_a_part(tmp_path: Path) -> None:
    """Half of the traffic is half of the units, of the same kind."""
    history(tmp_path)
    whole = plan(tmp_path)
    half = plan(tmp_path, YAML.replace("salt: shop", "salt: shop, traffic: 50%"))
    assert half.units == pytest.approx(whole.units / 2, abs=1)
    assert half.metrics[0].baseline.mean == whole.metrics[0].baseline.mean


def test_covariates_are_counted_on(tmp_path: Path) -> None:
    """What a covariate takes off the variance shrinks the lift that is found."""
    raw = history(tmp_path)
    loyal = raw["who"] % 10 == 0  # these spend every day: the past tells the future
    with (tmp_path / "orders.csv").open("a", newline="") as file:
        csv.writer(file).writerows(
            (f"u{w}", (START + timedelta(days=int(d), hours=12)).isoformat(), 80)
            for w, d in zip(raw["who"][loyal], raw["day"][loyal], strict=True)
        )
    plain = plan(tmp_path)
    adjusted = plan(
        tmp_path,
        YAML + "analysis: {covariates: {lookback: 20 days}}\n",
    )
    saved = adjusted.metrics[0].baseline.saved
    assert saved > 0.05
    assert plain.metrics[0].baseline.saved == 0
    ratio = np.log1p(adjusted.metrics[0].detectable_lift or 0) / np.log1p(
        plain.metrics[0].detectable_lift or 0
    )
    assert ratio == pytest.approx(np.sqrt(1 - saved))
    assert "takes off variance" in str(adjusted)


def test_a_sale_in_the_history_is_pointed_out(tmp_path: Path) -> None:
    """A week of twice the usual newcomers is named."""
    history(tmp_path)
    with (tmp_path / "visitors.csv").open("a", newline="") as file:
        csv.writer(file).writerows(
            (f"sale{i}", (START + timedelta(days=30, hours=9)).isoformat())
            for i in range(3_000)
        )
    assert "Week 2 of that time brought more than 1.5 times" in str(plan(tmp_path))


def test_the_curve_comes_from_the_shops_own_units(tmp_path: Path) -> None:
    """More lift, more power; the same file, the same curve; 0 runs, none."""
    history(tmp_path)
    made = plan(tmp_path, runs=40)
    simulated = [p.simulated for p in made.curve if p.simulated is not None]
    assert [one.runs for one in simulated] == [40] * len(made.curve)
    powers = [one.power for one in simulated]
    assert powers == sorted(powers)
    assert powers[0] < 0.5 < powers[-1]
    assert made == plan(tmp_path, runs=40)
    renamed = YAML.replace("experiment: shop", "experiment: other")
    assert made.curve == plan(tmp_path, renamed, runs=40).curve
    assert all(point.simulated is None for point in plan(tmp_path).curve)
    assert "simulated with your own units" in str(made)
    assert "On the wrong side" in render(made)


def test_a_plan_is_a_frame_and_json(tmp_path: Path) -> None:
    """One row a metric, its baseline and power; the same figures as plan.json."""
    history(tmp_path)
    made = plan(tmp_path)
    frame = made.to_pandas()
    assert list(frame["metric"]) == ["revenue", "conversion"]
    assert list(frame["baseline_mean"]) == [m.baseline.mean for m in made.metrics]
    assert made.to_dict()["metrics"][0]["detectable_lift"] == pytest.approx(
        made.metrics[0].detectable_lift
    )


@pytest.mark.parametrize(
    ("days", "buyers", "told"),
    [
        (12, 0.1, "shorter than a week"),
        (56, 0.0, "Nothing to plan revenue, conversion with"),
    ],
)
def test_a_history_that_cannot_tell(
    tmp_path: Path, days: int, buyers: float, told: str
) -> None:
    """Too short, or without a buyer: one sentence, and what to give instead."""
    history(tmp_path, days=days, buyers=buyers)
    try:
        text = str(plan(tmp_path))
    except HoldbackError as error:
        text = str(error)
    assert told in text
    assert "--baseline" in text


def test_a_visit_log_without_a_time_is_no_history(tmp_path: Path) -> None:
    """Without times nothing lies before the test: the baselines must be typed."""
    history(tmp_path)
    text = YAML.replace(
        "visitors.csv, columns: {unit: id, time: at}",
        "visitors.csv, columns: {unit: id}",
    )
    text = text.replace(", within: 7 days", "")
    with pytest.raises(HoldbackError, match="no time from before the test"):
        plan(tmp_path, text)


SURVEY = """\
version: 1
experiment: shop
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  wait: {kind: time_to, source: orders, within: 14 days}
assignment: {source: visitors, salt: shop}
window: {start: 2026-09-01, end: 2026-09-28}
primary: wait
"""


def test_days_waited_are_planned_too(tmp_path: Path) -> None:
    """The mean wait in days, the day of the visit being the first, against raw rows."""
    raw = history(tmp_path)
    made = plan(tmp_path, SURVEY)
    assert made.earlier is not None
    first = (datetime.fromisoformat(made.earlier[0]) - START).days
    last = (datetime.fromisoformat(made.earlier[1]) - START).days
    joined: dict[int, int] = {}
    for day, who in sorted(zip(raw["day"], raw["who"], strict=True)):
        if first <= day <= last:
            joined.setdefault(int(who), int(day))
    bought = {(int(raw["who"][i]), int(raw["day"][i])) for i in raw["bought"]}
    waits = np.array(
        [
            next((d + 1 for d in range(14) if (who, day + d) in bought), 14)
            for who, day in joined.items()
        ]
    )
    (wait,) = made.metrics
    assert made.units == len(waits)
    assert wait.baseline.mean == pytest.approx(waits.mean())
    assert wait.baseline.cv == pytest.approx(waits.std() / waits.mean(), rel=1e-3)


def test_last_years_peak_in_the_planned_weeks_is_told(tmp_path: Path) -> None:
    """Where the history holds the same weeks a year ago, a rush in them is named."""
    raw = history(tmp_path)
    ago = datetime.fromisoformat("2025-09-02")  # 52 weeks before the window
    with (tmp_path / "visitors.csv").open("a", newline="") as file:
        csv.writer(file).writerows(
            (f"old{week}-{i}", (ago + timedelta(days=7 * week + i % 7)).isoformat())
            for week in range(4)
            for i in range(4 * len(raw["who"]) // 56 if week == 2 else 300)
        )
    assert "In week 3 of the same weeks a year earlier" not in str(plan(tmp_path))
    with (tmp_path / "visitors.csv").open("a", newline="") as file:
        csv.writer(file).writerows(
            (f"rush{i}", (ago + timedelta(days=14 + i % 7)).isoformat())
            for i in range(3_000)
        )
    made = plan(tmp_path)
    assert "In week 3 of the same weeks a year earlier" in str(made)
    assert made.units < 3_000  # last year is not what the plan counts on


def test_the_power_of_a_quantile_against_simulation(tmp_path: Path) -> None:
    """Tests drawn from the rehearsed buyers find the lift as often as planned.

    The plan takes the spread of the two arms' order statistics; the simulation draws
    buyers again and compares their medians.
    """
    from holdback.stats.evidence.order_statistics import CountedValues
    from holdback.stats.methods.quantile import compare_quantiles

    raw = history(tmp_path, buyers=0.3)
    text = SURVEY.replace(
        "wait: {kind: time_to, source: orders, within: 14 days}",
        "spent: {kind: quantile, quantile: 50%, source: orders, value: total, "
        "within: 7 days}",
    ).replace("primary: wait", "primary: spent")
    made = plan(tmp_path, text)
    (spent,) = made.metrics
    assert spent.detectable_lift is not None
    assert made.earlier is not None
    first = (datetime.fromisoformat(made.earlier[0]) - START).days
    joined: dict[int, int] = {}
    for day, who in sorted(zip(raw["day"], raw["who"], strict=True)):
        if first <= day <= first + 27:
            joined.setdefault(int(who), int(day))
    orders: dict[int, list[float]] = {}
    for i, total in zip(raw["bought"], raw["spent"], strict=True):
        who, day = int(raw["who"][i]), int(raw["day"][i])
        if who in joined and joined[who] <= day < joined[who] + 7:
            orders.setdefault(who, []).append(float(total))
    means = np.array([np.mean(one) for one in orders.values()])
    assert spent.baseline.nonzero_share == pytest.approx(len(means) / made.units)
    rng = np.random.default_rng(9)
    found, runs, ones = 0, 250, np.ones(len(means) // 2, dtype=int)
    for _ in range(runs):
        control, treated = (rng.choice(means, len(ones)) for _ in range(2))
        result = compare_quantiles(
            CountedValues.of(control, ones),
            CountedValues.of(treated * (1 + spent.detectable_lift), ones),
            q=0.5,
            level=0.95,
        )
        found += result.p_value is not None and result.p_value < 0.05
    assert found / runs == pytest.approx(spent.power, abs=0.1)
