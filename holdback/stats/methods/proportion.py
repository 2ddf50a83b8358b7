"""Two conversion rates: score intervals for their ratio and their difference.

Both invert score tests that coincide at "no effect" (the pooled z test), so the
relative interval, the absolute interval and the p-value never contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, inf, log, sqrt
from statistics import NormalDist

from scipy.optimize import brentq

from holdback.stats.effect import Contrast, Estimate, Inference, Interval, LogRatio

__all__ = ["compare_proportions", "difference_interval", "ratio_interval"]

NORMAL = NormalDist()


def compare_proportions(
    control: Estimate, treatment: Estimate, *, level: float
) -> Inference:
    """Lift and difference of two rates, with the pooled z test's p-value.

    Null: the rates are equal; alternative: they are not. With no conversion in one
    arm one side of the lift is unbounded; with none in both there is no lift.
    """
    x, n = treatment.nonzero, treatment.n
    y, m = control.nonzero, control.n
    z = NORMAL.inv_cdf((1 + level) / 2)
    if x + y == 0 or x + y == n + m:
        everyone = "every unit" if x else "no unit"
        return Inference(
            control=control,
            treatment=treatment,
            absolute=None,
            relative=None,
            p_value=None,
            method="none",
            note=f"Because {everyone} converted in either arm, nothing can be compared.",
        )
    lower, upper = difference_interval(x, n, y, m, z=z)
    absolute = Contrast(
        value=treatment.value - control.value,
        se=sqrt(_variance(x, n) + _variance(y, m)),
        interval=Interval(lower=lower, upper=upper, level=level),
    )
    low, high = ratio_interval(x, n, y, m, z=z)
    relative = None
    log_ratio = None
    if y > 0:
        ratio = treatment.value / control.value
        se = sqrt(_relative_variance(x, n) + _relative_variance(y, m)) if x else inf
        relative = Contrast(
            value=ratio - 1,
            se=ratio * se if x else sqrt(_variance(x, n) + _variance(y, m)) / control.value,
            interval=Interval(
                lower=low - 1, upper=None if high == inf else high - 1, level=level
            ),
        )
        if x > 0:
            log_ratio = LogRatio(value=log(ratio), se=se)
    return Inference(
        control=control,
        treatment=treatment,
        absolute=absolute,
        relative=relative,
        p_value=2 * NORMAL.cdf(-abs(_ratio_score(1.0, x, n, y, m))),
        method="koopman_score",
        note="Score intervals for rates, which stay right with few conversions and "
        "unequal arms; the p-value tests equal rates."
        + ("" if y else " Control has no conversion, so there is no lift to state."),
        log_ratio=log_ratio,
    )


def ratio_interval(
    x: int, n: int, y: int, m: int, *, z: float
) -> tuple[float, float]:
    """Interval of (x/n) / (y/m), all ratios that the score test does not reject.

    Koopman (1984, Biometrics 40: 513–517). The upper end is infinite when y = 0,
    the lower end 0 when x = 0.
    """
    def excess(sign: float) -> Callable[[float], float]:
        return lambda ratio: _ratio_score(ratio, x, n, y, m) - sign * z

    centre = (x / n) / (y / m) if y else inf
    low = 0.0 if x == 0 else _root(excess(+1), 1e-12, min(centre, 1e12))
    high = inf if y == 0 else _root(excess(-1), max(centre, 1e-12), 1e12)
    return low, high


def difference_interval(
    x: int, n: int, y: int, m: int, *, z: float
) -> tuple[float, float]:
    """Interval of x/n − y/m, all differences that the score test does not reject.

    Mee (1984, Biometrics 40: 1175–1176): Miettinen & Nurminen's (1985, Statistics in
    Medicine 4: 213–226) interval without their factor N / (N − 1), so that it agrees
    with Koopman's at no effect.
    """
    edge = 1 - 1e-6
    value = x / n - y / m

    def excess(sign: float) -> Callable[[float], float]:
        return lambda d: _difference_score(d, x, n, y, m) - sign * z

    low = -1.0 if value <= -edge else _root(excess(+1), -edge, value)
    high = 1.0 if value >= edge else _root(excess(-1), value, edge)
    return low, high


def _ratio_score(ratio: float, x: int, n: int, y: int, m: int) -> float:
    """Score statistic at a ratio, with the rates fitted under it."""
    a = (n + m) * ratio
    b = -(n * ratio + x + m + y * ratio)
    c = x + y
    root = sqrt(max(b * b - 4 * a * c, 0.0))
    control = 2 * c / (-b + root)
    treated = ratio * control
    numerator = x / n - ratio * y / m
    variance = treated * (1 - treated) / n + ratio**2 * control * (1 - control) / m
    if variance <= 0:
        return copysign(inf, numerator) if numerator else 0.0
    return numerator / sqrt(variance)


def _difference_score(d: float, x: int, n: int, y: int, m: int) -> float:
    """Score statistic at a difference, with the rates fitted under it."""
    control = _control_rate(d, x, n, y, m)
    treated = min(max(control + d, 0.0), 1.0)
    numerator = x / n - y / m - d
    variance = treated * (1 - treated) / n + control * (1 - control) / m
    if variance <= 0:
        return copysign(inf, numerator) if numerator else 0.0
    return numerator / sqrt(variance)


def _control_rate(d: float, x: int, n: int, y: int, m: int) -> float:
    """Control rate that maximizes the likelihood when the difference is `d`.

    The score of the log likelihood falls monotonically in the rate, so its root is
    bracketed by the ends of the admissible range.
    """
    low, high = max(0.0, -d), min(1.0, 1.0 - d)

    def slope(rate: float) -> float:
        treated = rate + d
        return (
            _term(x, treated)
            - _term(n - x, 1 - treated)
            + _term(y, rate)
            - _term(m - y, 1 - rate)
        )

    margin = max((high - low) * 1e-12, 1e-15)
    left, right = low + margin, high - margin
    if slope(left) <= 0:
        return low
    if slope(right) >= 0:
        return high
    return float(brentq(slope, left, right, xtol=1e-16, rtol=1e-14, maxiter=300))


def _term(count: int, rate: float) -> float:
    return count / rate if count else 0.0


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a falling function; the nearer end where it does not change sign."""
    if function(low) <= 0:
        return low
    if function(high) >= 0:
        return high
    return float(brentq(function, low, high, xtol=1e-15, rtol=1e-13, maxiter=500))


def _variance(x: int, n: int) -> float:
    return x / n * (1 - x / n) / n


def _relative_variance(x: int, n: int) -> float:
    return (1 - x / n) / x

