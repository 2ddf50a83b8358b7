"""Dunnett's comparison against scipy, a published table and simulation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from holdback.stats.multiplicity.dunnett import critical, exceeding


@pytest.mark.parametrize(
    ("arms", "expected"), [(1, 1.96), (2, 2.21), (3, 2.35), (4, 2.44), (9, 2.69)]
)
def test_equal_arms_against_table(arms: int, expected: float) -> None:
    """Dunnett's two-sided 5 % points for infinite degrees of freedom (1964)."""
    assert critical(0.05, [1000] * arms, 1000) == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize(
    ("sizes", "control"), [((500, 2000), 300), ((90, 90, 20), 400)]
)
def test_unequal_arms_against_multivariate_normal(
    sizes: tuple[int, ...], control: int
) -> None:
    """The chance to stay inside equals that of the correlated normals."""
    shares = np.sqrt([n / (n + control) for n in sizes])
    cov = np.outer(shares, shares)
    np.fill_diagonal(cov, 1.0)
    z = 2.1
    inside = stats.multivariate_normal(cov=cov).cdf(
        [z] * len(sizes), lower_limit=[-z] * len(sizes)
    )
    assert exceeding(z, sizes, control) == pytest.approx(1 - inside, abs=2e-5)


@pytest.mark.parametrize("control", [10, 100, 1000])
@pytest.mark.parametrize("z", [1.5, 2.24, 3.5, 6.0])
def test_small_controls_against_adaptive_quadrature(control: int, z: float) -> None:
    """Down to a control of 0.1 %, with steep steps at z/λ, and far into the tail."""
    sizes = (5_000, 4_000)
    shares = [np.sqrt(n / (n + control)) for n in sizes]

    def outside(x: float) -> float:
        stays = 0.0
        for shared in shares:
            own = np.sqrt(1 - shared**2)
            low, high = stats.norm.cdf(
                [(shared * x - z) / own, (-shared * x - z) / own]
            )
            stays += np.log1p(-min(low + high, 1 - 1e-16))
        return float(-np.expm1(stays) * stats.norm.pdf(x))

    steps = sorted({sign * z / shared for shared in shares for sign in (-1, 1)})
    ends = [-15.0, *steps, 15.0]
    expected = sum(
        integrate.quad(outside, a, b, epsabs=0, epsrel=1e-9, limit=500)[0]
        for a, b in pairwise(ends)
    )
    assert exceeding(z, sizes, control) == pytest.approx(expected, rel=1e-7)


def test_small_holdback_in_simulation() -> None:
    """Two arms of 45 % against 10 %: 5 % of tests have some false alarm."""
    rng = np.random.default_rng(50)
    sizes, control, runs = (4500, 4500), 1000, 200_000
    base = rng.standard_normal(runs) / np.sqrt(control)
    top = np.zeros(runs)
    for n in sizes:
        arm = rng.standard_normal(runs) / np.sqrt(n)
        top = np.maximum(top, np.abs(arm - base) / np.sqrt(1 / n + 1 / control))
    share = np.mean(top > critical(0.05, sizes, control))
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / runs))
    assert np.mean(top > 1.96) > 0.06


@pytest.mark.parametrize(("sizes", "control"), [((), 10), ((0, 5), 10), ((5, 5), 0)])
def test_empty_arms_are_refused(sizes: tuple[int, ...], control: int) -> None:
    """Nothing can be said of an arm without units."""
    with pytest.raises((ValueError, TypeError)):
        exceeding(2.0, sizes, control)
    with pytest.raises(ValueError, match="alpha"):
        critical(1.5, [10], 10)


def test_the_error_names_the_arms() -> None:
    """Sizes and control as they were given, to be found in the data."""
    with pytest.raises(ValueError, match=r"\[0, 5\] and 10 units cannot be compared"):
        exceeding(2.0, (0, 5), 10)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_level_of_all_or_nothing_is_refused(alpha: float) -> None:
    """No |z| is exceeded never, or always."""
    with pytest.raises(ValueError, match="`alpha` must lie in"):
        critical(alpha, [10, 10], 10)


def test_arms_of_one_unit_against_the_normal() -> None:
    """One arm has the normal's two-sided tail, however small it is."""
    assert exceeding(2.0, [1], 1) == pytest.approx(2 * stats.norm.sf(2.0), rel=1e-9)
