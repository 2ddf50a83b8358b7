"""What is believed of a difference of two population means, given that of their ratio.

The data say of the log ratio θ what its posterior says, and of the treated mean, once θ
is known, the rest: ln μ_T is normal around ln m_T + w (θ − L) with the variance
v_T v_C / (v_T + v_C), where w = v_T / (v_T + v_C), L = ln(m_T / m_C) and v are the
squared relative errors. That is the normal of both logs with a flat prior on the level
of the two means (derived here: the regression of one on the difference of both). The
difference is μ_T (1 − e^(−θ)), so it is above 0 exactly where the lift is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from holdback.stats.evidence.effect import Estimate
from holdback.stats.posterior.posterior import Posterior

__all__ = ["PopulationDifference"]

Vector = npt.NDArray[np.float64]

MOST_POINTS = 400
"""Differences of which each is integrated; between more of them is interpolated."""


@dataclass(frozen=True, kw_only=True)
class PopulationDifference:
    """Distribution of μ_T − μ_C: the posterior of their ratio, and both arms' errors.

    Both values must be above 0.
    """

    control: Estimate
    treatment: Estimate
    posterior: Posterior

    def below(self, differences: Vector) -> Vector:
        """P(difference <= each of `differences`), (m,)."""
        if differences.size <= MOST_POINTS:
            return np.array([self._below(float(one)) for one in differences])
        points = np.linspace(differences.min(), differences.max(), MOST_POINTS // 2)
        near = np.linspace(-6, 6, MOST_POINTS // 2) * self._spread + self._value
        points = np.union1d(points, near)
        shares = [self._below(float(one)) for one in points]
        interpolated: Vector = np.interp(differences, points, shares)
        return interpolated

    def _below(self, difference: float) -> float:
        """P(μ_T (1 − e^(−θ)) <= d): given θ, the normal of ln μ_T."""
        if difference == 0:
            return float(self.posterior.below(np.zeros(1))[0])
        v, w = ((arm.se / arm.value) ** 2 for arm in (self.treatment, self.control))
        error = sqrt(v * w / (v + w))
        at, size = log(self.treatment.value), log(abs(difference))
        seen = log(self.treatment.value / self.control.value)
        rising = difference > 0

        def beyond(theta: Vector) -> Vector:
            """P(as large as the difference, on its side of 0) at each log ratio."""
            kept = -np.expm1(-theta) if rising else np.expm1(-theta)
            inside = kept > 0
            log_kept = np.log(np.where(inside, kept, 1.0))
            mean = at + v / (v + w) * (theta - seen)
            share = ndtr((mean + log_kept - size) / error)
            return np.where(inside, share, 0.0)

        share = self.posterior.expect(beyond)
        return 1 - share if rising else share

    @property
    def _value(self) -> float:
        return self.treatment.value - self.control.value

    @property
    def _spread(self) -> float:
        return sqrt(self.treatment.se**2 + self.control.se**2)
