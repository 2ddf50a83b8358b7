"""A gain against a cost that is itself uncertain: both spreads in one range.

The cost is normal, cut off at 0 and independent of the gain. What depends on both is
averaged over cells of the cost that are equally likely, each at its own mean, so
nothing is drawn and a linear function is exact (derived here). A step (a gain known far
better than the cost) is off by half a cell at most, by two thirds of one in the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import pi, sqrt

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

__all__ = ["GainOf", "UncertainCost"]

Vector = npt.NDArray[np.float64]
GainOf = Callable[[Vector], Vector]
"""P(gain <= y) at each y (m,)."""

FINE_CELLS = 20_000
"""Cells for distributions, which may be steep."""
COARSE_CELLS = 400
"""Cells for means of smooth functions."""
BRACKET_ROUNDS = 200


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

    def return_below(self, x: float, gain: GainOf) -> float:
        """P((gain + savings − cost) / cost <= x), averaged over the cells."""
        return float(gain((1 + x) * self._fine - self.savings).mean())

    def net_below(self, y: float, gain: GainOf) -> float:
        """P(gain + savings − cost <= y), averaged over the cells."""
        return float(gain(y + self._fine - self.savings).mean())

    def return_quantile(self, q: float, gain: GainOf, *, start: float) -> float:
        """The return below which a share `q` lies; `start` is somewhere in its range.

        Raises ValueError where no return has that share below it.
        """
        return _solved(lambda x: self.return_below(x, gain) - q, start, 1.0)

    def net_quantile(self, q: float, gain: GainOf, *, start: float) -> float:
        """The net gain below which a share `q` lies, as `return_quantile`.

        Raises ValueError where no net gain has that share below it.
        """
        return _solved(lambda y: self.net_below(y, gain) - q, start, self.mean)

    def expected(self, values: Callable[[float], float]) -> float:
        """Mean of a smooth function of the cost."""
        return float(np.mean([values(cost) for cost in self._coarse.tolist()]))

    @cached_property
    def _fine(self) -> Vector:
        return self._cells(FINE_CELLS)

    @cached_property
    def _coarse(self) -> Vector:
        return self._cells(COARSE_CELLS)

    def _cells(self, count: int) -> Vector:
        """Means (count,) of cells that are equally likely; one where the cost is known.

        A normal's mean between two points is the fall of its density from one to the
        other, over its probability there.
        """
        if self.sd == 0:
            return np.array([self.mean])
        above = ndtr(self.mean / self.sd)
        edges = -ndtri(above * np.linspace(1, 0, count + 1))
        edges[0] = -self.mean / self.sd
        density = np.exp(-(edges**2) / 2) / sqrt(2 * pi)
        means: Vector = self.mean - self.sd * np.diff(density) * count / above
        return means


def _solved(rising: Callable[[float], float], start: float, step: float) -> float:
    """The root of a rising function, bracketed by ever wider steps from `start`."""
    low = high = start
    under = over = rising(start)
    for _ in range(BRACKET_ROUNDS):
        if under < 0 < over:
            return float(brentq(rising, low, high, xtol=1e-12 * step, rtol=1e-14))
        if under >= 0:
            low -= step
            under = rising(low)
        if over <= 0:
            high += step
            over = rising(high)
        step *= 2
    raise ValueError("There is no such quantile.")
