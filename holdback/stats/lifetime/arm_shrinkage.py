"""A shared model of two arms, whose effects are pulled towards none.

Both arms share one model; the treatment moves some of its parameters by amounts on
the log (logit) scale that are normal around 0 with standard deviation 0.2, so that an
implausible lift is pulled back. The shapes of a beta are told as logit of its mean and
ln of their sum.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit

__all__ = [
    "SHAPES",
    "WIDE",
    "YEARS",
    "by_shapes",
    "discounts",
    "log_prior",
    "shapes_of",
]

Vector = npt.NDArray[np.float64]
EFFECT = 0.2
"""Standard deviation of the treatment's effect on a parameter, on the log scale."""
WIDE = 3.0
SHAPES = ((-1.0, 1.5), (1.5, 1.5))
"""Weak priors of logit(a / (a + b)) and ln(a + b): mean, standard deviation."""
YEARS = 7 / 365.25
"""Years in a week."""


def discounts(rate: float, times: Vector) -> Vector:
    """(1 + rate)^(−t) for times in years."""
    return np.asarray((1 + rate) ** -times)


def log_prior(theta: Vector, middle: Vector, spread: Vector) -> tuple[float, Vector]:
    """Minus the log prior and its gradient; effects stand after the common ones."""
    k = len(middle)
    common = (theta[:k] - middle) / spread
    effects = theta[k:] / EFFECT
    slope = np.concatenate([common / spread, effects / EFFECT])
    return float(common @ common + effects @ effects) / 2, slope


def shapes_of(draws: Vector, arm: int, first: int) -> tuple[Vector, Vector]:
    """The two beta shapes from logit and ln, whose effects stand last."""
    logit, log = draws[:, first], draws[:, first + 1]
    if arm:
        logit, log = logit + draws[:, -2], log + draws[:, -1]
    share, size = expit(logit), np.exp(log)
    return share * size, (1 - share) * size


def by_shapes(first: float, second: float, by: Vector) -> tuple[Vector, Vector]:
    """Scores (k,) in logit of the share and ln of the sum, from those in the shapes."""
    size = first + second
    share = first / size
    return share * (1 - share) * size * (by[:, 0] - by[:, 1]), first * by[
        :, 0
    ] + second * by[:, 1]
