"""Two means or ratios of means: the lift on the log scale, and how to read it.

The interval of the lift is R·exp(±z·s). What differs is s: the plain delta method
where skewness does no harm, the coefficient of variation pooled over the arms where
it does (so that a small arm borrows its shape from the large one).
"""

from __future__ import annotations

from math import exp, log, sqrt
from statistics import NormalDist

from holdback.stats.effect import Contrast, Estimate, Inference, Interval, LogRatio

__all__ = ["compare_means", "skew_coefficient"]

NORMAL = NormalDist()

LEAST = 20
ENOUGH = 1000
SKEW_GATE = 0.053


def compare_means(
    control: Estimate, treatment: Estimate, *, level: float
) -> Inference:
    """Lift and difference of two positive means.

    Null: the ratio is 1; alternative: it is not. The rule: the delta method on the
    log scale when |A| and |B| are below 0.053 and every arm has 1,000 units that are
    not zero; else the pooled-CV interval, which is approximate; none below 20 units
    that are not zero. Raises nothing: where no honest number exists the inference
    says why.
    """
    skew = skew_coefficient(control, treatment)
    refusal = _refusal(control, treatment)
    if refusal is not None:
        return _none(control, treatment, refusal, skew, level)
    if control.value <= 0 or treatment.value <= 0:
        return _welch(control, treatment, level, skew)
    plain = _plain(control, treatment)
    fewest = min(control.nonzero, treatment.nonzero)
    lean = _lean(control, treatment)
    if max(abs(skew), abs(lean)) < SKEW_GATE and fewest >= ENOUGH:
        note = (
            "Delta method on the log scale: there are enough units and little enough "
            "skew; the p-value tests a ratio of 1."
        )
        return _log_inference(
            control, treatment, level, plain, skew, "log_delta", note, approximate=False
        )
    note = (
        "Approximate: the values are skewed or few for the size of the arms, so the "
        "spread is pooled over both arms; the p-value tests a ratio of 1."
    )
    pooled = _pooled(control, treatment)
    return _log_inference(
        control, treatment, level, pooled, skew, "pooled_cv_log", note, approximate=True
    )


def skew_coefficient(control: Estimate, treatment: Estimate) -> float:
    """A = (κ₃T − κ₃C) / (vT + vC)^1.5: how lopsided the difference of means is.

    κ₃ is the third cumulant of a mean and v its variance. The two tail errors of a
    plain interval differ from nominal by about 8.45 % × A (Edgeworth expansion; Boos
    & Hughes-Oliver 2000, The American Statistician 54: 121–128, for one sample). 0
    when nothing varies.
    """
    variance = control.se**2 + treatment.se**2
    if variance == 0:
        return 0.0
    return (treatment.third - control.third) / variance**1.5


def _lean(control: Estimate, treatment: Estimate) -> float:
    """B = (vC − vT) / (2 √(vC + vT)), v the relative variances: the log's own lean."""
    c, t = _relative_variance(control), _relative_variance(treatment)
    return (c - t) / (2 * sqrt(c + t)) if c + t > 0 else 0.0


def _refusal(control: Estimate, treatment: Estimate) -> str | None:
    for estimate, name in ((control, "control"), (treatment, "the treatment arm")):
        if estimate.nonzero < LEAST:
            return (
                f"No interval: only {estimate.nonzero} units of {name} have a value, "
                f"and below {LEAST} the spread of amounts cannot be judged."
            )
    if control.se == 0 and treatment.se == 0:
        return (
            "No interval: the variance is 0, every unit of an arm has the same value, "
            "so there is no spread to judge chance by."
        )
    return None


def _plain(control: Estimate, treatment: Estimate) -> float:
    """√(vT/mT² + vC/mC²), the delta-method standard error of ln R."""
    return sqrt(_relative_variance(control) + _relative_variance(treatment))


def _pooled(control: Estimate, treatment: Estimate) -> float:
    """√(CVp² (1/nT + 1/nC)) with CVp² the pooled squared coefficient of variation."""
    n, m = treatment.n, control.n
    pooled = (
        (n - 1) * n * _relative_variance(treatment)
        + (m - 1) * m * _relative_variance(control)
    ) / (n + m - 2)
    return sqrt(pooled * (1 / n + 1 / m))


def _relative_variance(estimate: Estimate) -> float:
    return (estimate.se / estimate.value) ** 2


def _log_inference(
    control: Estimate,
    treatment: Estimate,
    level: float,
    s: float,
    skew: float,
    method: str,
    note: str,
    *,
    approximate: bool,
) -> Inference:
    """The lift R·exp(±z·s) − 1 and its image on the absolute scale, m_T (1 − 1/R)."""
    z = NORMAL.inv_cdf((1 + level) / 2)
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
        p_value=2 * NORMAL.cdf(-abs(log(ratio)) / s),
        method=method,
        note=note,
        skew_coefficient=skew,
        log_ratio=LogRatio(value=log(ratio), se=s),
        approximate=approximate,
    )


def _welch(
    control: Estimate, treatment: Estimate, level: float, skew: float
) -> Inference:
    """Difference only, by the normal approximation with unpooled variances."""
    z = NORMAL.inv_cdf((1 + level) / 2)
    value = treatment.value - control.value
    se = sqrt(control.se**2 + treatment.se**2)
    return Inference(
        control=control,
        treatment=treatment,
        absolute=Contrast(
            value=value,
            se=se,
            interval=Interval(lower=value - z * se, upper=value + z * se, level=level),
        ),
        relative=None,
        p_value=2 * NORMAL.cdf(-abs(value) / se),
        method="welch",
        note="Approximate: a mean is not above 0, so a lift means nothing; the "
        "difference is read with unpooled variances and the p-value tests it.",
        skew_coefficient=skew,
        approximate=True,
    )


def _none(
    control: Estimate, treatment: Estimate, note: str, skew: float, level: float
) -> Inference:
    """The difference as it was seen, without a range, a lift or a p-value."""
    return Inference(
        control=control,
        treatment=treatment,
        absolute=Contrast(
            value=treatment.value - control.value,
            se=sqrt(control.se**2 + treatment.se**2),
            interval=Interval(lower=None, upper=None, level=level),
        ),
        relative=None,
        p_value=None,
        method="none",
        note=note,
        skew_coefficient=skew,
    )
