"""Normal, chi-square and roots: what the standard library and scipy have, in our terms.

The normal is the standard library's, which needs no start-up time; scipy's special
functions and its root finder are imported where they are called.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, exp, pi, sqrt
from statistics import NormalDist

__all__ = ["cdf", "density", "quantile", "root", "two_sided", "upper_tail"]

CLOSEST_ROOT = 4 * 2.0**-52
"""Relative distance at which a root is found: the least that `brentq` takes."""
NEXT_TO_ZERO = 1e-300
"""The same for a root at 0, which has no relative distance."""
MOST_STEPS = 10_000
"""Ten times the halvings from 1 down to `NEXT_TO_ZERO`: a root there is no failure."""


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function crosses 0 in [low, high], to the last bits of the argument.

    By Brent's method, as `scipy.optimize.brentq` has it. The function may be infinite
    at an end. Raises ValueError when both ends have the same sign.

    >>> round(root(lambda x: x**3 - 2, 0.0, 2.0), 12)
    1.259921049895
    """
    from scipy.optimize import brentq

    return float(
        brentq(
            function,
            low,
            high,
            xtol=NEXT_TO_ZERO,
            rtol=CLOSEST_ROOT,
            maxiter=MOST_STEPS,
        )
    )


STANDARD = NormalDist()


def cdf(z: float) -> float:
    """P(Z ≤ z), with full relative precision in the lower tail.

    >>> cdf(0.0)
    0.5
    """
    return 0.5 * erfc(-z / sqrt(2))


def density(z: float) -> float:
    """Density of Z at z."""
    return exp(-z * z / 2) / sqrt(2 * pi)


def quantile(q: float) -> float:
    """The z below which a share `q` lies; `q` in (0, 1).

    >>> round(quantile(0.975), 6)
    1.959964
    """
    return STANDARD.inv_cdf(q)


def two_sided(z: float) -> float:
    """P(|Z| ≥ |z|): the two-sided p-value of a z statistic.

    >>> two_sided(40.0) > 0
    False
    >>> two_sided(30.0) > 0
    True
    """
    return erfc(abs(z) / sqrt(2))


def upper_tail(x: float, df: int) -> float:
    """P(χ² > x) with `df` degrees of freedom, 1 or more.

    Raises ValueError for fewer than 1 degree.

    >>> round(upper_tail(3.841459, 1), 6)
    0.05
    """
    from scipy.special import chdtrc

    if df < 1:
        raise ValueError(f"`df` must be 1 or more, got {df}.")
    return float(chdtrc(df, max(x, 0.0)))
