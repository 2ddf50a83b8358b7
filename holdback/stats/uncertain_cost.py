"""A gain against a cost that is itself uncertain: both spreads in one range.

The cost is normal, cut off at 0 and independent of the gain; what depends on both is
integrated over the cost by Gauss–Hermite quadrature, so nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import pi, sqrt

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

__all__ = ["Gain", "UncertainCost"]

NODES = 80
Gain = Callable[[float], float]
"""P(gain <= y)."""


@dataclass(frozen=True, kw_only=True)
class UncertainCost:
    """Cost ~ Normal(`mean`, `sd`) above 0, `savings` taken as known; all in money.

    Raises ValueError for a mean that is not above 0 or a negative deviation.
    """

    mean: float
    sd: float
    savings: float = 0.0

    def __post_init__(self) -> None:
        if self.mean <= 0 or self.sd < 0:
            raise ValueError("`mean` must be above 0 and `sd` not below it.")

    def return_below(self, x: float, gain: Gain) -> float:
        """P((gain + savings − cost) / cost <= x)."""
        return self.expected(lambda cost: gain((1 + x) * cost - self.savings))

    def net_below(self, y: float, gain: Gain) -> float:
        """P(gain + savings − cost <= y)."""
        return self.expected(lambda cost: gain(y + cost - self.savings))

    def return_quantile(self, q: float, gain: Gain, *, start: float) -> float:
        """The return below which a share `q` lies; `start` is somewhere in its range.

        Raises ValueError where no return has that share below it.
        """
        return _solved(lambda x: self.return_below(x, gain) - q, start, 1.0)

    def net_quantile(self, q: float, gain: Gain, *, start: float) -> float:
        """The net gain below which a share `q` lies, as `return_quantile`."""
        return _solved(lambda y: self.net_below(y, gain) - q, start, self.mean)

    def expected(self, share: Gain) -> float:
        """Mean of a function of the cost."""
        costs, weights = self._nodes
        return float(
            sum(w * share(float(c)) for c, w in zip(costs, weights, strict=True))
        )

    @cached_property
    def _nodes(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        points, weights = np.polynomial.hermite.hermgauss(NODES)
        costs = self.mean + sqrt(2) * self.sd * points
        kept = costs > 0
        weights = weights[kept] / sqrt(pi)
        return costs[kept], weights / weights.sum()


def _solved(rising: Gain, start: float, step: float) -> float:
    """The root of a rising function, bracketed by ever wider steps from `start`."""
    low = high = start
    for _ in range(200):
        if rising(low) < 0 < rising(high):
            return float(brentq(rising, low, high, xtol=1e-12 * step, rtol=1e-14))
        if rising(low) >= 0:
            low -= step
        if rising(high) <= 0:
            high += step
        step *= 2
    raise ValueError("There is no such quantile.")
