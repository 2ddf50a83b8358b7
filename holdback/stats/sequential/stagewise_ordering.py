"""The effect after early looks: an estimate that stopping early does not flatter.

A test that stops when the result is far out stops on lucky days too, so the plain
estimate is too large on average and its interval too narrow on one side. Outcomes are
ordered by when and where they stopped; the estimate is the effect under which the
outcome seen lies in the middle of that order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from typing import Literal

from holdback.errors import StatsError
from holdback.stats.root_finding import root
from holdback.stats.sequential.group_sequential import Paths, drift_power, times_of

__all__ = ["Stagewise", "stagewise"]


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
