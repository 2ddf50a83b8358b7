"""Whether a lift changes with the time since exposure, and how fast it fades."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.numeric import quantile, two_sided, upper_tail

__all__ = ["Decay", "Fading", "decay", "fading"]

Vector = npt.NDArray[np.float64]
HALF_LIVES_TRIED = 600
SHORTEST_HALF_LIFE, LONGEST_HALF_LIFE = 1 / 8, 50.0
"""Half-lives looked at: an eighth of the shortest slice, fifty times the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fading:
    """`slope` of the lift per day with its error; P-values of both tests.

    `p_slope`: null: no slope. `p_change`: null: the same lift in all slices.
    """

    slope: float
    se: float
    p_slope: float
    p_change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decay:
    """Half-life in days with its interval; an absent end is unbounded.

    `half_life` is absent where no fading fits best.
    """

    first: float
    half_life: float | None
    lower: float | None
    upper: float | None


def fading(lifts: Vector, covariance: Vector, edges: Vector) -> Fading:
    """Generalized least squares of lifts (j,) on the middle day of their slices.

    covariance: (j, j) of the lifts. edges: (j + 1,) days. Q = (l − l̄)ᵀ V⁻¹ (l − l̄)
    with l̄ the weighted mean against chi-square with j − 1 degrees (Cochran 1954,
    Biometrics 10: 101–129, with covariances); the slope against a normal. Raises
    ValueError for fewer than two slices.
    """
    if len(lifts) < 2:  # two ends
        raise ValueError(f"{len(lifts)} slices have no change.")
    days = (edges[1:] + edges[:-1]) / 2
    ones = np.ones_like(days)
    weight = np.linalg.inv(covariance)
    level = float(ones @ weight @ lifts / (ones @ weight @ ones))
    q = float((lifts - level) @ weight @ (lifts - level))
    design = np.column_stack([ones, days])
    spread = np.linalg.inv(design.T @ weight @ design)
    slope = float((spread @ design.T @ weight @ lifts)[1])
    se = sqrt(float(spread[1, 1]))
    return Fading(
        slope=slope,
        se=se,
        p_slope=two_sided(slope / se),
        p_change=upper_tail(q, len(lifts) - 1),
    )


def decay(lifts: Vector, covariance: Vector, edges: Vector, *, level: float) -> Decay:
    """lift(t) = L · 2^(−t/h): the likeliest half-life and its profile interval.

    lifts: (j,) and covariance: (j, j), of the lifts; edges: (j + 1,) days. For each h
    the best L has a closed form; the interval holds every h whose χ² lies within z² of
    the least (a likelihood ratio with one degree), h = ∞ (no fading) among them. A
    slice's lift is the mean of the curve over its days (derived here).
    """
    weight = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
    widths = np.diff(edges)
    low, high = (
        SHORTEST_HALF_LIFE * float(widths.min()),
        LONGEST_HALF_LIFE * float(edges[-1]),
    )
    candidates = [*np.geomspace(low, high, HALF_LIVES_TRIED).tolist(), inf]
    fits = [_fit(lifts, weight, edges, h) for h in candidates]
    chi = np.array([chi2 for chi2, _ in fits])
    best = int(chi.argmin())
    near = np.flatnonzero(chi <= chi[best] + quantile((1 + level) / 2) ** 2)
    first, last = int(near[0]), int(near[-1])
    endless = len(candidates) - 1
    return Decay(
        first=fits[best][1],
        half_life=None if best == endless else float(candidates[best]),
        lower=None if first == 0 else float(candidates[first]),
        upper=None if last >= endless - 1 else float(candidates[last]),
    )


def _fit(
    lifts: Vector, weight: Vector, edges: Vector, half_life: float
) -> tuple[float, float]:
    """χ² and L at one half-life."""
    if half_life == inf:
        curve = np.ones(len(lifts))
    else:
        rate = log(2) / half_life
        curve = -np.diff(np.exp(-rate * edges)) / (rate * np.diff(edges))
    at = float(curve @ weight @ lifts / (curve @ weight @ curve))
    off = lifts - at * curve
    return float(off @ weight @ off), at
