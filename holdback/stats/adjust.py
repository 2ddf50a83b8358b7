"""Covariate adjustment (CUPED) of any metric, through the one delta method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.delta import (
    Formula,
    combined_third,
    combined_variance,
    estimate,
    gradient,
)
from holdback.stats.effect import Estimate, Inference
from holdback.stats.methods import compare_means
from holdback.stats.moments import Moments

__all__ = ["Adjusted", "compare_adjusted"]

Vector = npt.NDArray[np.float64]

CONDITION_LIMIT = 1e10


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """The adjusted comparison and by what share it lowered the variance."""

    inference: Inference
    variance_reduction: float


def compare_adjusted(
    control: Moments,
    treatment: Moments,
    *,
    formula: Formula,
    columns: Sequence[str],
    covariates: Sequence[str],
    level: float,
) -> Adjusted:
    """The metric of one sample against another, net of chance differences before.

    θ = Σcc⁻¹ Σc· g on covariances pooled within the arms, with g the gradient of the
    formula in each arm averaged over both; an arm's value is then
    f(m) − θᵀ(c̄ − c̄ pooled over both arms), and its gradient (g, −θ) (Deng, Xu, Kohavi
    & Walker 2013, WSDM, for means; the same on linearized values for any formula).
    A conversion rate is then read by log-delta. Raises StatsError where the
    covariates do not vary or repeat each other, or the metric has no value or no
    spread.
    """
    sides = [side.select([*columns, *covariates]) for side in (control, treatment)]
    if min(side.n for side in sides) <= len(covariates) + 2:
        raise StatsError("An arm has too few units for an adjustment.")
    k = len(columns)
    plain = [_plain(side, formula, columns) for side in sides]
    gradients = [gradient(formula, side.mean[:k]) for side in sides]
    theta = _slopes(sides, (gradients[0] + gradients[1]) / 2, k)
    centre = (sides[0] + sides[1]).mean[k:]
    values = [
        _adjusted(side, own, g, theta, centre)
        for side, own, g in zip(sides, plain, gradients, strict=True)
    ]
    return Adjusted(
        inference=compare_means(
            values[0], values[1], level=level, rates=all(map(_is_rate, sides, plain))
        ),
        variance_reduction=_reduction(plain, values),
    )


def _is_rate(side: Moments, plain: Estimate) -> bool:
    """Whether the metric is the mean of one measure of 0 and 1."""
    total, square, ones = side.sums[0], side.products[0], side.nonzero[0]
    binary = side.digits[0] == 0 and total == square == ones
    return binary and plain.value == total / side.n


def _plain(side: Moments, formula: Formula, columns: Sequence[str]) -> Estimate:
    try:
        return estimate(side, formula, columns)
    except ZeroDivisionError as error:
        raise StatsError("The denominator is 0 in an arm.") from error


def _slopes(sides: Sequence[Moments], g: Vector, k: int) -> Vector:
    """θ (covariates,): solved on the scale of correlations, where it is stable."""
    degrees = sum(side.n - 1 for side in sides)
    first, second = (side.cov * (side.n - 1) for side in sides)
    pooled = (first + second) / degrees
    spread = np.sqrt(np.diag(pooled)[k:])
    if np.any(spread == 0):
        raise StatsError("A covariate does not vary, so it can adjust nothing.")
    correlation = pooled[k:, k:] / np.outer(spread, spread)
    if np.linalg.cond(correlation) > CONDITION_LIMIT:
        raise StatsError("The covariates repeat each other.")
    slopes: Vector = np.linalg.solve(correlation, pooled[k:, :k] @ g / spread) / spread
    return slopes


def _adjusted(
    side: Moments, plain: Estimate, g: Vector, theta: Vector, centre: Vector
) -> Estimate:
    combined = np.concatenate([g, -theta])
    return Estimate(
        value=plain.value - float(theta @ (side.mean[len(g) :] - centre)),
        se=sqrt(combined_variance(combined, side.cov) / side.n),
        n=side.n,
        third=combined_third(combined, side.third) / side.n**2,
        nonzero=plain.nonzero,
    )


def _reduction(plain: Sequence[Estimate], adjusted: Sequence[Estimate]) -> float:
    """1 − variance after / before; of the log ratio where there is one."""
    ratio = min(estimate.value for estimate in plain) > 0
    before = after = 0.0
    for old, new in zip(plain, adjusted, strict=True):
        scale = old.value**2 if ratio else 1.0
        before += old.se**2 / scale
        after += new.se**2 / scale
    if before == 0:
        raise StatsError("The metric does not vary, so nothing can be adjusted.")
    return 1 - after / before
