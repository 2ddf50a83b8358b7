"""Posterior of the ratio of two rates by quadrature: no sampling, no noise.

The control rate is integrated out with Gauss–Legendre nodes over the range that
holds all but 1e-15 of its posterior, on a grid of log ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import betaincinv, betaln, xlog1py, xlogy

from holdback.errors import StatsError
from holdback.stats.effect import Estimate, Inference, Interval
from holdback.stats.posterior.prior import LiftPrior

__all__ = ["GridLift", "rates_posterior"]

Vector = npt.NDArray[np.float64]

POINTS = 2001
NODES = 96
TAIL = 1e-14
LEAST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLift:
    """A density of ln(1 + lift) on an even grid, and its running integral.

    log_ratios, density, cumulative: (m,).
    """

    log_ratios: Vector
    density: Vector
    cumulative: Vector
    method: str

    @property
    def mean(self) -> float:
        """E[lift]."""
        return self._expect(np.expm1(self.log_ratios))

    @property
    def sd(self) -> float:
        """Standard deviation of the lift."""
        square = self._expect(np.expm1(self.log_ratios) ** 2)
        return sqrt(max(square - self.mean**2, 0.0))

    @property
    def expected_loss_if_shipped(self) -> float:
        """E[max(0, −lift)]."""
        return self._expect(np.maximum(0.0, -np.expm1(self.log_ratios)))

    @property
    def expected_loss_if_held(self) -> float:
        """E[max(0, lift)]."""
        return self._expect(np.maximum(0.0, np.expm1(self.log_ratios)))

    def probability_above(self, lift: float) -> float:
        """P(lift > `lift`); 1 at or below −100 %."""
        if lift <= -1:
            return 1.0
        at = log(1 + lift)
        below = _hermite(at, self.log_ratios, self.cumulative, self.density)
        return float(min(max(1 - below, 0.0), 1.0))

    def quantile(self, q: float) -> float:
        """The lift below which a share `q` lies."""
        low, high = float(self.log_ratios[0]), float(self.log_ratios[-1])
        root = brentq(
            lambda at: _hermite(at, self.log_ratios, self.cumulative, self.density) - q,
            low,
            high,
            xtol=1e-13,
        )
        return float(np.expm1(root))

    def interval(self, level: float) -> Interval:
        """Equal-tailed interval."""
        return Interval(
            lower=self.quantile((1 - level) / 2),
            upper=self.quantile((1 + level) / 2),
            level=level,
        )

    def _expect(self, values: Vector) -> float:
        return float(np.trapezoid(values * self.density, self.log_ratios))


def rates_posterior(inference: Inference, prior: LiftPrior) -> GridLift:
    """Posterior of the lift of two conversion rates.

    Priors ``weak`` and ``none``: Beta(1, 1) on each rate. Otherwise a uniform
    control rate and Normal(0, sd) on the log ratio, cut where a rate would pass 1.
    Raises StatsError where an arm has no unit, and under uniform priors where control
    has fewer than 2 conversions: E[1/p²] of its rate is then infinite.
    """
    control, treatment = inference.control, inference.treatment
    if control is None or treatment is None:
        raise StatsError("There is no posterior without units: " + inference.note)
    uniform = prior.name in {"weak", "none"} or prior.sd is None
    if uniform and control.nonzero < LEAST:
        raise StatsError(
            f"With {control.nonzero} conversions in control the lift's posterior has "
            "no mean and no spread."
        )
    log_ratios = _grid(control, treatment, prior, uniform=uniform)
    rates, weights = _control_nodes(control)
    treated = np.exp(log_ratios)[:, None] * rates[None, :]
    allowed = treated < 1
    inside = np.where(allowed, treated, 0.5)
    x, n = treatment.nonzero, treatment.n
    likelihood = (
        xlogy(x, inside)
        + xlog1py(n - x, -inside)
        - betaln(x + 1, n - x + 1)
    )
    if uniform:
        likelihood = likelihood + np.log(inside)
    joint = np.where(allowed, np.exp(likelihood - _top(likelihood, allowed)), 0.0)
    density = joint @ weights
    if not uniform and prior.sd is not None:
        density = density * np.exp(-0.5 * (log_ratios / prior.sd) ** 2)
    return _normalized(
        log_ratios, density, "beta_binomial" if uniform else "binomial_log_ratio"
    )


def _grid(
    control: Estimate, treatment: Estimate, prior: LiftPrior, *, uniform: bool
) -> Vector:
    """Log ratios that hold all but a negligible part of the posterior."""
    low_t, high_t = _range(treatment)
    low_c, high_c = _range(control)
    low, high = log(low_t / high_c), log(high_t / low_c)
    if not uniform and prior.sd is not None:
        low, high = max(low, -9 * prior.sd), min(high, 9 * prior.sd)
        if low >= high:
            low, high = -9 * prior.sd, 9 * prior.sd
    return np.linspace(low, high, POINTS)


def _range(estimate: Estimate) -> tuple[float, float]:
    a, b = estimate.nonzero + 1, estimate.n - estimate.nonzero + 1
    low = float(betaincinv(a, b, TAIL))
    high = float(betaincinv(b, a, TAIL))
    return max(low, 1e-300), 1 - high


def _control_nodes(control: Estimate) -> tuple[Vector, Vector]:
    """Control rates (m,) and their posterior weights under a uniform prior (m,)."""
    low, high = _range(control)
    nodes, widths = np.polynomial.legendre.leggauss(NODES)
    rates = low + (high - low) * (nodes + 1) / 2
    y, m = control.nonzero, control.n
    logs = xlogy(y, rates) + xlog1py(m - y, -rates)
    weights = widths * np.exp(logs - logs.max())
    return rates, weights / weights.sum()


def _top(values: Vector, allowed: npt.NDArray[np.bool_]) -> float:
    return float(values[allowed].max())


def _normalized(log_ratios: Vector, density: Vector, method: str) -> GridLift:
    """The density scaled to 1, with its integral by the corrected trapezoid rule."""
    step = float(log_ratios[1] - log_ratios[0])
    slope = np.gradient(density, step)
    pieces = (
        step * (density[:-1] + density[1:]) / 2
        - step**2 * (slope[1:] - slope[:-1]) / 12
    )
    cumulative = np.concatenate([[0.0], np.cumsum(pieces)])
    total = float(cumulative[-1])
    return GridLift(
        log_ratios=log_ratios,
        density=density / total,
        cumulative=cumulative / total,
        method=method,
    )


def _hermite(at: float, x: Vector, value: Vector, slope: Vector) -> float:
    """Cubic through values and slopes of the two grid points around `at`."""
    if at <= x[0]:
        return 0.0
    if at >= x[-1]:
        return 1.0
    step = float(x[1] - x[0])
    i = min(int((at - x[0]) / step), len(x) - 2)
    t = (at - float(x[i])) / step
    return float(
        (1 + 2 * t) * (1 - t) ** 2 * value[i]
        + t * (1 - t) ** 2 * step * slope[i]
        + t**2 * (3 - 2 * t) * value[i + 1]
        + t**2 * (t - 1) * step * slope[i + 1]
    )

