"""A mixture of normals: what is known of a normal whose spread is not."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from holdback.stats.evidence.effect import Interval
from holdback.stats.root_finding import root

__all__ = ["NormalMixture"]

Vector = npt.NDArray[np.float64]

NEGLIGIBLE = 1e-12
REACH = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalMixture:
    """Normal(means, sds²) with probabilities `weights`; all (k,), weights sum to 1."""

    weights: Vector
    means: Vector
    sds: Vector

    @classmethod
    def of(cls, weights: Vector, means: Vector, sds: Vector) -> Self:
        """The mixture without the parts that weigh nothing."""
        kept = weights > NEGLIGIBLE * weights.max()
        share = weights[kept] / weights[kept].sum()
        return cls(weights=share, means=means[kept], sds=sds[kept])

    @property
    def mean(self) -> float:
        """Mean of the whole."""
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """Standard deviation of the whole."""
        return sqrt(float(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)))

    def below(self, at: float) -> float:
        """P(X ≤ at)."""
        parts = ndtr((at - self.means) / self.sds)
        return min(float(self.weights @ parts), 1.0)

    def quantile(self, q: float) -> float:
        """The value below which a share `q` lies; `q` in (0, 1)."""
        if not 0 < q < 1:
            raise ValueError(f"`q` must lie in (0, 1), got {q}.")
        low = float(np.min(self.means - REACH * self.sds))
        high = float(np.max(self.means + REACH * self.sds))
        return root(lambda at: self.below(at) - q, low, high)

    def interval(self, level: float) -> Interval:
        """Equal-tailed interval."""
        return Interval(
            lower=self.quantile((1 - level) / 2),
            upper=self.quantile((1 + level) / 2),
            level=level,
        )

    def log_density(self, at: Vector) -> Vector:
        """Logarithm of the density at each of `at` (m,)."""
        z = (at[:, None] - self.means) / self.sds
        heights = np.log(self.weights) - np.log(self.sds) - z**2 / 2
        top = heights.max(axis=1)
        inner = np.log(np.exp(heights - top[:, None]).sum(axis=1))
        total: Vector = top + inner - np.log(2 * np.pi) / 2
        return total

    def scaled(self, factor: float) -> NormalMixture:
        """The same shape around the same mean, `factor` times as wide."""
        middle = self.mean
        return NormalMixture(
            weights=self.weights,
            means=middle + factor * (self.means - middle),
            sds=factor * self.sds,
        )
