"""A prior on the lift."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.posterior.grid import GridLift, even_grid
from holdback.stats.posterior.random_effects import NormalMixture

__all__ = ["JEFFREYS", "LiftPrior", "combined", "prior_lift", "uniform_rates_density"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPrior:
    """Normal(0, sd) on the log ratio; sd None is flat.

    A `learned` prior stands in place of it; `sd` is then its standard deviation. For
    rates the priors named ``weak`` and ``none`` are Beta(1, 1) on each rate.
    """

    name: str
    sd: float | None
    learned: NormalMixture | None = None

    @classmethod
    def of(cls, name: str, learned: NormalMixture) -> LiftPrior:
        """A prior that was learned from other experiments.

        Raises ValueError where it has no spread.
        """
        return cls(name=name, sd=learned.sd, learned=learned)

    @property
    def mean(self) -> float:
        """Mean of the log ratio."""
        return 0.0 if self.learned is None else self.learned.mean

    @property
    def finest(self) -> float | None:
        """Deviation of its narrowest part; None where flat."""
        return self.sd if self.learned is None else float(self.learned.sds.min())

    def log_density(
        self, log_ratios: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Log density at each of `log_ratios` (m,), up to a constant; 0 where flat."""
        if self.learned is not None:
            return self.learned.log_density(log_ratios)
        if self.sd is None:
            return np.zeros_like(log_ratios)
        log_density: npt.NDArray[np.float64] = -((log_ratios / self.sd) ** 2) / 2
        return log_density

    def __post_init__(self) -> None:
        if self.sd is not None and not self.sd > 0:
            raise ValueError(f"`sd` of a prior must be above 0, got {self.sd}.")


Vector = npt.NDArray[np.float64]

JEFFREYS = 0.5
"""What Jeffreys' prior of a share adds to both of its counts."""
PRIOR_REACH = 8.0
PRIOR_POINTS = 4001


def prior_lift(prior: LiftPrior) -> GridLift | None:
    """The prior of the lift on a grid, over 8 standard deviations; None where flat.

    >>> belief = prior_lift(LiftPrior(name="weak", sd=0.4))
    >>> belief.density(np.zeros(1)).round(4), round(belief.probability_above(0.0), 4)
    (array([0.9974]), 0.5)
    """
    if prior.sd is None:
        return None
    reach = PRIOR_REACH * prior.sd
    log_ratios = np.linspace(prior.mean - reach, prior.mean + reach, PRIOR_POINTS)
    return GridLift.from_log_density(log_ratios, prior.log_density(log_ratios), "prior")


def uniform_rates_density(lifts: Vector) -> Vector:
    """Density of U/V − 1 for independent uniform U and V: 1/2, then 1/(2 ratio²).

    lifts: (m,) give densities (m,). Derived here: P(U ≤ rV) is r/2 up to r = 1.

    >>> uniform_rates_density(np.array([-0.5, 0.0, 1.0]))
    array([0.5  , 0.5  , 0.125])
    """
    return np.where(lifts <= 0, 0.5, 0.5 / (1 + np.maximum(lifts, 0)) ** 2)


KNOWN_DROP = 60.0
"""The likelihood is taken where it is within e^−60 of its peak: about 11 deviations."""
NEGLIGIBLE_AT_EDGE = 1e-7


def combined(
    log_ratios: Vector, density: Vector, prior: LiftPrior, method: str
) -> GridLift:
    """Posterior of the lift from the density (m,) of a flat prior on an even grid.

    log_ratios: (m,), the grid; density: (m,), at its points. A prior may be much
    narrower than the grid's step, so the log density is taken between its points (by a
    cubic spline) and both are put together on a grid of their own. Raises StatsError
    where the prior draws the lift to where the likelihood is not known: it then lies so
    far from the data that their compromise means nothing.
    """
    if prior.sd is None:
        heights = np.log(np.maximum(density, density.max() * 1e-300))
        return GridLift.from_log_density(log_ratios, heights, method)
    from scipy.interpolate import CubicSpline

    kept = np.flatnonzero(density > density.max() * exp(-KNOWN_DROP))
    at = log_ratios[kept[0] : kept[-1] + 1]
    evidence = CubicSpline(at, np.log(density[kept[0] : kept[-1] + 1]))

    def log_density(points: Vector) -> Vector:
        return np.asarray(evidence(points)) + prior.log_density(points)

    low, high = float(at[0]), float(at[-1])
    grid = even_grid(log_density, low, high, finest=prior.finest)
    grid = grid[(grid >= low) & (grid <= high)]
    heights = log_density(grid)
    top = float(heights.max())
    if float(log_density(np.array([low, high])).max()) > top + log(NEGLIGIBLE_AT_EDGE):
        raise StatsError("The prior lies too far from the data to be combined.")
    return GridLift.from_log_density(grid, heights, method)
