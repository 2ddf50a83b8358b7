"""A gain against an uncertain cost, against worked figures and draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.stats.uncertain_cost import UncertainCost

GAIN = stats.norm(5_400, 0.4 * 18_122.09)
"""90,000 treated units that brought 13,500 (se 18,122.09) at a margin of 40 %."""


def test_return_against_worked_figures() -> None:
    """Cost 3,400 with deviation 500: published by draws, [-3.6587, 5.1235]."""
    cost = UncertainCost(mean=3_400, sd=500)
    ends = [cost.return_quantile(q, GAIN.cdf, start=0.588) for q in (0.025, 0.975)]
    assert ends == pytest.approx([-3.6587, 5.1235], abs=0.01)


def test_both_against_draws() -> None:
    """Returns and net gains with savings, at several shares, from a million draws."""
    rng = np.random.default_rng(5)
    gain = GAIN.rvs(1_000_000, random_state=rng)
    paid = rng.normal(3_400, 700, 1_000_000)
    cost = UncertainCost(mean=3_400, sd=700, savings=600)
    for q in (0.025, 0.3, 0.8, 0.975):
        found = cost.return_quantile(q, GAIN.cdf, start=0.0)
        expected = np.quantile((gain + 600 - paid) / paid, q)
        assert found == pytest.approx(expected, abs=0.02)
        assert cost.return_below(found, GAIN.cdf) == pytest.approx(q, abs=1e-9)
        net = cost.net_quantile(q, GAIN.cdf, start=0.0)
        assert net == pytest.approx(np.quantile(gain + 600 - paid, q), abs=60)


def test_a_known_cost_is_a_straight_image() -> None:
    """Without spread the quantiles of the gain are carried over."""
    cost = UncertainCost(mean=3_400, sd=0, savings=100)
    for q in (0.025, 0.5, 0.975):
        expected = (GAIN.ppf(q) + 100 - 3_400) / 3_400
        found = cost.return_quantile(q, GAIN.cdf, start=0.0)
        assert found == pytest.approx(expected, rel=1e-9)
        assert cost.net_quantile(q, GAIN.cdf, start=0.0) == pytest.approx(
            GAIN.ppf(q) - 3_300, rel=1e-9
        )


def test_impossible_costs_are_refused() -> None:
    """A cost of nothing has no return; a spread is not negative."""
    for mean, sd in ((0.0, 1.0), (-5.0, 1.0), (5.0, -1.0)):
        with pytest.raises(ValueError, match="must be above 0"):
            UncertainCost(mean=mean, sd=sd)


def test_no_such_quantile_is_said() -> None:
    """A gain that is certainly below a bound has no return far above it."""
    cost = UncertainCost(mean=10, sd=1)
    with pytest.raises(ValueError, match="no such quantile"):
        cost.return_quantile(0.5, lambda y: 0.0 * y, start=0.0)
