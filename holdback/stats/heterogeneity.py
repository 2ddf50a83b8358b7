"""Whether groups differ in their lift, and what each one's is likely to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.chi_square import upper_tail
from holdback.stats.effect import LogRatio

__all__ = ["Heterogeneity", "heterogeneity"]

Vector = npt.NDArray[np.float64]

SPREAD = 0.03
POINTS = 400
REACH = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heterogeneity:
    """The test of "all groups have one lift", and the groups pulled together.

    `pooled`: posterior of each group's log ratio, as mean and standard deviation, in
    the order given.
    """

    p_value: float
    pooled: tuple[LogRatio, ...]


def heterogeneity(
    groups: Sequence[LogRatio], *, spread: float = SPREAD
) -> Heterogeneity:
    """Cochran's Q test, and partial pooling by exact integration.

    Null: one log ratio in all groups; Q = Σ w (b − b̄)², w = 1/s², against chi-square
    with one degree less than groups (Cochran 1954, Biometrics 10: 101–129). Model for
    the pooling: b_j ~ N(β_j, s_j²), β_j ~ N(μ, τ²), μ flat, τ half-normal(`spread`);
    given τ everything is normal, so the posterior is a one-dimensional integral over
    τ (Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.4), here on a grid.

    Raises ValueError for fewer than two groups.
    """
    if len(groups) < 2:
        raise ValueError(f"{len(groups)} groups cannot be compared.")
    b = np.array([group.value for group in groups])
    s = np.array([group.se for group in groups])
    weights = 1 / s**2
    mean = np.sum(weights * b) / np.sum(weights)
    q = float(np.sum(weights * (b - mean) ** 2))
    return Heterogeneity(
        p_value=upper_tail(q, len(groups) - 1), pooled=_pooled(b, s, spread)
    )


def _pooled(b: Vector, s: Vector, spread: float) -> tuple[LogRatio, ...]:
    tau = (np.arange(POINTS) + 0.5) / POINTS * REACH * spread
    total = tau[:, None] ** 2 + s[None, :] ** 2
    precision = np.sum(1 / total, axis=1)
    centre = np.sum(b / total, axis=1) / precision
    log_density = (
        -((tau / spread) ** 2) / 2
        - np.log(precision) / 2
        - np.sum(np.log(total) + (b - centre[:, None]) ** 2 / total, axis=1) / 2
    )
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    pull = s**2 / total
    means = pull * centre[:, None] + (1 - pull) * b
    variances = (1 - pull) * s**2 + pull**2 / precision[:, None]
    mean = weight @ means
    variance = weight @ (variances + (means - mean) ** 2)
    return tuple(
        LogRatio(value=float(m), se=sqrt(float(v)))
        for m, v in zip(mean, variance, strict=True)
    )
