"""Shares of answers: a rate of those who answered, whoever was asked."""

from __future__ import annotations

from collections.abc import Sequence

from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.methods.proportion import ConversionCounts, compare_counts

__all__ = ["compare_shares_of_answers"]


def compare_shares_of_answers(
    control: Estimate,
    treatment: Estimate,
    answers: tuple[Moments, Moments],
    *,
    level: float,
) -> Inference:
    """Lift and difference of two shares, by the rates' score statistic.

    `answers` holds for each arm the moments of a unit's share of answers that count
    and of whether it answered. A unit with several answers weighs as one: counts and
    answers are then divided by the design effect, the spread of the shares over the
    p (1 − p) of single answers, pooled over the arms (Rao & Scott 1992, Biometrics 48:
    577–585); it is 1 where everybody answered once. Null: the shares are equal.
    """
    effect = _design_effect(answers)
    (y, m), (x, n) = (
        (float(hits) / effect, float(said) / effect)
        for hits, said in (side.total for side in answers)
    )
    counts = ConversionCounts(x=x, n=n, y=y, m=m)
    return compare_counts(control, treatment, counts, level=level)


def _design_effect(answers: Sequence[Moments]) -> float:
    """Σ (square − mean²) over Σ (mean − mean²), in answers; 1 where nothing varies."""
    seen = single = 0.0
    for side in answers:
        hits, said = side.total
        square = side.products[0] / 10 ** (2 * side.digits[0])
        seen += square - hits * hits / said
        single += hits - hits * hits / said
    return seen / single if seen > 0 and single > 0 else 1.0
