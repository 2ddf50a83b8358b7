"""What was added over what was added: a ratio of two differences, by Fieller."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import Interval
from holdback.stats.numeric import quantile

__all__ = ["AddedRatio", "added_ratio"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedRatio:
    """(y_T − y_C) / (x_T − x_C); without an interval where x hardly differs."""

    value: float
    interval: Interval | None


def added_ratio(
    difference: tuple[float, float], cov: Vector, *, level: float
) -> AddedRatio | None:
    """Ratio of two differences of means and all ratios that a z test does not refuse.

    `difference` is (numerator, denominator), `cov` (2, 2) the covariance of the two.
    The interval holds every θ with (N − θD)² ≤ z² Var(N − θD) (Fieller 1954, J. R.
    Statist. Soc. B 16: 175–185); it is bounded only where D itself differs from 0 at
    the level, and None elsewhere. None for a denominator of exactly 0.
    """
    top, bottom = difference
    if bottom == 0:
        return None
    z2 = quantile((1 + level) / 2) ** 2
    a = bottom**2 - z2 * float(cov[1, 1])
    b = top * bottom - z2 * float(cov[0, 1])
    c = top**2 - z2 * float(cov[0, 0])
    interval = None
    if a > 0:
        half = sqrt(max(b * b - a * c, 0.0))
        interval = Interval(lower=(b - half) / a, upper=(b + half) / a, level=level)
    return AddedRatio(value=top / bottom, interval=interval)
