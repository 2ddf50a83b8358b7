"""Two conversion rates: score intervals for their ratio and their difference.

Both invert score tests corrected for skewness (Gart & Nam 1988, Biometrics 44:
323–338; Laud 2017, Pharmaceutical Statistics 16: 334–348) that coincide at "no
effect", so the relative interval, the absolute interval and the p-value never
contradict each other. Rates near 0 and near 1 are read by the same formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import acos, copysign, cos, exp, inf, log, pi, sqrt
from typing import Literal

from scipy.special import betaincinv

from holdback.facts import Fact, fact
from holdback.stats.evidence.effect import (
    Contrast,
    Estimate,
    Inference,
    Interval,
    LogRatio,
)
from holdback.stats.evidence.tails import ScoreTails
from holdback.stats.numeric import quantile, root, two_sided

__all__ = [
    "ConversionCounts",
    "compare_counts",
    "compare_proportions",
    "difference_interval",
    "ratio_interval",
    "share_interval",
    "skewness_corrected",
    "too_few_to_adjust",
]

WIDEST = log(1e15)
ALMOST_ONE = 1 - 1e-9
NEWTON_ROUNDS = 100
NEWTON_PRECISION = 1e-10
NO_VARIANCE = 1e-150
LEAST_CONVERTED = 20
LEAST_OTHERS = 40
"""Units that did not convert: the log of a rate near 1 leans more."""
ROUNDED = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionCounts:
    """`x` of `n` treated units converted, and `y` of `m` control units.

    Not whole where they stand for answers that weigh less than one unit each.
    """

    x: float
    n: float
    y: float
    m: float


def compare_proportions(
    control: Estimate, treatment: Estimate, *, level: float
) -> Inference:
    """Lift and difference of two shares of units, with the score test's p-value.

    Null: the rates are equal; alternative: they are not. Without a conversion in
    treatment the lift has no standard error; without one in control there is no
    lift; with none, or nothing but conversions, in both arms there is no number.
    """
    counts = ConversionCounts(
        x=treatment.nonzero, n=treatment.n, y=control.nonzero, m=control.n
    )
    return compare_counts(control, treatment, counts, level=level)


def compare_counts(
    control: Estimate, treatment: Estimate, counts: ConversionCounts, *, level: float
) -> Inference:
    """The same where the counts are not those of all units, such as of answers.

    Null: the rates are equal; alternative: they are not.
    """
    converted = counts.x + counts.y
    z = quantile((1 + level) / 2)
    if converted in {0, counts.n + counts.m}:
        return Inference(
            control=control,
            treatment=treatment,
            absolute=None,
            relative=None,
            p_value=None,
            method="none",
            note=fact(
                "proportion.all_converted" if converted else "proportion.none_converted"
            ),
        )
    relative, log_ratio = _relative(counts, z=z, level=level)
    return Inference(
        control=control,
        treatment=treatment,
        absolute=_absolute(counts, z=z, level=level),
        relative=relative,
        p_value=two_sided(_ratio_score(1.0, counts)),
        method="skewness_corrected_score",
        note=_note(counts, z=z),
        log_ratio=log_ratio,
        tails=None
        if log_ratio is None
        else ScoreTails(score=lambda theta: _ratio_score(exp(theta), counts)),
    )


def _note(counts: ConversionCounts, *, z: float) -> Fact:
    return fact(
        "methods.proportion",
        control_converted=round(counts.y),
        unprovable=_unprovable(counts, z=z),
    )


def _unprovable(
    counts: ConversionCounts, *, z: float
) -> Literal["rise", "fall", "change"] | None:
    """What these conversions could not prove, had all of them been in one arm."""
    n, m, converted = counts.n, counts.m, counts.x + counts.y
    x, y = min(converted, n), min(converted, m)
    rise = ConversionCounts(x=x, n=n, y=converted - x, m=m)
    fall = ConversionCounts(x=converted - y, n=n, y=y, m=m)
    no_rise, no_fall = _ratio_score(1.0, rise) <= z, _ratio_score(1.0, fall) >= -z
    if no_rise and no_fall:
        return "change"
    return "rise" if no_rise else "fall" if no_fall else None


def ratio_interval(counts: ConversionCounts, *, z: float) -> tuple[float, float]:
    """Interval of (x/n) / (y/m): all ratios that the score test does not reject.

    Koopman's (1984, Biometrics 40: 513–517) with the correction for skewness and the
    factor N / (N − 1) of the variance (Laud 2017). The upper end is infinite when
    y = 0, the lower end 0 when x = 0, and so they are where a handful of conversions
    cannot bound the ratio at so strict a z.
    """

    def score_less(sign: int) -> Callable[[float], float]:
        return lambda at: _ratio_score(exp(at), counts) - sign * z

    centre = (
        -WIDEST
        if counts.x == 0
        else WIDEST
        if counts.y == 0
        else log(counts.x / counts.n) - log(counts.y / counts.m)
    )
    low = -WIDEST if counts.x == 0 else _crossing(score_less(1), -WIDEST, centre)
    high = WIDEST if counts.y == 0 else _crossing(score_less(-1), centre, WIDEST)
    return 0.0 if low <= -WIDEST else exp(low), inf if high >= WIDEST else exp(high)


def difference_interval(counts: ConversionCounts, *, z: float) -> tuple[float, float]:
    """Interval of x/n − y/m: all differences that the score test does not reject.

    Miettinen & Nurminen's (1985, Statistics in Medicine 4: 213–226) with the same
    correction for skewness, so that it agrees with the ratio's at no effect.
    """
    value = counts.x / counts.n - counts.y / counts.m

    def score_less(sign: int) -> Callable[[float], float]:
        return lambda d: _difference_score(d, counts) - sign * z

    low = -1.0 if value <= -ALMOST_ONE else _crossing(score_less(1), -ALMOST_ONE, value)
    high = 1.0 if value >= ALMOST_ONE else _crossing(score_less(-1), value, ALMOST_ONE)
    return low, high


def _absolute(counts: ConversionCounts, *, z: float, level: float) -> Contrast:
    lower, upper = difference_interval(counts, z=z)
    p, q = counts.x / counts.n, counts.y / counts.m
    return Contrast(
        value=p - q,
        se=sqrt(p * (1 - p) / counts.n + q * (1 - q) / counts.m),
        interval=Interval(lower=lower, upper=upper, level=level),
    )


def _relative(
    counts: ConversionCounts, *, z: float, level: float
) -> tuple[Contrast | None, LogRatio | None]:
    """The lift and its logarithm with Katz's standard error, where they exist."""
    x, n, y, m = counts.x, counts.n, counts.y, counts.m
    if y == 0:
        return None, None
    ratio = (x / n) / (y / m)
    low, high = ratio_interval(counts, z=z)
    se = sqrt((1 - x / n) / x + (1 - y / m) / y) if x else None
    lift = Contrast(
        value=ratio - 1,
        se=None if se is None else ratio * se,
        interval=Interval(
            lower=low - 1, upper=None if high == inf else high - 1, level=level
        ),
    )
    return lift, None if se is None else LogRatio(value=log(ratio), se=se)


def _ratio_score(ratio: float, counts: ConversionCounts) -> float:
    """Corrected score at a ratio, with the rates fitted under it; it falls in it."""
    x, n, y, m = counts.x, counts.n, counts.y, counts.m
    a = (n + m) * ratio
    b = n * ratio + x + m + y * ratio
    control = 2 * (x + y) / (b + sqrt(max(b * b - 4 * a * (x + y), 0.0)))
    treated = ratio * control
    return skewness_corrected(
        x / n - ratio * y / m,
        (_variance(treated) / n + ratio**2 * _variance(control) / m) * _factor(counts),
        _third(treated) / n**2 - ratio**3 * _third(control) / m**2,
    )


def _difference_score(d: float, counts: ConversionCounts) -> float:
    """Corrected score at a difference, with the rates fitted under it; it falls."""
    control = _fitted_control(d, counts)
    treated = min(max(control + d, 0.0), 1.0)
    n, m = counts.n, counts.m
    return skewness_corrected(
        counts.x / n - counts.y / m - d,
        (_variance(treated) / n + _variance(control) / m) * _factor(counts),
        _third(treated) / n**2 - _third(control) / m**2,
    )


def _variance(rate: float) -> float:
    return rate * (1 - rate)


def _third(rate: float) -> float:
    """Third central moment of a unit that converts with this rate."""
    return rate * (1 - rate) * (1 - 2 * rate)


def _factor(counts: ConversionCounts) -> float:
    """Miettinen & Nurminen's N / (N − 1)."""
    units = counts.n + counts.m
    return units / (units - 1)


def skewness_corrected(distance: float, variance: float, third: float) -> float:
    """The normal score of a distance whose law has this variance and third moment.

    The x of w = x + k (x² − 1), with w = distance / √variance and k a sixth of the
    skewness, third / variance^1.5 / 6: the first term of Cornish and Fisher's
    expansion. Where no x is so far out (a distance that so skewed a law hardly has)
    it is w itself (Laud 2017, Pharmaceutical Statistics 16: 334–348, section 2).
    """
    if variance <= NO_VARIANCE:
        return copysign(inf, distance) if distance else 0.0
    w, k = distance / sqrt(variance), third / (6 * variance * sqrt(variance))
    square = 1 + 4 * k * (w + k)
    if square < 0:
        return w
    return 2 * (w + k) / (1 + sqrt(square))


def _fitted_control(d: float, counts: ConversionCounts) -> float:
    """Control rate that maximizes the likelihood when the difference is `d`.

    It is the root of a cubic (Farrington & Manning 1990, Statistics in Medicine 9:
    1447–1454). The slope of the log likelihood falls, so Newton's steps from the
    closed form, kept within the admissible range, take out the rounding.
    """
    low, high = max(0.0, -d), min(1.0, 1.0 - d)
    rate = min(max(_cubic(d, counts), low), high)
    for _ in range(NEWTON_ROUNDS):
        slope, curvature = _slope(rate, d, counts)
        if slope > 0:
            low = rate
        else:
            high = rate
        step = rate - slope / curvature if 0 < -curvature < inf else rate
        after = step if low < step < high else (low + high) / 2
        done = abs(after - rate) <= NEWTON_PRECISION * after
        rate = after
        if done:
            break
    return rate


def _slope(rate: float, d: float, counts: ConversionCounts) -> tuple[float, float]:
    """Slope and curvature of the log likelihood in the control rate."""
    slope, curvature = 0.0, 0.0
    for count, at, sign in (
        (counts.x, rate + d, 1),
        (counts.n - counts.x, 1 - rate - d, -1),
        (counts.y, rate, 1),
        (counts.m - counts.y, 1 - rate, -1),
    ):
        if count:
            share = max(at, 1e-300)
            slope += sign * count / share
            curvature -= count / share / share
    return slope, curvature


def _cubic(d: float, counts: ConversionCounts) -> float:
    """The middle root of (n+m) p³ − b₂ p² + b₁ p + b₀, from its three cosines."""
    x, n, y, m = counts.x, counts.n, counts.y, counts.m
    a, e, f = x - n * d, d * (1 - d), 1 - 2 * d
    b2 = -(a + n + y + m * f) / (n + m) / 3
    b1 = (a + y * f - m * e) / (n + m) / 3
    b0 = y * e / (n + m)
    u = sqrt(max(b2 * b2 - b1, 0.0))
    if u == 0:
        return -b2
    v = b2**3 - 1.5 * b1 * b2 + b0 / 2
    u = copysign(u, v)
    angle = (pi + acos(min(max(v / u**3, -1.0), 1.0))) / 3
    return 2 * u * cos(angle) - b2


def _crossing(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a falling function; the nearer end where it does not change sign."""
    if function(low) <= 0:
        return low
    if function(high) >= 0:
        return high
    return root(function, low, high)


def too_few_to_adjust(
    control: tuple[float, float], treatment: tuple[float, float]
) -> Fact | None:
    """Why adjusted rates are not read: too few converted, or too few did not.

    Each side is (converted, units). The adjusted range is the normal on the log ratio,
    whose tails err by 1.7 and 3 % at 90/10 from 20 conversions in the smaller arm on,
    and by 1.6 and 3.8 % from 40 units on that did not convert (2.5 % each is meant;
    exact sums over the binomial laws). Below, the plain score range decides.
    """
    for (converted, units), side in ((control, "control"), (treatment, "treatment")):
        for kept, count, least in (
            (False, converted, LEAST_CONVERTED),
            (True, units - converted, LEAST_OTHERS),
        ):
            if count < least - ROUNDED:
                return fact(
                    "proportion.too_few_to_adjust",
                    units=round(count),
                    side=side,
                    least=least,
                    converted=not kept,
                )
    return None


def share_interval(count: int, n: int, *, level: float = 0.95) -> Interval:
    """Jeffreys interval of a share: quantiles of Beta(count + 1/2, n − count + 1/2).

    Its ends are 0 for none and 1 for all (Brown, Cai & DasGupta 2001, Statistical
    Science 16: 101–133). Raises ValueError unless 0 ≤ count ≤ n and n ≥ 1.

    >>> share_interval(0, 10).lower
    0.0
    """
    if not 0 <= count <= n or n < 1:
        raise ValueError(f"{count} of {n} is no share.")
    tail = (1 - level) / 2
    a, b = count + 0.5, n - count + 0.5
    return Interval(
        lower=float(betaincinv(a, b, tail)) if count else 0.0,
        upper=float(betaincinv(a, b, 1 - tail)) if count < n else 1.0,
        level=level,
    )
