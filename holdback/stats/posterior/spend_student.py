"""Spend with tails heavier than lognormal: a Student t on the logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi

from holdback.stats.posterior.laplace import Mode, mode_of
from holdback.stats.posterior.spend import around

__all__ = ["StudentSpend"]

Vector = npt.NDArray[np.float64]
FREEDOM = (np.log(5.0), 0.8)
"""Weak prior of ln(degrees of freedom): mean, standard deviation."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StudentSpend:
    """ln(spend) ~ μ_a + σ t_ν, with σ and ν shared: the treatment multiplies amounts.

    A mean of such amounts does not exist, their ratio does: that by which every amount
    is multiplied, e^(μ_T − μ_C). The posterior is normal at its mode.
    """

    mode: Mode
    name: str = "Student t on the log"

    @classmethod
    def of(cls, control: Vector, treatment: Vector) -> Self:
        """From ln(spend) of each buyer; raises StatsError where there is no mode."""
        arms = (control, treatment)

        def loss(theta: Vector) -> tuple[float, Vector]:
            away = (theta[3] - FREEDOM[0]) / FREEDOM[1]
            value, slope = away**2 / 2, np.array([0.0, 0.0, 0.0, away / FREEDOM[1]])
            for arm, logs in enumerate(arms):
                told, by = _likelihood(logs, theta[arm], theta[2], theta[3])
                value -= told
                slope[arm] -= by[0]
                slope[2:] -= by[1:]
            return float(value), slope

        together = np.concatenate(arms)
        start = np.array(
            [
                np.median(control),
                np.median(treatment),
                np.log(together.std()),
                FREEDOM[0],
            ]
        )
        return cls(mode=mode_of(loss, start, scale=float(len(together))))

    @property
    def scale(self) -> float:
        """Deviation of μ_T − μ_C."""
        move = np.array([-1.0, 1.0, 0.0, 0.0])
        return float(np.sqrt(move @ self.mode.covariance @ move))

    def grid(self, step: float) -> tuple[int, Vector]:
        """The normal at multiples of the step."""
        centre = float(self.mode.at[1] - self.mode.at[0])
        low, at = around(centre, self.scale, step)
        density = np.exp(-(((at - centre) / self.scale) ** 2) / 2)
        return low, density / (density.sum() * step)

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Student t variables of the likeliest degrees of freedom."""
        return rng.standard_t(np.exp(self.mode.at[3]), shape)


def _likelihood(
    logs: Vector, centre: float, log_scale: float, log_freedom: float
) -> tuple[float, Vector]:
    """Log-likelihood of an arm, and its slope in μ, ln σ and ln ν, (3,)."""
    scale, freedom = np.exp(log_scale), np.exp(log_freedom)
    z = (logs - centre) / scale
    far = np.log1p(z**2 / freedom)
    pull = (freedom + 1) * z / (freedom + z**2)
    constant = gammaln((freedom + 1) / 2) - gammaln(freedom / 2)
    constant -= np.log(freedom * np.pi) / 2 + log_scale
    told = len(logs) * constant - (freedom + 1) / 2 * far.sum()
    by_freedom = psi((freedom + 1) / 2) / 2 - psi(freedom / 2) / 2 - 1 / (2 * freedom)
    by_freedom = len(logs) * by_freedom - far.sum() / 2 + (pull * z).sum() / freedom / 2
    return float(told), np.array(
        [pull.sum() / scale, (pull * z).sum() - len(logs), freedom * by_freedom]
    )
