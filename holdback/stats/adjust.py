"""Covariate adjustment (CUPED) of any metric, through the one delta method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.delta import Formula, estimate, gradient
from holdback.stats.effect import Estimate, Inference
from holdback.stats.methods.mean import compare_means
from holdback.stats.moments import Moments

__all__ = ["Adjusted", "compare_adjusted"]

Vector = npt.NDArray[np.float64]

CONDITION_LIMIT = 1e12


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
    Raises StatsError where the covariates do not vary, or repeat each other.
    """
    sides = [side.select([*columns, *covariates]) for side in (control, treatment)]
    if min(side.n for side in sides) <= len(covariates) + 2:
        raise StatsError("An arm has too few units for an adjustment.")
    k = len(columns)
    plain = [estimate(side, formula, columns) for side in sides]
    gradients = [gradient(formula, side.mean[:k]) for side in sides]
    theta = _slopes(sides, sum(gradients) / 2, k)
    together = sides[0] + sides[1]
    values = [
        _adjusted(side, own, g, theta, together.mean[k:], k)
        for side, own, g in zip(sides, plain, gradients, strict=True)
    ]
    before = sum(e.se**2 / e.value**2 for e in plain)
    after = sum(e.se**2 / e.value**2 for e in values)
    return Adjusted(
        inference=compare_means(values[0], values[1], level=level),
        variance_reduction=1 - after / before,
    )


def _slopes(sides: Sequence[Moments], g: Vector, k: int) -> Vector:
    degrees = sum(side.n - 1 for side in sides)
    pooled = sum(side.cov * (side.n - 1) for side in sides) / degrees
    spread = np.sqrt(np.diag(pooled)[k:])
    if np.any(spread == 0):
        raise StatsError("A covariate does not vary, so it can adjust nothing.")
    correlation = pooled[k:, k:] / np.outer(spread, spread)
    if np.linalg.cond(correlation) > CONDITION_LIMIT:
        raise StatsError("The covariates repeat each other.")
    slopes: Vector = np.linalg.solve(pooled[k:, k:], pooled[k:, :k] @ g)
    return slopes


def _adjusted(
    side: Moments, plain: Estimate, g: Vector, theta: Vector, centre: Vector, k: int
) -> Estimate:
    combined = np.concatenate([g, -theta])
    variance = float(combined @ side.cov @ combined) / side.n
    third = float(np.einsum("i,j,k,ijk->", combined, combined, combined, side.third))
    return Estimate(
        value=plain.value - float(theta @ (side.mean[k:] - centre)),
        se=sqrt(max(variance, 0.0)),
        n=side.n,
        third=third / side.n**2,
        nonzero=plain.nonzero,
    )
