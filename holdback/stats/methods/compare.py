"""Methods: how an effect is read. `compare` chooses by what the data can bear.

One file is one method. The rule for means and ratios of means stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from typing import Literal

from holdback.facts import Fact, fact
from holdback.stats.evidence.delta_method import (
    Formula,
    estimate,
    log_lean,
    skew_coefficient,
)
from holdback.stats.evidence.effect import Contrast, Estimate, Inference, Interval
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.methods.difference import compare_scores, welch
from holdback.stats.methods.log_ratio import log_delta, pooled_cv
from holdback.stats.methods.permutation import permutation
from holdback.stats.methods.proportion import compare_proportions

__all__ = ["compare", "compare_means", "needs_rows"]

LEAST_NONZERO = 20
ENOUGH_NONZERO = 1000
SKEW_GATE = 0.053
LEAN_WEIGHT = 2.66


def compare(  # noqa: PLR0913  # two samples and how to read them
    control: Moments,
    treatment: Moments,
    *,
    formula: Formula,
    columns: Sequence[str],
    family: Literal["proportion", "mean", "score"],
    level: float,
    samples: TwoSamples | None = None,
) -> Inference:
    """The metric `formula` of `columns` in one sample against another.

    `samples` are the rows of the units that are not zero, where they are at hand.

    Raises ValueError for a level outside (0, 1). Where no honest number exists (an
    arm of fewer than 2 units, a denominator of 0, no spread) the inference has no
    contrasts and its note says why. Rates put together from strata are read by
    log-delta: their counts do not tell them.
    """
    if not 0 < level < 1:
        raise ValueError(f"`level` must lie in (0, 1), got {level}.")
    first = _estimate(control, formula, columns)
    second = _estimate(treatment, formula, columns)
    if first is None or second is None:
        fewest = min(control.n, treatment.n)
        note = (
            fact("methods.few_units", units=fewest)
            if fewest < 2
            else fact("methods.zero_denominator")
        )
        return _none(first, second, note)
    if family == "proportion" and control.is_stratified:
        return compare_means(first, second, level=level, rates=True)
    if family == "proportion":
        return compare_proportions(
            *(
                replace(arm, nonzero=round(arm.value * arm.n))
                for arm in (first, second)
            ),
            level=level,
        )
    if family == "score" and _refusal(first, second) is None:
        return compare_scores(first, second, level=level)
    return compare_means(first, second, level=level, samples=samples)


def compare_means(
    control: Estimate,
    treatment: Estimate,
    *,
    level: float,
    rates: bool = False,
    samples: TwoSamples | None = None,
) -> Inference:
    """Lift and difference of two means or ratios of means, by the rule.

    Log-delta when every arm has 1,000 units that are not zero and both |A| and
    |A + 2.66 B| stay below 0.053, which keeps each tail of a 95 % interval within
    2.05–2.95 % in the first term of the expansion (A: `skew_coefficient`, B:
    `log_lean`); otherwise the permutation interval, or, where no rows are at hand,
    the pooled-CV interval, marked approximate. With fewer
    than 20 units that are not zero in an arm, or without spread, only the difference
    that was seen, without a range. Where a value is not above its own standard error
    (never so for a mean of amounts of at least 0), a ratio means nothing and only
    the difference is read. Adjusted conversion `rates` always take log-delta: values
    of 0 and 1 have no heavy tail, and their spread follows from the rate.
    """
    skew = skew_coefficient(control, treatment)
    refusal = _refusal(control, treatment)
    if refusal is not None:
        none = _none(control, treatment, refusal)
        seen = _difference(control, treatment, level)
        return replace(none, absolute=seen, skew_coefficient=skew)
    if not _has_ratio(control, treatment):
        inference = welch(control, treatment, level=level)
    elif rates or _may_stand_alone(control, treatment, skew):
        inference = log_delta(control, treatment, level=level)
    elif samples is not None:
        inference = permutation(control, treatment, samples, level=level)
    else:
        inference = pooled_cv(control, treatment, level=level)
    return replace(inference, skew_coefficient=skew)


def needs_rows(control: Estimate, treatment: Estimate) -> bool:
    """Whether `compare_means` would take the permutation interval, given rows."""
    return (
        _refusal(control, treatment) is None
        and _has_ratio(control, treatment)
        and not _may_stand_alone(
            control, treatment, skew_coefficient(control, treatment)
        )
    )


def _estimate(
    moments: Moments, formula: Formula, columns: Sequence[str]
) -> Estimate | None:
    if moments.n < 2:
        return None
    try:
        return estimate(moments, formula, columns)
    except ZeroDivisionError:
        return None


def _has_ratio(control: Estimate, treatment: Estimate) -> bool:
    """Whether both values are clearly above 0."""
    return min(e.value - e.se for e in (control, treatment)) > 0


def _may_stand_alone(control: Estimate, treatment: Estimate, skew: float) -> bool:
    """Whether each arm's own spread may be trusted, in sum and by the log's lean."""
    both = skew + LEAN_WEIGHT * log_lean(control, treatment)
    fewest = min(control.nonzero, treatment.nonzero)
    return fewest >= ENOUGH_NONZERO and max(abs(skew), abs(both)) < SKEW_GATE


def _refusal(control: Estimate, treatment: Estimate) -> Fact | None:
    for arm, side in ((control, "control"), (treatment, "treatment")):
        if arm.nonzero < LEAST_NONZERO:
            return fact(
                "methods.few_values", units=arm.nonzero, side=side, least=LEAST_NONZERO
            )
        if arm.se == 0:
            return fact("methods.no_spread", side=side)
    return None


def _difference(control: Estimate, treatment: Estimate, level: float) -> Contrast:
    """The difference as it was seen, without a range."""
    return Contrast(
        value=treatment.value - control.value,
        se=sqrt(control.se**2 + treatment.se**2),
        interval=Interval(lower=None, upper=None, level=level),
    )


def _none(
    control: Estimate | None, treatment: Estimate | None, note: Fact
) -> Inference:
    return Inference(
        control=control,
        treatment=treatment,
        absolute=None,
        relative=None,
        p_value=None,
        method="none",
        note=note,
    )
