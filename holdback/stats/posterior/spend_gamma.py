"""Gamma spend with one shape in both arms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import betaln, gammaln, polygamma

from holdback.errors import StatsError
from holdback.stats.posterior.spend import around

__all__ = ["GammaSpend"]

Vector = npt.NDArray[np.float64]
NODES = 41
SPAN = 5.0
EDGES = (-4.0, 8.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class GammaSpend:
    """Spend ~ Gamma(k, mean m_a), flat on ln m_a and on ln k.

    Given k, k Σx / m is Gamma(n k), so ln m_T − ln m_C is ln(Σx_T / Σx_C) plus the log
    of a beta-prime variable; and k has the density Π Γ(n k) Γ(k)^−n e^(k Σ ln x)
    (Σx)^(−n k), the product over the arms. Its logarithm is integrated on 41 points.
    """

    sums: tuple[float, float]
    logs: float
    buyers: tuple[int, int]
    name: str = "gamma"

    @classmethod
    def of(cls, control: Vector, treatment: Vector) -> Self:
        """From ln(spend) of each buyer; StatsError where the shape has no end."""
        found = cls(
            sums=(float(np.exp(control).sum()), float(np.exp(treatment).sum())),
            logs=float(control.sum() + treatment.sum()),
            buyers=(len(control), len(treatment)),
        )
        if not EDGES[0] + 0.1 < found._peak[0] < EDGES[1] - 0.1:
            raise StatsError("The shape of a gamma distribution has no end.")
        return found

    @property
    def scale(self) -> float:
        """√ Σ ψ′(n k) at the likeliest shape."""
        k = np.exp(self._peak[0])
        return sqrt(sum(float(polygamma(1, n * k)) for n in self.buyers))

    def grid(self, step: float) -> tuple[int, Vector]:
        """A mixture over the shape of log beta-prime densities."""
        logs = np.linspace(-SPAN, SPAN, NODES) * self._peak[1] + self._peak[0]
        weight = np.array([self._log_density(one) for one in logs])
        weight = np.exp(weight - weight.max())
        first, second = self.buyers
        ratio = log(self.sums[1] / self.sums[0])
        centre = ratio - log(second / first)
        low, at = around(centre, self.scale, step)
        density = np.zeros_like(at)
        for one, share in zip(logs, weight, strict=True):
            a, b = first * np.exp(one), second * np.exp(one)
            away = at - ratio
            told = a * away - (a + b) * np.logaddexp(0, away) - betaln(a, b)
            density += share * np.exp(told)
        return low, density / (density.sum() * step)

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Logs of gamma variables of the likeliest shape."""
        drawn = rng.standard_gamma(np.exp(self._peak[0]), shape)
        return np.asarray(np.log(np.maximum(drawn, 1e-300)))

    @cached_property
    def _peak(self) -> tuple[float, float]:
        """Where ln k is likeliest, and its deviation there."""
        best = minimize_scalar(
            lambda at: -self._log_density(at), bounds=EDGES, method="bounded"
        ).x
        h = 1e-3
        around_it = [self._log_density(best + move) for move in (-h, 0.0, h)]
        curve = -(around_it[0] - 2 * around_it[1] + around_it[2]) / h**2
        return float(best), 1 / sqrt(max(curve, 1e-6))

    def _log_density(self, log_k: float) -> float:
        k = np.exp(log_k)
        total = k * self.logs
        for n, amount in zip(self.buyers, self.sums, strict=True):
            total += gammaln(n * k) - n * gammaln(k) - n * k * log(amount)
        return float(total)
