"""Order statistics of counted values, and where the true quantile may lie between them.

Of n units B ~ Binomial(n, q) lie at or below the true q-quantile, whatever the shape of
the values: it lies between the order statistics B and B + 1 (David & Nagaraja 2003,
Order Statistics, section 7.1). Differences of two arms take both laws together, as in
Schultzberg & Ankargren 2022, "Resampling-free bootstrap inference for quantiles",
arXiv:2202.10992; nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
import numpy.typing as npt

__all__ = ["CountedValues", "StratifiedValues", "differences_between"]

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

    def effective(self, q: float) -> float:
        """The units: of a plain sample each counts as one."""
        del q
        return self.n

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


@dataclass(frozen=True, kw_only=True, eq=False)
class StratifiedValues:
    """Values (k,), rising, of strata put together, and where quantiles of them lie.

    `share`: the weighted share of units at or below each value, (k,), up to 1; `n`
    units in all; `parts`: of each stratum its weight, all of its units, and of those
    with a value how many lie at or below each value, (k,).
    """

    values: Vector
    share: Vector
    n: int
    parts: tuple[tuple[float, int, Vector], ...]

    @classmethod
    def of(cls, strata: Sequence[tuple[float, int, CountedValues]]) -> StratifiedValues:
        """From each stratum's weight, all of its units, and the values of some."""
        values = np.unique(np.concatenate([part.values for _, _, part in strata]))
        parts = []
        for weight, units, part in strata:
            at = np.searchsorted(part.values, values, side="right")
            below = np.concatenate([[0], part.below])[at]
            parts.append((weight, units, below.astype(float)))
        mass = np.sum([weight / units * below for weight, units, below in parts], 0)
        return cls(
            values=values,
            share=mass / mass[-1],
            n=sum(part.n for _, _, part in strata),
            parts=tuple(parts),
        )

    def effective(self, q: float) -> float:
        """Units of a plain sample in which the share below the quantile is as sure.

        p (1 − p) / v of the weighted share p at the quantile, v its variance by the
        delta method for a ratio of Σ w m over strata (Korn & Graubard 1998, Survey
        Methodology 24: 193–201). Where all lie below, by the weights alone (Kish).
        """
        at = self._at(q)
        p = float(self.share[at])
        with_value = float(sum(w / n * below[-1] for w, n, below in self.parts))
        spread = even = 0.0
        for weight, n, below in self.parts:
            under, above = below[at] / n, (below[-1] - below[at]) / n
            mean = under * (1 - p) - above * p
            square = under * (1 - p) ** 2 + above * p**2
            spread += weight**2 * (square - mean**2) / n
            even += weight**2 * below[-1] / n**2
        if spread <= 0:
            return with_value**2 / float(even)
        return p * (1 - p) * with_value**2 / float(spread)

    def quantile(self, q: float) -> float:
        """The smallest value that a share q of the weighted units does not exceed."""
        return float(self.values[self._at(q)])

    def placed(self, q: float) -> Vector:
        """Where the true q-quantile may lie: equally likely values, (POINTS,).

        As of a plain sample, of as many units as it is worth: the binomial's law goes
        on between whole numbers (incomplete beta function).
        """
        from scipy.special import betainc

        n = self.effective(q)
        below = self.share * n
        at, before = (
            betainc(np.maximum(n - k, 1e-12), np.maximum(k + 1, 1e-12), 1 - q)
            for k in (below, below - 1)
        )
        chance = (at + np.where(below > 0, before, 0.0)) / 2
        chance[-1] = 1.0
        wanted = (np.arange(LAW_POINTS) + 0.5) / LAW_POINTS
        return self.values[np.searchsorted(np.maximum.accumulate(chance), wanted)]

    def _at(self, q: float) -> int:
        return int(np.searchsorted(self.share, q - 1e-12))


def differences_between(control: Vector, treated: Vector) -> Vector:
    """Every difference treated − control, sorted, (k m,); control: (k,), treated: (m,).

    In the values' unit: the law of a difference of two independent quantiles, whose
    laws the points are (Schultzberg & Ankargren 2022).
    """
    return np.sort((treated[:, None] - control[None, :]).ravel())
