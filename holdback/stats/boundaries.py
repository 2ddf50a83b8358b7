"""Group-sequential boundaries: how far out an early look must be to count.

Alpha is spent over the looks really taken, by a function of the information that had
been seen (Lan & DeMets 1983, Biometrika 70: 659–663), so looks may come when they
like and need not be planned. Crossing probabilities are found by integrating the
density of the partial sums from look to look (Armitage, McPherson & Rowe 1969,
Journal of the Royal Statistical Society A 132: 235–244; Jennison & Turnbull 2000,
chapter 19).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import e, log, sqrt

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.normal import cdf, quantile

__all__ = ["Spending", "boundaries", "obrien_fleming", "pocock"]

Vector = npt.NDArray[np.float64]
Spending = Callable[[float, float], float]
"""(information fraction, alpha of one side) → alpha of that side spent by then."""

POINTS = 1201
FARTHEST = 8.0
TOLERANCE = 1e-10


def obrien_fleming(information: float, side: float) -> float:
    """2 − 2Φ(z / √t), z the 1 − side/2 quantile: almost nothing at the start.

    The spending function that resembles O'Brien & Fleming's boundaries (Lan & DeMets
    1983).

    >>> round(obrien_fleming(1.0, 0.025), 6)
    0.025
    """
    return 2 * cdf(quantile(side / 2) / sqrt(information))


def pocock(information: float, side: float) -> float:
    """α ln(1 + (e − 1) t): about as much at every look (Lan & DeMets 1983)."""
    return side * log(1 + (e - 1) * information)


def boundaries(
    information: Sequence[float],
    *,
    alpha: float = 0.05,
    spending: Spending = obrien_fleming,
    last: bool = False,
) -> list[float]:
    """|z| that each look must exceed, two-sided, `alpha` / 2 on a side.

    information: fractions of the planned information at the looks, rising, above 0;
    beyond 1 nothing more is spent than at 1. `last` says that there will be no look
    after these, so that the last one spends all that is left, however little or much
    information it has. A look that may spend nothing has the boundary 8, which chance
    passes once in 10¹⁵.

    Raises StatsError for fractions that do not rise or are not above 0, or an alpha
    outside (0, 1).
    """
    _check(information, alpha)
    side = alpha / 2
    spent = [spending(min(t, 1.0), side) for t in information]
    if last:
        spent[-1] = side
    found: list[float] = []
    path = _Path()
    before = 0.0
    for t, total in zip(information, spent, strict=True):
        bound = path.bound(t, total - before)
        path.stop_at(t, bound)
        found.append(bound)
        before = total
    return found


def _check(information: Sequence[float], alpha: float) -> None:
    if not 0 < alpha < 1:
        raise StatsError(f"`alpha` must lie in (0, 1), got {alpha}.")
    steps = [0.0, *information]
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise StatsError(
            "The information of looks must rise from above 0; got "
            f"{', '.join(f'{t:.4g}' for t in information)}."
        )


class _Path:
    """Density of the score B(t) = Z √t over the paths that have not stopped."""

    def __init__(self) -> None:
        self.time = 0.0
        self.points: Vector = np.zeros(1)
        self.weights: Vector = np.ones(1)

    def bound(self, time: float, tail: float) -> float:
        """The |z| at `time` that a share `tail` of all paths exceeds on each side."""
        if tail <= 0 or self._tail(time, FARTHEST) >= tail:
            return FARTHEST
        low, high = 0.0, FARTHEST
        while high - low > TOLERANCE:
            middle = (low + high) / 2
            if self._tail(time, middle) > tail:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    def stop_at(self, time: float, bound: float) -> None:
        """Go on with the paths that stay inside ±bound at `time`."""
        edge = bound * sqrt(time)
        points = np.linspace(-edge, edge, POINTS)
        spread = sqrt(time - self.time)
        steps = (points[:, None] - self.points[None, :]) / spread
        density = np.exp(-(steps**2) / 2) @ self.weights / (spread * sqrt(2 * np.pi))
        self.points, self.weights = points, density * _simpson(points)
        self.time = time

    def _tail(self, time: float, bound: float) -> float:
        from scipy.special import ndtr

        spread = sqrt(time - self.time)
        beyond = ndtr((self.points - bound * sqrt(time)) / spread)
        return float(beyond @ self.weights)


def _simpson(points: Vector) -> Vector:
    """Weights of Simpson's rule on an odd number of even steps."""
    weights = np.full(len(points), 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    step = float(points[1] - points[0])
    return weights * (step / 3)
