"""Normal posterior of the log ratio: the lift is a shifted lognormal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, expm1, log1p, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from holdback.stats.evidence.effect import Interval, LogRatio
from holdback.stats.numeric import cdf, quantile
from holdback.stats.posterior.grid import GridLift, even_grid
from holdback.stats.posterior.prior import LiftPrior
from holdback.stats.posterior.random_effects import NormalMixture
from holdback.stats.quadrature import NORMAL_REACH

__all__ = ["LogNormalLift", "learned_posterior"]

Vector = npt.NDArray[np.float64]

EXPECTATION_POINTS = 1801


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNormalLift:
    """ln(1 + lift) ~ Normal(`log_mean`, `log_sd`).

    Means and losses are the lognormal's moments, whole and cut off (derived here from
    the normal's moment-generating function).
    """

    log_mean: float
    log_sd: float
    method: str = "normal_log_ratio"

    @classmethod
    def from_evidence(cls, evidence: LogRatio, prior: LiftPrior) -> Self:
        """Normal prior at 0 × normal likelihood: a precision-weighted mean.

        w = τ² / (τ² + s²); mean w b, standard deviation √w s.
        """
        if prior.sd is None:
            return cls(log_mean=evidence.value, log_sd=evidence.se)
        weight = prior.sd**2 / (prior.sd**2 + evidence.se**2)
        return cls(log_mean=weight * evidence.value, log_sd=sqrt(weight) * evidence.se)

    @property
    def mean(self) -> float:
        """E[lift] = exp(μ + σ²/2) − 1."""
        return expm1(self.log_mean + self.log_sd**2 / 2)

    @property
    def sd(self) -> float:
        """√(exp(σ²) − 1) · exp(μ + σ²/2)."""
        return sqrt(expm1(self.log_sd**2)) * exp(self.log_mean + self.log_sd**2 / 2)

    @property
    def expected_loss_if_shipped(self) -> float:
        """E[max(0, −lift)] = Φ(−μ/σ) − exp(μ + σ²/2) Φ(−μ/σ − σ)."""
        d = -self.log_mean / self.log_sd
        return max(0.0, cdf(d) - (1 + self.mean) * cdf(d - self.log_sd))

    @property
    def expected_loss_if_held(self) -> float:
        """E[max(0, lift)], which is E[lift] + E[max(0, −lift)]."""
        return max(0.0, self.mean + self.expected_loss_if_shipped)

    def probability_above(self, lift: float) -> float:
        """P(lift > `lift`); 1 at or below −100 %."""
        if lift <= -1:
            return 1.0
        return cdf((self.log_mean - log1p(lift)) / self.log_sd)

    def below(self, lifts: Vector) -> Vector:
        """P(lift <= each of `lifts`), (m,); 0 at or below −100 %."""
        inside = np.where(lifts > -1, lifts, 0.0)
        share = ndtr((np.log1p(inside) - self.log_mean) / self.log_sd)
        return np.where(lifts > -1, share, 0.0)

    def quantile(self, q: float) -> float:
        """exp(μ + σ z_q) − 1."""
        return expm1(self.log_mean + self.log_sd * quantile(q))

    def density(self, lifts: Vector) -> Vector:
        """Density of the lift at each of `lifts` (m,); 0 at or below −100 %."""
        inside = np.where(lifts > -1, lifts, 0.0)
        z = (np.log1p(inside) - self.log_mean) / self.log_sd
        height = np.exp(-(z**2) / 2) / (self.log_sd * np.sqrt(2 * np.pi) * (1 + inside))
        return np.where(lifts > -1, height, 0.0)

    def expect(self, values: Callable[[Vector], Vector]) -> float:
        """Mean of a function of the log ratio: the trapezoid rule over ±9 σ."""
        z = np.linspace(-NORMAL_REACH, NORMAL_REACH, EXPECTATION_POINTS)
        weights = np.exp(-(z**2) / 2)
        at = self.log_mean + self.log_sd * z
        return float(np.sum(values(at) * weights) / weights.sum())

    def interval(self, level: float) -> Interval:
        """Equal-tailed interval."""
        return Interval(
            lower=self.quantile((1 - level) / 2),
            upper=self.quantile((1 + level) / 2),
            level=level,
        )


MIXTURE_REACH = 12.0


def learned_posterior(evidence: LogRatio, prior: NormalMixture) -> GridLift:
    """Mixture prior × normal likelihood.

    A mixture has heavier tails than one normal, so a result that fits none of the
    past experiments is pulled less than a normal prior of the same width would pull
    (derived here, by quadrature).
    """

    def log_density(log_ratios: Vector) -> Vector:
        likelihood = -(((log_ratios - evidence.value) / evidence.se) ** 2) / 2
        total: Vector = likelihood + prior.log_density(log_ratios)
        return total

    reach = MIXTURE_REACH * evidence.se
    low = min(evidence.value - reach, prior.mean)
    high = max(evidence.value + reach, prior.mean)
    finest = float(prior.sds.min())
    grid = even_grid(log_density, low, high, finest=finest)
    return GridLift.from_log_density(grid, log_density(grid), "learned_prior")
