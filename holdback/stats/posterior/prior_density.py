"""The density of a prior on the lift, to be drawn beside the posterior's."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.posterior.prior import LiftPrior

__all__ = ["prior_density", "uniform_rates_density"]

Vector = npt.NDArray[np.float64]


def prior_density(prior: LiftPrior, lifts: Vector, *, rates: bool) -> Vector | None:
    """Density per unit of lift at each of `lifts` (m,) above −1; None where flat.

    A normal on the log ratio, changed to the lift by dividing by 1 + lift. For rates
    ``weak`` and ``none`` stand for uniform rates, as the posterior takes them.

    >>> prior_density(LiftPrior(name="weak", sd=0.4), np.zeros(1), rates=False).round(4)
    array([0.9974])
    """
    if rates and prior.name in {"weak", "none"}:
        return uniform_rates_density(lifts)
    if prior.sd is None:
        return None
    z = np.log1p(lifts) / prior.sd
    return np.asarray(np.exp(-(z**2) / 2) / (prior.sd * sqrt(2 * pi) * (1 + lifts)))


def uniform_rates_density(lifts: Vector) -> Vector:
    """Density of U/V − 1 for independent uniform U and V: 1/2, then 1/(2 ratio²).

    >>> uniform_rates_density(np.array([-0.5, 0.0, 1.0]))
    array([0.5  , 0.5  , 0.125])
    """
    return np.where(lifts <= 0, 0.5, 0.5 / (1 + np.maximum(lifts, 0)) ** 2)
