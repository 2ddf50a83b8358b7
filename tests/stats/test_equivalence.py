"""Margins against a worked example, statsmodels, intervals and simulation."""

from __future__ import annotations

from math import exp, expm1, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.weightstats import ztost

from holdback.stats.effect import LogRatio
from holdback.stats.equivalence import equivalence, non_inferiority
from holdback.stats.normal import quantile

ESTIMATES = st.builds(
    LogRatio, value=st.floats(-0.5, 0.5), se=st.floats(0.001, 0.5, exclude_min=True)
)


def test_worked_example() -> None:
    """Log ratio −0.004 (0.006), 0.02 on the log scale: z 2.6667, p .0038304 by hand.

    The other side is further away, so both tests together have the same p-value.
    """
    estimate, margin = LogRatio(value=-0.004, se=0.006), -expm1(-0.02)
    assert non_inferiority(estimate, margin) == pytest.approx(0.0038304, abs=5e-8)
    assert equivalence(estimate, margin) == pytest.approx(0.0038304, abs=5e-8)


@pytest.mark.parametrize("value", [-0.03, 0.0, 0.021])
def test_against_statsmodels(value: float) -> None:
    """statsmodels.stats.weightstats.ztost on values with this mean and error."""
    spread = np.linspace(-1, 1, 50)
    data = value + 0.02 * np.sqrt(50) * spread / spread.std(ddof=1)
    margin = 0.05
    both, below, above = ztost(data, log(1 - margin), log(1 + margin))
    estimate = LogRatio(value=value, se=0.02)
    assert equivalence(estimate, margin) == pytest.approx(both)
    assert non_inferiority(estimate, margin) == pytest.approx(below[1])
    found = non_inferiority(estimate, margin, better="lower")
    assert found == pytest.approx(above[1])


@given(ESTIMATES, st.floats(0.01, 0.5), st.floats(0.005, 0.2))
def test_agrees_with_the_interval(
    estimate: LogRatio, margin: float, alpha: float
) -> None:
    """Below α exactly when the interval of coverage 1 − 2α keeps to the margin."""
    reach = quantile(1 - alpha) * estimate.se
    low, high = exp(estimate.value - reach) - 1, exp(estimate.value + reach) - 1
    for inside, p_value in (
        (low + margin, non_inferiority(estimate, margin)),
        (margin - high, non_inferiority(estimate, margin, better="lower")),
        (min(low + margin, margin - high), equivalence(estimate, margin)),
    ):
        assert abs(inside) < 1e-9 or (p_value < alpha) == (inside > 0)


@given(ESTIMATES, st.floats(0.01, 0.5))
def test_a_wider_margin_is_easier(estimate: LogRatio, margin: float) -> None:
    """P-values fall as the margin grows."""
    assert non_inferiority(estimate, margin * 1.5) <= non_inferiority(estimate, margin)
    assert equivalence(estimate, margin * 1.5) <= equivalence(estimate, margin)


def test_harm_at_the_margin_passes_in_five_percent() -> None:
    """With the true ratio at the margin, 5 % of tests call it safe.

    "Not significantly worse" would call it safe in half of all tests.
    """
    rng = np.random.default_rng(6)
    margin, se, runs = 0.05, 0.026, 20_000
    drawn = log(1 - margin) + se * rng.standard_normal(runs)
    safe = np.mean(
        [non_inferiority(LogRatio(value=v, se=se), margin) < 0.05 for v in drawn]
    )
    assert abs(safe - 0.05) < 3 * np.sqrt(0.05 * 0.95 / runs)
    assert np.mean(drawn / se > -1.959964) > 0.4


@pytest.mark.parametrize("margin", [0.0, 1.0, -0.1, float("nan")])
def test_impossible_margins_are_refused(margin: float) -> None:
    """A margin lies between nothing and everything."""
    with pytest.raises(ValueError, match="margin"):
        equivalence(LogRatio(value=0.0, se=0.1), margin)


@pytest.mark.parametrize(
    ("value", "se"), [(0.0, 0.0), (0.0, float("nan")), (float("inf"), 0.1)]
)
def test_estimates_without_error_are_refused(value: float, se: float) -> None:
    """Nothing is proved by an estimate of unknown precision."""
    with pytest.raises(ValueError, match="standard error"):
        non_inferiority(LogRatio(value=value, se=se), 0.02)
