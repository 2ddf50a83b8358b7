"""The interval of a lift on the log scale, R·exp(±z·s) − 1, whatever the method's s."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt

from holdback.facts import Fact, fact
from holdback.stats.evidence.effect import (
    Contrast,
    Estimate,
    Inference,
    Interval,
    LogRatio,
)
from holdback.stats.methods.mover import population_difference
from holdback.stats.numeric import quantile, two_sided

__all__ = [
    "log_delta",
    "log_inference",
    "log_inference_between",
    "pooled_cv",
    "relative_variance",
]


def relative_variance(estimate: Estimate) -> float:
    """Squared standard error over squared value: the variance of the estimate's log.

    By the delta method (Deng, Knoblich & Lu 2018, KDD).
    """
    return (estimate.se / estimate.value) ** 2


def log_inference(
    control: Estimate,
    treatment: Estimate,
    *,
    s: float,
    level: float,
    method: str,
    note: Fact,
) -> Inference:
    """Lift, difference and p-value from the standard error `s` of ln R.

    Null: R = 1; alternative: R ≠ 1.
    """
    z = quantile((1 + level) / 2)
    ratio = treatment.value / control.value
    return log_inference_between(
        control,
        treatment,
        low=ratio * exp(-z * s),
        high=ratio * exp(z * s),
        level=level,
        p_value=two_sided(log(ratio) / s),
        method=method,
        note=note,
    )


def log_inference_between(  # noqa: PLR0913  # the parts of an inference
    control: Estimate,
    treatment: Estimate,
    *,
    low: float | None,
    high: float | None,
    level: float,
    p_value: float,
    method: str,
    note: Fact,
) -> Inference:
    """Lift and difference from the ends of the ratio's interval; None: unbounded.

    The interval of the difference is that of the population means, which never
    contradicts the ratio's (`population_difference`). What a prior meets is the normal
    on ln R whose central interval has these ends: where they lie unevenly about the
    estimate, its centre is not the estimate (derived here).
    """
    ratio = treatment.value / control.value
    matched = None
    if low is not None and high is not None:
        se = log(high / low) / (2 * quantile((1 + level) / 2))
        matched = LogRatio(value=log(low * high) / 2, se=se)
    return Inference(
        control=control,
        treatment=treatment,
        absolute=Contrast(
            value=treatment.value - control.value,
            se=sqrt(control.se**2 + treatment.se**2),
            interval=population_difference(
                control, treatment, low=low, high=high, level=level
            ),
        ),
        relative=Contrast(
            value=ratio - 1,
            se=None if matched is None else ratio * matched.se,
            interval=Interval(
                lower=None if low is None else low - 1,
                upper=None if high is None else high - 1,
                level=level,
            ),
        ),
        p_value=p_value,
        method=method,
        note=note,
        log_ratio=matched,
    )


def log_delta(control: Estimate, treatment: Estimate, *, level: float) -> Inference:
    """Lift by the delta method on ln R: s² = vT/mT² + vC/mC².

    Null: the ratio is 1; alternative: it is not. Right for large samples of mild
    skew; both values must be above 0.
    """
    s = sqrt(relative_variance(control) + relative_variance(treatment))
    return log_inference(
        control,
        treatment,
        s=s,
        level=level,
        method="log_delta",
        note=fact("methods.log_delta"),
    )


def pooled_cv(control: Estimate, treatment: Estimate, *, level: float) -> Inference:
    """Lift on the log scale with s² = CVp² (1/nT + 1/nC).

    CVp² is the mean of the arms' squared coefficients of variation, weighted by
    their degrees of freedom; for a formula, of n·se²/value², which are those of its
    linearized values. Null: the ratio is 1; alternative: it is not. Assumes one CV in
    both arms (exact for an effect that multiplies amounts), so it is approximate;
    both values must be above 0.

    Why: with skewed amounts a small arm's mean and variance err together, so its own
    variance makes false wins likely; the pooled one hardly depends on its mean
    (derived here).
    """
    n, m = treatment.size, control.size
    squared_cv = (
        (n - 1) * n * relative_variance(treatment)
        + (m - 1) * m * relative_variance(control)
    ) / (n + m - 2)
    s = sqrt(squared_cv * (1 / n + 1 / m))
    inference = log_inference(
        control,
        treatment,
        s=s,
        level=level,
        method="pooled_cv_log",
        note=fact("methods.pooled_cv"),
    )
    return replace(inference, approximate=True)
