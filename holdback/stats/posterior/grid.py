"""A posterior of the lift as a density on a grid of log ratios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import Interval
from holdback.stats.numeric import root

__all__ = ["LOG_DROP", "GridLift", "even_grid"]

Vector = npt.NDArray[np.float64]

GRID_POINTS = 1000
MOST_GRID_POINTS = 40_000
COARSE_POINTS = 101
COARSE_PASSES = 4
LOG_DROP = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLift:
    """Density of ln(1 + lift) on an even grid, and its running integral.

    log_ratios, density, cumulative: (m,). The grid has a point at 0 where the
    posterior reaches it, so that gain and loss are integrated apart.
    """

    log_ratios: Vector
    density_of_log: Vector
    cumulative: Vector
    method: str

    @classmethod
    def from_log_density(
        cls, log_ratios: Vector, log_density: Vector, method: str
    ) -> Self:
        """Scale a log density known up to a constant to a whole of 1.

        log_ratios: (m,), evenly spaced; log_density: (m,), at them. The running
        integral is the trapezoid rule with its first correction (Euler–Maclaurin), so
        its error falls with the fourth power of the step.
        """
        density = np.exp(log_density - log_density.max())
        step = _step(log_ratios)
        slope = _slope(density, step)
        pieces = (
            step * (density[:-1] + density[1:]) / 2
            - step**2 * (slope[1:] - slope[:-1]) / 12
        )
        cumulative = np.concatenate([[0.0], np.cumsum(pieces)])
        total = float(cumulative[-1])
        return cls(
            log_ratios=log_ratios,
            density_of_log=density / total,
            cumulative=cumulative / total,
            method=method,
        )

    @property
    def mean(self) -> float:
        """E[lift]."""
        return self._expect(np.expm1(self.log_ratios))

    @property
    def sd(self) -> float:
        """Standard deviation of the lift."""
        return sqrt(self._expect((np.expm1(self.log_ratios) - self.mean) ** 2))

    @property
    def expected_loss_if_shipped(self) -> float:
        """E[max(0, −lift)], as a share of control's rate."""
        loss = self._expect(np.maximum(0.0, -np.expm1(self.log_ratios)))
        return loss + self._kink()

    @property
    def expected_loss_if_held(self) -> float:
        """E[max(0, lift)], as a share of control's rate."""
        loss = self._expect(np.maximum(0.0, np.expm1(self.log_ratios)))
        return loss + self._kink()

    def probability_above(self, lift: float) -> float:
        """P(lift > `lift`); 1 at or below −100 %."""
        return 1 - float(self.below(np.array([lift]))[0])

    def below(self, lifts: Vector) -> Vector:
        """P(lift <= each of `lifts`), (m,); 0 at or below −100 %."""
        inside = np.where(lifts > -1, lifts, 0.0)
        share = np.clip(self._below(np.log1p(inside)), 0.0, 1.0)
        return np.where(lifts > -1, share, 0.0)

    def quantile(self, q: float) -> float:
        """The lift below which a share `q` lies. Raises ValueError outside (0, 1)."""
        if not 0 < q < 1:
            raise ValueError(f"`q` must lie in (0, 1), got {q}.")
        low, high = float(self.log_ratios[0]), float(self.log_ratios[-1])
        at = root(lambda x: float(self._below(np.array([x]))[0]) - q, low, high)
        return float(np.expm1(at))

    def density(self, lifts: Vector) -> Vector:
        """Density of the lift at each of `lifts` (m,); 0 at or below −100 %."""
        inside = np.where(lifts > -1, lifts, 0.0)
        at = np.interp(
            np.log1p(inside), self.log_ratios, self.density_of_log, left=0.0, right=0.0
        )
        return np.where(lifts > -1, at / (1 + inside), 0.0)

    def expect(self, values: Callable[[Vector], Vector]) -> float:
        """Mean of a function of the log ratio."""
        return self._expect(values(self.log_ratios))

    def interval(self, level: float) -> Interval:
        """Equal-tailed interval. Raises ValueError for a level outside (0, 1)."""
        return Interval(
            lower=self.quantile((1 - level) / 2),
            upper=self.quantile((1 + level) / 2),
            level=level,
        )

    def _expect(self, values: Vector) -> float:
        return float(np.trapezoid(values * self.density_of_log, self.log_ratios))

    def _kink(self) -> float:
        """What the trapezoid misses where gain turns to loss: h²/12 × density."""
        at = int(np.abs(self.log_ratios).argmin())
        step = _step(self.log_ratios)
        if abs(self.log_ratios[at]) > step / 2:
            return 0.0
        return step**2 / 12 * float(self.density_of_log[at])

    def _below(self, at: Vector) -> Vector:
        """P(log ratio ≤ each of `at`): a cubic through two values and densities."""
        x, step = self.log_ratios, _step(self.log_ratios)
        within = np.clip(at, x[0], x[-1])
        i = np.minimum(((within - x[0]) / step).astype(int), len(x) - 2)
        t = (within - x[i]) / step
        left, right = self.cumulative[i], self.cumulative[i + 1]
        rise, end = step * self.density_of_log[i], step * self.density_of_log[i + 1]
        share: Vector = (
            (1 + 2 * t) * (1 - t) ** 2 * left
            + t * (1 - t) ** 2 * rise
            + t**2 * (3 - 2 * t) * right
            + t**2 * (t - 1) * end
        )
        return share


def even_grid(
    log_density: Callable[[Vector], Vector],
    low: float,
    high: float,
    *,
    finest: float | None = None,
) -> Vector:
    """An even grid (m,) over all within e^LOG_DROP of the peak, with a point at 0.

    `finest`: the deviation of the narrowest part, which gets five points at least.
    """
    for _ in range(COARSE_PASSES):
        coarse = np.linspace(low, high, COARSE_POINTS)
        heights = log_density(coarse)
        kept = np.flatnonzero(heights > heights.max() - LOG_DROP)
        first, last = max(kept[0] - 1, 0), min(kept[-1] + 1, COARSE_POINTS - 1)
        low, high = float(coarse[first]), float(coarse[last])
    points: float = GRID_POINTS
    if finest is not None:
        points = min(max(points, 5 * (high - low) / finest), MOST_GRID_POINTS)
    step = (high - low) / points
    first, last = floor(low / step), ceil(high / step)
    even: Vector = np.linspace(first * step, last * step, last - first + 1)
    return even


def _slope(density: Vector, step: float) -> Vector:
    """First derivative to the fourth order; to the second at the two ends."""
    slope: Vector = np.gradient(density, step)
    near, far = density[3:-1] - density[1:-3], density[4:] - density[:-4]
    slope[2:-2] = (8 * near - far) / (12 * step)
    return slope


def _step(log_ratios: Vector) -> float:
    return float(log_ratios[-1] - log_ratios[0]) / (len(log_ratios) - 1)
