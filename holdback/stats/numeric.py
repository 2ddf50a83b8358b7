"""Normal, chi-square and roots: what the standard library and scipy have, in our terms.

The normal is the standard library's, which needs no start-up time; scipy's special
functions are imported where they are called.
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, erfc, exp, inf, isnan, pi, sqrt
from statistics import NormalDist

__all__ = ["cdf", "density", "quantile", "root", "two_sided", "upper_tail"]

CLOSEST_ROOT = 4 * 2.0**-52
"""Relative distance at which a root is found: the least that `brentq` takes."""
NEXT_TO_ZERO = 1e-300
"""The same for a root at 0, which has no relative distance."""
MOST_STEPS = 10_000
"""Ten times the halvings from 1 down to `NEXT_TO_ZERO`: a root there is no failure."""


def root(
    function: Callable[[float], float],
    low: float,
    high: float,
    *,
    absolute: float = NEXT_TO_ZERO,
    relative: float = CLOSEST_ROOT,
) -> float:
    """Where a function crosses 0 in [low, high], to the last bits of the argument.

    By Brent's method, step for step as `scipy.optimize.brentq` has it, whose import
    takes longer than all roots of an analysis. The function may be infinite at an end.
    Raises ValueError when both ends have the same sign.

    Source: R. P. Brent (1973), Algorithms for Minimization without Derivatives, ch. 4.

    >>> round(root(lambda x: x**3 - 2, 0.0, 2.0), 12)
    1.259921049895
    """
    before, at_before = low, _number(function, low)
    best, at_best = high, _number(function, high)
    if 0 in (at_before, at_best):
        return before if at_before == 0 else best
    if (at_before < 0) == (at_best < 0):
        raise ValueError("f(a) and f(b) must have different signs")
    other, at_other, last, step = before, at_before, 0.0, 0.0
    for _ in range(MOST_STEPS):
        if at_before != 0 and at_best != 0 and (at_before < 0) != (at_best < 0):
            other, at_other = before, at_before
            last = step = best - before
        if abs(at_other) < abs(at_best):
            before, best, other = best, other, best
            at_before, at_best, at_other = at_best, at_other, at_best
        near = (absolute + relative * abs(best)) / 2
        half = (other - best) / 2
        if at_best == 0 or abs(half) < near:
            return best
        tried = inf
        if abs(last) > near and abs(at_best) < abs(at_before):
            tried = _interpolated(
                (before, at_before), (best, at_best), (other, at_other)
            )
        if 2 * abs(tried) < min(abs(last), 3 * abs(half) - near):
            last, step = step, tried
        else:
            last = step = half
        before, at_before = best, at_best
        best += step if abs(step) > near else copysign(near, half)
        at_best = _number(function, best)
    raise RuntimeError(f"no root after {MOST_STEPS} steps")


RootStep = tuple[float, float]


def _interpolated(before: RootStep, best: RootStep, other: RootStep) -> float:
    """The step to where a line, or an inverse parabola, through the points is 0."""
    (x0, y0), (x1, y1), (x2, y2) = before, best, other
    try:
        if x0 == x2:
            return -y1 * (x1 - x0) / (y1 - y0)
        first, second = (y0 - y1) / (x0 - x1), (y2 - y1) / (x2 - x1)
        return -y1 * (y2 * second - y0 * first) / (second * first * (y2 - y0))
    except ZeroDivisionError:
        return inf


def _number(function: Callable[[float], float], x: float) -> float:
    value = float(function(x))
    if isnan(value):
        raise ValueError(f"the function is no number at {x}")
    return value


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
