"""Scores: the difference of values that may be 0 or below."""

from __future__ import annotations

from dataclasses import replace

from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.methods.welch import welch
from holdback.wording import say

__all__ = ["compare_scores"]


def compare_scores(
    control: Estimate, treatment: Estimate, *, level: float
) -> Inference:
    """Welch's interval of the difference; a score has no lift.

    Scores are bounded, so their means are close to normal from a few dozen answers on
    and each arm's own variance may be trusted. Null: the difference is 0.
    """
    found = welch(control, treatment, level=level)
    return replace(
        found,
        approximate=False,
        note=say("methods.score.compare_scores"),
    )
