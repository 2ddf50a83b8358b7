"""What t would show if each arm's spend had a spread of its own, and when to ask.

Re-splits mix both arms, so their t has the skew of a mixture. Where the treatment
changes how spend is spread, and not only how much is spent, that is not the skew of
either arm. Here the arms keep their own spreads: spend is exp(σ_a z), the shapes z are
pooled over both arms, and t is drawn anew from arms made of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.resplits import TwoSamples

__all__ = ["LEAST_BUYERS", "OwnSpread", "own_draws", "own_spread"]

Vector = npt.NDArray[np.float64]

LEAST_BUYERS = 20
"""In each arm; below it its spread says little."""
LEAST_KURTOSIS = 1.5
BUYERS_ONE_BY_ONE = 100
"""Of an arm that is drawn buyer by buyer."""
LARGEST_DRAWN = 60
"""Draws of a larger arm that are made one by one, of its largest values."""
AT_ONCE = 50_000
"""Values that are held at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnSpread:
    """Two arms of one shape and two spreads of log spend; control first.

    values: each arm's, (2, buyers of both), mean 1, the largest first. `order` is that
    in which the arms are drawn, whatever they are called. `sigma` are the
    standard deviations of log spend, `z` how clearly they differ: ln(σ_T/σ_C) over its
    error, from the shape's own kurtosis. `outermost` says that the arm which makes
    most of the error is also the wider one.
    """

    n: tuple[int, int]
    order: tuple[int, int]
    buyers: tuple[int, int]
    values: tuple[Vector, Vector]
    sigma: tuple[float, float]
    z: float
    outermost: bool

    @property
    def weight(self) -> float:
        """How much of a blend is its own: max(0, 1 − 1/z²).

        The share of z² that is more than chance makes of it, where the spreads are one
        (derived here).
        """
        return max(0.0, 1 - 1 / self.z**2) if self.z else 0.0


def own_spread(samples: TwoSamples, *, least: int = LEAST_BUYERS) -> OwnSpread | None:
    """Two spreads and their one shape; None where they cannot be told.

    That is with several columns, covariates, a value that is not above 0, fewer than
    `least` buyers in an arm, or an arm whose buyers all spend the same.
    """
    if not samples.one_amount:
        return None
    spends = [side.rows[:, 0] for side in (samples.control, samples.treatment)]
    spends = [np.sort(spend[spend != 0]) for spend in spends]
    fewest = min(len(spend) for spend in spends)
    if fewest < least or min(spend[0] for spend in spends) <= 0:
        return None
    logs = [np.log(spend) for spend in spends]
    control, treated = (float(np.std(side, ddof=1)) for side in logs)
    if min(control, treated) < 1e-9:
        return None
    shape = np.sort(
        np.concatenate(
            [
                (side - side.mean()) / sigma
                for side, sigma in zip(logs, (control, treated), strict=True)
            ]
        )
    )[::-1]
    n = (samples.control.n, samples.treatment.n)
    errors = [
        _relative_variance(spend, units) for spend, units in zip(spends, n, strict=True)
    ]
    kurtosis = max(LEAST_KURTOSIS, float(np.mean(shape**4)))
    each = sum(1 / len(side) for side in logs)
    return OwnSpread(
        n=n,
        order=samples.order,
        buyers=(len(logs[0]), len(logs[1])),
        values=(_scaled(shape, control), _scaled(shape, treated)),
        sigma=(control, treated),
        z=log(treated / control) / sqrt((kurtosis - 1) / 4 * each),
        outermost=(errors[1] > errors[0]) == (treated > control),
    )


def own_draws(own: OwnSpread, *, draws: int, seed: tuple[int, ...]) -> Vector:
    """The t of `draws` tests of two such arms about their true ratio, (draws,), sorted.

    How many buy is binomial, what they spend a draw with replacement from the arm's
    values: a bootstrap-t with a shape in common (Efron & Tibshirani 1993, An
    Introduction to the Bootstrap, chapter 12, for each arm by itself). A draw without
    buyers in an arm counts as 0.
    """
    generator = np.random.default_rng(list(seed))
    logs, errors = np.empty((2, draws)), np.empty((2, draws))
    with np.errstate(divide="ignore", invalid="ignore"):
        for arm in own.order:
            n, buyers = own.n[arm], own.buyers[arm]
            count = generator.binomial(n, buyers / n, size=draws)
            total, squares = _sums(own.values[arm], count, generator).T
            mean = total / n
            logs[arm] = np.log(mean / (buyers / n))
            errors[arm] = np.maximum(squares / n / mean**2 - 1.0, 0.0) / (n - 1)
        t = (logs[1] - logs[0]) / np.sqrt(errors[0] + errors[1])
    drawn: Vector = np.sort(np.where(np.isfinite(t), t, 0.0))
    return drawn


def _relative_variance(spend: Vector, n: int) -> float:
    mean = float(spend.sum()) / n
    return (float((spend**2).sum()) / n / mean**2 - 1) / (n - 1)


def _scaled(shape: Vector, sigma: float) -> Vector:
    """Spend of a shape and a spread, with mean 1."""
    values = np.exp(sigma * (shape - shape[0]))
    scaled: Vector = values / values.mean()
    return scaled


def _sums(
    values: Vector, count: npt.NDArray[np.int64], generator: np.random.Generator
) -> Vector:
    """Sums and sums of squares of `count` draws with replacement, (draws, 2).

    Of an arm of more than 100 buyers only the largest values are drawn one by one;
    the sum of the rest, of which none is large, is normal with their exact moments
    (quantiles of t move by less than 200,000 draws tell, from σ 0.5 to 1.5).
    """
    powers = np.column_stack([values, values**2])
    typical = float(count.mean())
    if typical <= BUYERS_ONE_BY_ONE:
        return _gathered(powers, count, generator)
    large = max(1, round(len(values) * LARGEST_DRAWN / typical))
    many = generator.binomial(count, large / len(values))
    rest, left = powers[large:], (count - many)[:, None]
    value, square = (rest - rest.mean(axis=0)).T
    first = sqrt(float(np.mean(value**2)))
    second = float(np.mean(value * square)) / first if first else 0.0
    third = sqrt(max(float(np.mean(square**2)) - second**2, 0.0))
    one, other = generator.standard_normal((2, len(count)))
    noise = np.column_stack([first * one, second * one + third * other])
    normal: Vector = left * rest.mean(axis=0) + np.sqrt(left) * noise
    return _gathered(powers[:large], many, generator) + normal


def _gathered(
    powers: Vector, count: npt.NDArray[np.int64], generator: np.random.Generator
) -> Vector:
    """Sums of `count` rows drawn with replacement, one by one."""
    sums = np.zeros((len(count), 2))
    pairs = np.ascontiguousarray(powers).view(np.complex128)[:, 0]
    step = max(1, AT_ONCE // max(1, int(count.max(initial=1))))
    for start in range(0, len(count), step):
        part = count[start : start + step]
        some = np.flatnonzero(part)
        if not len(some):
            continue
        at = generator.integers(0, len(pairs), size=int(part.sum()), dtype=np.uint32)
        drawn = pairs.take(at)
        starts = np.cumsum(part[some]) - part[some]
        sums[start + some] = np.add.reduceat(drawn, starts).view(float).reshape(-1, 2)
    return sums
