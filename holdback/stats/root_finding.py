"""The root of a function between two points, without a library's start-up time."""

from __future__ import annotations

from collections.abc import Callable
from math import ulp

__all__ = ["root"]

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
