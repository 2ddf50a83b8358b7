"""Posterior of the ratio of two rates by quadrature: no sampling, no noise."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.posterior.grid import LOG_DROP, GridLift, even_grid
from holdback.stats.posterior.prior import LiftPrior
from holdback.stats.quadrature import legendre

__all__ = ["BY_RATIO", "UNIFORM", "rates_posterior"]

Vector = npt.NDArray[np.float64]

RATE_NODES = 40
EDGE_HALVINGS = 28
LEAST_CONVERSIONS = 2
UNIFORM = "beta_binomial"
"""Method of a posterior under uniform priors on both rates."""
BY_RATIO = "binomial_log_ratio"
"""Method of one under a prior on their ratio."""


def rates_posterior(inference: Inference, prior: LiftPrior) -> GridLift:
    """Posterior of the lift of two conversion rates.

    Priors ``weak`` and ``none``: Beta(1, 1) on each rate. Otherwise a uniform
    control rate and Normal(0, sd) on the log ratio, cut where a rate would pass 1.
    Raises StatsError where an arm has no unit, and where nobody or everybody converted
    (the arms' sizes alone would decide); and under uniform priors where control has
    fewer than 2 conversions, for E[1/p²] of its rate is then infinite, so the lift has
    no spread.
    """
    control, treatment = inference.control, inference.treatment
    if control is None or treatment is None:
        raise StatsError("There is no posterior without units.")
    if control.nonzero + treatment.nonzero == 0:
        raise StatsError("There is no posterior of a lift: nobody converted.")
    if control.nonzero == control.n and treatment.nonzero == treatment.n:
        raise StatsError("There is no posterior of a lift: everybody converted.")
    sd = None if prior.name in {"weak", "none"} else prior.sd
    if sd is None and control.nonzero < LEAST_CONVERSIONS:
        conversions = "1 conversion" if control.nonzero else "no conversion"
        raise StatsError(
            f"With {conversions} in control the lift's posterior is too wide: its "
            "spread is infinite."
        )
    likelihood = Likelihood(
        x=treatment.nonzero,
        n=treatment.n,
        y=control.nonzero,
        m=control.n,
        uniform=sd is None,
    )

    def log_density(log_ratios: Vector) -> Vector:
        evidence = likelihood.marginal(log_ratios)
        return evidence if sd is None else evidence + prior.log_density(log_ratios)

    log_ratios = even_grid(
        log_density,
        *_hull(control, treatment, None if sd is None else prior.mean),
        finest=None if sd is None else prior.finest,
    )
    return GridLift.from_log_density(
        log_ratios,
        log_density(log_ratios),
        UNIFORM if sd is None else BY_RATIO,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """Binomial counts of both arms; `uniform` puts Beta(1, 1) on treatment's rate."""

    x: int
    n: int
    y: int
    m: int
    uniform: bool

    def marginal(self, log_ratios: Vector) -> Vector:
        """Log of the joint density with the control rate integrated out, (g,).

        log_ratios: (g,), treatment over control. Derived here: at a ratio ρ the
        integrand in the control rate p is p^(x+y+u) (1−p)^(m−y) (1−ρp)^(n−x), u = 1 for
        the change from treatment's rate to ln ρ under the uniform prior. It is
        log-concave, so Gauss–Legendre nodes between the points where it has fallen by
        e^45 take all of it.
        """
        ratio = np.exp(log_ratios)
        power = self.x + self.y + self.uniform
        most = np.minimum(1.0, 1 / ratio)
        mode = self._mode(ratio, power)
        top = self._log(mode, ratio, power)
        low = self._fallen(mode, np.zeros_like(mode), (ratio, top, power))
        high = self._fallen(mode, most, (ratio, top, power))
        nodes, weights = legendre(RATE_NODES)
        width = (high - low)[:, None]
        rates = low[:, None] + width * (nodes + 1) / 2
        heights = self._log(rates, ratio[:, None], power) - top[:, None]
        inner = np.exp(heights) @ (weights / 2) * (high - low)
        return np.log(inner) + top + (self.x + self.uniform) * log_ratios

    def _mode(self, ratio: Vector, power: int) -> Vector:
        b, c = self.m - self.y, self.n - self.x
        linear = power * (1 + ratio) + b + c * ratio
        square = 4 * power * ratio * (power + b + c)
        root = np.sqrt(np.maximum(linear**2 - square, 0.0))
        return 2 * power / (linear + root)

    def _log(self, rate: Vector, ratio: Vector, power: int) -> Vector:
        rest, treated_rest = self.m - self.y, self.n - self.x
        total = power * np.log(np.maximum(rate, 1e-300)) if power else 0.0 * rate
        if rest:
            total = total + rest * np.log1p(-np.minimum(rate, 1 - 1e-16))
        if treated_rest:
            treated = np.minimum(ratio * rate, 1 - 1e-16)
            total = total + treated_rest * np.log1p(-treated)
        return total

    def _fallen(
        self, mode: Vector, edge: Vector, at: tuple[Vector, Vector, int]
    ) -> Vector:
        """Between mode and edge, where the integrand has fallen by DROP."""
        ratio, top, power = at
        inside, outside = mode, edge
        for _ in range(EDGE_HALVINGS):
            middle = (inside + outside) / 2
            high = self._log(middle, ratio, power) > top - LOG_DROP
            inside = np.where(high, middle, inside)
            outside = np.where(high, outside, middle)
        return outside


def _hull(
    control: Estimate, treatment: Estimate, centre: float | None
) -> tuple[float, float]:
    """Log ratios between which prior and data put all that matters."""
    ends = []
    for estimate in (control, treatment):
        rate = (estimate.nonzero + 1) / (estimate.n + 2)
        spread = sqrt(2 * LOG_DROP) * sqrt((1 - rate) / (estimate.nonzero + 1))
        ends.append(
            (
                log(rate) - 4 * spread - LOG_DROP / (estimate.nonzero + 1),
                min(0.0, log(rate) + 2 * spread),
            )
        )
    low, high = ends[1][0] - ends[0][1], ends[1][1] - ends[0][0]
    if centre is None:
        return low, high
    return min(low, centre, 0.0), max(high, centre, 0.0)
