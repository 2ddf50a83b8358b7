"""Revenue per unit as a hurdle: who buys, and how much, with one shape for both arms.

B ~ Bernoulli(p_a), ln(spend of a buyer) ~ Normal(μ_a, σ²). Mean revenue per unit is
p_a exp(μ_a + σ²/2), so with a shared σ the log ratio of the arms is
ln(p_T / p_C) + (μ_T − μ_C): the unknown tail cancels, which is why this is narrower
than each arm's own standard error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, log, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln, polygamma

from holdback.errors import StatsError
from holdback.stats.posterior.grid import GridLift
from holdback.stats.posterior.prior import LiftPrior
from holdback.stats.sample import Sample

__all__ = ["Hurdle", "Spend"]

Vector = npt.NDArray[np.float64]

JEFFREYS = 0.5
LEAST = 20
REACH = 12.0
EDGE = 1e-7
NO_SPREAD = 1e-18


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Units, buyers, and the sum and sum of squares of ln(spend) about its mean."""

    n: int
    buyers: int
    log_mean: float
    log_squares: float

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """The first column of a sample; raises StatsError for values below 0."""
        logs = log_spend(sample)
        centre = float(logs.mean()) if len(logs) else 0.0
        return cls(
            n=sample.n,
            buyers=len(logs),
            log_mean=centre,
            log_squares=float(np.sum((logs - centre) ** 2)),
        )


def log_spend(sample: Sample) -> Vector:
    """Log of what each buyer spent, (k,). Raises StatsError for values below 0."""
    spent = sample.rows[:, 0]
    if (spent < 0).any():
        raise StatsError("Some units have less than 0, so spend is not lognormal.")
    return np.log(spent[spent > 0])


@dataclass(frozen=True, kw_only=True)
class Hurdle:
    """What both arms' spend says of the log ratio.

    Flat on μ_C and on the log ratio, 1/σ² on the variance, Beta(½, ½) on each share
    of buyers (Jeffreys' prior, whose tails are near those of a frequentist interval).

    Raises StatsError below 20 buyers in an arm, or where all buyers spend the same.
    """

    control: Spend
    treatment: Spend

    def __post_init__(self) -> None:
        fewest = min(self.control.buyers, self.treatment.buyers)
        if fewest < LEAST:
            buyers = "1 buyer" if fewest == 1 else f"{fewest} buyers"
            raise StatsError(
                f"With {buyers} in an arm the spread of spend cannot be judged."
            )
        squares = self.control.log_squares + self.treatment.log_squares
        if squares <= NO_SPREAD * (self.control.buyers + self.treatment.buyers):
            raise StatsError("All buyers spend the same: there is no spread to judge.")

    def posterior(self, prior: LiftPrior) -> GridLift:
        """Posterior of the lift under a normal prior on the log ratio, or a flat one.

        The log ratio is a difference of two log-beta variables plus a scaled Student
        t (the marginal of μ_T − μ_C), so its density is two convolutions on a grid;
        nothing is drawn. As the log ratio is flat and independent of the rest, a
        normal prior only multiplies it. Raises StatsError where the prior lies so far
        from the data that the grid does not reach their compromise.
        """
        at, density = self._density
        log_density = np.log(np.maximum(density, 1e-300))
        if prior.sd is not None:
            log_density = log_density + prior.log_density(at)
        top = float(log_density.max())
        if max(log_density[0], log_density[-1]) > top + log(EDGE):
            raise StatsError("The prior lies too far from the data to be combined.")
        return GridLift.from_log_density(at, log_density, "hurdle_lognormal")

    @cached_property
    def _density(self) -> tuple[Vector, Vector]:
        """The log ratio's grid, whose points are multiples of one step, and density."""
        freedom = self.control.buyers + self.treatment.buyers - 2
        scale = sqrt(
            (self.control.log_squares + self.treatment.log_squares)
            / freedom
            * (1 / self.control.buyers + 1 / self.treatment.buyers)
        )
        shares = [_share(arm) for arm in (self.treatment, self.control)]
        widths = [sd for _, _, _, sd in shares] + [scale]
        total = sqrt(sum(w**2 for w in widths))
        step = max(min(total / 60, min(widths) / 5), total / 2000)
        start, density = _t_grid(
            self.treatment.log_mean - self.control.log_mean, scale, freedom, step
        )
        for sign, (a, b, centre, sd) in zip((1, -1), shares, strict=True):
            first, other = _share_grid(a, b, centre, sd, step)
            if sign < 0:
                first, other = -(first + len(other) - 1), other[::-1]
            start, density = start + first, np.convolve(density, other) * step
        at = np.arange(start, start + len(density), dtype=np.float64) * step
        return at, density


def _share(arm: Spend) -> tuple[float, float, float, float]:
    """Beta posterior of the share of buyers, and mean and deviation of its log."""
    a = arm.buyers + JEFFREYS
    b = arm.n - arm.buyers + JEFFREYS
    spread = float(polygamma(1, a) - polygamma(1, a + b))
    centre = float(polygamma(0, a) - polygamma(0, a + b))
    return a, b, centre, sqrt(spread)


def _share_grid(
    a: float, b: float, centre: float, sd: float, step: float
) -> tuple[int, Vector]:
    """Density of ln p, p ~ Beta(a, b), at multiples of `step`: first one, values."""
    low, high = floor((centre - REACH * sd) / step), ceil((centre + REACH * sd) / step)
    at = np.arange(low, min(high, -1) + 1) * step
    log_density = a * at + (b - 1) * np.log(-np.expm1(at)) - betaln(a, b)
    density = np.exp(log_density)
    return low, density / (density.sum() * step)


def _t_grid(
    centre: float, scale: float, freedom: int, step: float
) -> tuple[int, Vector]:
    """Density of a Student t, moved and scaled, at multiples of `step`."""
    low = floor((centre - REACH * scale) / step)
    high = ceil((centre + REACH * scale) / step)
    z = (np.arange(low, high + 1) * step - centre) / scale
    constant = gammaln((freedom + 1) / 2) - gammaln(freedom / 2)
    log_density = constant - (freedom + 1) / 2 * np.log1p(z**2 / freedom)
    density = np.exp(log_density) / (scale * sqrt(np.pi * freedom))
    return low, density / (density.sum() * step)
