"""Fading lifts: against statsmodels, exact curves, and simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from holdback.stats.causal.effect_decay import decay, fading

LONG = pytest.mark.calibration
EDGES = np.array([0.0, 7, 14, 21, 28])


def spread(rng: np.random.Generator, size: float) -> np.ndarray:
    """A covariance with correlated slices."""
    root = rng.normal(size=(4, 4)) * size / 3 + np.eye(4) * size
    return root @ root.T


def test_slope_against_statsmodels() -> None:
    """Generalized least squares with a known covariance."""
    rng = np.random.default_rng(1)
    covariance = spread(rng, 0.05)
    lifts = np.array([0.3, 0.22, 0.2, 0.12])
    found = fading(lifts, covariance, EDGES)
    design = sm.add_constant((EDGES[1:] + EDGES[:-1]) / 2)
    fit = sm.GLS(lifts, design, sigma=covariance).fit(cov_type="fixed scale")
    assert found.slope == pytest.approx(fit.params[1])
    assert found.se == pytest.approx(fit.bse[1])
    assert found.p_slope == pytest.approx(fit.pvalues[1], rel=1e-6)


def test_worked_example_of_weeks() -> None:
    """Eight weekly effects with one error: the least-squares slope is −0.0246429."""
    lifts = np.array([0.30, 0.24, 0.19, 0.17, 0.14, 0.13, 0.12, 0.12])
    edges = np.arange(0.5, 9.0)
    found = fading(lifts, 0.03**2 * np.eye(8), edges)
    assert found.slope == pytest.approx(-0.0246429, abs=1e-7)
    assert found.p_slope < 1e-6


def test_exact_curves_give_their_half_life() -> None:
    """Lifts without noise: the half-life that made them; a constant has none."""
    rate = np.log(2) / 9.0
    curve = -np.diff(np.exp(-rate * EDGES)) / (rate * np.diff(EDGES))
    found = decay(0.4 * curve, 1e-4 * np.eye(4), EDGES, level=0.95)
    assert found.half_life == pytest.approx(9.0, rel=0.01)
    assert found.first == pytest.approx(0.4, rel=0.01)
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < 9 < found.upper
    flat = decay(np.full(4, 0.2), 1e-4 * np.eye(4), EDGES, level=0.95)
    assert flat.upper is None
    assert flat.lower is not None
    nothing = decay(np.zeros(4) + 1e-4, np.eye(4), EDGES, level=0.95)
    assert nothing.lower is None
    assert nothing.upper is None


@pytest.mark.parametrize("runs", [200, pytest.param(5_000, marks=LONG)])
def test_tests_and_interval_keep_their_word(runs: int) -> None:
    """No change: 5 % of both tests; fading by half in 10 days: 95 % hold it."""
    rng = np.random.default_rng(2)
    covariance = spread(rng, 0.03)
    root = np.linalg.cholesky(covariance)
    curve = -np.diff(np.exp(-np.log(2) / 10 * EDGES)) / (np.log(2) / 10 * 7)
    slope = change = held = 0
    for _ in range(runs):
        noise = root @ rng.normal(size=4)
        found = fading(0.1 + noise, covariance, EDGES)
        slope += found.p_slope < 0.05
        change += found.p_change < 0.05
        half = decay(0.4 * curve + noise, covariance, EDGES, level=0.95)
        held += (half.lower or 0) <= 10 <= (half.upper or np.inf)
    band = 3.3 * np.sqrt(0.05 * 0.95 / runs)
    for share in (slope / runs, change / runs, 1 - held / runs):
        assert share == pytest.approx(0.05, abs=band)


def test_one_slice_has_no_change() -> None:
    """A single slice is refused."""
    with pytest.raises(ValueError, match="no change"):
        fading(np.array([0.1]), np.eye(1), np.array([0.0, 7.0]))
