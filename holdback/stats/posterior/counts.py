"""Counts per unit: negative binomial with one shape in both arms, Poisson at its end.

A unit's count is Poisson about a rate of its own, and rates are gamma with shape k and
an arm's mean m (Cameron & Trivedi, Regression analysis of count data, 2nd ed. 2013,
section 3.3: the NB2 model). With k in both arms and flat on ln k, the sum of an arm's
counts is all that k leaves to know of m.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln, polygamma, psi

from holdback.errors import StatsError
from holdback.stats.evidence.sample import Sample
from holdback.stats.posterior.grid import GridLift
from holdback.stats.posterior.prior import JEFFREYS, LiftPrior, combined
from holdback.stats.posterior.spend_distributions import GRID_REACH, SHAPE_SPAN

__all__ = ["CountArm", "CountModel"]

Vector = npt.NDArray[np.float64]
SHAPE_POINTS = 31
LOG_SHAPES = (-6.0, 9.0)
"""Where ln k is looked for; from e⁹ on, counts are Poisson for all that can be seen."""
NEGLIGIBLE_SHAPE = 1e-7
STEPS_PER_DEVIATION = 60
MOST_MULTIPLES = 10**6


@dataclass(frozen=True, kw_only=True, eq=False)
class CountArm:
    """Distinct counts above 0 (j,), how many units have each (j,), and all units."""

    values: Vector
    units: Vector
    n: int

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """The first column of a sample; raises StatsError for what is no count."""
        rows = sample.rows[:, 0]
        if (rows < 0).any() or (rows != np.round(rows)).any():
            raise StatsError("Some values are no counts.")
        values, units = np.unique(rows[rows > 0], return_counts=True)
        return cls(values=values, units=units.astype(float), n=sample.n)

    @property
    def total(self) -> float:
        """Sum of the counts."""
        return float(self.values @ self.units)


@dataclass(frozen=True, kw_only=True, eq=False)
class CountModel:
    """What both arms' counts say of the log ratio of their means.

    Given k, m / (k + m) is Beta(S + ½, n k) with S the arm's sum (Jeffreys' half of an
    event for each arm), and k has the density Π Γ(x + k) / Γ(k) × B(S + ½, n k) over
    units and arms. The logarithm of k is integrated on 31 points; the log ratio's
    density is a convolution for each. Raises StatsError without any event.
    """

    control: CountArm
    treatment: CountArm

    def __post_init__(self) -> None:
        if self.control.total + self.treatment.total == 0:
            raise StatsError("Nothing was counted in either arm.")

    @property
    def shape(self) -> float:
        """The likeliest k; large where counts are Poisson."""
        return float(np.exp(self._peak[0]))

    def posterior(self, prior: LiftPrior) -> GridLift:
        """Posterior of the lift; as `Hurdle.posterior`, with the same errors."""
        return combined(*self._density, prior, "negative_binomial")

    @cached_property
    def _density(self) -> tuple[Vector, Vector]:
        logs, weights = self._shapes
        widest = float(np.exp(logs[0]))
        spreads = [_moments(arm, widest)[1] for arm in (self.control, self.treatment)]
        step = sqrt(sum(deviation**2 for deviation in spreads)) / STEPS_PER_DEVIATION
        ends = []
        for log_k in (logs[0], logs[-1]):
            k = float(np.exp(log_k))
            c, sc = _moments(self.control, k)
            t, st = _moments(self.treatment, k)
            reach = GRID_REACH * sqrt(sc**2 + st**2)
            ends += [t - c - reach, t - c + reach]
        first, last = int(np.floor(min(ends) / step)), int(np.ceil(max(ends) / step))
        at = np.arange(first, last + 1, dtype=np.float64) * step
        density = np.zeros_like(at)
        for log_k, weight in zip(logs, weights, strict=True):
            start, given = self._given(float(np.exp(log_k)), step)
            place = start - first
            low, high = max(place, 0), min(place + len(given), len(at))
            density[low:high] += weight * given[low - place : high - place]
        return at, density

    def _given(self, k: float, step: float) -> tuple[int, Vector]:
        """The log ratio's density at one shape, treated less control."""
        first, control = _grid(self.control, k, step)
        start, treated = _grid(self.treatment, k, step)
        back = -(first + len(control) - 1)
        return start + back, np.convolve(treated, control[::-1]) * step

    @cached_property
    def _shapes(self) -> tuple[Vector, Vector]:
        """Points of ln k and their weights."""
        best, spread = self._peak
        low = max(best - SHAPE_SPAN * spread, LOG_SHAPES[0])
        high = min(best + SHAPE_SPAN * spread, LOG_SHAPES[1])
        logs = np.asarray(np.linspace(low, high, SHAPE_POINTS), dtype=np.float64)
        weight = np.array([self._log_density(log_k) for log_k in logs])
        weight = np.exp(weight - weight.max())
        kept = weight > NEGLIGIBLE_SHAPE
        return logs[kept], weight[kept] / weight[kept].sum()

    @cached_property
    def _peak(self) -> tuple[float, float]:
        from scipy.optimize import minimize_scalar

        best = float(
            minimize_scalar(
                lambda at: -self._log_density(at),
                bounds=LOG_SHAPES,
                method="bounded",
            ).x
        )
        h = 1e-2
        left, middle, right = (self._log_density(best + move) for move in (-h, 0, h))
        curve = -(left - 2 * middle + right) / h**2
        return best, 1 / float(np.sqrt(max(curve, 0.05)))

    def _log_density(self, log_k: float) -> float:
        k = float(np.exp(log_k))
        total = 0.0
        for arm in (self.control, self.treatment):
            grown = gammaln(arm.values + k) - gammaln(k)
            total += float(arm.units @ grown)
            total += float(betaln(arm.total + JEFFREYS, arm.n * k))
        return total


def _moments(arm: CountArm, k: float) -> tuple[float, float]:
    """Mean and deviation of ln m given k: k cancels from the ratio of two arms."""
    s, rest = arm.total + JEFFREYS, arm.n * k
    return (
        float(psi(s) - psi(rest)),
        float(np.sqrt(polygamma(1, s) + polygamma(1, rest))),
    )


def _grid(arm: CountArm, k: float, step: float) -> tuple[int, Vector]:
    """Density of the logit of a beta variable at multiples of `step`."""
    s, rest = arm.total + JEFFREYS, arm.n * k
    centre, spread = _moments(arm, k)
    low = int(np.floor((centre - GRID_REACH * spread) / step))
    high = int(np.ceil((centre + GRID_REACH * spread) / step))
    at = np.arange(low, min(high, low + MOST_MULTIPLES) + 1) * step
    log_density = s * at - (s + rest) * np.logaddexp(0, at) - betaln(s, rest)
    density = np.exp(log_density)
    return low, density / (density.sum() * step)
