"""The interval of a lift on the log scale, R·exp(±z·s) − 1, whatever the method's s."""

from __future__ import annotations

from math import exp, log, sqrt

from holdback.stats.effect import Contrast, Estimate, Inference, Interval, LogRatio
from holdback.stats.normal import quantile, two_sided

__all__ = ["log_inference", "relative_variance"]


def relative_variance(estimate: Estimate) -> float:
    """Squared standard error over squared value."""
    return (estimate.se / estimate.value) ** 2


def log_inference(
    control: Estimate, treatment: Estimate, *, s: float, level: float, method: str
) -> Inference:
    """Lift, difference and p-value from the standard error `s` of ln R.

    Null: R = 1; alternative: R ≠ 1. The interval of the difference is the image
    m_T (1 − 1/R) of the ratio's interval at its ends, so the two never disagree.
    """
    z = quantile((1 + level) / 2)
    ratio = treatment.value / control.value
    low, high = ratio * exp(-z * s), ratio * exp(z * s)
    return Inference(
        control=control,
        treatment=treatment,
        absolute=Contrast(
            value=treatment.value - control.value,
            se=sqrt(control.se**2 + treatment.se**2),
            interval=Interval(
                lower=treatment.value * (1 - 1 / low),
                upper=treatment.value * (1 - 1 / high),
                level=level,
            ),
        ),
        relative=Contrast(
            value=ratio - 1,
            se=ratio * s,
            interval=Interval(lower=low - 1, upper=high - 1, level=level),
        ),
        p_value=two_sided(log(ratio) / s),
        method=method,
        note="",
        log_ratio=LogRatio(value=log(ratio), se=s),
    )
