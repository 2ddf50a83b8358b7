"""A posterior of an effect as the probability of narrow cells of its parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import Interval

__all__ = ["EffectCells"]

Vector = npt.NDArray[np.float64]

ROUNDING = 1e-12
SMOOTHED_OVER = 0.01
"""Standard deviations to each side over which a density is averaged."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EffectCells:
    """Probabilities `mass` (m,) between rising `edges` (m + 1,) of θ.

    θ is ln(1 + lift), or the difference itself where not `logarithmic`: then all that
    is called lift is the difference. No effect is an edge, so that gain and loss are
    summed apart.
    """

    edges: Vector
    mass: Vector
    method: str
    logarithmic: bool = True

    @property
    def mean(self) -> float:
        """E[lift]."""
        return float(self.mass @ self._lifts)

    @property
    def sd(self) -> float:
        """Standard deviation of the lift."""
        return sqrt(float(self.mass @ (self._lifts - self.mean) ** 2))

    @property
    def expected_loss_if_shipped(self) -> float:
        """E[max(0, −lift)]."""
        return float(self.mass @ np.maximum(0.0, -self._lifts))

    @property
    def expected_loss_if_held(self) -> float:
        """E[max(0, lift)]."""
        return float(self.mass @ np.maximum(0.0, self._lifts))

    def probability_above(self, lift: float) -> float:
        """P(lift > `lift`), with full relative precision where it is small."""
        theta = float(self._theta(np.array([lift]))[0])
        return float(np.interp(theta, self.edges, self._above))

    def below(self, lifts: Vector) -> Vector:
        """P(lift <= each of `lifts`), (m,)."""
        return np.asarray(np.interp(self._theta(lifts), self.edges, self._below))

    def quantile(self, q: float) -> float:
        """The lift below which a share `q` lies. Raises ValueError outside (0, 1).

        Of several (between them lies nothing) the one farther from the middle.
        """
        if not 0 < q < 1:
            raise ValueError(f"`q` must lie in (0, 1), got {q}.")
        below, lower = self._below, q < 1 / 2
        i = int(
            np.searchsorted(below, q - ROUNDING)
            if lower
            else np.searchsorted(below, q + ROUNDING, side="right")
        )
        i = min(max(i, 1), len(below) - 1)
        share = (q - below[i - 1]) / (below[i] - below[i - 1])
        share = min(max(share, 0.0), 1.0)
        theta = self.edges[i - 1] + share * (self.edges[i] - self.edges[i - 1])
        return float(np.expm1(theta)) if self.logarithmic else float(theta)

    def density(self, lifts: Vector) -> Vector:
        """Density of the lift at each of `lifts` (m,), averaged over a narrow window.

        A window is a fiftieth of a deviation wide, so that the joints of a curve that
        is exact at a few points are not seen.
        """
        theta = self._theta(lifts)
        middle = float(self.mass @ self._middles)
        spread = sqrt(float(self.mass @ (self._middles - middle) ** 2))
        window = SMOOTHED_OVER * spread
        ends = (
            np.interp(theta + move, self.edges, self._below)
            for move in (-window, window)
        )
        low, high = ends
        height = (high - low) / (2 * window)
        if not self.logarithmic:
            return np.asarray(height)
        inside = lifts > -1
        return np.where(inside, height / np.where(inside, 1 + lifts, 1.0), 0.0)

    def expect(self, values: Callable[[Vector], Vector]) -> float:
        """Mean of a function of θ."""
        return float(self.mass @ values(self._middles))

    def interval(self, level: float) -> Interval:
        """Equal-tailed interval. Raises ValueError for a level outside (0, 1)."""
        return Interval(
            lower=self.quantile((1 - level) / 2),
            upper=self.quantile((1 + level) / 2),
            level=level,
        )

    def _theta(self, lifts: Vector) -> Vector:
        """θ of lifts; below all cells at −100 % and less."""
        if not self.logarithmic:
            return lifts
        inside = np.where(lifts > -1, lifts, 0.0)
        return np.where(lifts > -1, np.log1p(inside), -np.inf)

    @cached_property
    def _middles(self) -> Vector:
        return np.asarray((self.edges[1:] + self.edges[:-1]) / 2)

    @cached_property
    def _lifts(self) -> Vector:
        return np.expm1(self._middles) if self.logarithmic else self._middles

    @cached_property
    def _below(self) -> Vector:
        return np.concatenate([[0.0], np.minimum(np.cumsum(self.mass), 1.0)])

    @cached_property
    def _above(self) -> Vector:
        summed = np.cumsum(self.mass[::-1])[::-1]
        return np.concatenate([np.minimum(summed, 1.0), [0.0]])
