"""Studentized permutation: the range is what re-splitting the same units would show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, exp, log

import numpy as np
import numpy.typing as npt

from holdback.facts import fact
from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.evidence.resplits import Resplits, TwoSamples, resplits
from holdback.stats.methods.log_ratio import log_inference_between
from holdback.stats.numeric import quantile

__all__ = ["MOST_RESPLIT", "Reference", "permutation"]

Vector = npt.NDArray[np.float64]

MOST_RESPLIT = 200_000
LEAST_SPLITS = 999
MOST_SPLITS = 19_999
LEAST_BEYOND_TAIL = 20
FARTHEST_LOG_RATIO = 60.0
PRECISION = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """What t is compared with: one set of draws that serves every hypothesis."""

    splits: Resplits

    @property
    def draws(self) -> int:
        """How many splits are counted, beside the one that was."""
        return len(self.splits.picked)

    def __call__(self, thetas: Vector) -> tuple[Vector, Vector]:
        """At each log ratio the shares of draws as high or higher (u), and as low (l).

        The split that was is counted in, so neither is ever 0; u rises with θ, l falls.
        """
        shares = [
            [_tail(self.splits, exp(theta), side) for side in (-1.0, 1.0)]
            for theta in thetas
        ]
        upper, lower = np.array(shares, dtype=float).reshape(-1, 2).T
        return upper, lower


def permutation(
    control: Estimate, treatment: Estimate, samples: TwoSamples, *, level: float
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

    Where `level` asks for a tail beyond what the draws hold, the ends are carried on
    from the farthest tail they do hold, in proportion to the normal's quantiles.
    """
    side = (1 - level) / 2
    draws = min(MOST_SPLITS, max(LEAST_SPLITS, ceil(LEAST_BEYOND_TAIL / side) - 1))
    splits = resplits(samples, draws=draws)
    held = max(side, LEAST_BEYOND_TAIL / (draws + 1))
    stretch = quantile(1 - side) / quantile(1 - held)
    centre = log(treatment.value / control.value)
    low, high = (_end(splits, centre, held, direction) for direction in (-1.0, 1.0))
    ends = tuple(
        None if end is None else exp(centre + stretch * (end - centre))
        for end in (low, high)
    )
    inference = log_inference_between(
        control,
        treatment,
        low=ends[0],
        high=ends[1],
        level=level,
        p_value=_p_value(splits),
        method="permutation",
        note=fact(
            "methods.permutation",
            fewest=min(control.nonzero, treatment.nonzero),
            draws=draws,
        ),
    )
    return replace(inference, tails=Reference(splits=splits))


def _tail(splits: Resplits, ratio: float, direction: float) -> float:
    """Share of the splits at least as far out as the one that was, itself included.

    Below the estimate (`direction` −1) the split that was lies high, so its upper
    tail counts; above, the lower one.
    """
    seen, drawn = splits.observed(ratio), splits.drawn(ratio)
    beyond = drawn >= seen - PRECISION if direction < 0 else drawn <= seen + PRECISION
    return (1 + int(np.count_nonzero(beyond))) / (len(drawn) + 1)


def _p_value(splits: Resplits) -> float:
    return min(1.0, 2 * min(_tail(splits, 1.0, side) for side in (-1.0, 1.0)))


def _end(
    splits: Resplits, centre: float, side: float, direction: float
) -> float | None:
    """Log of the ratio where the tail falls to `side`; None where it never does."""

    def rejected(distance: float) -> bool:
        return _tail(splits, exp(centre + direction * distance), direction) <= side

    return _crossing(rejected, centre, direction)


def _crossing(
    rejected: Callable[[float], bool], centre: float, direction: float
) -> float | None:
    inside, outside = 0.0, 0.05
    while not rejected(outside):
        inside, outside = outside, 2 * outside
        if outside > FARTHEST_LOG_RATIO:
            return None
    while outside - inside > PRECISION * max(1.0, outside):
        middle = (inside + outside) / 2
        if rejected(middle):
            outside = middle
        else:
            inside = middle
    return centre + direction * outside
