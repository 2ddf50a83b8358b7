"""Re-splitting the units of two arms at random, and what each split would have shown.

A split is drawn without touching the units that are zero: how many of the k units
with a value fall in the smaller arm is hypergeometric, which ones is a draw without
replacement. Sums over the drawn units are kept apart by the arm they came from, so
that a hypothesis "the treatment multiplies the values by ρ" can be tried at any ρ
on the same draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.delta_method import COMPLEX_STEP, Formula
from holdback.stats.evidence.moments import pairs
from holdback.stats.evidence.sample import Sample

__all__ = ["Adjustment", "Resplits", "TwoSamples", "resplits"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Adjustment:
    """Covariates taken off a metric: θ (c,) and the covariates' pooled means (c,).

    The covariates are the last c columns of a sample.
    """

    theta: Vector
    centre: Vector


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoSamples:
    """The rows of both arms and what is read from them; covariates stand last.

    The formula must be of degree 1 in the first column, so that multiplying a unit's
    value multiplies the metric. The same `seed` gives the same draws.
    """

    control: Sample
    treatment: Sample
    formula: Formula
    seed: tuple[int, ...]
    adjustment: Adjustment | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Resplits:
    """Sums of every draw, by the arm of origin, and of the units themselves.

    picked: (draws, 2, features), features being the m columns and their products in
    the order of `pairs(m)`; total: (2, features). Axis of 2: control, treatment.
    `small` is 0 where the drawn (smaller) group is the control arm, else 1.
    """

    columns: int
    n: tuple[int, int]
    small: int
    picked: Vector
    total: Vector
    formula: Formula
    adjustment: Adjustment | None

    def observed(self, ratio: float) -> float:
        """The t of the arms as they are, with treatment divided by `ratio`.

        t = ln(mT / mC) / √(vT + vC), v the relative variances of the means (delta
        method), so that a draw is compared with what was seen on one scale.
        """
        scale = self._scale(ratio)
        sides = self.total * np.stack([np.ones_like(scale), scale])
        t: float = self._t(sides[0][None], sides[1][None])[0]
        return t

    def drawn(self, ratio: float) -> Vector:
        """The t of every draw, (draws,), with treatment divided by `ratio`.

        A draw that leaves an arm without a value above 0, or without spread, counts
        as the most extreme on its side: ±infinity.
        """
        scale = self._scale(ratio)
        small = self.picked[:, 0] + self.picked[:, 1] * scale
        large = self.total[0] + self.total[1] * scale - small
        return self._t(small, large) if self.small == 0 else self._t(large, small)

    def _scale(self, ratio: float) -> Vector:
        power = [1.0] + [0.0] * (self.columns - 1)
        powers = power + [power[i] + power[j] for i, j in pairs(self.columns)]
        return np.asarray(ratio ** -np.array(powers), dtype=float)

    def _t(self, control: Vector, treatment: Vector) -> Vector:
        with np.errstate(all="ignore"):
            values, errors = zip(
                *(
                    self._estimated(side, n)
                    for side, n in zip((control, treatment), self.n, strict=True)
                ),
                strict=True,
            )
            t = np.log(values[1] / values[0]) / np.sqrt(errors[0] + errors[1])
            t = np.where(values[1] > 0, t, -np.inf)
            t = np.where(values[0] > 0, t, np.inf)
        return np.where(np.isnan(t), np.inf, t)

    def _estimated(self, sums: Vector, n: int) -> tuple[Vector, Vector]:
        """Values and relative variances of a group in every draw, each (draws,)."""
        m = self.columns
        means = sums[:, :m] / n
        covariates = 0 if self.adjustment is None else len(self.adjustment.theta)
        k = m - covariates
        value, weights = _values(self.formula, means[:, :k])
        if self.adjustment is not None:
            off = means[:, k:] - self.adjustment.centre
            value = value - off @ self.adjustment.theta
            fixed = np.broadcast_to(-self.adjustment.theta, (len(sums), covariates))
            weights = np.concatenate([weights, fixed], axis=1)
        variance = np.zeros(len(sums))
        for at, (i, j) in enumerate(pairs(m)):
            centred = (sums[:, m + at] - n * means[:, i] * means[:, j]) / (n - 1)
            twice = 1.0 if i == j else 2.0
            variance += twice * weights[:, i] * weights[:, j] * centred
        return value, np.maximum(variance, 0.0) / n / value**2


def resplits(samples: TwoSamples, *, draws: int) -> Resplits:
    """`draws` random re-splits of two samples into groups of the same sizes."""
    control, treatment = samples.control, samples.treatment
    generator = np.random.default_rng(list(samples.seed))
    features = np.concatenate(
        [_features(control.rows, origin=0), _features(treatment.rows, origin=1)]
    )
    sizes = (control.n, treatment.n)
    small = 0 if control.n <= treatment.n else 1
    k = len(features)
    counts = generator.hypergeometric(k, sum(sizes) - k, sizes[small], size=draws)
    picked = np.empty((draws, features.shape[1]))
    for i, count in enumerate(counts):
        at = generator.choice(k, size=count, replace=False, shuffle=False)
        picked[i] = features[at].sum(axis=0)
    return Resplits(
        columns=control.rows.shape[1],
        n=sizes,
        small=small,
        picked=picked.reshape(draws, 2, -1),
        total=features.sum(axis=0).reshape(2, -1),
        formula=samples.formula,
        adjustment=samples.adjustment,
    )


def _features(rows: Vector, *, origin: int) -> Vector:
    """Columns and products of a side, beside zeros where the other side's stand."""
    m = rows.shape[1]
    products = [rows[:, i] * rows[:, j] for i, j in pairs(m)]
    own = np.column_stack([rows, *products])
    zeros = np.zeros_like(own)
    return np.concatenate([own, zeros] if origin == 0 else [zeros, own], axis=1)


def _values(formula: Formula, means: Vector) -> tuple[Vector, Vector]:
    """Values (draws,) and exact gradients (draws, k) of the formula at `means`."""
    columns = list(means.T)
    value = np.real(np.asarray(formula(columns), dtype=complex))
    gradients = []
    for i in range(len(columns)):
        point: list[Any] = list(columns)
        point[i] = columns[i] + COMPLEX_STEP * 1j
        derivative = np.imag(np.asarray(formula(point), dtype=complex)) / COMPLEX_STEP
        gradients.append(np.broadcast_to(derivative, value.shape))
    return value, np.column_stack(gradients)
