"""Log-delta: each arm's own spread, on the log scale."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.methods.log_ratio import log_inference, relative_variance
from holdback.wording import say

__all__ = ["log_delta"]


def log_delta(control: Estimate, treatment: Estimate, *, level: float) -> Inference:
    """Lift by the delta method on ln R: s² = vT/mT² + vC/mC².

    Null: the ratio is 1; alternative: it is not. Right for large samples of mild
    skew; both values must be above 0.
    """
    s = sqrt(relative_variance(control) + relative_variance(treatment))
    return replace(
        log_inference(control, treatment, s=s, level=level, method="log_delta"),
        note=say("methods.log_delta.log_delta"),
    )
