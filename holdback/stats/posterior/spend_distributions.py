"""Lognormal spend, with one spread in both arms or with one in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, log, sqrt
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, chdtri, gammaln, polygamma, psi

from holdback.errors import StatsError
from holdback.stats.posterior.laplace import Mode, mode_of

__all__ = [
    "GRID_REACH",
    "NO_SPREAD",
    "SHAPE_SPAN",
    "Amounts",
    "GammaSpend",
    "OneSpread",
    "StudentSpend",
    "TwoSpreads",
    "around",
]

Vector = npt.NDArray[np.float64]
NO_SPREAD = 1e-18
"""Sum of squares of logs, per buyer, at or below which all spend the same."""
VARIANCE_NODES = 200
ARM_REACH = 8.0


@dataclass(frozen=True, kw_only=True)
class OneSpread:
    """ln(spend) ~ Normal(μ_a, σ²): the log ratio of means is μ_T − μ_C.

    Flat on μ, 1/σ² on the variance: a Student t about the difference of mean logs.
    """

    centre: float
    squares: float
    buyers: tuple[int, int]
    name: str = "lognormal"

    @property
    def scale(self) -> float:
        """√(s² (1/n_C + 1/n_T))."""
        first, second = self.buyers
        return sqrt(self.squares / self._freedom * (1 / first + 1 / second))

    @property
    def _freedom(self) -> int:
        return sum(self.buyers) - 2

    def grid(self, step: float) -> tuple[int, Vector]:
        """The Student t at multiples of the step: first multiple, values (m,)."""
        low, at = around(self.centre, self.scale, step)
        z, freedom = (at - self.centre) / self.scale, self._freedom
        constant = gammaln((freedom + 1) / 2) - gammaln(freedom / 2)
        density = np.exp(constant - (freedom + 1) / 2 * np.log1p(z**2 / freedom))
        return low, density / (density.sum() * step)

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Standard normal, (r, n) as `shape` says."""
        return rng.standard_normal(shape)


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoSpreads:
    """ln(spend) ~ Normal(μ_a, σ_a²): the log of an arm's mean is μ_a + σ_a²/2.

    Flat on μ, 1/σ² on each variance. Nothing cancels, so this is the wide one.
    """

    means: tuple[float, float]
    squares: tuple[float, float]
    buyers: tuple[int, int]
    name: str = "lognormal, one spread for each arm"

    @property
    def scale(self) -> float:
        """√ Σ (s²/n + s⁴ / 2(n − 1))."""
        total = 0.0
        for squares, n in zip(self.squares, self.buyers, strict=True):
            variance = squares / (n - 1)
            total += variance / n + variance**2 / (2 * (n - 1))
        return sqrt(total)

    def grid(self, step: float) -> tuple[int, Vector]:
        """Treated less control, each a mixture of normals over its variance: (m,)."""
        first, control = self._arm(0, step)
        start, treated = self._arm(1, step)
        back = -(first + len(control) - 1)
        return start + back, np.convolve(treated, control[::-1]) * step

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Standard normal, (r, n): each arm is seen by its own spread."""
        return rng.standard_normal(shape)

    def _arm(self, arm: int, step: float) -> tuple[int, Vector]:
        n, freedom = self.buyers[arm], self.buyers[arm] - 1
        tails = (np.arange(VARIANCE_NODES) + 0.5) / VARIANCE_NODES
        variance = self.squares[arm] / chdtri(freedom, tails)
        centre, spread = self.means[arm] + variance / 2, np.sqrt(variance / n)
        low = floor(float((centre - ARM_REACH * spread).min()) / step)
        high = ceil(float((centre + ARM_REACH * spread).max()) / step)
        at = np.arange(low, high + 1)[:, None] * step
        z = (at - centre) / spread
        density = (np.exp(-(z**2) / 2) / spread).sum(axis=1)
        return low, density / (density.sum() * step)


GRID_REACH = 12.0
"""Deviations to each side that a grid covers."""


class Amounts(Protocol):
    """A model of both arms' spend per buyer, fitted."""

    @property
    def name(self) -> str:
        """How the report calls the distribution."""

    @property
    def scale(self) -> float:
        """Deviation of the log ratio, roughly: it sets the step of the grid."""

    def grid(self, step: float) -> tuple[int, Vector]:
        """Density of the log ratio at multiples of `step`: first multiple, values (m,).

        Scaled so that values × step add up to 1.
        """

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Log spend that the model would make, about any centre, (r, n)."""


def around(centre: float, scale: float, step: float) -> tuple[int, Vector]:
    """Multiples of a step about a centre: the first one, and the values (m,)."""
    low = floor((centre - GRID_REACH * scale) / step)
    high = ceil((centre + GRID_REACH * scale) / step)
    return low, np.arange(low, high + 1, dtype=np.float64) * step


SHAPE_NODES = 41
SHAPE_SPAN = 5.0
"""Deviations of ln(shape) to each side that are integrated."""
GAMMA_SHAPE_ENDS = (-4.0, 8.0)


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
        """From ln(spend) of each buyer: control (k,), treatment (m,).

        Raises StatsError where the shape has no end.
        """
        spend = cls(
            sums=(float(np.exp(control).sum()), float(np.exp(treatment).sum())),
            logs=float(control.sum() + treatment.sum()),
            buyers=(len(control), len(treatment)),
        )
        if not GAMMA_SHAPE_ENDS[0] + 0.1 < spend._peak[0] < GAMMA_SHAPE_ENDS[1] - 0.1:
            raise StatsError("The shape of a gamma distribution has no end.")
        return spend

    @property
    def scale(self) -> float:
        """√ Σ ψ′(n k) at the likeliest shape."""
        k = np.exp(self._peak[0])
        return sqrt(sum(float(polygamma(1, n * k)) for n in self.buyers))

    def grid(self, step: float) -> tuple[int, Vector]:
        """A mixture over the shape of log beta-prime densities: values (m,)."""
        logs = (
            np.linspace(-SHAPE_SPAN, SHAPE_SPAN, SHAPE_NODES) * self._peak[1]
            + self._peak[0]
        )
        weight = np.array([self._log_density(log_k) for log_k in logs])
        weight = np.exp(weight - weight.max())
        first, second = self.buyers
        ratio = log(self.sums[1] / self.sums[0])
        centre = ratio - log(second / first)
        low, at = around(centre, self.scale, step)
        density = np.zeros_like(at)
        for log_k, share in zip(logs, weight, strict=True):
            a, b = first * np.exp(log_k), second * np.exp(log_k)
            away = at - ratio
            log_density = a * away - (a + b) * np.logaddexp(0, away) - betaln(a, b)
            density += share * np.exp(log_density)
        return low, density / (density.sum() * step)

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Logs of gamma variables of the likeliest shape, (r, n)."""
        drawn = rng.standard_gamma(np.exp(self._peak[0]), shape)
        return np.asarray(np.log(np.maximum(drawn, 1e-300)))

    @cached_property
    def _peak(self) -> tuple[float, float]:
        """Where ln k is likeliest, and its deviation there."""
        from scipy.optimize import minimize_scalar

        best = minimize_scalar(
            lambda at: -self._log_density(at), bounds=GAMMA_SHAPE_ENDS, method="bounded"
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
        """From ln(spend) of each buyer: control (k,), treatment (m,).

        Raises StatsError where there is no mode.
        """
        arms = (control, treatment)

        def loss(theta: Vector) -> tuple[float, Vector]:
            away = (theta[3] - FREEDOM[0]) / FREEDOM[1]
            value, slope = away**2 / 2, np.array([0.0, 0.0, 0.0, away / FREEDOM[1]])
            for arm, logs in enumerate(arms):
                log_likelihood, by = _likelihood(logs, theta[arm], theta[2], theta[3])
                value -= log_likelihood
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
        """The normal at multiples of the step: first multiple, values (m,)."""
        centre = float(self.mode.at[1] - self.mode.at[0])
        low, at = around(centre, self.scale, step)
        density = np.exp(-(((at - centre) / self.scale) ** 2) / 2)
        return low, density / (density.sum() * step)

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Student t variables of the likeliest degrees of freedom, (r, n)."""
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
    log_likelihood = len(logs) * constant - (freedom + 1) / 2 * far.sum()
    by_freedom = psi((freedom + 1) / 2) / 2 - psi(freedom / 2) / 2 - 1 / (2 * freedom)
    by_freedom = len(logs) * by_freedom - far.sum() / 2 + (pull * z).sum() / freedom / 2
    return float(log_likelihood), np.array(
        [pull.sum() / scale, (pull * z).sum() - len(logs), freedom * by_freedom]
    )
