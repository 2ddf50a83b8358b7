"""The delta method on rows: what `delta.estimate` says of moments, from a sample."""

from __future__ import annotations

from math import sqrt

import numpy as np

from holdback.stats.evidence.delta_method import Formula, combined_variance, gradient
from holdback.stats.evidence.effect import Estimate
from holdback.stats.evidence.sample import Sample

__all__ = ["estimate_rows"]


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
