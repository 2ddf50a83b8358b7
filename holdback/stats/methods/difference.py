"""Welch: a difference of means where a ratio means nothing."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from holdback.facts import fact
from holdback.stats.evidence.effect import Contrast, Estimate, Inference, Interval
from holdback.stats.evidence.tails import StudentTails

__all__ = ["compare_scores", "welch"]


def welch(control: Estimate, treatment: Estimate, *, level: float) -> Inference:
    """Difference of two values with their own variances, by Student's t.

    D = m_T − m_C, SE = √(v_T + v_C), degrees of freedom (v_T + v_C)² /
    (v_T²/(n_T − 1) + v_C²/(n_C − 1)) (Welch 1947, Biometrika 34: 28–35). Null: the
    difference is 0; alternative: it is not. Approximate where amounts are skewed and
    the arms unequal.
    """
    from scipy.special import stdtr, stdtrit

    v, w = treatment.se**2, control.se**2
    df = (v + w) ** 2 / (v**2 / (treatment.n - 1) + w**2 / (control.n - 1))
    value, se = treatment.value - control.value, sqrt(v + w)
    half = float(stdtrit(df, (1 + level) / 2)) * se
    return Inference(
        control=control,
        treatment=treatment,
        absolute=Contrast(
            value=value,
            se=se,
            interval=Interval(lower=value - half, upper=value + half, level=level),
        ),
        relative=None,
        p_value=2 * float(stdtr(df, -abs(value) / se)),
        method="welch",
        note=fact("methods.welch"),
        approximate=True,
        tails=StudentTails(value=value, error=se, freedom=df),
    )


def compare_scores(
    control: Estimate, treatment: Estimate, *, level: float
) -> Inference:
    """Welch's interval of the difference; a score has no lift.

    Scores are bounded, so their means are close to normal from a few dozen answers on
    and each arm's own variance may be trusted. Null: the difference is 0.
    """
    inference = welch(control, treatment, level=level)
    return replace(
        inference,
        approximate=False,
        note=fact("methods.score"),
    )
