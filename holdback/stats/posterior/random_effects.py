"""Many effects together: how large they are, and what each one's really is.

Of experiments, of the levels of a segment, or of cohorts.

Model: b_j ~ N(β_j, s_j²), β_j ~ N(μ, τ²), μ flat. Given τ all is normal, so every
answer is a mixture over τ, integrated on a grid rather than plugged in: with few of
them the best single τ is often 0, which would say that all effects are equal
(Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from holdback.stats.evidence.effect import Interval, LogRatio
from holdback.stats.numeric import root, upper_tail

__all__ = [
    "ENOUGH_EXPERIMENTS",
    "SEGMENT_SPREAD",
    "SPREAD",
    "NormalMixture",
    "RandomEffects",
    "cochran",
    "dersimonian_laird",
    "random_effects",
]

Vector = npt.NDArray[np.float64]

SPREAD = 0.05
"""Scale of the half-normal on τ: lifts of a program usually differ by a few percent."""
SEGMENT_SPREAD = 0.03
"""The same for the levels of a segment, and for arms and weeks of one experiment."""
ENOUGH_EXPERIMENTS = 20
"""Experiments from which τ is learned from them alone (flat in τ)."""
TAU_POINTS = 400
TAU_DROP = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomEffects:
    """The posterior of all effects of J experiments, as a mixture over K values of τ.

    taus, weights, centres, precisions: (k,); pulls: (k, j), how far each effect is
    drawn to the centre; values, ses: (j,). `q` and `p_value` are of Cochran's test
    that all effects are equal.
    """

    values: Vector
    ses: Vector
    taus: Vector
    weights: Vector
    centres: Vector
    precisions: Vector
    pulls: Vector
    q: float
    p_value: float

    @property
    def n(self) -> int:
        """Number of experiments."""
        return len(self.values)

    @property
    def tau(self) -> float:
        """Posterior mean of τ, the spread of true effects."""
        return float(self.weights @ self.taus)

    @property
    def mean(self) -> NormalMixture:
        """Posterior of μ, the mean of true effects."""
        return NormalMixture.of(self.weights, self.centres, self.precisions**-0.5)

    @property
    def next(self) -> NormalMixture:
        """What the effect of another experiment of the kind will be: the prior."""
        spread = np.sqrt(self.taus**2 + 1 / self.precisions)
        return NormalMixture.of(self.weights, self.centres, spread)

    @property
    def effects(self) -> tuple[NormalMixture, ...]:
        """Posterior of each experiment's effect."""
        means, sds = self._means, np.sqrt(self._own)
        return tuple(
            NormalMixture.of(self.weights, means[:, j], sds[:, j])
            for j in range(self.n)
        )

    def total(self, scale: Vector) -> NormalMixture:
        """Posterior of Σ scale_j β_j; scale: (j,)."""
        return self._summed(self._means * scale, np.broadcast_to(scale, self._shape))

    def money(self, treated: Vector) -> NormalMixture:
        """Posterior of Σ T_j (1 − exp(−β_j)); `treated` holds T (j,).

        Given τ the sum is taken as normal: its middle is the sum at the effects'
        means, its variance that of the delta method, covariances included.
        """
        kept = np.exp(-self._means)
        return self._summed(treated * (1 - kept), treated * kept)

    @property
    def _shape(self) -> tuple[int, int]:
        return (len(self.taus), self.n)

    @property
    def _means(self) -> Vector:
        """(k, j): mean of each effect given τ."""
        means: Vector = (
            self.pulls * self.centres[:, None] + (1 - self.pulls) * self.values
        )
        return means

    @property
    def _own(self) -> Vector:
        """(k, j): variance of each effect given τ, that of the centre included."""
        own: Vector = (1 - self.pulls) * self.ses**2
        return own + self.pulls**2 / self.precisions[:, None]

    def _summed(self, parts: Vector, slopes: Vector) -> NormalMixture:
        """Mixture of a sum from its parts and their derivatives, both (k, j)."""
        alone = np.sum(slopes**2 * (1 - self.pulls) * self.ses**2, axis=1)
        shared = np.sum(slopes * self.pulls, axis=1) ** 2 / self.precisions
        return NormalMixture.of(
            self.weights, parts.sum(axis=1), np.sqrt(alone + shared)
        )


def random_effects(
    groups: Sequence[LogRatio], *, spread: float | None = None
) -> RandomEffects:
    """The posterior of effects from their estimates, all that there are.

    τ is half-normal(`spread`), by default of scale 0.05 below 20 experiments and flat
    from there on. Winners alone would teach effects that are too large: give all.

    Raises ValueError for fewer than 2 groups or an error that is not above 0.
    """
    if len(groups) < 2:
        raise ValueError(f"{len(groups)} effects cannot be put together.")
    b = np.array([group.value for group in groups])
    s = np.array([group.se for group in groups])
    if not (s > 0).all():
        raise ValueError("Every effect needs a standard error above 0.")
    if spread is None and len(groups) < ENOUGH_EXPERIMENTS:
        spread = SPREAD
    taus = _taus(b, s, spread)
    total, precisions, centres, heights = _given(taus, b, s, spread)
    weights = np.exp(heights - heights.max())
    q, p_value = cochran(b, s)
    return RandomEffects(
        values=b,
        ses=s,
        taus=taus,
        weights=weights / weights.sum(),
        centres=centres,
        precisions=precisions,
        pulls=s**2 / total,
        q=q,
        p_value=p_value,
    )


def cochran(b: Vector, s: Vector) -> tuple[float, float]:
    """Q and p of the test that effects are equal; b: (j,), their errors s: (j,).

    Null: one effect in all; Q = Σ w (b − b̄)², w = 1/s², against chi-square with one
    degree less than effects (Cochran 1954, Biometrics 10: 101–129).
    """
    fixed = 1 / s**2
    q = float(np.sum(fixed * (b - np.sum(fixed * b) / fixed.sum()) ** 2))
    return q, upper_tail(q, len(b) - 1)


def dersimonian_laird(groups: Sequence[LogRatio]) -> float:
    """τ by moments: τ² = max(0, (Q − (J − 1)) / (S₁ − S₂ / S₁)), S_k = Σ s^(−2k).

    DerSimonian & Laird (1986, Controlled Clinical Trials 7: 177–188). Shown beside
    the integrated one; nothing is computed from it.
    """
    w = np.array([group.se**-2 for group in groups])
    b = np.array([group.value for group in groups])
    q = np.sum(w * (b - np.sum(w * b) / w.sum()) ** 2)
    least = w.sum() - np.sum(w**2) / w.sum()
    return sqrt(max(0.0, float((q - (len(groups) - 1)) / least)))


def _given(
    taus: Vector, b: Vector, s: Vector, spread: float | None
) -> tuple[Vector, Vector, Vector, Vector]:
    """Given each τ: variances (k, j), precision and centre of μ, log density (k,)."""
    total = taus[:, None] ** 2 + s**2
    precision = np.sum(1 / total, axis=1)
    centre = np.sum(b / total, axis=1) / precision
    away = (b - centre[:, None]) ** 2 / total
    height = -np.log(precision) / 2 - np.sum(np.log(total) + away, axis=1) / 2
    if spread is not None:
        height = height - (taus / spread) ** 2 / 2
    return total, precision, centre, height


def _taus(b: Vector, s: Vector, spread: float | None) -> Vector:
    """Midpoints of an even grid over every τ that is not out of the question."""
    top = 10 * (float(np.ptp(b)) + float(s.max()))
    for _ in range(6):
        coarse = (np.arange(TAU_POINTS) + 0.5) / TAU_POINTS * top
        height = _given(coarse, b, s, spread)[3]
        top = float(coarse[np.flatnonzero(height > height.max() - TAU_DROP)[-1]])
        top += float(coarse[0])
    fine: Vector = (np.arange(TAU_POINTS) + 0.5) / TAU_POINTS * top
    return fine


NEGLIGIBLE_PART = 1e-12
QUANTILE_REACH = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalMixture:
    """Normal(means, sds²) with probabilities `weights`; all (k,), weights sum to 1.

    A part whose deviation is 0 is a point.
    """

    weights: Vector
    means: Vector
    sds: Vector

    @classmethod
    def of(cls, weights: Vector, means: Vector, sds: Vector) -> Self:
        """The mixture without parts that weigh nothing; weights, means, sds: (k,)."""
        kept = weights > NEGLIGIBLE_PART * weights.max()
        share = weights[kept] / weights[kept].sum()
        return cls(weights=share, means=means[kept], sds=sds[kept])

    @property
    def mean(self) -> float:
        """Mean of the whole."""
        return float(self.weights @ self.means)

    @property
    def parts(self) -> tuple[tuple[float, float, float], ...]:
        """Weight, mean and standard deviation of each part, the heaviest first."""
        order = np.argsort(-self.weights, kind="stable")
        return tuple(
            (float(self.weights[i]), float(self.means[i]), float(self.sds[i]))
            for i in order
        )

    @property
    def sd(self) -> float:
        """Standard deviation of the whole."""
        return sqrt(float(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)))

    def below(self, at: float) -> float:
        """P(X ≤ at)."""
        spread = self.sds > 0
        z = (at - self.means) / np.where(spread, self.sds, 1.0)
        parts = np.where(spread, ndtr(z), at >= self.means)
        return min(float(self.weights @ parts), 1.0)

    def quantile(self, q: float) -> float:
        """The value below which a share `q` lies. Raises ValueError outside (0, 1)."""
        if not 0 < q < 1:
            raise ValueError(f"`q` must lie in (0, 1), got {q}.")
        low = float(np.min(self.means - QUANTILE_REACH * self.sds))
        high = float(np.max(self.means + QUANTILE_REACH * self.sds))
        return root(lambda at: self.below(at) - q, low, high)

    def interval(self, level: float) -> Interval:
        """Equal-tailed interval. Raises ValueError for a level outside (0, 1)."""
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
