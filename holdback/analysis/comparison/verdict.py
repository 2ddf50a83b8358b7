"""An interval → one word: better, worse, unclear; safe, at risk, breached."""

from __future__ import annotations

from holdback.experiments.definition.experiment import Margin
from holdback.experiments.kinds.metric import Metric
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Verdict

__all__ = ["guardrail_verdict", "verdict"]


def verdict(
    metric: Metric,
    effect: Quantity | None,
    *,
    p_value: float | None = None,
    alpha: float = 0.05,
    least: float = 0.0,
) -> Verdict:
    """Better or worse when the interval excludes 0, otherwise unclear.

    Equivalent when the whole interval lies closer to 0 than `least`, the smallest
    change that matters (two one-sided tests: Schuirmann 1987, Journal of
    Pharmacokinetics and Biopharmaceutics 15: 657–680), and where it holds nothing but
    0 (quantiles of a few prices).

    With an adjusted `p_value` (several metrics read together) it must fall below
    `alpha` as well, so a plain interval that excludes 0 may still be unclear.
    """
    if effect is not None and _within(effect, least):
        return "equivalent"
    if effect is None or (p_value is not None and p_value >= alpha):
        return "unclear"
    up = effect.lower is not None and effect.lower > 0
    down = effect.upper is not None and effect.upper < 0
    if not (up or down):
        return "unclear"
    return "better" if up == (metric.better == "higher") else "worse"


def _within(effect: Quantity, least: float) -> bool:
    lower, upper = effect.lower, effect.upper
    if lower is None or upper is None:
        return False
    return max(-lower, upper) < least or lower == upper == 0


def guardrail_verdict(
    metric: Metric,
    margin: Margin,
    relative: Quantity | None,
    absolute: Quantity | None,
) -> Verdict:
    """Safe inside the margin, breached beyond it, at risk where it straddles.

    The interval is two-sided; without one the guardrail is at risk, never safe.
    """
    effect = relative if margin.scale == "relative" else absolute
    if effect is None:
        return "at_risk"
    limit = float(margin.value)
    if metric.better == "higher":
        safe = effect.lower is not None and effect.lower > -limit
        breached = effect.upper is not None and effect.upper < -limit
    else:
        safe = effect.upper is not None and effect.upper < limit
        breached = effect.lower is not None and effect.lower > limit
    return "safe" if safe else "breached" if breached else "at_risk"
