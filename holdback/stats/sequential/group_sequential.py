"""Group-sequential designs: boundaries on one or both sides, and what crosses them.

What a plan needs of looks: how far out each must be, how much alpha has been spent by
then, and how likely a true effect is to be found at which look. Alpha is spent by a
function of the information seen (Lan & DeMets 1983, Biometrika 70: 659–663), so looks
need be neither equally spaced nor planned. Crossing probabilities come from carrying
the density of the paths that go on from look to look (Armitage, McPherson & Rowe 1969,
Journal of the Royal Statistical Society A 132: 235–244), here by Gauss–Legendre panels
no wider than the shortest step resolves.

A drift is the mean of Z at information 1: the mean at information t is drift × √t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf, isfinite, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.numeric import root
from holdback.stats.quadrature import NORMAL_REACH, PANEL_WIDTH, legendre_panels
from holdback.stats.sequential.alpha_spending import Spending, obrien_fleming

__all__ = [
    "Crossings",
    "Paths",
    "Stagewise",
    "boundaries",
    "drift_power",
    "spent",
    "stagewise",
    "times_of",
]

Vector = npt.NDArray[np.float64]

FARTHEST_BOUNDARY = 8.0
CLOSEST_LOOKS = 1e-5
"""Looks nearer to each other than this would need ever finer panels."""
POINTS_AT_ONCE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossings:
    """Probability of passing, at each look for the first time, a boundary.

    upper, lower: (looks,). The power against a positive drift is ``sum(upper)``.
    """

    upper: tuple[float, ...]
    lower: tuple[float, ...]


def boundaries(
    information: Sequence[float],
    *,
    alpha: float = 0.05,
    spending: Spending = obrien_fleming,
    last: bool = False,
    sides: Literal[1, 2] = 2,
) -> list[float]:
    """The z that each look must exceed, on one side or (as |z|) on both.

    information: (looks,) fractions of the planned information, rising, above 0.
    `alpha` is the error of all sides together, spent as `spent` says; for harm on a
    guardrail, one side. A look that may spend nothing has the boundary 8.

    Raises StatsError for information that does not rise from above 0 or an alpha
    outside (0, sides/2).

    >>> [round(b, 2) for b in boundaries([0.2, 0.4, 0.6, 0.8, 1.0])]
    [4.88, 3.36, 2.68, 2.29, 2.03]
    """
    total = spent(information, alpha=alpha, spending=spending, last=last, sides=sides)
    times = times_of(information)
    paths, bounds, before = Paths(), list[float](), 0.0
    for k, cumulative in enumerate(total):
        bounds.append(paths.bound(times[k], (cumulative - before) / sides))
        lower = -bounds[-1] if sides == 2 else -inf
        paths.go_on(times[k : k + 2], lower, bounds[-1])
        before = cumulative
    return bounds


def spent(
    information: Sequence[float],
    *,
    alpha: float = 0.05,
    spending: Spending = obrien_fleming,
    last: bool = False,
    sides: Literal[1, 2] = 2,
) -> list[float]:
    """Alpha of all sides that is spent by each look.

    Beyond information 1 no more than at 1. `last` says that no look follows these:
    the last one spends what is left, whatever its information. Raises StatsError as
    `boundaries` does.

    >>> [round(a, 4) for a in spent([0.5, 1.0])]
    [0.0031, 0.05]
    """
    times_of(information)
    if not 0 < alpha < sides / 2:
        raise StatsError(f"`alpha` must lie in (0, {sides / 2:g}), got {alpha}.")
    total = [sides * spending(min(t, 1.0), alpha / sides) for t in information]
    return [*total[:-1], alpha] if last else total


def drift_power(
    information: Sequence[float],
    bounds: Sequence[float],
    drift: float,
    *,
    sides: Literal[1, 2] = 2,
) -> Crossings:
    """Probability of stopping at each look above or below, under a drift.

    information, bounds: (looks,). A test without looks that has power 1 − β at level α
    has drift z₁₋α/₂ + z₁₋β; the drift that reaches this power with looks, squared over
    that one squared, is the factor by which looks enlarge a sample (Reboussin, DeMets,
    Kim & Lan 2000, Controlled Clinical Trials 21: 190–207, compute power so). With one
    side nothing is stopped below.

    Raises StatsError for information that does not rise, a boundary for each look
    missing or not above 0, or a drift that is no number.

    >>> round(sum(drift_power([1.0], [1.959964], 2.801585).upper), 4)
    0.8
    """
    times = times_of(information)
    if len(bounds) != len(information) or not all(b > 0 for b in bounds):
        raise StatsError(
            f"{len(information)} looks need as many boundaries above 0, got "
            f"{', '.join(f'{b:.4g}' for b in bounds)}."
        )
    if not isfinite(drift):
        raise StatsError(f"`drift` must be a finite number, got {drift}.")
    paths, upper, lower = Paths(drift), list[float](), list[float]()
    for k, bound in enumerate(bounds):
        below = -bound if sides == 2 else -inf
        upper.append(paths.above(times[k], bound))
        lower.append(paths.below(times[k], below))
        paths.go_on(times[k : k + 2], below, bound)
    return Crossings(upper=tuple(upper), lower=tuple(lower))


def times_of(information: Sequence[float]) -> list[float]:
    """The times of looks, moved apart by 10⁻⁵ where they are nearer to each other.

    A second look that adds next to nothing is thus read a little too strictly.
    Raises StatsError for information that does not rise from above 0.
    """
    rising = all(later > earlier for earlier, later in pairwise([0.0, *information]))
    if not (information and rising and isfinite(information[-1])):
        raise StatsError(
            "The information of looks must rise from above 0; got "
            f"{', '.join(f'{t:.4g}' for t in information) or 'no look'}."
        )
    apart = accumulate(information, lambda s, t: max(t, s + CLOSEST_LOOKS), initial=0.0)
    return list(apart)[1:]


class Paths:
    """Density of the score B(t) = Z √t over the paths that have not been stopped."""

    def __init__(self, drift: float = 0.0) -> None:
        self.drift = drift
        self.time = 0.0
        self.points: Vector = np.zeros(1)
        self.weights: Vector = np.ones(1)

    def above(self, time: float, z: float) -> float:
        """Share of all paths that go on to `time` and have Z > z there."""
        return float(self._tail(time, z, 1.0) @ self.weights)

    def below(self, time: float, z: float) -> float:
        """Share of all paths that go on to `time` and have Z < z there."""
        return float(self._tail(time, z, -1.0) @ self.weights)

    def bound(self, time: float, share: float) -> float:
        """The z in [0, 8] with `share` of all paths above it at `time`."""
        if share <= 0 or self.above(time, FARTHEST_BOUNDARY) >= share:
            return FARTHEST_BOUNDARY
        if self.above(time, 0.0) <= share:
            return 0.0
        return root(lambda z: self.above(time, z) - share, 0.0, FARTHEST_BOUNDARY)

    def go_on(self, times: Sequence[float], lower: float, upper: float) -> None:
        """Keep the paths with lower ≤ Z ≤ upper at the first time.

        The second one, if any, is that of the next look: it sets how fine the density
        must be known.
        """
        time = times[0]
        middle, reach = self.drift * time, NORMAL_REACH * sqrt(time)
        low = max(lower * sqrt(time), middle - reach)
        high = max(low, min(upper * sqrt(time), middle + reach))
        finest = sqrt(min(t - s for s, t in pairwise([self.time, *times])))
        points, widths = legendre_panels(low, high, PANEL_WIDTH * finest)
        self.weights = self._density(time, points) * widths
        self.points, self.time = points, time

    def _tail(self, time: float, z: float, sign: float) -> Vector:
        from scipy.special import ndtr

        step = time - self.time
        ahead = self.points + self.drift * step - z * sqrt(time)
        tail: Vector = ndtr(sign * ahead / sqrt(step))
        return tail

    def _density(self, time: float, points: Vector) -> Vector:
        """At rising points: the density before, carried on by a normal step.

        A few points at a time, each with the part of the density that can reach them.
        """
        step = time - self.time
        spread, came = sqrt(step), self.points + self.drift * step
        density = np.empty_like(points)
        for start in range(0, len(points), POINTS_AT_ONCE):
            to = points[start : start + POINTS_AT_ONCE]
            reach = NORMAL_REACH * spread
            ends = [to[0] - reach, to[-1] + reach]
            first, end = np.searchsorted(came, ends)
            z = (to[:, None] - came[None, first:end]) / spread
            density[start : start + POINTS_AT_ONCE] = (
                np.exp(-(z**2) / 2) @ self.weights[first:end]
            )
        return density / (spread * sqrt(2 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stagewise:
    """Median-unbiased estimate, its interval of coverage `level`, and the p-value.

    `p_value` is of no effect, two-sided: twice the smaller tail; `above` the chance
    under no effect of an outcome as good or better, the one-sided one.
    """

    value: float
    lower: float
    upper: float
    level: float
    p_value: float
    above: float


def stagewise(
    information: Sequence[float],
    bounds: Sequence[float],
    z: float,
    *,
    total: float = 1.0,
    level: float = 0.95,
    sides: Literal[1, 2] = 2,
) -> Stagewise:
    """What the looks up to the one that stopped the test say of the effect.

    information, bounds: (looks,) fractions and boundaries of the looks up to the last
    one that was taken, where the test statistic was `z`; that look's own boundary and
    later looks play no part. `total` is the information at fraction 1, 1/se² of the
    effect there (so 1/(se² t) of the se at fraction t): the result is on the scale of
    the effect, or of the drift where it is 1. With one side nothing was stopped below.

    Stage-wise ordering: what crossed above earlier is more extreme, then what is larger
    at the same look; what crossed below earlier is least (Jennison & Turnbull 2000,
    pp. 179–180; Fairbanks & Madsen 1982; Tsiatis, Rosner & Mehta 1984, as in the
    documentation of SAS's SEQTEST). With A(θ) the chance of an outcome at least as
    extreme, A = 1/2 at the estimate and α/2, 1 − α/2 at the ends of the interval. When
    a test stopped says more than how far out it was then: after earlier looks that did
    not stop it, no z makes the estimate as large as stopping there would have.

    Raises StatsError for information that does not rise, boundaries that are missing or
    not above 0, a z that is no number or a `total` not above 0; ValueError for a level
    outside (0, 1).

    >>> found = stagewise([0.5, 1.0], [2.963, 1.969], 2.2)
    >>> round(found.value, 2), round(found.lower, 2)
    (2.19, 0.22)
    """
    if not 0 < level < 1:
        raise ValueError(f"`level` must lie in (0, 1), got {level}.")
    if not isfinite(z) or not 0 < total < inf:
        raise StatsError(
            f"`z` must be finite and `total` above 0, got {z} and {total}."
        )
    drift_power(information, bounds, 0.0, sides=sides)  # refuses a design that is none
    above = _Order(times_of(information), bounds, z, sides)
    tail = (1 - level) / 2
    lower, value, upper = (above.drift(share) for share in (tail, 0.5, 1 - tail))
    chance = above(0.0)
    return Stagewise(
        value=value / sqrt(total),
        lower=lower / sqrt(total),
        upper=upper / sqrt(total),
        level=level,
        p_value=min(1.0, 2 * min(chance, 1 - chance)),
        above=chance,
    )


@dataclass(frozen=True, slots=True)
class _Order:
    """Chance, under a drift, of an outcome at least as extreme as the one seen.

    A crossing below at the last look needs no case of its own: what is left is all
    that crossed below before, and what is smaller at the same look.
    """

    times: Sequence[float]
    bounds: Sequence[float]
    z: float
    sides: Literal[1, 2]

    def __call__(self, drift: float) -> float:
        paths, chance = Paths(drift), 0.0
        for k, bound in enumerate(self.bounds[:-1]):
            chance += paths.above(self.times[k], bound)
            lower = -bound if self.sides == 2 else -inf
            paths.go_on(self.times[k : k + 2], lower, bound)
        return chance + paths.above(self.times[-1], self.z)

    def drift(self, share: float) -> float:
        """The drift under which the chance is `share`; it rises with the drift."""
        plain, step = self.z / sqrt(self.times[-1]), 4.0
        low, high = plain - step, plain + step
        while self(low) > share:
            low -= step
            step *= 2
        while self(high) < share:
            high += step
            step *= 2
        return root(lambda drift: self(drift) - share, low, high)
