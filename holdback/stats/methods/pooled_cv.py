"""Pooled coefficient of variation: a small arm borrows its shape from the large one."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.methods.log_ratio import log_inference, relative_variance
from holdback.wording import say

__all__ = ["pooled_cv"]


def pooled_cv(control: Estimate, treatment: Estimate, *, level: float) -> Inference:
    """Lift on the log scale with s² = CVp² (1/nT + 1/nC).

    CVp² is the mean of the arms' squared coefficients of variation, weighted by
    their degrees of freedom; for a formula, of n·se²/value², which are those of its
    linearized values. Null: the ratio is 1; alternative: it is not. Assumes one CV in
    both arms (exact for an effect that multiplies amounts), so it is approximate;
    both values must be above 0.

    Why: with skewed amounts a small arm's mean and variance err together, so its own
    variance makes false wins likely; the pooled one hardly depends on its mean.
    """
    n, m = treatment.n, control.n
    squared_cv = (
        (n - 1) * n * relative_variance(treatment)
        + (m - 1) * m * relative_variance(control)
    ) / (n + m - 2)
    s = sqrt(squared_cv * (1 / n + 1 / m))
    return replace(
        log_inference(control, treatment, s=s, level=level, method="pooled_cv_log"),
        note=say("methods.pooled_cv.pooled_cv"),
        approximate=True,
    )
