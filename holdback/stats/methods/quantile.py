"""Quantiles of two arms: difference and ratio of their order statistics."""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt

from holdback.facts import Fact, fact, joined
from holdback.stats.evidence.effect import (
    Contrast,
    Estimate,
    Inference,
    Interval,
    LogRatio,
)
from holdback.stats.evidence.order_statistics import (
    CountedValues,
    StratifiedValues,
    differences_between,
)
from holdback.stats.evidence.tails import CountedTails
from holdback.stats.numeric import quantile as normal_quantile

__all__ = ["LEAST_BEYOND", "compare_quantiles"]

LEAST_BEYOND = 10
Vector = npt.NDArray[np.float64]
OrderedValues = CountedValues | StratifiedValues


def compare_quantiles(
    control: OrderedValues, treatment: OrderedValues, *, q: float, level: float
) -> Inference:
    """Difference and ratio of the q-quantile, from the order statistics of both arms.

    Null: the quantiles are equal. An interval holds the central `level` of the
    differences between where the two arms' quantiles may lie (`CountedValues.placed`);
    the p-value is the level at which it would first touch 0, so that difference,
    ratio and p-value never contradict each other. Raises ValueError for q outside
    (0, 1). There is no number with fewer than 10 units of an arm beyond the quantile.
    Where units have only a few different values, such as prices, each arm's quantile
    may be sure, and then the range is that one difference: it says so, and neither has
    a standard error.
    """
    if not 0 < q < 1:
        raise ValueError(f"`q` must lie in (0, 1), got {q}.")
    fewest = int(min(counted.effective(q) for counted in (control, treatment)))
    if fewest * min(q, 1 - q) < LEAST_BEYOND - 1e-9:
        needed = round(LEAST_BEYOND / min(q, 1 - q))
        return _none(fact("quantile.few_units", fewest=fewest, needed=needed))
    placed = control.placed(q), treatment.placed(q)
    first, second = (
        _estimate(counted, q, points)
        for counted, points in zip((control, treatment), placed, strict=True)
    )
    differences = differences_between(*placed)
    ends = _central(differences, level)
    sure = bool(ends[0] == ends[1])
    relative = log_ratio = tails = None
    if min(points[0] for points in placed) > 0:
        of_logs = differences_between(*map(np.log, placed))
        ratios = _central(of_logs, level)
        reach = 2 * normal_quantile((1 + level) / 2)
        width = float(ratios[1] - ratios[0]) / reach
        ratio = second.value / first.value
        relative = Contrast(
            value=ratio - 1,
            se=None if sure else ratio * width,
            interval=_interval(np.expm1(ratios), level),
        )
        log_ratio = LogRatio(value=log(ratio), se=width)
        tails = CountedTails(values=of_logs)
    return Inference(
        control=first,
        treatment=second,
        absolute=Contrast(
            value=second.value - first.value,
            se=None if sure else float(np.std(differences)),
            interval=_interval(ends, level),
        ),
        relative=relative,
        p_value=_p_value(differences),
        method="order_statistics",
        note=joined(
            fact("methods.quantile", q=q),
            fact("quantile.steps", q=q, same=bool(ends[0] == 0)) if sure else None,
        ),
        log_ratio=None if sure else log_ratio,
        tails=None if sure else tails or CountedTails(values=differences),
    )


def _estimate(arm: OrderedValues, q: float, points: Vector) -> Estimate:
    return Estimate(
        value=arm.quantile(q),
        se=float(np.std(points)),
        n=arm.n,
        third=0.0,
        nonzero=arm.n,
    )


def _central(differences: Vector, level: float) -> Vector:
    tail = (1 - level) / 2
    last = len(differences) - 1
    return differences[[int(tail * last), last - int(tail * last)]]


def _interval(ends: Vector, level: float) -> Interval:
    return Interval(lower=float(ends[0]), upper=float(ends[1]), level=level)


def _p_value(differences: Vector) -> float:
    below, above = float(np.mean(differences <= 0)), float(np.mean(differences >= 0))
    return min(1.0, max(2 * min(below, above), 2 / len(differences)))


def _none(note: Fact) -> Inference:
    return Inference(
        control=None,
        treatment=None,
        absolute=None,
        relative=None,
        p_value=None,
        method="none",
        note=note,
    )
