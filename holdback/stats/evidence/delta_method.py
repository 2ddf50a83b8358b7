"""The delta method, once, for every metric: a formula and its exact gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import Estimate
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.sample import Sample

__all__ = [
    "Formula",
    "combined_third",
    "combined_variance",
    "estimate",
    "estimate_rows",
    "gradient",
    "log_lean",
    "skew_coefficient",
    "without_largest",
]

Formula = Callable[[Any], Any]
Vector = npt.NDArray[np.float64]

COMPLEX_STEP = 1e-30
ROUNDING_NOISE = 1e-14


def gradient(formula: Formula, mean: Vector) -> Vector:
    """Gradient (k,) of an analytic formula at `mean` (k,), exact to rounding.

    In the metric's unit over each measure's.

    Complex-step derivative: Im f(x + ih) / h has no subtraction, so `h` can be so
    small that the truncation error vanishes (Squire & Trapp 1998, SIAM Review 40:
    110–112).

    >>> gradient(lambda m: m[0] / m[1], np.array([6.0, 3.0])).tolist()
    [0.3333333333333333, -0.6666666666666666]
    """
    derivative = np.empty(len(mean))
    for i in range(len(mean)):
        point = mean.astype(complex)
        point[i] += COMPLEX_STEP * 1j
        derivative[i] = np.imag(formula(point)) / COMPLEX_STEP
    return derivative


def combined_variance(weights: Vector, cov: Vector) -> float:
    """Variance wᵀΣw of a weighted sum; exactly 0 where it is lost in rounding.

    weights: (k,), cov: (k, k), in the measures' units and their products. A ratio of
    two measures that move as one has no spread, and the terms then cancel to some bits
    of noise.
    """
    variance = float(weights @ cov @ weights)
    size = float(np.abs(weights) @ np.abs(cov) @ np.abs(weights))
    return variance if variance > ROUNDING_NOISE * size else 0.0


def combined_third(weights: Vector, third: Vector) -> float:
    """Third central moment of a weighted sum, Σ wᵢwⱼwₗ κᵢⱼₗ.

    weights: (k,), third: (k, k, k), the joint third central moments, to which the
    moment of a sum is linear in each place (derived here).
    """
    return float(weights @ (third @ weights) @ weights)


def estimate(moments: Moments, formula: Formula, columns: Sequence[str]) -> Estimate:
    """A metric's value in one sample, its standard error and third cumulant.

    The variance is gᵀΣg / n with g the formula's gradient at the means and Σ the
    sample covariance of the unit's measures (Deng, Knoblich & Lu 2018, "Applying the
    Delta Method in Metric Analytics", KDD). Needs at least 2 units; raises
    ValueError otherwise. A division by a zero mean raises ZeroDivisionError.
    """
    chosen = moments.select(columns)
    mean = chosen.mean
    with np.errstate(divide="raise", invalid="raise"):
        try:
            value = float(np.real(formula(mean)))
            g = gradient(formula, mean)
        except FloatingPointError as error:
            raise ZeroDivisionError("the formula divides by a mean of 0") from error
    return Estimate(
        value=value,
        se=sqrt(combined_variance(g, chosen.cov) / chosen.n),
        n=chosen.n,
        third=combined_third(g, chosen.third) / chosen.n**2,
        nonzero=chosen.nonzero[0],
        effective=chosen.effective if chosen.is_stratified else None,
    )


def estimate_rows(sample: Sample, formula: Formula) -> Estimate:
    """A metric's value in a sample of rows, its standard error and third cumulant.

    The same numbers as `delta_method.estimate` to rounding, without exact integers:
    for simulations that do it thousands of times. Raises ValueError for fewer than 2
    units and ZeroDivisionError for a mean of 0 in a denominator.
    """
    n, zeros = sample.n, sample.n - len(sample.rows)
    if n < 2:
        raise ValueError(f"A covariance needs 2 units, got {n}.")
    mean = sample.rows.sum(axis=0) / n
    centred = sample.rows - mean
    cov = (centred.T @ centred + zeros * np.outer(mean, mean)) / (n - 1)
    with np.errstate(divide="raise", invalid="raise"):
        try:
            value = float(np.real(formula(mean)))
            g = gradient(formula, mean)
        except FloatingPointError as error:
            raise ZeroDivisionError("the formula divides by a mean of 0") from error
    third = (np.sum((centred @ g) ** 3) - zeros * float(mean @ g) ** 3) / n
    return Estimate(
        value=value,
        se=sqrt(combined_variance(g, cov) / n),
        n=n,
        third=float(third) / n**2,
        nonzero=int(np.count_nonzero(sample.rows[:, 0])),
    )


def skew_coefficient(control: Estimate, treatment: Estimate) -> float:
    """A = (κ₃T − κ₃C) / (vT + vC)^1.5: how lopsided the difference of means is.

    κ₃ is the third cumulant of a mean and v its variance. In the first term of the
    Edgeworth expansion, each tail of Welch's interval at 95 % moves by φ(z) A
    (2z² + 1) / 6 = 8.45 % × A, one up, the other down (Boos & Hughes-Oliver 2000,
    The American Statistician 54: 121–128, for one sample). 0 when nothing varies.
    """
    error = sqrt(control.se**2 + treatment.se**2)
    return (treatment.third - control.third) / error**3 if error else 0.0


def log_lean(control: Estimate, treatment: Estimate) -> float:
    """B = (vC − vT) / (2 √(vC + vT)), v the relative variances: the log's own lean.

    The curvature of the logarithm moves each tail of the interval for the log ratio
    by φ(z) B z² = 22.5 % × B at 95 %, with the same sign as A moves it: the second
    term of ln(1 + x) put into the first term of the expansion (derived here). 0 when
    nothing varies. The values must not be 0.
    """
    c = (control.se / control.value) ** 2
    t = (treatment.se / treatment.value) ** 2
    return (c - t) / (2 * sqrt(c + t)) if c + t > 0 else 0.0


def without_largest(moments: Moments, column: str) -> Moments:
    """Moments of one column after its largest value (of one unit) is left out.

    `largest` of the result is unknown and given as 0. Raises ValueError when there
    is no value above 0 to leave out.
    """
    whole = moments.select([column])
    (value,) = whole.largest
    if value <= 0 or whole.n < 1:
        raise ValueError(f"`{column}` has no value above 0 to leave out.")
    return Moments(
        columns=whole.columns,
        digits=whole.digits,
        n=whole.n - 1,
        sums=(whole.sums[0] - value,),
        products=(whole.products[0] - value**2,),
        thirds=(whole.thirds[0] - value**3,),
        nonzero=(whole.nonzero[0] - 1,),
        largest=(0,),
    )
