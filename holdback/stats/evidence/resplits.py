"""Re-splitting the units of two arms at random, and what each split would have shown.

A split is drawn without touching the units that are zero: how many of the k units
with a value fall in the smaller arm is hypergeometric, which ones is a draw without
replacement. Sums over the drawn units are kept apart by the arm they came from, so
that a hypothesis "the treatment multiplies the values by ρ" can be tried at any ρ
on the same draws.

What is drawn follows from the units' values alone: not from their order, nor from what
the arms, the metric or the experiment are called.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.delta_method import COMPLEX_STEP, Formula
from holdback.stats.evidence.moments import pairs
from holdback.stats.evidence.sample import Sample, StratifiedSample, data_seed, in_order
from holdback.stats.evidence.subsets import subset_sums

__all__ = ["Adjustment", "Resplits", "StratifiedResplits", "TwoSamples", "resplits"]

Vector = npt.NDArray[np.float64]

FIRST_STRATUM = 2
"""Of the streams of draws; 1 is that of arms with spreads of their own."""


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
    value multiplies the metric. `tests` is how many p-values are read together with
    theirs, which draws must tell apart.
    """

    control: Sample
    treatment: Sample
    formula: Formula
    adjustment: Adjustment | None = None
    tests: int = 1

    @cached_property
    def seed(self) -> int:
        """Seed of what is drawn: a hash of both arms' sizes, sums and sums of squares.

        Of each column (Σx)²/Σx² is taken, to ten digits, so that neither the rows'
        order nor the unit of the values matters, nor which arm is which.
        """
        return data_seed(sorted(self._marks))

    @property
    def order(self) -> tuple[int, int]:
        """The arms, control 0 and treatment 1, in an order that follows the data."""
        first, second = self._marks
        return (0, 1) if first <= second else (1, 0)

    @cached_property
    def _marks(self) -> tuple[list[str], list[str]]:
        """What the seed is made of: of control, of treatment."""
        return self.control.marks, self.treatment.marks

    @property
    def one_amount(self) -> bool:
        """Whether a single column is read, without covariates or strata."""
        return len(self.control.columns) == 1 and not self.strata

    @property
    def strata(self) -> tuple[TwoSamples, ...]:
        """The samples of each stratum; none where units are one stratum."""
        control, treatment = self.control, self.treatment
        if not isinstance(control, StratifiedSample):
            return ()
        assert isinstance(treatment, StratifiedSample)  # noqa: S101  # like control
        return tuple(
            replace(self, control=c, treatment=t)
            for c, t in zip(control.parts, treatment.parts, strict=True)
        )

    @property
    def weights(self) -> tuple[float, ...]:
        """What each stratum weighs in both arms."""
        control = self.control
        return control.weights if isinstance(control, StratifiedSample) else (1.0,)


@dataclass(frozen=True, kw_only=True, eq=False)
class Resplits:
    """Sums of every draw, by the arm of origin, and of the units themselves.

    picked: (2, features, draws), features being the m columns and their products in
    the order of `pairs(m)`; total: (2, features). Axis of 2: control, treatment.
    `small` is 0 where the drawn (smaller) group is the control arm, else 1. Covariates
    are one column, θᵀx, which is taken off together with its mean `off`.
    """

    columns: int
    n: tuple[int, int]
    small: int
    picked: Vector
    total: Vector
    formula: Formula
    off: float | None

    def __add__(self, other: Self) -> Self:
        """More draws of the same two samples."""
        return replace(self, picked=np.concatenate([self.picked, other.picked], axis=2))

    def some(self, which: npt.NDArray[np.bool_]) -> Self:
        """The draws that are marked in `which` (draws,)."""
        return replace(self, picked=self.picked[:, :, which])

    @property
    def draws(self) -> int:
        """How many re-splits."""
        return int(self.picked.shape[2])

    def observed(self, ratio: float) -> float:
        """The t of the arms as they are, with treatment divided by `ratio`.

        t = ln(mT / mC) / √(vT + vC), v the relative variances of the means (delta
        method), so that a draw is compared with what was seen on one scale.
        """
        t: float = self._t(*self.sides(ratio))[0]
        return t

    def sides(self, ratio: float) -> tuple[Vector, Vector]:
        """Sums of control and treatment as they are, each (features, 1)."""
        scale = self._scale(ratio)
        return self.total[0, :, None], (self.total[1] * scale)[:, None]

    def drawn(self, ratio: float) -> Vector:
        """The t of every draw, (draws,), with treatment divided by `ratio`.

        A draw that leaves an arm without a value above 0, or without spread, counts
        as the most extreme on its side: ±infinity.
        """
        return self._t(*self.drawn_sides(ratio))

    def drawn_sides(self, ratio: float) -> tuple[Vector, Vector]:
        """Sums of control and treatment in every draw, each (features, draws)."""
        scale = self._scale(ratio)
        small = self.picked[0] + self.picked[1] * scale[:, None]
        large = (self.total[0] + self.total[1] * scale)[:, None] - small
        return (small, large) if self.small == 0 else (large, small)

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
        return _studentized(values, errors)

    def _estimated(self, sums: Vector, n: int) -> tuple[Vector, Vector]:
        """Values and relative variances of a group in every draw, each (draws,)."""
        m = self.columns
        if m == 1:  # of degree 1: the metric is the mean but for a factor
            mean = sums[0] / n
            return mean, np.maximum(sums[1] / n / mean**2 - 1.0, 0.0) / (n - 1)
        means = sums[:m] / n
        covariance = [
            (sums[m + at] - n * means[i] * means[j]) / (n - 1) / n
            for at, (i, j) in enumerate(pairs(m))
        ]
        return self.relative(means, covariance)

    def relative(
        self, means: Vector, covariance: list[Vector]
    ) -> tuple[Vector, Vector]:
        """The metric and its relative variance, each (draws,), by the delta method.

        means: (m, draws); covariance: of the means, (draws,) in the order of `pairs`.
        """
        m = self.columns
        k = m if self.off is None else m - 1
        value, weights = _values(self.formula, means[:k])
        if self.off is not None:
            value = value - (means[k] - self.off)
            weights = [*weights, np.full_like(value, -1.0)]
        variance = np.zeros_like(value)
        for at, (i, j) in enumerate(pairs(m)):
            twice = 1.0 if i == j else 2.0
            variance += twice * weights[i] * weights[j] * covariance[at]
        return value, np.maximum(variance, 0.0) / value**2


@dataclass(frozen=True, kw_only=True, eq=False)
class StratifiedResplits:
    """Re-splits within each stratum, and the t of the strata put together.

    `parts` are the re-splits of the strata, of as many draws each; `weights` (s,) what
    a stratum weighs in both arms: means are Σ w m and the covariance of the means is
    Σ w² Σ/n (stratified permutation: Pesarin & Salmaso 2010, Permutation Tests for
    Complex Data, chapter 4; Miratrix, Sekhon & Yu 2013, Journal of the Royal
    Statistical Society B 75: 369–396).
    """

    parts: tuple[Resplits, ...]
    weights: tuple[float, ...]

    def __add__(self, other: Self) -> Self:
        """More draws of the same strata."""
        pairs = zip(self.parts, other.parts, strict=True)
        return type(self)(parts=tuple(a + b for a, b in pairs), weights=self.weights)

    def some(self, which: npt.NDArray[np.bool_]) -> Self:
        """The draws that are marked in `which` (draws,)."""
        return replace(self, parts=tuple(part.some(which) for part in self.parts))

    @property
    def draws(self) -> int:
        """How many re-splits."""
        return self.parts[0].draws

    def observed(self, ratio: float) -> float:
        """The t of the arms as they are, with treatment divided by `ratio`."""
        t: float = self._t([part.sides(ratio) for part in self.parts])[0]
        return t

    def drawn(self, ratio: float) -> Vector:
        """The t of every draw, (draws,), with treatment divided by `ratio`."""
        return self._t([part.drawn_sides(ratio) for part in self.parts])

    def _t(self, sides: list[tuple[Vector, Vector]]) -> Vector:
        with np.errstate(all="ignore"):
            values, errors = zip(
                *(
                    self._estimated([pair[arm] for pair in sides], arm)
                    for arm in (0, 1)
                ),
                strict=True,
            )
        return _studentized(values, errors)

    def _estimated(self, sums: list[Vector], arm: int) -> tuple[Vector, Vector]:
        """Values and relative variances of an arm in every draw, each (draws,)."""
        first = self.parts[0]
        m = first.columns
        means = [s[:m] / part.n[arm] for s, part in zip(sums, self.parts, strict=True)]
        mean = sum(w * one for w, one in zip(self.weights, means, strict=True))
        covariance = [
            sum(
                w**2 * (s[m + at] - n * one[i] * one[j]) / (n - 1) / n
                for w, s, one, n in zip(
                    self.weights,
                    sums,
                    means,
                    [part.n[arm] for part in self.parts],
                    strict=True,
                )
            )
            for at, (i, j) in enumerate(pairs(m))
        ]
        return first.relative(np.asarray(mean), [np.asarray(c) for c in covariance])


def resplits(
    samples: TwoSamples, *, draws: int, batch: int = 0
) -> Resplits | StratifiedResplits:
    """`draws` random re-splits of two samples into groups of the same sizes.

    Where they have strata, units are split anew within each. The same two samples and
    the same `batch` give the same draws; another batch gives others, which add.
    """
    if samples.strata:
        return StratifiedResplits(
            parts=tuple(
                _resplits(stratum, draws, (batch, place))
                for place, stratum in enumerate(samples.strata, start=FIRST_STRATUM)
            ),
            weights=samples.weights,
        )
    return _resplits(samples, draws, (batch,))


def _resplits(samples: TwoSamples, draws: int, stream: tuple[int, ...]) -> Resplits:
    """Re-splits of units that are one stratum; each stratum has a stream of its own."""
    sides = [_rows(side, samples) for side in (samples.control, samples.treatment)]
    features = [_features(rows) for rows in sides]
    sizes = (samples.control.n, samples.treatment.n)
    order = samples.order
    small = min(order, key=lambda arm: sizes[arm])
    k = sum(len(rows) for rows in sides)
    generator = np.random.default_rng([samples.seed, *stream])
    counts = generator.hypergeometric(k, sum(sizes) - k, sizes[small], size=draws)
    sums = subset_sums([features[arm] for arm in order], counts, generator)
    return Resplits(
        columns=sides[0].shape[1],
        n=sizes,
        small=small,
        picked=np.ascontiguousarray(sums[:, list(order)].transpose(1, 2, 0)),
        total=np.stack([side.sum(axis=0) for side in features]),
        formula=samples.formula,
        off=None
        if samples.adjustment is None
        else float(samples.adjustment.theta @ samples.adjustment.centre),
    )


def _studentized(values: tuple[Vector, ...], errors: tuple[Vector, ...]) -> Vector:
    """ln(mT / mC) over its error; ±infinity where an arm has nothing above 0."""
    with np.errstate(all="ignore"):
        t: Vector = np.log(values[1] / values[0]) / np.sqrt(errors[0] + errors[1])
    if not np.isfinite(t).all():
        t[~(values[1] > 0)] = -np.inf
        t[~(values[0] > 0) | np.isnan(t)] = np.inf
    return t


def _rows(side: Sample, samples: TwoSamples) -> Vector:
    """Rows in an order of their own, the covariates as the one column that counts.

    Units of zeros are as good as not listed.
    """
    rows = side.rows[side.rows.any(axis=1)]
    if samples.adjustment is not None:
        theta = samples.adjustment.theta
        k = rows.shape[1] - len(theta)
        # Column by column: a product of matrices may add in another order elsewhere.
        net = sum(rows[:, k + i] * weight for i, weight in enumerate(theta))
        rows = np.column_stack([rows[:, :k], net])
    return in_order(rows)


def _features(rows: Vector) -> Vector:
    """Columns and their products, (units, features)."""
    products = [rows[:, i] * rows[:, j] for i, j in pairs(rows.shape[1])]
    return np.column_stack([rows, *products])


def _values(formula: Formula, means: Vector) -> tuple[Vector, list[Vector]]:
    """Values (draws,) and exact gradients, k of (draws,), of the formula at `means`.

    means: (k, draws).
    """
    columns = list(means)
    value = np.real(np.asarray(formula(columns), dtype=complex))
    gradients = []
    for i in range(len(columns)):
        point: list[Any] = list(columns)
        point[i] = columns[i] + COMPLEX_STEP * 1j
        derivative = np.imag(np.asarray(formula(point), dtype=complex)) / COMPLEX_STEP
        gradients.append(np.broadcast_to(derivative, value.shape))
    return value, gradients
