"""The value of more data against nested draws and limits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from holdback.stats.design.optimal_holdback import value_of_more_data

Vector = npt.NDArray[np.float64]


def worth(x: Vector) -> Vector:
    """Profit of a lift: 100 (1 − 1/R) − 2."""
    return -100 * np.expm1(-x) - 2


def linear(x: Vector) -> Vector:
    """A worth that rises evenly."""
    return 100 * x - 2


@pytest.mark.parametrize(("mean", "sd", "se"), [(0.03, 0.05, 0.08), (-0.02, 0.1, 0.1)])
def test_against_nested_draws(mean: float, sd: float, se: float) -> None:
    """Draw a truth, data and the posterior after it: 400,000 times, within 4 errors."""
    rng = np.random.default_rng(30)
    truth = rng.normal(mean, sd, 400_000)
    seen = rng.normal(truth, se)
    pull = sd**2 / (sd**2 + se**2)
    after, left = mean + pull * (seen - mean), sd * (1 - pull) ** 0.5
    expected = 100 * (1 - np.exp(-after + left**2 / 2)) - 2
    gains = np.maximum(expected, 0)
    now = max(0.0, float(100 * (1 - np.exp(-mean + sd**2 / 2)) - 2))
    found = value_of_more_data(mean=mean, sd=sd, se=se, worth=worth)
    error = float(gains.std()) / 400_000**0.5
    assert abs(found - (float(gains.mean()) - now)) < 4 * error


def test_perfect_information_has_a_closed_form() -> None:
    """With exact data and a linear worth it is s φ(d) − |m| Φ(−d), d = |m| / s."""
    from scipy import stats

    found = value_of_more_data(mean=0.05, sd=0.04, se=1e-9, worth=linear)
    m, s = 3.0, 4.0
    expected = s * stats.norm.pdf(m / s) - m * stats.norm.cdf(-m / s)
    assert found == pytest.approx(expected, rel=1e-4)


def test_useless_data_is_worth_nothing() -> None:
    """Data of a huge error change no mind; a sure choice is not changed either."""
    assert value_of_more_data(mean=0.01, sd=0.05, se=1e6, worth=worth) < 1e-9
    assert value_of_more_data(mean=2.0, sd=0.05, se=0.05, worth=worth) < 1e-9


def test_no_spread_is_refused() -> None:
    """A standard error of 0 is no data."""
    with pytest.raises(ValueError, match="above 0"):
        value_of_more_data(mean=0.0, sd=0.1, se=0.0, worth=worth)
