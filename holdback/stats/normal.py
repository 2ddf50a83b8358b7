"""The normal distribution, exact in the far tails on every supported Python."""

from __future__ import annotations

from math import erfc, exp, pi, sqrt
from statistics import NormalDist

__all__ = ["cdf", "density", "quantile", "two_sided"]

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
