"""Two conversion rates: score intervals for their ratio and their difference.

Both invert score tests that coincide at "no effect" (the pooled z test), so the
relative interval, the absolute interval and the p-value never contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import acos, copysign, cos, exp, inf, log, pi, sqrt

from scipy.special import betaincinv

from holdback.facts import fact
from holdback.stats.evidence.effect import (
    Contrast,
    Estimate,
    Inference,
    Interval,
    LogRatio,
)
from holdback.stats.numeric import quantile, root, two_sided

__all__ = [
    "ConversionCounts",
    "compare_proportions",
    "difference_interval",
    "ratio_interval",
    "share_interval",
]

WIDEST = log(1e15)
ALMOST_ONE = 1 - 1e-9
NEWTON_ROUNDS = 100
NEWTON_PRECISION = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionCounts:
    """`x` of `n` treated units converted, and `y` of `m` control units."""

    x: int
    n: int
    y: int
    m: int


def compare_proportions(
    control: Estimate, treatment: Estimate, *, level: float
) -> Inference:
    """Lift and difference of two rates, with the pooled z test's p-value.

    Null: the rates are equal; alternative: they are not. Without a conversion in
    treatment the lift has no standard error; without one in control there is no
    lift; with none, or nothing but conversions, in both arms there is no number.
    """
    counts = ConversionCounts(
        x=treatment.nonzero, n=treatment.n, y=control.nonzero, m=control.n
    )
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
        method="koopman_score",
        note=fact("methods.proportion", control_converted=counts.y),
        log_ratio=log_ratio,
    )


def ratio_interval(counts: ConversionCounts, *, z: float) -> tuple[float, float]:
    """Interval of (x/n) / (y/m): all ratios that the score test does not reject.

    Koopman (1984, Biometrics 40: 513–517). The upper end is infinite when y = 0, the
    lower end 0 when x = 0.
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
    low = 0.0 if counts.x == 0 else exp(_crossing(score_less(1), -WIDEST, centre))
    high = inf if counts.y == 0 else exp(_crossing(score_less(-1), centre, WIDEST))
    return low, high


def difference_interval(counts: ConversionCounts, *, z: float) -> tuple[float, float]:
    """Interval of x/n − y/m: all differences that the score test does not reject.

    Mee (1984, Biometrics 40: 1175–1176): Miettinen & Nurminen's (1985, Statistics in
    Medicine 4: 213–226) interval without their factor N / (N − 1), so that it agrees
    with Koopman's at no effect.
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
        interval=Interval(lower=low - 1, upper=high - 1, level=level),
    )
    return lift, None if se is None else LogRatio(value=log(ratio), se=se)


def _ratio_score(ratio: float, counts: ConversionCounts) -> float:
    """Score statistic at a ratio, with the rates fitted under it."""
    x, n, y, m = counts.x, counts.n, counts.y, counts.m
    a = (n + m) * ratio
    b = n * ratio + x + m + y * ratio
    control = 2 * (x + y) / (b + sqrt(max(b * b - 4 * a * (x + y), 0.0)))
    treated = ratio * control
    variance = treated * (1 - treated) / n + ratio**2 * control * (1 - control) / m
    return _standardized(x / n - ratio * y / m, variance)


def _difference_score(d: float, counts: ConversionCounts) -> float:
    """Score statistic at a difference, with the rates fitted under it."""
    control = _fitted_control(d, counts)
    treated = min(max(control + d, 0.0), 1.0)
    variance = treated * (1 - treated) / counts.n + control * (1 - control) / counts.m
    return _standardized(counts.x / counts.n - counts.y / counts.m - d, variance)


def _standardized(distance: float, variance: float) -> float:
    if variance <= 0:
        return copysign(inf, distance) if distance else 0.0
    return distance / sqrt(variance)


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
