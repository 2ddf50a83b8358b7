"""Studentized permutation: the range is what re-splitting the same units would show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from math import exp, log, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt

from holdback.facts import Fact, fact, joined
from holdback.stats.evidence.effect import Draws, Estimate, Inference
from holdback.stats.evidence.resplits import (
    Resplits,
    StratifiedResplits,
    TwoSamples,
    resplits,
)
from holdback.stats.methods.log_ratio import log_inference_between
from holdback.stats.methods.own_spread import OwnSpread, own_draws, own_spread
from holdback.stats.numeric import density, quantile

__all__ = ["MOST_RESPLIT", "Reference", "may_be", "permutation"]

Vector = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

MOST_RESPLIT = 200_000
BATCHES = (4_999, 15_000, 80_000)
"""How many splits are drawn, and how many more while they do not settle it."""
LEAST_BEYOND_TAIL = 20
UNSETTLED = 0.0005
"""Chance on each side at which a number of draws tells a tail from a threshold."""
FARTHEST_LOG_RATIO = 60.0
FIRST_STEP = 0.05
PRECISION = 1e-9
CLOSEST_END = 2e-7
"""Of an end, relative to its distance: far below what drawing leaves open."""
ROUGHLY = 0.02
"""The same, up to which all draws are looked through."""
FEW_BUYERS = 100
CLEARLY_UNLIKE = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """What t is compared with: one set of draws that serves every hypothesis.

    `own` is the sorted t of arms with spreads of their own, drawn as often, and
    `spread` what they were drawn from; None where the splits decide alone. `fixed`
    are counts of draws that are not listed, as high and as low whatever is asked.
    """

    splits: Resplits | StratifiedResplits
    draws: int
    spread: OwnSpread | None = None
    own: Vector | None = None
    fixed: tuple[int, int] = (0, 0)
    _told: dict[float, tuple[float, float]] = field(
        default_factory=dict, init=False, repr=False
    )

    @classmethod
    def of(cls, samples: TwoSamples, *, draws: int, batch: int = 0) -> Self:
        """So many draws from two samples; other batches give others."""
        splits = resplits(samples, draws=draws, batch=batch)
        spread = own_spread(samples)
        if spread is None or not (spread.outermost or spread.weight > 0):
            return cls(splits=splits, draws=draws, spread=spread)
        seed = (samples.seed, batch, 1)
        own = own_draws(spread, draws=draws, seed=seed)
        return cls(splits=splits, draws=draws, spread=spread, own=own)

    def __add__(self, other: Self) -> Self:
        """More draws from the same two samples."""
        own = None
        if self.own is not None and other.own is not None:
            own = np.sort(np.concatenate([self.own, other.own]))
        draws = self.draws + other.draws
        splits = self.splits + other.splits  # type: ignore[operator]  # of one kind
        return type(self)(splits=splits, draws=draws, spread=self.spread, own=own)

    def between(self, one: float, other: float) -> Self:
        """The same for log ratios between two, with the draws alone that differ there.

        A draw that is as high at both counts as high between them, and as low likewise:
        both t move one way as the ratio does.
        """
        ends = [self._compared(theta) for theta in (one, other)]
        (high, low), (high_too, low_too) = ends
        alike = (high == high_too) & (low == low_too)
        fixed = (
            self.fixed[0] + int(np.count_nonzero(high & alike)),
            self.fixed[1] + int(np.count_nonzero(low & alike)),
        )
        return replace(self, splits=self.splits.some(~alike), fixed=fixed)

    def __call__(self, thetas: Vector) -> tuple[Vector, Vector]:
        """At each log ratio the shares of draws as high or higher (u), and as low (l).

        The split that was is counted in, so neither is ever 0; u rises with θ, l falls.
        """
        shares = [self.at(float(theta)) for theta in thetas]
        upper, lower = np.array(shares, dtype=float).reshape(-1, 2).T
        return upper, lower

    def at(self, theta: float) -> tuple[float, float]:
        """Both shares at one log ratio."""
        if theta not in self._told:
            self._told[theta] = self._counted(theta)
        return self._told[theta]

    def _counted(self, theta: float) -> tuple[float, float]:
        high, low = self._compared(theta)
        upper = self._share(self.fixed[0] + int(np.count_nonzero(high)))
        lower = self._share(self.fixed[1] + int(np.count_nonzero(low)))
        if self.own is None or self.spread is None:
            return upper, lower
        seen = self.splits.observed(exp(theta))
        below = int(np.searchsorted(self.own, seen - PRECISION, side="left"))
        up_to = int(np.searchsorted(self.own, seen + PRECISION, side="right"))
        own = self._share(len(self.own) - below), self._share(up_to)
        if self.spread.outermost:
            return max(upper, own[0]), max(lower, own[1])
        weight = self.spread.weight
        return (
            (1 - weight) * upper + weight * own[0],
            (1 - weight) * lower + weight * own[1],
        )

    def _compared(self, theta: float) -> tuple[Marks, Marks]:
        """Which draws are as high as what was seen, and which as low, each (draws,)."""
        seen, drawn = self.splits.observed(exp(theta)), self.splits.drawn(exp(theta))
        return drawn >= seen - PRECISION, drawn <= seen + PRECISION

    def _share(self, count: int) -> float:
        return (1 + count) / (self.draws + 1)


def permutation(
    control: Estimate,
    treatment: Estimate,
    samples: TwoSamples,
    *,
    level: float,
) -> Inference:
    """Lift by inverting studentized permutation tests of "it multiplies values by ρ".

    For each ρ, the treatment arm's values are divided by ρ, so that under the
    hypothesis both arms are alike, and the units are split again and again into
    groups of the same sizes; t = ln(mT/mC)/s, with s as in log-delta computed anew in
    each split, is compared with the t of the split that was. The interval holds every
    ρ that is not rejected in either tail; the p-value is the one at ρ = 1, twice the
    smaller tail with the split that was counted in ((1 + count)/(draws + 1)), so it
    is below 1 − level exactly when the interval excludes no lift.

    Exact where the treatment multiplies every value alike or does nothing at all
    (any distribution, any split); studentized, it stays right in large samples when
    variances differ otherwise (Janssen 1997, Statistics & Probability Letters 36:
    9–21; Chung & Romano 2013, Annals of Statistics 41: 484–507). Both values must
    be above 0.

    Where the buyers' spend may be spread otherwise in one arm, `own_spread` draws a
    second reference: where the arm that makes most of the error is the wider one, the
    outermost of both decides, elsewhere a blend weighted by how clearly the spreads
    differ (derived here; the operating characteristics stand in the documentation).

    Drawn are 4,999 splits, and more up to 99,999 as long as they cannot tell the
    smaller tail from a threshold that it meets: (1 − level)/2, and that over
    `samples.tests` where as many are read together (bounded resampling risk: Gandy
    2009, Journal of the American Statistical Association 104: 1504–1511). A p-value
    that no draw reached is a bound. Where `level` asks for a tail beyond what the
    draws hold, the ends are carried on from the farthest tail they do hold, in
    proportion to the normal's quantiles.
    """
    side = (1 - level) / 2
    tails, settled = _reference(samples, side)
    held = max(side, LEAST_BEYOND_TAIL / (tails.draws + 1))
    stretch = quantile(1 - side) / quantile(1 - held)
    centre = log(treatment.value / control.value)
    low, high = (_end(tails, centre, held, direction) for direction in (-1.0, 1.0))
    ends = tuple(
        None if end is None else exp(centre + stretch * (end - centre))
        for end in (low, high)
    )
    p_value = min(1.0, 2 * min(tails.at(0.0)))
    least = 2 / (tails.draws + 1)
    error = _error(held, tails.draws)
    inference = log_inference_between(
        control,
        treatment,
        low=ends[0],
        high=ends[1],
        level=level,
        p_value=p_value,
        method="permutation",
        note=joined(
            fact(
                "methods.permutation",
                fewest=min(control.nonzero, treatment.nonzero),
                draws=tails.draws,
                error=error,
            ),
            *_of_spread(tails),
            None if settled else fact("methods.at_the_line", draws=tails.draws),
        ),
    )
    return replace(
        inference,
        tails=tails,
        draws=Draws(number=tails.draws, error_of_ends=error),
        p_value_below=least if p_value <= least else None,
    )


def _reference(samples: TwoSamples, side: float) -> tuple[Reference, bool]:
    """The draws, and whether they were enough to tell the tail from its thresholds."""
    tails = Reference.of(samples, draws=BATCHES[0])
    for batch, more in enumerate((*BATCHES[1:], 0), start=1):
        deep = (tails.draws + 1) * side >= LEAST_BEYOND_TAIL
        if deep and not _unsettled(tails, {side, side / samples.tests}):
            return tails, True
        if more:
            tails += Reference.of(samples, draws=more, batch=batch)
    return tails, not deep


def _unsettled(tails: Reference, thresholds: Iterable[float]) -> bool:
    count = round(min(tails.at(0.0)) * (tails.draws + 1)) - 1
    return any(may_be(count, tails.draws, line) for line in thresholds)


def may_be(count: int, draws: int, share: float) -> bool:
    """Whether a true share could well have given `count` of so many draws.

    That is whether the exact 99.9 % interval of the share (Clopper & Pearson 1934,
    Biometrika 26: 404–413) holds it.
    """
    away = abs(count - draws * share)
    if away > 8 * sqrt(draws * share) + 30:
        return False
    at = np.arange(draws)
    steps = np.log((draws - at) / (at + 1)) + log(share) - log(1 - share)
    logs = draws * np.log1p(-share) + np.concatenate([[0.0], np.cumsum(steps)])
    chances = np.exp(logs)
    as_few, as_many = chances[: count + 1].sum(), chances[count:].sum()
    return min(float(as_few), float(as_many)) > UNSETTLED


def _error(side: float, draws: int) -> float:
    """Standard error of an end by drawing, as a share of the interval's width.

    √(q(1 − q)/B) over the density of the normal at its quantile z, over a width of 2z.
    """
    z = quantile(1 - side)
    return sqrt(side * (1 - side) / draws) / (2 * z * density(z))


def _of_spread(tails: Reference) -> Iterable[Fact]:
    """What is to be told of the arms' spreads."""
    spread = tails.spread
    if spread is None:
        return
    if tails.own is not None:
        yield fact(
            "methods.own_spread",
            control=spread.sigma[0],
            treatment=spread.sigma[1],
            weight=None if spread.outermost else spread.weight,
        )
    wider = spread.buyers[1 if spread.z > 0 else 0]
    if abs(spread.z) > CLEARLY_UNLIKE and wider < FEW_BUYERS:
        yield fact("methods.spends_unlike", z=spread.z, buyers=wider)


def _end(
    tails: Reference, centre: float, side: float, direction: float
) -> float | None:
    """Log of the ratio where the tail falls to `side`; None where it never does.

    Below the estimate (`direction` −1) the split that was lies high, so its upper
    tail counts; above, the lower one.
    """
    which = 0 if direction < 0 else 1

    def rejected_by(among: Reference) -> Callable[[float], bool]:
        return lambda distance: among.at(centre + direction * distance)[which] <= side

    bracket = _bracket(rejected_by(tails), -direction * centre)
    if bracket is None:
        return None
    bracket = _halved(rejected_by(tails), bracket, ROUGHLY)
    near = tails.between(*(centre + direction * distance for distance in bracket))
    inside, outside = _halved(rejected_by(near), bracket, CLOSEST_END)
    return centre + direction * (inside + outside) / 2


def _bracket(
    rejected: Callable[[float], bool], still: float
) -> tuple[float, float] | None:
    """Distances between which `rejected` begins; None where it never does.

    `still` is the distance of no lift, if above 0: no bracket lies across it, so that
    an end is never on the other side of it than the p-value says.
    """
    inside, outside = 0.0, FIRST_STEP
    if still > 0:
        if rejected(still):
            outside = still
        else:
            inside, outside = still, max(2 * still, FIRST_STEP)
    while outside != still and not rejected(outside):
        inside, outside = outside, 2 * outside
        if outside > FARTHEST_LOG_RATIO:
            return None
    return inside, outside


def _halved(
    rejected: Callable[[float], bool], bracket: tuple[float, float], least: float
) -> tuple[float, float]:
    """The bracket, halved until it is narrower than `least` of its distance."""
    inside, outside = bracket
    while outside - inside > least * max(1.0, outside):
        middle = (inside + outside) / 2
        if rejected(middle):
            outside = middle
        else:
            inside = middle
    return inside, outside
