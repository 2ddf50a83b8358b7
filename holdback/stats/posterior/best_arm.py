"""Which of several arms is the best, and what choosing each of them would cost.

By quadrature, so that nothing is drawn and two readings of the same data agree. Each
arm's value is normal around its estimate on one scale (the log for amounts and rates);
the arms share their control, so with a prior on the lifts they are independent only
once control's value is known: that is integrated over (derived here).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from holdback.stats.posterior.prior import LiftPrior
from holdback.stats.quadrature import NORMAL_REACH, PANEL_WIDTH, legendre_panels

__all__ = ["ArmValue", "BestOfArms", "best_of_arms"]

Vector = npt.NDArray[np.float64]

CONTROL_POINTS = 81
COARSE_CONTROL_POINTS = 2001
NEGLIGIBLE_DENSITY = 1e-16
MOST_PANELS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmValue:
    """An arm's value, such as ln of its mean, and its variance."""

    value: float
    variance: float

    def __post_init__(self) -> None:
        if not self.variance > 0:
            raise ValueError(f"`variance` must be above 0, got {self.variance}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOfArms:
    """Of each arm, control first: the chance to be the best, the cost of choosing it.

    `losses` are E[best − this one] on the arms' scale, `losses_of_exp` E[exp(best) −
    exp(this one)]: amounts, where the scale is their log.
    """

    chances: tuple[float, ...]
    losses: tuple[float, ...]
    losses_of_exp: tuple[float, ...]


def best_of_arms(
    control: ArmValue, arms: tuple[ArmValue, ...], prior: LiftPrior
) -> BestOfArms:
    """The chance of each arm to have the largest value, and its expected loss.

    Under a flat prior P(a best) = ∫ φ_a Π Φ_b over the value of the best, E[best] =
    hi − ∫ Π Φ. Under a prior of the lifts δ_a = value − control's, independent given
    control's, the same over δ at each value of control, which is weighted by its
    posterior: control's own normal times the arms' marginals at that distance.
    """
    if prior.sd is None:
        return _flat((control, *arms))
    return _given_control(control, arms, prior)


def _flat(arms: tuple[ArmValue, ...]) -> BestOfArms:
    values = np.array([arm.value for arm in arms])
    errors = np.sqrt([arm.variance for arm in arms])
    low = float((values - NORMAL_REACH * errors).max())
    high = float((values + NORMAL_REACH * errors).max())
    points, weights = _panels(low, high, float(errors.min()))
    z = (points[:, None] - values) / errors
    below, density = ndtr(z), _normal(z) / errors
    others = _product_without(below)
    chances = weights @ (density * others)
    all_below = below.prod(axis=1)
    best = high - float(weights @ all_below)
    best_exp = np.exp(high) - float(weights @ (np.exp(points) * all_below))
    exps = np.exp(values + errors**2 / 2)
    return _told(chances, best - values, best_exp - exps)


def _given_control(
    control: ArmValue, arms: tuple[ArmValue, ...], prior: LiftPrior
) -> BestOfArms:
    lifts = _Lifts.of(arms, prior)
    points, weights = _control_values(control, lifts)
    shares, means, errors = _posteriors(lifts, points)
    scale = weights * np.exp(points)
    reach = NORMAL_REACH * errors
    high = max(0.0, float((means + reach).max()))
    at, panel = _panels(0.0, high or 1.0, float(errors.min()))
    chances = np.zeros(len(arms) + 1)
    best = best_exp = 0.0
    for i, weight in enumerate(weights):
        z = (at[:, None, None] - means[i]) / errors
        below = (shares[i] * ndtr(z)).sum(axis=2)
        density = (shares[i] * _normal(z) / errors).sum(axis=2)
        at_zero = (shares[i] * ndtr(-means[i] / errors)).sum(axis=1)
        chances[0] += weight * at_zero.prod()
        chances[1:] += weight * (panel @ (density * _product_without(below)))
        above = 1 - below.prod(axis=1)
        best += weight * float(panel @ above)
        best_exp += scale[i] * (1 + float(panel @ (np.exp(at) * above)))
    expected = weights @ (shares * means).sum(axis=2)
    exps = scale @ (shares * np.exp(means + errors**2 / 2)).sum(axis=2)
    return _told(
        chances,
        best - np.concatenate([[0.0], expected]),
        best_exp - np.concatenate([[scale.sum()], exps]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Lifts:
    """Arms (m,) against a prior of k normals: weights, means and sds (k,)."""

    values: Vector
    variances: Vector
    weights: Vector
    means: Vector
    sds: Vector

    @classmethod
    def of(cls, arms: tuple[ArmValue, ...], prior: LiftPrior) -> _Lifts:
        """The arms, and the prior as a mixture of normals."""
        learned = prior.learned
        return cls(
            values=np.array([arm.value for arm in arms]),
            variances=np.array([arm.variance for arm in arms]),
            weights=np.ones(1) if learned is None else learned.weights,
            means=np.zeros(1) if learned is None else learned.means,
            sds=np.array([prior.sd]) if learned is None else learned.sds,
        )

    def fits(self, points: Vector) -> Vector:
        """Log weight × marginal density of each part: (values of control, m, k)."""
        spread = self.variances[:, None] + self.sds**2
        off = self.values[:, None] - points[:, None, None] - self.means
        fits: Vector = np.log(self.weights) - off**2 / (2 * spread) - np.log(spread) / 2
        return fits


def _control_values(control: ArmValue, lifts: _Lifts) -> tuple[Vector, Vector]:
    """Values of control (c,) and their posterior weights (c,)."""
    widest = sqrt(control.variance)
    low = min(control.value, float(lifts.values.min())) - NORMAL_REACH * widest
    high = max(control.value, float(lifts.values.max())) + NORMAL_REACH * widest
    points = np.linspace(low, high, COARSE_CONTROL_POINTS)
    kept = np.flatnonzero(_control_weights(control, lifts, points) > NEGLIGIBLE_DENSITY)
    first, last = max(kept[0] - 1, 0), min(kept[-1] + 1, len(points) - 1)
    points = np.linspace(points[first], points[last], CONTROL_POINTS)
    return points, _control_weights(control, lifts, points)


def _control_weights(control: ArmValue, lifts: _Lifts, points: Vector) -> Vector:
    own = -((points - control.value) ** 2) / (2 * control.variance)
    log_density = own + np.logaddexp.reduce(lifts.fits(points), axis=2).sum(axis=1)
    density = np.exp(log_density - log_density.max())
    weights: Vector = density / density.sum()
    return weights


def _posteriors(lifts: _Lifts, points: Vector) -> tuple[Vector, Vector, Vector]:
    """Of each lift, given control: parts' shares and means (c, m, k), errors (m, k)."""
    fits = lifts.fits(points)
    shares = np.exp(fits - np.logaddexp.reduce(fits, axis=2, keepdims=True))
    kept = lifts.sds**2 / (lifts.sds**2 + lifts.variances[:, None])
    seen = lifts.values[:, None] - points[:, None, None]
    means = lifts.means + kept * (seen - lifts.means)
    return shares, means, np.sqrt(kept * lifts.variances[:, None])


def _panels(low: float, high: float, finest: float) -> tuple[Vector, Vector]:
    widest = max(PANEL_WIDTH * finest, (high - low) / MOST_PANELS)
    return legendre_panels(low, high, widest)


def _product_without(below: Vector) -> Vector:
    """At each point (n, m) the product of all other columns."""
    columns = range(below.shape[1])
    return np.column_stack([np.delete(below, a, axis=1).prod(axis=1) for a in columns])


def _normal(z: Vector) -> Vector:
    density: Vector = np.exp(-(z**2) / 2) / sqrt(2 * np.pi)
    return density


def _told(chances: Vector, losses: Vector, exps: Vector) -> BestOfArms:
    whole = float(chances.sum())
    return BestOfArms(
        chances=tuple(float(chance) / whole for chance in chances),
        losses=tuple(max(0.0, float(loss)) for loss in losses),
        losses_of_exp=tuple(max(0.0, float(loss)) for loss in exps),
    )
