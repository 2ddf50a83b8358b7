"""Mixtures of normals against scipy and against themselves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from holdback.stats.posterior.random_effects import NormalMixture

TWO = NormalMixture.of(
    np.array([1.0, 3.0]), np.array([-0.1, 0.2]), np.array([0.05, 0.3])
)


def density(x: float) -> float:
    """The same mixture by scipy."""
    return float(
        0.25 * stats.norm.pdf(x, -0.1, 0.05) + 0.75 * stats.norm.pdf(x, 0.2, 0.3)
    )


def test_moments_against_quadrature() -> None:
    """Mean and standard deviation are those of the density."""
    mean = integrate.quad(lambda x: x * density(x), -4, 4, points=[-0.1])[0]
    square = integrate.quad(lambda x: x * x * density(x), -4, 4, points=[-0.1])[0]
    assert TWO.mean == pytest.approx(mean, abs=1e-9)
    assert TWO.sd == pytest.approx(np.sqrt(square - mean**2), rel=1e-7)


def test_density_and_quantiles_against_scipy() -> None:
    """The log density is scipy's; a quantile has the share below it."""
    at = np.array([-0.3, -0.1, 0.0, 0.9])
    assert np.exp(TWO.log_density(at)) == pytest.approx([density(x) for x in at])
    for q in (0.001, 0.3, 0.975):
        x = TWO.quantile(q)
        below = 0.25 * stats.norm.cdf(x, -0.1, 0.05) + 0.75 * stats.norm.cdf(
            x, 0.2, 0.3
        )
        assert below == pytest.approx(q, abs=1e-9)


def test_twice_as_wide_around_the_same_mean() -> None:
    """Scaling keeps the mean and multiplies the standard deviation."""
    wide = TWO.scaled(2.0)
    assert wide.mean == pytest.approx(TWO.mean)
    assert wide.sd == pytest.approx(2 * TWO.sd)


@pytest.mark.parametrize("q", [0.0, 1.0, -0.1])
def test_a_quantile_needs_a_share(q: float) -> None:
    """Shares lie between 0 and 1."""
    with pytest.raises(ValueError, match="must lie in"):
        TWO.quantile(q)
