"""The split of a difference: adds up, and its errors are those of simulation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from holdback.stats.causal.revenue_decomposition import (
    Factors,
    decomposed,
    logarithmic_mean,
)


def shop(rng: np.random.Generator, n: int, share: float, amount: float) -> Factors:
    """N units, some of whom buy one or more orders."""
    orders = np.where(rng.uniform(size=n) < share, 1 + rng.poisson(0.5, n), 0)
    revenue = orders * amount * rng.gamma(2, 0.5, n)
    return factors(np.column_stack([orders > 0, orders, revenue]).astype(float))


def factors(rows: npt.NDArray[np.float64]) -> Factors:
    """Means and covariance of rows."""
    return Factors(mean=rows.mean(axis=0), cov=np.cov(rows.T), n=len(rows))


def test_parts_add_up() -> None:
    """Their sum is the difference, to rounding."""
    rng = np.random.default_rng(1)
    found = decomposed(shop(rng, 900, 0.2, 40), shop(rng, 5000, 0.3, 44))
    assert sum(found.values) == pytest.approx(found.total, rel=1e-12)


def test_equal_arms_have_no_parts() -> None:
    """Where nothing differs every part is 0, and its error is not."""
    same = shop(np.random.default_rng(2), 500, 0.3, 30)
    found = decomposed(same, same)
    assert found.values == (0.0, 0.0, 0.0)
    assert min(found.errors) > 0


def test_errors_against_simulation() -> None:
    """Each part's error is its standard deviation over repeated tests."""
    rng = np.random.default_rng(3)
    runs = [
        decomposed(shop(rng, 1500, 0.25, 40), shop(rng, 4000, 0.28, 42))
        for _ in range(1_500)
    ]
    spread = np.std([run.values for run in runs], axis=0)
    errors = np.mean([run.errors for run in runs], axis=0)
    assert errors == pytest.approx(spread, rel=0.08)


def test_the_mean_is_smooth_where_both_are_equal() -> None:
    """The series near equality meets the quotient."""
    near = logarithmic_mean(1.0, 1.0 + 0.9e-4)
    assert near == pytest.approx((0.9e-4) / np.log1p(0.9e-4), rel=1e-12)


def test_a_factor_of_zero_is_refused() -> None:
    """Nobody bought: there is nothing to take apart."""
    none = Factors(mean=np.zeros(3), cov=np.zeros((3, 3)), n=10)
    with pytest.raises(ValueError, match="at or below 0"):
        decomposed(none, none)


@pytest.mark.parametrize("chain", [[0, 2], [0, 1, 2], [0, 1, 2, 3]])
def test_chains_of_any_length_add_up(chain: list[int]) -> None:
    """Two, three or four factors: their parts sum to the difference."""
    rng = np.random.default_rng(6)
    sides = []
    for n, share in ((800, 0.2), (3000, 0.26)):
        orders = np.where(rng.uniform(size=n) < share, 1 + rng.poisson(0.5, n), 0)
        total = orders * rng.gamma(2, 20.0, n)
        rows = np.column_stack([orders > 0, orders, total, total * 0.9]).astype(float)
        sides.append(factors(rows[:, chain]))
    found = decomposed(*sides)
    assert len(found.values) == len(chain)
    assert sum(found.values) == pytest.approx(found.total, rel=1e-12)


def test_chains_of_other_measures_are_refused() -> None:
    """Three factors against two have no parts."""
    three = shop(np.random.default_rng(7), 500, 0.3, 30)
    two = Factors(mean=three.mean[:2], cov=three.cov[:2, :2], n=three.n)
    with pytest.raises(ValueError, match="same measures"):
        decomposed(three, two)
