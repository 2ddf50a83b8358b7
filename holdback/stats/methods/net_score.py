"""Net scores, promoters less detractors: the difference of two arms from score ranges.

Each arm's range inverts Tango's score test of p₊ − p₋ (1998, Statistics in Medicine
17: 891–908), here of three kinds of answers, corrected for skewness as the rates' are;
both are put together by their distances from the estimates (MOVER: Zou & Donner 2008,
Statistics in Medicine 27: 1693–1702).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from holdback.facts import Fact, fact
from holdback.stats.evidence.effect import Contrast, Estimate, Inference, Interval
from holdback.stats.methods.proportion import skewness_corrected
from holdback.stats.numeric import quantile, root, two_sided

__all__ = ["LEAST_ANSWERS", "NetScore", "compare_net_scores", "net_score_interval"]

LEAST_ANSWERS = 20
LAST_SCORE = 38.0
"""Normal score whose two-sided p-value is the last that is not 0."""
OUTERMOST = 1 - 1e-12
SOLVED_FOR = 4
"""Differences that are solved for one by one."""
FARTHEST_TABLED = 9.0
TABLED_SCORES = 91

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetScore:
    """Mean and mean square of `n` answers of +1, 0 or −1 each.

    Not whole where a unit's answers were averaged: what counts is their mean and
    their spread.
    """

    mean: float
    square: float
    n: float

    @property
    def promoters(self) -> float:
        """Answers of +1."""
        return self.n * (self.square + self.mean) / 2

    @property
    def detractors(self) -> float:
        """Answers of −1."""
        return self.n * max(self.square - self.mean, 0.0) / 2


def compare_net_scores(  # two arms, as values and as answers
    control: Estimate,
    treatment: Estimate,
    answers: tuple[NetScore, NetScore],
    *,
    points: float,
    level: float,
) -> Inference:
    """Difference of two net scores; `points` is what one promoter counts (100).

    `answers` are those of control and of the treatment arm. Null: the scores are
    equal; the p-value is the level at which the range first touches 0. With fewer than
    20 answers in an arm only the difference that was seen, without a range.
    """
    first, second = answers
    few = _few(first, second)
    z = quantile((1 + level) / 2)
    lower, upper = (None, None) if few else _difference_between(first, second, z)
    return Inference(
        control=control,
        treatment=treatment,
        absolute=Contrast(
            value=treatment.value - control.value,
            se=sqrt(control.se**2 + treatment.se**2),
            interval=Interval(
                lower=None if lower is None else points * lower,
                upper=None if upper is None else points * upper,
                level=level,
            ),
        ),
        relative=None,
        p_value=None if few else _p_value(first, second),
        method="none" if few else "net_score",
        note=few or fact("methods.net_score"),
        tails=None if few else NetScoreTails(first=first, second=second, points=points),
    )


def net_score_interval(side: NetScore, *, z: float) -> tuple[float, float]:
    """All net scores of an arm, in −1 to 1, that its score test does not reject."""
    low = _crossing(lambda at: _score(at, side) - z, -OUTERMOST, side.mean, end=-1.0)
    high = _crossing(lambda at: -_score(at, side) - z, OUTERMOST, side.mean, end=1.0)
    return low, high


def _few(first: NetScore, second: NetScore) -> Fact | None:
    for side, name in ((first, "control"), (second, "treatment")):
        if side.n < LEAST_ANSWERS:
            return fact(
                "methods.few_answers",
                answers=round(side.n),
                side=name,
                least=LEAST_ANSWERS,
            )
    return None


def _difference_between(
    first: NetScore, second: NetScore, z: float
) -> tuple[float, float]:
    """Ends of second − first at a normal score."""
    (low_c, high_c), (low_t, high_t) = (
        net_score_interval(side, z=z) for side in (first, second)
    )
    seen = second.mean - first.mean
    below = _distance(second.mean - low_t, high_c - first.mean)
    above = _distance(high_t - second.mean, first.mean - low_c)
    return seen - below, seen + above


def _distance(one: float, other: float) -> float:
    """At scores near 0 a corrected end may lie beyond the estimate: no distance."""
    return sqrt(max(one, 0.0) ** 2 + max(other, 0.0) ** 2)


def _p_value(first: NetScore, second: NetScore) -> float:
    """Two-sided p-value of the normal score at which the range touches 0."""
    up = second.mean > first.mean

    def left(z: float) -> float:
        lower, upper = _difference_between(first, second, z)
        return lower if up else -upper

    if left(0.0) <= 0:
        return 1.0
    if left(LAST_SCORE) > 0:
        return two_sided(LAST_SCORE)
    return two_sided(root(left, 0.0, LAST_SCORE))


@dataclass(frozen=True, kw_only=True, eq=False)
class NetScoreTails:
    """One-sided p-values of a difference of two net scores, in `points`.

    The normal score of a difference is the one at which the range first touches it. A
    few of them are solved for; many are read off a table of ranges between.
    """

    first: NetScore
    second: NetScore
    points: float

    draws: ClassVar[int] = 0

    def __call__(self, thetas: Vector) -> tuple[Vector, Vector]:
        """P(a score as high or higher) and P(as low) at each difference, all (k,)."""
        at = thetas / self.points
        if len(at) <= SOLVED_FOR:
            z = np.array([self._solved(difference) for difference in at.tolist()])
        else:
            differences, scores = self._table
            z = np.interp(at, differences, scores)
        return np.asarray(ndtr(-z)), np.asarray(ndtr(z))

    def _solved(self, at: float) -> float:
        seen = self.second.mean - self.first.mean
        side, sign = (0, 1.0) if at < seen else (1, -1.0)

        def left(z: float) -> float:
            return sign * (_difference_between(self.first, self.second, z)[side] - at)

        if left(0.0) <= 0:
            return 0.0
        last = left(LAST_SCORE) > 0
        return sign * (LAST_SCORE if last else root(left, 0.0, LAST_SCORE))

    @cached_property
    def _table(self) -> tuple[Vector, Vector]:
        """Differences, rising, and their normal scores, falling."""
        z = np.linspace(0.0, FARTHEST_TABLED, TABLED_SCORES)
        ends = np.array(
            [_difference_between(self.first, self.second, one) for one in z.tolist()]
        )
        differences = np.concatenate([ends[::-1, 0], ends[:, 1]])
        return np.maximum.accumulate(differences), np.concatenate([z[::-1], -z])


def _score(at: float, side: NetScore) -> float:
    """Corrected score of an arm at a net score, with the shares fitted under it."""
    n, ups, downs = side.n, side.promoters, side.detractors
    b = (ups + downs) * (1 - at) - 2 * (n - ups) * at
    product = 8 * n * downs * at * (1 - at)
    square = sqrt(max(b * b + product, 0.0))
    down = (b + square) / (4 * n) if b >= 0 else product / (square - b) / (4 * n)
    down = min(max(down, 0.0, -at), (1 - at) / 2)
    up = down + at
    third = up * (1 - at) ** 3 - down * (1 + at) ** 3 - (1 - up - down) * at**3
    return skewness_corrected(side.mean - at, (up + down - at * at) / n, third / n**2)


def _crossing(
    beyond: Callable[[float], float], outside: float, inside: float, *, end: float
) -> float:
    """Where a score is just as far out as asked; `end` where none is."""
    if (inside - end) * (outside - inside) >= 0 or beyond(outside) <= 0:
        return end
    if beyond(inside) >= 0:
        return inside
    return root(beyond, *sorted((outside, inside)))
