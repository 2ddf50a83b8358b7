"""Fading and cohorts from raw rows: every unit walked through by hand."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import holdback as hb
from holdback.experiments.resolve.analysis import edges_of
from holdback.reports.pages.experiment_page import render
from holdback.results.sections.cohorts import BeforeAfter, Cohorts
from holdback.results.sections.effect_decay import Lasting

START = datetime.fromisoformat("2026-09-01")
EDGES = (0, 7, 14, 21, 28)
YAML = """\
version: 1
experiment: shop
currency: EUR
arms: {holdback: {share: 40%, control: true}, personalized: {share: 60%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 28 days}
assignment: {source: visitors}
window: {start: 2026-09-01, end: 2026-09-28}
primary: revenue
analysis: {looks: end, covariates: {lookback: 14 days}}
economics:
  margin: 40%
  costs: [{name: Service, amount: 500, per: month}]
  rollout: {units: 10000, per: month, horizon: 6 months, decay: 52 weeks}
"""
AS_OF = date(2026, 10, 20)


def shop(folder: Path, *, half_life: float | None = 8.0) -> list[dict[str, Any]]:
    """6,000 units with orders; the lift of 80 % halves every so many days."""
    rng = np.random.default_rng(41)
    units = []
    visitors, orders = [("id", "arm", "at")], [("id", "at", "total")]
    for i in range(6_000):
        treated = rng.random() < 0.6
        at = START + timedelta(seconds=int(rng.integers(0, 28 * 86_400)))
        arm = "personalized" if treated else "holdback"
        visitors.append((f"u{i}", arm, at.isoformat()))
        bought = []
        for _ in range(rng.poisson(2.0)):
            day = float(rng.uniform(-20, 40))
            fade = 1.0 if half_life is None else 2 ** (-day / half_life)
            lift = 0.8 * fade if treated and day > 0 else 0.0
            if rng.random() < 0.4 * (1 + lift):
                total = round(float(rng.gamma(2, 20)), 2)
                bought.append((day, total))
                when = at + timedelta(days=day)
                orders.append(
                    (f"u{i}", when.isoformat(timespec="microseconds"), f"{total:.2f}")
                )
        units.append({"arm": arm, "at": at, "bought": bought})
    for name, rows in (("visitors", visitors), ("orders", orders)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    (folder / "shop.yaml").write_text(YAML)
    return units


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[Any]]:
    """The scorecard while some units are still within their time, and the units."""
    folder = tmp_path_factory.mktemp("lasting")
    units = shop(folder)
    card = hb.analyze(folder / "shop.yaml", as_of=AS_OF).scorecard
    end = datetime(2026, 10, 21)  # noqa: DTZ001  # the file's zone is UTC
    full = [unit for unit in units if unit["at"] + timedelta(days=28) <= end]
    assert 3_000 < len(full) < 6_000
    return card, full


def slices(units: list[Any], arm: str) -> np.ndarray:
    """What each unit of an arm brought in each slice, (n, 4)."""
    return np.array(
        [
            [
                sum(t for day, t in unit["bought"] if low <= day < high)
                for low, high in pairwise(EDGES)
            ]
            for unit in units
            if unit["arm"] == arm
        ]
    )


def test_slices_against_units_with_their_full_time(world: tuple[Any, Any]) -> None:
    """Means and lifts by numpy; the slope by generalized least squares."""
    card, units = world
    (found,) = card.section(Lasting)
    rows = [slices(units, arm) for arm in ("holdback", "personalized")]
    means = [one.mean(axis=0) for one in rows]
    assert found.units == len(units)
    for j, told in enumerate(found.slices):
        assert (told.start, told.end) == (EDGES[j], EDGES[j + 1])
        assert told.control == pytest.approx(means[0][j])
        assert told.treatment == pytest.approx(means[1][j])
        assert told.relative.value == pytest.approx(means[1][j] / means[0][j] - 1)
    ratio = means[1] / means[0]
    spread = sum(
        np.cov(one.T) / np.outer(mean, mean) / len(one)
        for one, mean in zip(rows, means, strict=True)
    ) * np.outer(ratio, ratio)
    design = np.column_stack([np.ones(4), (np.array(EDGES[1:]) + EDGES[:-1]) / 2])
    weight = np.linalg.inv(spread)
    gram = np.linalg.inv(design.T @ weight @ design)
    assert found.slope.value == pytest.approx((gram @ design.T @ weight @ ratio)[1])
    assert found.slope.se == pytest.approx(np.sqrt(gram[1, 1]))
    assert found.p_slope < 0.01
    assert found.half_life_lower < 8 < found.half_life_upper
    assert found.planned == 364


def test_cohorts_against_units_of_each_week(world: tuple[Any, Any]) -> None:
    """Weeks from the first day on; Cochran's Q of their log lifts."""
    card, units = world
    found = card.single(Cohorts)
    assert found.every == "week"
    weeks: dict[int, list[Any]] = defaultdict(list)
    for unit in units:
        weeks[(unit["at"] - START).days // 7].append(unit)
    assert len(found.cohorts) == len(weeks) == 4
    logs, errors = [], []
    for week, told in enumerate(found.cohorts):
        first = START.date() + timedelta(weeks=week)
        assert told.start == first.isoformat()
        assert told.end == (first + timedelta(days=6)).isoformat()
        arms = []
        for one in told.arms:
            rows = slices(weeks[week], one.arm)
            assert one.units == len(rows)
            assert one.by_slice == pytest.approx(tuple(rows.mean(axis=0)))
            assert one.value == pytest.approx(rows.sum(axis=1).mean())
            arms.append(rows.sum(axis=1))
        logs.append(np.log(arms[1].mean() / arms[0].mean()))
        errors.append(
            np.sqrt(sum(x.var(ddof=1) / len(x) / x.mean() ** 2 for x in arms))
        )
        assert told.arms[1].relative.value == pytest.approx(
            np.expm1(logs[-1]), rel=0.02
        )
    w = 1 / np.array(errors) ** 2
    q = float(w @ (np.array(logs) - w @ logs / w.sum()) ** 2)
    assert found.p_same["personalized"] == pytest.approx(stats.chi2(3).sf(q), abs=0.05)


def test_before_and_after_is_context(world: tuple[Any, Any]) -> None:
    """Own means per day, before and after; the page says that it is no effect."""
    card, units = world
    assert [one.arm for one in card.section(BeforeAfter)] == [
        "holdback",
        "personalized",
    ]
    for told in card.section(BeforeAfter):
        mine = [unit for unit in units if unit["arm"] == told.arm]
        before = [
            sum(t for day, t in unit["bought"] if -14 <= day < 0) for unit in mine
        ]
        assert told.before == pytest.approx(np.mean(before) / 14, rel=0.02)
        assert told.after == pytest.approx(
            slices(units, told.arm).sum(axis=1).mean() / 28, rel=0.02
        )
    page = render(card)
    assert "The lift fades: by" in page
    assert "longer than these data allow" in page
    assert "Days 8–14" in page


def test_a_lasting_lift_shows_no_fading(tmp_path: Path) -> None:
    """The same lift on every day: no slope, no half-life."""
    shop(tmp_path, half_life=None)
    card = hb.analyze(tmp_path / "shop.yaml", as_of=date(2026, 10, 31)).scorecard
    (found,) = card.section(Lasting)
    assert found.p_slope > 0.01
    assert found.half_life_upper is None
    assert "No change over time is shown" in render(card)


def test_few_values_are_not_sliced(tmp_path: Path) -> None:
    """Fewer than 60 units with a value in a slice: nothing is told of fading."""
    units = shop(tmp_path)
    path = tmp_path / "visitors.csv"
    head, *rows = path.read_text().splitlines()
    path.write_text("\n".join([head, *rows[:300]]) + "\n")
    assert len(units) == 6_000
    card = hb.analyze(tmp_path / "shop.yaml", as_of=date(2026, 10, 31)).scorecard
    assert card.section(Lasting) == ()


@pytest.mark.parametrize(
    ("days", "edges"),
    [(28, EDGES), (14, (0, 4, 7, 11, 14)), (30, (0, 8, 15, 23, 30)), (7, ())],
)
def test_edges_are_whole_days(days: int, edges: tuple[int, ...]) -> None:
    """Four slices; none where a slice would be shorter than two days."""
    assert edges_of(timedelta(days=days)) == edges


def test_the_report_draws_each_arms_cohorts_to_their_sums(
    world: tuple[Any, Any],
) -> None:
    """One line a cohort in each arm's picture, to its sum on one scale."""
    card = world[0]
    found = card.single(Cohorts)
    html = render(card)
    pictures = re.findall(r'<svg class="trend"[^>]*>.*?</svg>', html)
    drawn = [p for p in pictures if p.count("<polyline") == len(found.cohorts)]
    assert len(drawn) == len(found.cohorts[0].arms)
    ends = [
        [sum(one.arms[at].by_slice) for one in found.cohorts]
        for at in range(len(drawn))
    ]
    scales = []
    for picture, arm in zip(drawn, ends, strict=True):
        lasts = re.findall(r"100\.0,([\d.]+)\"", picture)
        assert len(lasts) == len(arm)
        scales += [
            (100 - float(y)) / value for y, value in zip(lasts, arm, strict=True)
        ]
    # One scale from 0 for all arms, on which the highest line has room.
    assert scales == [pytest.approx(scales[0], rel=0.002)] * len(scales)
    assert 50 < scales[0] * max(value for arm in ends for value in arm) <= 100
