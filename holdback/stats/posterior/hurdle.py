"""Revenue per unit as a hurdle: who buys, and how much.

B ~ Bernoulli(p_a), and a buyer's spend follows a model: lognormal unless another is
given. Mean revenue per unit is p_a times mean spend, so the log ratio of the arms is
ln(p_T / p_C) plus the log ratio of mean spends. With one shape in both arms the unknown
tail cancels there, which is why this is narrower than each arm's own standard error.
The densities are derived here; tests check them against draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, polygamma

from holdback.errors import StatsError
from holdback.stats.evidence.sample import Sample
from holdback.stats.posterior.grid import GridLift
from holdback.stats.posterior.prior import JEFFREYS, LiftPrior, combined
from holdback.stats.posterior.spend_distributions import (
    GRID_REACH,
    NO_SPREAD,
    Amounts,
    GammaSpend,
    OneSpread,
    StudentSpend,
    TwoSpreads,
)

__all__ = ["BUYERS_FOR_SPREAD", "Hurdle", "LogSpend"]

Vector = npt.NDArray[np.float64]

BUYERS_FOR_SPREAD = 20
METHOD_NAMES: dict[type, str] = {
    OneSpread: "lognormal",
    TwoSpreads: "lognormal_two_spreads",
    GammaSpend: "gamma",
    StudentSpend: "student_t",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSpend:
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

    Flat on the log ratio, Beta(½, ½) on each share of buyers (Jeffreys' prior, whose
    tails are near those of a frequentist interval); the model of spend has its own.

    Raises StatsError below 20 buyers in an arm, or where all buyers spend the same.
    """

    control: LogSpend
    treatment: LogSpend
    amounts: Amounts | None = None

    def __post_init__(self) -> None:
        fewest = min(self.control.buyers, self.treatment.buyers)
        if fewest < BUYERS_FOR_SPREAD:
            buyers = "1 buyer" if fewest == 1 else f"{fewest} buyers"
            raise StatsError(
                f"With {buyers} in an arm the spread of spend cannot be judged."
            )
        squares = self.control.log_squares + self.treatment.log_squares
        if squares <= NO_SPREAD * (self.control.buyers + self.treatment.buyers):
            raise StatsError("All buyers spend the same: there is no spread to judge.")

    def posterior(self, prior: LiftPrior) -> GridLift:
        """Posterior of the lift under a normal prior on the log ratio, or a flat one.

        The log ratio is a difference of two log-beta variables plus that of mean
        spends (with one lognormal spread, a Student t), so its density is two
        convolutions on a grid; nothing is drawn. As the log ratio is flat and
        independent of the rest, a normal prior only multiplies it. Raises StatsError
        where the prior lies too far from the data.
        """
        return combined(*self._density, prior, self.method)

    @property
    def method(self) -> str:
        """A short fixed name of the model."""
        return f"hurdle_{METHOD_NAMES[type(self.spend)]}"

    @cached_property
    def spend(self) -> Amounts:
        """The model of spend: lognormal with one spread unless another is given."""
        if self.amounts is not None:
            return self.amounts
        return OneSpread(
            centre=self.treatment.log_mean - self.control.log_mean,
            squares=self.control.log_squares + self.treatment.log_squares,
            buyers=(self.control.buyers, self.treatment.buyers),
        )

    @cached_property
    def _density(self) -> tuple[Vector, Vector]:
        """The log ratio's grid, whose points are multiples of one step, and density."""
        shares = [_share(arm) for arm in (self.treatment, self.control)]
        widths = [sd for _, _, _, sd in shares] + [self.spend.scale]
        total = sqrt(sum(w**2 for w in widths))
        step = max(min(total / 60, min(widths) / 5), total / 2000)
        start, density = self.spend.grid(step)
        for sign, (a, b, centre, sd) in zip((1, -1), shares, strict=True):
            first, other = _share_grid(a, b, centre, sd, step)
            if sign < 0:
                first, other = -(first + len(other) - 1), other[::-1]
            start, density = start + first, np.convolve(density, other) * step
        at = np.arange(start, start + len(density), dtype=np.float64) * step
        return at, density


def _share(arm: LogSpend) -> tuple[float, float, float, float]:
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
    low, high = (
        floor((centre - GRID_REACH * sd) / step),
        ceil((centre + GRID_REACH * sd) / step),
    )
    at = np.arange(low, min(high, -1) + 1) * step
    log_density = a * at + (b - 1) * np.log(-np.expm1(at)) - betaln(a, b)
    density = np.exp(log_density)
    return low, density / (density.sum() * step)
