"""Qini curve and area, against unit-level brute force, bootstrap and simulation."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import pytest

from holdback.stats.causal.uplift_qini import Bins, Qini, binned, qini

EDGES = np.linspace(0.9, 0.1, 9)


def world(seed: int, n: int = 4_000, *, useful: bool = True) -> tuple[Any, Any, Any]:
    """Scores, whether treated (70 %), values; the effect is the score, or nothing."""
    rng = np.random.default_rng(seed)
    score = rng.uniform(size=n)
    treated = rng.uniform(size=n) < 0.7
    effect = score if useful else np.full(n, 0.5)
    return score, treated, rng.normal(2, 1, n) + effect * treated


def found(score: Any, treated: Any, value: Any) -> Qini:
    """The product's answer, in ten bins."""
    ones = np.ones(len(score))
    control, units = (
        binned(score[at], value[at], ones[at], EDGES) for at in (~treated, treated)
    )
    return qini(control, units)


def brute(score: Any, treated: Any, value: Any) -> float:
    """The area, unit by unit: means among the top bins, trapezoids by hand."""
    points = [(0.0, 0.0)]
    for edge in (*EDGES, -1.0):
        top = score >= edge
        gain = value[top & treated].mean() - value[top & ~treated].mean()
        points.append((top.mean(), top.mean() * gain))
    whole = points[-1][1]
    area = 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        area += (x1 - x0) * ((y0 - x0 * whole) + (y1 - x1 * whole)) / 2
    return area


def test_area_against_brute_force() -> None:
    """The area from bins equals that from the units themselves."""
    rows = world(1)
    assert found(*rows).area == pytest.approx(brute(*rows), rel=1e-10)


def test_area_of_a_known_curve() -> None:
    """An effect equal to a uniform score: g(φ) = φ(1 − φ/2), so the area is 1/12."""
    rows = world(2, 400_000)
    assert found(*rows).area == pytest.approx(1 / 12, abs=0.003)


def test_error_against_bootstrap() -> None:
    """The delta method's error is that of 600 resamples within arms."""
    score, treated, value = world(3)
    rng = np.random.default_rng(4)
    arms = [np.flatnonzero(treated), np.flatnonzero(~treated)]
    areas = []
    for _ in range(600):
        at = np.concatenate([rng.choice(arm, len(arm)) for arm in arms])
        areas.append(brute(score[at], treated[at], value[at]))
    # A resample also moves the pooled shares, by next to nothing.
    assert found(score, treated, value).se == pytest.approx(np.std(areas), rel=0.1)


def test_coverage_and_false_positives() -> None:
    """1,500 tests each: the true area is held, a useless score called useless."""
    held = wrong = 0
    for seed in range(1_500):
        one = found(*world(seed))
        low, high = one.interval(0.95)
        truth = true_area()
        held += low <= truth <= high
        wrong += found(*world(10_000 + seed, useful=False)).p_value < 0.05
    band = 3.5 * sqrt(0.95 * 0.05 / 1_500)
    assert held / 1_500 == pytest.approx(0.95, abs=band)
    assert wrong / 1_500 == pytest.approx(0.05, abs=band)


@pytest.mark.calibration
@pytest.mark.parametrize(("buyers", "spread"), [(0.1, 1.0), (0.2, 1.5)])
def test_false_positives_of_skewed_spend(buyers: float, spread: float) -> None:
    """Log-normal spend of 2,000 buyers and more an arm, a useless score: 5 in 100."""
    runs, wrong = 2_000, [0, 0]
    for seed in range(runs):
        rng = np.random.default_rng([seed, round(100 * buyers)])
        n = round(2 * 2_000 / buyers)
        score, treated = rng.uniform(size=n), rng.uniform(size=n) < 0.5
        value = (rng.uniform(size=n) < buyers) * rng.lognormal(3, spread, n)
        low, high = found(score, treated, value).interval(0.95)
        wrong[0] += low > 0
        wrong[1] += high < 0
    band = 3.5 * sqrt(0.025 * 0.975 / runs)
    assert wrong[0] / runs == pytest.approx(0.025, abs=band + 0.005)
    assert wrong[1] / runs == pytest.approx(0.025, abs=band + 0.005)


def true_area() -> float:
    """Trapezoids of φ(1 − φ/2) − φ/2 over tenths."""
    x = np.linspace(0, 1, 11)
    y = x * (1 - x / 2) - x / 2
    return float(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2))


def test_order_of_the_score_alone_counts() -> None:
    """A rising transform of score and edges leaves everything as it was."""
    score, treated, value = world(5)
    ones = np.ones(len(score))
    again = qini(
        *(
            binned(np.exp(score[at]), value[at], ones[at], np.exp(EDGES))
            for at in (~treated, treated)
        )
    )
    assert again == found(score, treated, value)


def test_too_few_bins_are_rejected() -> None:
    """One bin has no curve."""
    one = Bins(n=np.ones(1), total=np.ones(1), squares=np.ones(1))
    with pytest.raises(ValueError, match="needs 2 bins"):
        qini(one, one)
