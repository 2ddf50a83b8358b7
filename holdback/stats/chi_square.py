"""Upper tail of the chi-square distribution, in closed form for whole degrees."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, sqrt

__all__ = ["upper_tail"]


def upper_tail(x: float, df: int) -> float:
    """P(χ² > x) with `df` degrees of freedom, 1 or more.

    Repeated integration by parts: e^(−x/2) times a finite sum, with erfc(√(x/2)) for
    odd `df` (Abramowitz & Stegun 1964, Handbook of Mathematical Functions, ch. 26).

    >>> round(upper_tail(3.841459, 1), 6)
    0.05
    """
    if df < 1:
        raise ValueError(f"`df` must be 1 or more, got {df}.")
    if x <= 0:
        return 1.0
    half = x / 2
    if df % 2:
        start, powers = erfc(sqrt(half)), [k + 0.5 for k in range(df // 2)]
    else:
        start, powers = 0.0, [float(k) for k in range(df // 2)]
    return start + sum(
        exp(-half + power * log(half) - lgamma(power + 1)) for power in powers
    )
