"""Moments of strata put together: both arms as if they had one mix of units.

Where the arms' shares differ between strata (days before and after a ramp), an average
over all units weighs the strata differently in each arm, and may turn the sign of an
effect (Simpson's paradox). Means are therefore taken within strata and weighted alike
in all arms. What has moments of its own is read as from plain ones: the delta method,
covariates and all that follows from a mean and its covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Self

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.moments import Moments

__all__ = ["LEAST_IN_STRATUM", "StratifiedMoments"]

Vector = npt.NDArray[np.float64]
LEAST_IN_STRATUM = 20
"""Units that an arm needs in every stratum that it is compared in."""


@dataclass(frozen=True, kw_only=True)
class StratifiedMoments(Moments):
    """Moments of one arm over strata with weights that all arms share.

    `parts`: moments of each stratum, (s,), of at least 2 units; `weights`: the
    stratum's share of all units, (s,), summing to 1. Counts and sums are those of the
    units as they are; means and spread are those of the weighted strata:
    Σ w m, and Σ w² Σ/n for the covariance of the means (Miratrix, Sekhon & Yu 2013,
    Journal of the Royal Statistical Society B 75: 369–396).
    """

    parts: tuple[Moments, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, parts: Sequence[Moments], weights: Sequence[float]) -> Self:
        """From the strata of an arm and their common weights."""
        whole = reduce(add, parts)
        return cls(
            columns=whole.columns,
            digits=whole.digits,
            n=whole.n,
            sums=whole.sums,
            products=whole.products,
            thirds=whole.thirds,
            nonzero=whole.nonzero,
            largest=whole.largest,
            parts=tuple(parts),
            weights=tuple(weights),
        )

    def __add__(self, other: Moments) -> Self:
        """Two arms over the same strata. Raises ValueError for other strata."""
        if not isinstance(other, StratifiedMoments) or self.weights != other.weights:
            raise ValueError("Only moments of the same strata add.")
        pairs = zip(self.parts, other.parts, strict=True)
        return type(self).of([a + b for a, b in pairs], self.weights)

    def select(self, columns: Sequence[str]) -> Self:
        """The same moments of fewer measures, in the order asked."""
        return type(self).of([p.select(columns) for p in self.parts], self.weights)

    @property
    def is_stratified(self) -> bool:
        """Whether strata were weighted, so that counts do not tell the means."""
        return True

    @property
    def effective(self) -> float:
        """Units of a plain sample with as small an error, where spreads are equal.

        1 / Σ (w² / n) (Kish 1965, Survey Sampling, section 11.7).
        """
        return 1 / sum(w**2 / p.n for w, p in self._strata)

    @property
    def mean(self) -> Vector:
        """Σ w m, (k,), in the measures' own units."""
        return np.asarray(np.sum([w * p.mean for w, p in self._strata], axis=0))

    @cached_property
    def cov(self) -> Vector:
        """Covariance whose n-th part is that of the means, n Σ w² Σ/n, (k, k)."""
        parts = [w**2 * p.cov / p.n for w, p in self._strata]
        return np.asarray(self.n * np.sum(parts, axis=0))

    @cached_property
    def third(self) -> Vector:
        """Third moments with the means' third cumulants, n² Σ w³ κ/n², (k, k, k)."""
        parts = [w**3 * p.third / p.n**2 for w, p in self._strata]
        return np.asarray(self.n**2 * np.sum(parts, axis=0))

    @property
    def _strata(self) -> list[tuple[float, Moments]]:
        return list(zip(self.weights, self.parts, strict=True))
