"""Prior × confidence distribution: the posterior of what the deciding method says.

A confidence distribution is a method's one-sided p-value as a function of the parameter
(Xie & Singh 2013, "Confidence distribution, the frequentist distribution estimator of a
parameter", International Statistical Review 81: 3–39); its density times a prior is a
posterior (Efron 1993, "Bayes and likelihood calculations from confidence intervals",
Biometrika 80: 3–26). Under a flat prior the chance that the lift is above 0 is 1 less
the method's own one-sided p-value, and the central range is the method's own interval,
so that chance, interval, p-value and verdict are one thing. In skewed samples that is
right to first order only (Fraser 2011, "Is Bayes posterior just quick and dirty
confidence?", Statistical Science 26: 299–316), which is why docs/statistics.md tells
how often it errs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import hypot, log1p
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri

from holdback.errors import StatsError
from holdback.stats.evidence.effect import (
    Contrast,
    Estimate,
    Inference,
    Interval,
    Tails,
)
from holdback.stats.numeric import quantile
from holdback.stats.posterior.effect_cells import EffectCells
from holdback.stats.posterior.prior import LiftPrior

__all__ = [
    "CONFIDENCE",
    "ConfidenceDistribution",
    "Score",
    "confidence_distribution",
    "smoothed",
]

Vector = npt.NDArray[np.float64]
Score = Callable[[Vector], Vector]
"""z(θ), the normal score of C(θ), at each θ (m,)."""
Anchor = tuple[float, float]
"""θ and z there."""

CONFIDENCE = "confidence_distribution"
"""Method of a posterior that is a prior times the deciding method's confidence."""

TAIL_POINTS = 33
TAIL_REACH = 4.0
LEAST_COUNTED = 20
"""Draws in a tail below which its share is too rough to be fitted."""
DEGREES = (3, 2, 1)
SPARE_POINTS = 2
"""Points of the grid beyond a polynomial's degree for it to be fitted."""
CHECKED_POINTS = 201
FARTHEST_SCORE = 37.0

CELLS = 2_800
CELL_REACH = 9.0
PRIOR_CELLS = 900
GAP_CELLS = 2_000


@dataclass(frozen=True, kw_only=True, eq=False)
class ConfidenceDistribution:
    """C(θ) = Φ(z(θ)) of a log ratio, or of a difference where not `logarithmic`.

    `score` is a curve of z; at the `anchors` (no effect, both ends of the interval;
    rising) z is known exactly. `centre` and `se` say where the effect lies. `counted`
    says that draws tell C.
    """

    score: Score
    anchors: tuple[Anchor, ...]
    centre: float
    se: float
    logarithmic: bool = True
    counted: bool = False

    def at(self, thetas: Vector) -> Vector:
        """The score z at each θ, exact at the anchors and rising itself.

        thetas: (m,), rising; so is z. What the curve misses at the anchors is made up
        in proportion between them, and wholly beyond the last.
        """
        z = self.score(thetas)
        if self.anchors:
            at, exact = np.array(self.anchors, dtype=float).T
            z = z + np.interp(thetas, at, exact - self.score(at))
            before = np.searchsorted(at, thetas, side="right")
            after = np.searchsorted(at, thetas, side="left")
            low = np.concatenate([[-np.inf], exact])[before]
            high = np.concatenate([exact, [np.inf]])[after]
            z = np.clip(z, low, high)
        return np.asarray(np.maximum.accumulate(z))

    def posterior(self, prior: LiftPrior) -> EffectCells:
        """[C(θ₊) − C(θ₋)] × the prior's density at the middle, cell by cell, to 1.

        What lies beyond the outer cells counts with them. Where draws tell C, a
        prior that is not flat meets the curve alone: it reads the curve's slope, far
        from the estimate as well, and a tail of a few draws has none. Raises StatsError
        for a difference under such a prior: priors are on the log ratio.
        """
        if not self.logarithmic and prior.sd is not None:
            raise StatsError("There is no lift to put a prior on.")
        edges = self._edges(prior)
        known = self if prior.sd is None else self.smooth
        log_mass = _log_masses(known.at(edges))
        log_mass = log_mass + prior.log_density((edges[1:] + edges[:-1]) / 2)
        mass = np.exp(log_mass - log_mass.max())
        return EffectCells(
            edges=edges,
            mass=mass / mass.sum(),
            method=CONFIDENCE,
            logarithmic=self.logarithmic,
        )

    @property
    def smooth(self) -> ConfidenceDistribution:
        """What a prior that is not flat meets: the curve alone, where draws tell C."""
        return replace(self, anchors=()) if self.counted else self

    def _edges(self, prior: LiftPrior) -> Vector:
        """Cells narrow beside the data's spread and the prior's, with the anchors."""
        spans = [(self.centre, CELL_REACH * self.se)]
        parts = [_around(*spans[0], CELLS), np.array([0.0, *dict(self.anchors)])]
        if prior.sd is not None and prior.finest is not None:
            for sd in {prior.sd, prior.finest}:
                spans.append((prior.mean, CELL_REACH * sd))
                parts.append(_around(*spans[-1], PRIOR_CELLS))
            low, high = min(a - r for a, r in spans), max(a + r for a, r in spans)
            parts.append(np.linspace(low, high, GAP_CELLS + 1))
        return np.unique(np.concatenate(parts))


FITTED_CURVES: WeakKeyDictionary[Tails, dict[Interval, ConfidenceDistribution]] = (
    WeakKeyDictionary()
)
"""What was fitted to tails that were drawn, as long as they are kept: every prior and
the money ask for the same."""


def confidence_distribution(inference: Inference) -> ConfidenceDistribution:
    """That of the method that made an inference, from its tails.

    Raises StatsError where the method gives none, or its interval has an open side.
    """
    effect, tails = inference.relative or inference.absolute, inference.tails
    if tails is None or effect is None:
        raise StatsError("There is no lift to put a prior on.")
    if not tails.draws:
        return _fitted(inference, effect, tails)
    known = FITTED_CURVES.setdefault(tails, {})
    if effect.interval not in known:
        known[effect.interval] = _fitted(inference, effect, tails)
    return known[effect.interval]


def _fitted(
    inference: Inference, effect: Contrast, tails: Tails
) -> ConfidenceDistribution:
    logarithmic = inference.relative is not None
    control, treatment = inference.control, inference.treatment
    if control is None or treatment is None:
        raise StatsError("There is no lift to put a prior on.")
    centre = log1p(effect.value) if logarithmic else effect.value
    ends = _ends(effect, logarithmic=logarithmic)
    (low, _), (high, z) = ends
    own = _error(control, treatment, logarithmic=logarithmic)
    se = max(own, (high - low) / (2 * z))
    score = smoothed(tails, centre=centre, se=se) if tails.draws else _closed(tails)
    return ConfidenceDistribution(
        score=score,
        anchors=_anchors(tails, ends, score),
        centre=centre,
        se=se,
        logarithmic=logarithmic,
        counted=tails.draws > 0,
    )


def smoothed(
    tails: Tails, *, centre: float, se: float, least: float | None = None
) -> Score:
    """The score of drawn tails: one cubic, held at no effect where draws count it.

    Weighted least squares on 33 points within 4 `se` of `centre` and at 0, with the
    weights φ(z)² / (C (1 − C)) of counts, where both tails are at least `least` (20
    draws); a lower degree where the cubic does not rise. Beyond, z goes on in
    proportion to the distance from `centre`. A narrow prior reads the slope of C, which
    counts do not have.
    """
    if least is None:
        least = LEAST_COUNTED / (tails.draws + 1)
    grid = _around(centre, TAIL_REACH * se, TAIL_POINTS - 1)
    grid = np.unique(np.append(grid, 0.0))
    share = _share(*tails(grid))
    kept = (share >= least) & (share <= 1 - least)
    x, z = (grid[kept] - centre) / se, ndtri(share[kept])
    held = None
    if (grid[kept] == 0.0).any():
        held = (-centre / se, float(z[grid[kept] == 0.0][0]))
    weights = np.exp(-(z**2)) / (share[kept] * (1 - share[kept]))
    fit = _fit(x, z, weights, held)

    def score(thetas: Vector) -> Vector:
        return _continued(fit, x, (thetas - centre) / se)

    return score


def _fit(
    x: Vector, z: Vector, weights: Vector, held: Anchor | None
) -> npt.NDArray[np.float64]:
    """Coefficients, the constant first, of the highest degree that rises on `x`.

    With `held` the curve goes through that point. Without enough points, z = x.
    """
    root = np.sqrt(weights)[:, None]
    for degree in DEGREES:
        if len(x) < degree + SPARE_POINTS:
            continue
        if held is None:
            powers = x[:, None] ** np.arange(degree + 1)
            fit = np.linalg.lstsq(root * powers, root[:, 0] * z, rcond=None)[0]
        else:
            powers = x[:, None] ** np.arange(1, degree + 1)
            fixed = held[0] ** np.arange(1, degree + 1)
            rise = root[:, 0] * (z - held[1])
            slopes = np.linalg.lstsq(root * (powers - fixed), rise, rcond=None)[0]
            fit = np.concatenate([[held[1] - float(slopes @ fixed)], slopes])
        checked = np.linspace(x[0], x[-1], CHECKED_POINTS)
        if (np.diff(np.polynomial.polynomial.polyval(checked, fit)) > 0).all():
            return np.asarray(fit)
    return np.array([0.0, 1.0])


def _continued(fit: Vector, x: Vector, at: Vector) -> Vector:
    """The polynomial within `x`; beyond, in proportion to the distance from 0."""
    if len(x) == 0:
        return at
    inside = np.polynomial.polynomial.polyval(np.clip(at, x[0], x[-1]), fit)
    z = np.asarray(inside, dtype=float)
    for end, beyond in ((x[0], at < x[0]), (x[-1], at > x[-1])):
        reached = float(np.polynomial.polynomial.polyval(end, fit))
        slope = reached / end if end != 0 else 1.0
        onward = reached + (slope if slope > 0 else 1.0) * (at - end)
        z = np.where(beyond, onward, z)
    return z


def _closed(tails: Tails) -> Score:
    """The score of tails that have a closed form."""
    return lambda thetas: _score_of(*tails(thetas))


def _share(upper: Vector, lower: Vector) -> Vector:
    """C: the upper tail where it is below ½, 1 − the lower one where that is.

    Made to rise where draws do not.
    """
    share = np.where(upper < 0.5, upper, np.where(lower < 0.5, 1 - lower, 0.5))
    return np.asarray(np.maximum.accumulate(share))


def _score_of(upper: Vector, lower: Vector) -> Vector:
    """The score of C, with full precision in both tails."""
    z = np.where(upper < 0.5, ndtri(upper), np.where(lower < 0.5, -ndtri(lower), 0.0))
    return np.clip(z, -FARTHEST_SCORE, FARTHEST_SCORE)


def _anchors(tails: Tails, ends: Sequence[Anchor], score: Score) -> tuple[Anchor, ...]:
    """No effect at its own one-sided p-value, and the interval's ends at theirs.

    A tail without any draw is a bound: there the curve decides, within it.
    """
    upper, lower = tails(np.zeros(1))
    z = float(_score_of(upper, lower)[0])
    if tails.draws and min(upper[0], lower[0]) * tails.draws <= 1:
        known = ConfidenceDistribution(
            score=score, anchors=tuple(ends), centre=0.0, se=1.0
        )
        onward = float(known.at(np.zeros(1))[0])
        z = min(z, onward) if upper[0] < lower[0] else max(z, onward)
    kept = [
        (theta, at)
        for theta, at in ends
        if (theta < 0 and at <= z) or (theta > 0 and at >= z)
    ]
    return tuple(sorted([*kept, (0.0, z)]))


def _ends(effect: Contrast, *, logarithmic: bool) -> list[Anchor]:
    """Both ends of the interval with their z. Raises StatsError where one is open."""
    interval = effect.interval
    if interval.lower is None or interval.upper is None:
        raise StatsError("There is no lift to put a prior on.")
    z = quantile((1 + interval.level) / 2)
    if logarithmic and interval.lower <= -1:
        raise StatsError("There is no lift to put a prior on.")
    low, high = (
        log1p(end) if logarithmic else end for end in (interval.lower, interval.upper)
    )
    return [(low, -z), (high, z)]


def _error(control: Estimate, treatment: Estimate, *, logarithmic: bool) -> float:
    """Standard error of the log ratio by the delta method, or of the difference."""
    if logarithmic:
        return hypot(control.se / control.value, treatment.se / treatment.value)
    return hypot(control.se, treatment.se)


def _log_masses(z: Vector) -> Vector:
    """ln(Φ(z₊) − Φ(z₋)) of neighbouring z, in the tail where it is not lost.

    The outermost reach to infinity.
    """
    open_ended = np.concatenate([[-np.inf], z[1:-1], [np.inf]])
    left, right = open_ended[:-1], open_ended[1:]
    flipped = left + np.where(np.isinf(right), left, right) > 0
    near = np.where(flipped, -left, right)
    far = np.where(flipped, -right, left)
    with np.errstate(divide="ignore", invalid="ignore"):
        gone = np.exp(log_ndtr(far) - log_ndtr(near))
        mass = log_ndtr(near) + np.log1p(-gone)
    return np.where(np.isfinite(mass), mass, -np.inf)


def _around(centre: float, reach: float, cells: int) -> Vector:
    """Even edges (cells + 1,) to both sides of a centre."""
    return np.linspace(centre - reach, centre + reach, cells + 1)
