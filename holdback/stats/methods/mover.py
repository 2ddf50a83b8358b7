"""A difference of two means with a range that follows from the range of their ratio.

Two questions have the same estimate m_T − m_C and not the same range. What the treated
units *earned* is taken of their mean as it was: m_T (1 − 1/R), the image of the ratio's
ends, without the chance in m_T itself. What the treatment adds to *units like these*
is the difference of the two population means, in which both means are uncertain.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, hypot, log, sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import Estimate, Inference, Interval
from holdback.stats.numeric import cdf, quantile

__all__ = ["differences_by_ratio", "population_difference"]

Vector = npt.NDArray[np.float64]

FARTHEST_END = 7.5
"""Standard errors of the log ratio beyond which nothing is left to tell."""
STEPS_ASIDE = 600
LEAST_RATIO = 1e-300
"""Where a quantile is nothing but a loss of everything."""


def population_difference(
    control: Estimate,
    treatment: Estimate,
    *,
    low: float | None,
    high: float | None,
    level: float,
) -> Interval:
    """Range of the difference of the population means, from a range of the ratio.

    MOVER (Zou & Donner 2008, Statistics in Medicine 27: 1693–1702; for log-normal
    costs Zou, Taleban & Huo 2009, Computational Statistics & Data Analysis 53:
    3755–3764): D − √((m_T − l_T)² + (u_C − m_C)²) and D + √((u_T − m_T)² + (m_C −
    l_C)²). The treated mean has the log range e = z √v_T, v its squared relative error;
    control's is what the ratio's has beyond that, √(d² − e²) with d the distance of the
    ratio's end from the estimate (own step), so that a skewness which the ratio's
    method found is kept.

    The range never contradicts the ratio: an end that would lie on the other side of 0
    than the ratio's does of 1 is l_T (1 − 1/R) at that end, for R further from 1 and
    any treated mean above l_T differ by more (derived here). `low` and `high` are the
    ratio's ends (None: unbounded); both values must be above 0. A ratio that may be
    any small leaves no lower end, one that may be any large lets control's mean be 0.
    """
    t, c = treatment.value, control.value
    estimate = log(t / c)
    e = quantile((1 + level) / 2) * treatment.se / t
    least = t * exp(-e)
    lower = None
    if low is not None:
        down = c * exp(_beyond(estimate - log(low), e)) - c
        lower = _sided(t - c - hypot(t - least, down), least * (1 - 1 / low))
    up = c if high is None else c - c * exp(-_beyond(log(high) - estimate, e))
    upper = t - c + hypot(t * exp(e) - t, up)
    if high is not None:
        upper = _sided(upper, least * (1 - 1 / high))
    return Interval(lower=lower, upper=upper, level=level)


def _beyond(distance: float, treated: float) -> float:
    """The part of a log ratio's distance that is control's; 0 where none is left."""
    return sqrt(max(distance**2 - treated**2, 0.0))


def _sided(end: float, nearest: float) -> float:
    """An end of the difference; `nearest` to 0 where the two are on other sides."""
    return nearest if end * nearest <= 0 else end


def differences_by_ratio(
    inference: Inference, lift_at: Callable[[float], float] | None = None
) -> Callable[[Vector], Vector]:
    """P(difference of the population means <= each), as its range has it.

    The ends at all levels of the lift's confidence distribution, whose quantiles
    `lift_at` gives, read as a distribution: at the range's level its quantiles are the
    range. Without it, of the normal of the log ratio that has the method's range.
    Raises ValueError where there is no log ratio.
    """
    ratio, control, treatment = (
        inference.log_ratio,
        inference.control,
        inference.treatment,
    )
    if ratio is None or control is None or treatment is None:
        raise ValueError("There is no lift to read a difference from.")
    z = np.linspace(-FARTHEST_END, FARTHEST_END, 2 * STEPS_ASIDE + 1)
    z = z[z != 0]

    def ratio_at(z: float) -> float:
        if lift_at is None:
            return exp(ratio.value + z * ratio.se)
        return max(1 + lift_at(cdf(z)), LEAST_RATIO)

    ends = [_end(control, treatment, ratio_at(one), one) for one in z.tolist()]
    rising = np.maximum.accumulate(np.array(ends))
    shares = np.array([cdf(float(one)) for one in z])
    return lambda y: np.interp(y, rising, shares, left=0.0, right=1.0)


def _end(control: Estimate, treatment: Estimate, ratio: float, z: float) -> float:
    """The end of the difference that goes with the ratio's end at z."""
    level = 1 - 2 * cdf(-abs(z))
    lower, upper = (ratio, None) if z < 0 else (None, ratio)
    interval = population_difference(
        control, treatment, low=lower, high=upper, level=level
    )
    end = interval.lower if z < 0 else interval.upper
    assert end is not None  # noqa: S101  # the ratio's end is bounded
    return end
