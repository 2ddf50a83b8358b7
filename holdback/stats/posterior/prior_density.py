"""The density of a prior on the lift, to be drawn beside the posterior's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from holdback.stats.posterior.grid import GridLift
from holdback.stats.posterior.prior import LiftPrior

__all__ = ["prior_lift", "uniform_rates_density"]

Vector = npt.NDArray[np.float64]

REACH = 8.0
POINTS = 4001


def prior_lift(prior: LiftPrior) -> GridLift | None:
    """The prior of the lift on a grid, over 8 standard deviations; None where flat.

    >>> found = prior_lift(LiftPrior(name="weak", sd=0.4))
    >>> found.density(np.zeros(1)).round(4), round(found.probability_above(0.0), 4)
    (array([0.9974]), 0.5)
    """
    if prior.sd is None:
        return None
    reach = REACH * prior.sd
    log_ratios = np.linspace(prior.mean - reach, prior.mean + reach, POINTS)
    return GridLift.from_log_density(log_ratios, prior.log_density(log_ratios), "prior")


def uniform_rates_density(lifts: Vector) -> Vector:
    """Density of U/V − 1 for independent uniform U and V: 1/2, then 1/(2 ratio²).

    >>> uniform_rates_density(np.array([-0.5, 0.0, 1.0]))
    array([0.5  , 0.5  , 0.125])
    """
    return np.where(lifts <= 0, 0.5, 0.5 / (1 + np.maximum(lifts, 0)) ** 2)
