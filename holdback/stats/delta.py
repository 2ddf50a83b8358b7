"""The delta method, once, for every metric: a formula on means and its exact gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from holdback.stats.effect import Estimate
from holdback.stats.moments import Moments

__all__ = ["Formula", "estimate", "gradient"]

Formula = Callable[[Sequence[Any]], Any]
Vector = npt.NDArray[np.float64]

STEP = 1e-30


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
    variance = float(g @ chosen.cov @ g) / chosen.n
    third = float(np.einsum("i,j,k,ijk->", g, g, g, chosen.third)) / chosen.n**2
    return Estimate(
        value=value,
        se=sqrt(max(variance, 0.0)),
        n=chosen.n,
        third=third,
        nonzero=chosen.nonzero[0],
    )
