"""Lognormal spend, with one spread in both arms or with one in each."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, gammaln

from holdback.stats.posterior.spend import around

__all__ = ["OneSpread", "TwoSpreads"]

Vector = npt.NDArray[np.float64]
NODES = 200
WIDE = 8.0


@dataclass(frozen=True, kw_only=True)
class OneSpread:
    """ln(spend) ~ Normal(μ_a, σ²): the log ratio of means is μ_T − μ_C.

    Flat on μ, 1/σ² on the variance: a Student t about the difference of mean logs.
    """

    centre: float
    squares: float
    buyers: tuple[int, int]
    name: str = "lognormal"

    @property
    def scale(self) -> float:
        """√(s² (1/n_C + 1/n_T))."""
        first, second = self.buyers
        return sqrt(self.squares / self._freedom * (1 / first + 1 / second))

    @property
    def _freedom(self) -> int:
        return sum(self.buyers) - 2

    def grid(self, step: float) -> tuple[int, Vector]:
        """The Student t at multiples of the step."""
        low, at = around(self.centre, self.scale, step)
        z, freedom = (at - self.centre) / self.scale, self._freedom
        constant = gammaln((freedom + 1) / 2) - gammaln(freedom / 2)
        density = np.exp(constant - (freedom + 1) / 2 * np.log1p(z**2 / freedom))
        return low, density / (density.sum() * step)

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Standard normal."""
        return rng.standard_normal(shape)


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoSpreads:
    """ln(spend) ~ Normal(μ_a, σ_a²): the log of an arm's mean is μ_a + σ_a²/2.

    Flat on μ, 1/σ² on each variance. Nothing cancels, so this is the wide one.
    """

    means: tuple[float, float]
    squares: tuple[float, float]
    buyers: tuple[int, int]
    name: str = "lognormal, one spread for each arm"

    @property
    def scale(self) -> float:
        """√ Σ (s²/n + s⁴ / 2(n − 1))."""
        total = 0.0
        for squares, n in zip(self.squares, self.buyers, strict=True):
            variance = squares / (n - 1)
            total += variance / n + variance**2 / (2 * (n - 1))
        return sqrt(total)

    def grid(self, step: float) -> tuple[int, Vector]:
        """Treated less control, each a mixture of normals over its variance."""
        first, control = self._arm(0, step)
        start, treated = self._arm(1, step)
        back = -(first + len(control) - 1)
        return start + back, np.convolve(treated, control[::-1]) * step

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Standard normal: each arm is seen by its own spread."""
        return rng.standard_normal(shape)

    def _arm(self, arm: int, step: float) -> tuple[int, Vector]:
        n, freedom = self.buyers[arm], self.buyers[arm] - 1
        tails = (np.arange(NODES) + 0.5) / NODES
        variance = self.squares[arm] / chdtri(freedom, tails)
        centre, spread = self.means[arm] + variance / 2, np.sqrt(variance / n)
        low = floor(float((centre - WIDE * spread).min()) / step)
        high = ceil(float((centre + WIDE * spread).max()) / step)
        at = np.arange(low, high + 1)[:, None] * step
        z = (at - centre) / spread
        density = (np.exp(-(z**2) / 2) / spread).sum(axis=1)
        return low, density / (density.sum() * step)
