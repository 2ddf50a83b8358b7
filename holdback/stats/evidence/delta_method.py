"""The delta method, once, for every metric: a formula and its exact gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import Estimate
from holdback.stats.evidence.moments import Moments

__all__ = ["Formula", "combined_third", "combined_variance", "estimate", "gradient"]

Formula = Callable[[Any], Any]
Vector = npt.NDArray[np.float64]

STEP = 1e-30
LOST = 1e-14


def gradient(formula: Formula, mean: Vector) -> Vector:
    """Gradient (k,) of an analytic formula at `mean` (k,), exact to rounding.

    Complex-step derivative: Im f(x + ih) / h has no subtraction, so `h` can be so
    small that the truncation error vanishes (Squire & Trapp 1998, SIAM Review 40:
    110–112).

    >>> gradient(lambda m: m[0] / m[1], np.array([6.0, 3.0])).tolist()
    [0.3333333333333333, -0.6666666666666666]
    """
    derivative = np.empty(len(mean))
    for i in range(len(mean)):
        point = mean.astype(complex)
        point[i] += STEP * 1j
        derivative[i] = np.imag(formula(point)) / STEP
    return derivative


def combined_variance(weights: Vector, cov: Vector) -> float:
    """Variance wᵀΣw of a weighted sum; exactly 0 where it is lost in rounding.

    weights: (k,), cov: (k, k). A ratio of two measures that move as one has no
    spread, and the terms then cancel to some bits of noise.
    """
    variance = float(weights @ cov @ weights)
    size = float(np.abs(weights) @ np.abs(cov) @ np.abs(weights))
    return variance if variance > LOST * size else 0.0


def combined_third(weights: Vector, third: Vector) -> float:
    """Third central moment of a weighted sum. weights: (k,), third: (k, k, k)."""
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
    )
