"""The small numerical tools: normal, chi-square, roots."""

from __future__ import annotations

from math import cos, inf

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from holdback.stats import numeric as normal
from holdback.stats.numeric import root, upper_tail


@given(st.floats(-37, 37))
def test_normal_against_scipy(z: float) -> None:
    """Distribution, density and two-sided p keep their digits in the tails."""
    assert normal.cdf(z) == pytest.approx(stats.norm.cdf(z), rel=1e-12)
    assert normal.two_sided(z) == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-12)
    assert normal.density(z) == pytest.approx(stats.norm.pdf(z), rel=1e-12)


@given(st.floats(1e-12, 1 - 1e-12))
def test_normal_quantile_against_itself(q: float) -> None:
    """The quantile undoes the distribution."""
    assert normal.cdf(normal.quantile(q)) == pytest.approx(q, rel=1e-9)


@given(st.floats(1e-3, 500), st.integers(1, 30))
def test_chi_square_against_scipy(x: float, df: int) -> None:
    """The closed form equals scipy's survival function."""
    assert upper_tail(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-10)


def test_chi_square_degenerate() -> None:
    """Nothing lies below 0, and 0 degrees are refused."""
    assert upper_tail(0.0, 3) == 1.0
    with pytest.raises(ValueError, match="`df` must be 1"):
        upper_tail(1.0, 0)


@example(at=-5.964612720664184e-290, below=0.5, above=1.0)
@example(at=5e-324, below=0.5, above=100.0)
@given(st.floats(-50, 50), st.floats(0.01, 100), st.floats(0.01, 100))
def test_root_against_closed_form(at: float, below: float, above: float) -> None:
    """A cubic's known root is found from any bracket."""
    found = root(lambda x: (x - at) ** 3 + (x - at), at - below, at + above)
    assert found == pytest.approx(at, rel=1e-12, abs=1e-12)


def test_root_against_fixed_point() -> None:
    """The cosine's fixed point is Dottie's number, 0.7390851332151606."""
    found = root(lambda x: cos(x) - x, 0.0, 1.0)
    assert found == pytest.approx(0.7390851332151606, rel=1e-15)


def test_root_at_an_infinite_end_and_at_the_ends() -> None:
    """Infinite values only point the way; a root at an end is returned."""
    assert root(lambda x: inf if x == 0 else 1 / x - 4, 0.0, 9.0) == pytest.approx(0.25)
    assert root(lambda x: x, 0.0, 1.0) == 0.0
    assert root(lambda x: x - 1, 0.0, 1.0) == 1.0


def test_root_rejects_one_sign() -> None:
    """No sign change, no root."""
    with pytest.raises(ValueError, match="different signs"):
        root(lambda x: x * x + 1, -1.0, 1.0)
