"""Order statistics of counted values, and where the true quantile may lie between them.

Of n units B ~ Binomial(n, q) lie at or below the true q-quantile, whatever the shape of
the values: it lies between the order statistics B and B + 1 (David & Nagaraja 2003,
Order Statistics, section 7.1). Differences of two arms take both laws together, as in
Schultzberg & Ankargren 2022, "Resampling-free bootstrap inference for quantiles",
arXiv:2202.10992; nothing is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
import numpy.typing as npt

__all__ = ["CountedValues", "differences_between"]

Vector = npt.NDArray[np.float64]
LAW_POINTS = 400
"""Values that stand for a law, at equal steps of probability."""


@dataclass(frozen=True, eq=False)
class CountedValues:
    """Different `values` (k,), rising, and how many units have each, `units` (k,)."""

    values: Vector
    units: npt.NDArray[np.int64]

    @classmethod
    def of(cls, values: npt.ArrayLike, units: npt.ArrayLike) -> CountedValues:
        """From values (k,) and units (k,); equal values are put together."""
        distinct, at = np.unique(np.asarray(values, dtype=float), return_inverse=True)
        counts = np.bincount(at, weights=np.asarray(units), minlength=len(distinct))
        return cls(distinct, counts.astype(np.int64))

    @property
    def n(self) -> int:
        """Units in all."""
        return int(self.units.sum())

    @cached_property
    def below(self) -> npt.NDArray[np.int64]:
        """Units at or below each value, (k,)."""
        return np.cumsum(self.units)

    def rank(self, q: float) -> int:
        """The order of the q-quantile: the smallest r with r / n at least q."""
        return min(max(ceil(q * self.n - 1e-9), 1), self.n)

    def quantile(self, q: float) -> float:
        """The smallest value that a share q of the units does not exceed."""
        return float(self.values[np.searchsorted(self.below, self.rank(q))])

    def placed(self, q: float) -> Vector:
        """Where the true q-quantile may lie: equally likely values, (POINTS,).

        In the values' unit. Half of the time the order statistic B, half of the time
        the next one.
        """
        from scipy.special import bdtr

        n = self.n
        at, before = (bdtr(self.below - step, n, q) for step in (0, 1))
        chance = (at + np.nan_to_num(before)) / 2
        chance[-1] = 1.0
        wanted = (np.arange(LAW_POINTS) + 0.5) / LAW_POINTS
        return self.values[np.searchsorted(chance, wanted)]


def differences_between(control: Vector, treated: Vector) -> Vector:
    """Every difference treated − control, sorted, (k m,); control: (k,), treated: (m,).

    In the values' unit: the law of a difference of two independent quantiles, whose
    laws the points are (Schultzberg & Ankargren 2022).
    """
    return np.sort((treated[:, None] - control[None, :]).ravel())
