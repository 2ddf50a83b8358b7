"""What came and what is still ahead, in one posterior: value per assigned unit.

What came is measured, and its mean is normal. What is ahead comes from a model of the
same units, so the two hang together: who bought much also tells the model that more is
to come. Given the model's parameters, the mean that was observed is normal around its
regression on them, whose slope is the covariance of a unit's value with its score.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from holdback.stats.posterior.laplace import Mode

__all__ = [
    "LEAST_VARIANCE",
    "LIFETIME_DRAWS",
    "SHAPES",
    "WEAK_PRIOR_SD",
    "YEARS",
    "Ahead",
    "Means",
    "RealizedValue",
    "ValueDraws",
    "by_shapes",
    "carried_on",
    "discounts",
    "log_prior",
    "shapes_of",
    "worth",
]

Vector = npt.NDArray[np.float64]
LIFETIME_DRAWS = 4000


class Ahead(Protocol):
    """A model of both arms: what is ahead, as a function of its parameters."""

    @property
    def mode(self) -> Mode:
        """The posterior."""

    @property
    def control(self) -> dict[str, float]:
        """The fitted model of control, by the names of its publication."""

    def ahead(self, draws: Vector) -> Vector:
        """Discounted orders ahead per assigned unit, (n, 2), from draws (n, p)."""

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's gradient of its log-likelihood, (k, p): control, treated."""


class Means(Protocol):
    """A model of both arms: the mean amount of an order."""

    @property
    def mode(self) -> Mode:
        """The posterior."""

    @property
    def control(self) -> dict[str, float]:
        """The fitted model of control, by the names of its publication."""

    def means(self, draws: Vector) -> Vector:
        """Mean amount of an order, (n, 2), from draws (n, p): control, treated."""

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's gradient of its log-likelihood, (k, p): control, treated."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RealizedValue:
    """What an arm's units brought so far.

    `mean` and `variance` (of one unit) over `units`; `by_history` and `by_spend` are
    what the units behind each row of the two models brought above the mean, in all.
    `kept` is the share of orders' money that was not given back: value, variance, and
    covariance with the mean.
    """

    units: float
    mean: float
    variance: float
    by_history: Vector
    by_spend: Vector
    kept: tuple[float, float, float] = (1.0, 0.0, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueDraws:
    """Draws (n, 2) of both arms, control first: what came, what is ahead."""

    came: Vector
    ahead: Vector

    @property
    def total(self) -> Vector:
        """Both together, (n, 2), in money."""
        return np.asarray(self.came + self.ahead)


def worth(
    seen: tuple[RealizedValue, RealizedValue],
    ahead: Ahead,
    means: Means,
    *,
    seed: tuple[int, ...],
    draws: int = LIFETIME_DRAWS,
) -> ValueDraws:
    """Joint draws of both arms, each with the share of its orders' money that it keeps.

    The same seed gives the same draws. Given the models' parameters, what came is
    normal around its regression on them (derived here; see the head of this file). The
    two models share no parameter, as orders and amounts are taken to be independent.
    """
    theta = ahead.mode.draws(draws, (*seed, 1))
    phi = means.mode.draws(draws, (*seed, 2))
    still = ahead.ahead(theta) * means.means(phi)
    noise = np.random.default_rng((*seed, 3)).standard_normal((draws, 2))
    given = np.random.default_rng((*seed, 4)).standard_normal((draws, 2))
    came = np.empty_like(still)
    for arm, (realized, by_history, by_spend) in enumerate(
        zip(seen, ahead.scores(), means.scores(), strict=True)
    ):
        first = realized.by_history @ by_history / realized.units
        second = realized.by_spend @ by_spend / realized.units
        explained = first @ ahead.mode.covariance @ first
        explained += second @ means.mode.covariance @ second
        kept, variance, shared = realized.kept
        slope = shared / sqrt(variance) if variance > 0 else 0.0
        explained += slope**2
        rest = np.sqrt(max(float(realized.variance / realized.units - explained), 0.0))
        along = (theta - ahead.mode.at) @ first + (phi - means.mode.at) @ second
        along += slope * given[:, arm]
        came[:, arm] = realized.mean + along + rest * noise[:, arm]
        still[:, arm] *= kept + sqrt(variance) * given[:, arm]
    return ValueDraws(came=came, ahead=still)


def carried_on(
    came: Vector, watched: Vector, units: Vector, *, until: float
) -> tuple[float, float]:
    """The simple formula and its standard error: what came per time × a lifespan.

    came, watched, units: (k,), in money, time, and units that share them. Order value ×
    frequency × lifespan, per unit that was assigned: Σ came / Σ watched × `until`, in
    the units of the time watched, with the error of a ratio by the delta method. It
    takes for granted that everything goes on as it was.
    """
    time = float(units @ watched)
    rate = float(units @ came) / time
    off = came - rate * watched
    return until * rate, until * float(np.sqrt(units @ off**2)) / time


EFFECT_PRIOR_SD = 0.2
"""Standard deviation of the treatment's effect on a parameter, on the log scale."""
WEAK_PRIOR_SD = 3.0
SHAPES = ((-1.0, 1.5), (1.5, 1.5))
"""Weak priors of logit(a / (a + b)) and ln(a + b): mean, standard deviation."""
LEAST_VARIANCE = 1e-18
"""Variance of what has none: a mean of equal payments, a share of all."""
YEARS = 7 / 365.25
"""Years in a week."""


def discounts(rate: float, times: Vector) -> Vector:
    """(1 + rate)^(−t) for times (n,) in years, (n,)."""
    return np.asarray((1 + rate) ** -times)


def log_prior(theta: Vector, middle: Vector, spread: Vector) -> tuple[float, Vector]:
    """Minus the log prior and its gradient (p,); effects stand after the common ones.

    theta: (p,); middle, spread: (k,), of the k common ones. Independent normals.
    """
    k = len(middle)
    common = (theta[:k] - middle) / spread
    effects = theta[k:] / EFFECT_PRIOR_SD
    slope = np.concatenate([common / spread, effects / EFFECT_PRIOR_SD])
    return float(common @ common + effects @ effects) / 2, slope


def shapes_of(draws: Vector, arm: int, first: int) -> tuple[Vector, Vector]:
    """The two beta shapes, (n,) each, from logit and ln in draws (n, p).

    They stand at `first` and after it, their effects last.
    """
    logit, log = draws[:, first], draws[:, first + 1]
    if arm:
        logit, log = logit + draws[:, -2], log + draws[:, -1]
    share, size = expit(logit), np.exp(log)
    return share * size, (1 - share) * size


def by_shapes(first: float, second: float, by: Vector) -> tuple[Vector, Vector]:
    """Scores (k,) in logit of the share and ln of the sum, from those in the shapes.

    by: (k, 2), the scores in the shapes; the chain rule (derived here).
    """
    size = first + second
    share = first / size
    return share * (1 - share) * size * (by[:, 0] - by[:, 1]), first * by[
        :, 0
    ] + second * by[:, 1]
