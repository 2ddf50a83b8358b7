"""Normal, chi-square and roots: what the standard library and scipy have, in our terms.

The normal is the standard library's, which needs no start-up time; scipy's special
functions are imported where they are called.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, exp, pi, sqrt, ulp
from statistics import NormalDist

__all__ = ["cdf", "density", "quantile", "root", "two_sided", "upper_tail"]

ROUNDS = 200


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function crosses 0 in [low, high], to the last bits of the argument.

    Bisection that turns to inverse quadratic interpolation where that is safe
    (Chandrupatla 1997, Advances in Engineering Software 28: 145–149). The function
    may be infinite at an end. Raises ValueError when both ends have the same sign.

    >>> round(root(lambda x: x**3 - 2, 0.0, 2.0), 12)
    1.259921049895
    """
    a, b = low, high
    fa, fb = function(a), function(b)
    if fa == 0 or fb == 0:
        return a if fa == 0 else b
    if (fa > 0) == (fb > 0):
        raise ValueError(f"no sign change between {low} and {high}.")
    part = 0.5
    for _ in range(ROUNDS):
        x = a + part * (b - a)
        fx = function(x)
        if (fx > 0) == (fa > 0):
            c, fc = a, fa
        else:
            b, c, fb, fc = a, b, fa, fb
        a, fa = x, fx
        best = a if abs(fa) < abs(fb) else b
        least = 2 * ulp(best) / abs(b - a) if b != a else 1.0
        if fx == 0 or least > 0.5:
            return x if fx == 0 else best
        part = min(1 - least, max(least, _part(a, b, c, (fa, fb, fc))))
    return best


def _part(a: float, b: float, c: float, values: tuple[float, float, float]) -> float:
    """How far from a to b to look next; half where interpolation is not safe."""
    fa, fb, fc = values
    if len({fa, fb, fc}) < 3:
        return 0.5
    xi = (a - b) / (c - b)
    phi = (fa - fb) / (fc - fb)
    if not (phi**2 < xi and (1 - phi) ** 2 < 1 - xi):
        return 0.5
    inner = fa / (fb - fa) * fc / (fb - fc)
    outer = (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    return inner + outer


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
