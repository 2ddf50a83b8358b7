"""What a difference of answers may be where the arms did not answer equally often.

Bounds of Lee 2009, Training, wages, and sample selection: estimating sharp bounds on
treatment effects, Review of Economic Studies 76: 1071–1102, proposition 1a. They are
for the units that would answer in either arm, and take for granted that the treatment
makes units answer more often or less often, not some of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.sample import data_seed

__all__ = ["ArmAnswers", "bounds", "range_of_bounds"]

Vector = npt.NDArray[np.float64]
RESAMPLES = 400


@dataclass(frozen=True, kw_only=True, eq=False)
class ArmAnswers:
    """An arm's answers: distinct values (k,), units with each (k,), and units asked."""

    values: Vector
    units: Vector
    asked: float

    @property
    def rate(self) -> float:
        """Share of the units that answered."""
        return float(self.units.sum()) / self.asked

    @property
    def marks(self) -> list[list[float]]:
        """What seeds of draws from these answers are made of."""
        return [[self.asked], self.values.tolist(), self.units.tolist()]

    def sorted(self) -> ArmAnswers:
        """The same answers, from the worst to the best."""
        order = np.argsort(self.values, kind="stable")
        return ArmAnswers(
            values=self.values[order], units=self.units[order], asked=self.asked
        )


def bounds(control: ArmAnswers, treated: ArmAnswers) -> tuple[float, float]:
    """The least and the greatest difference, treated − control.

    The arm that answered more often loses as many of its best, or of its worst,
    answers as it has too many, a share 1 − r / R of them with R the higher and r the
    lower rate of answers. Raises ValueError where an arm has no answers.
    """
    if not control.units.sum() or not treated.units.sum():
        raise ValueError("an arm has no answers")
    more = treated.rate - control.rate
    if more >= 0:
        low, high = _trimmed(treated, more / treated.rate)
        mean = _mean(control.values, control.units)
        return low - mean, high - mean
    low, high = _trimmed(control, -more / control.rate)
    mean = _mean(treated.values, treated.units)
    return mean - high, mean - low


def range_of_bounds(
    control: ArmAnswers, treated: ArmAnswers, *, level: float
) -> tuple[float, float]:
    """An interval that holds both bounds with at least `level`, by resampling units.

    Percentiles of the lower and of the upper bound over 400 draws of both arms, which
    follow from the answers alone. Raises ValueError where an arm has no answers.
    """
    arms = [arm.sorted() for arm in (control, treated)]
    control, treated = arms
    rng = np.random.default_rng(data_seed([arm.marks for arm in arms]))
    draws = [(_again(rng, control), _again(rng, treated)) for _ in range(RESAMPLES)]
    ends = np.array(
        [
            bounds(first, second)
            for first, second in draws
            if first.units.sum() and second.units.sum()
        ]
    )
    tail = (1 - level) / 2
    return (
        float(np.quantile(ends[:, 0], tail)),
        float(np.quantile(ends[:, 1], 1 - tail)),
    )


def _trimmed(arm: ArmAnswers, share: float) -> tuple[float, float]:
    """Means without the best, and without the worst, share of the answers."""
    arm = arm.sorted()
    values, units = arm.values, arm.units
    kept = units.sum() * (1 - share)
    worst = np.clip(kept - (np.cumsum(units) - units), 0, units)
    back = np.cumsum(units[::-1])[::-1] - units
    best = np.clip(kept - back, 0, units)
    return _mean(values, worst), _mean(values, best)


def _mean(values: Vector, units: Vector) -> float:
    return float(values @ units / units.sum())


def _again(rng: np.random.Generator, arm: ArmAnswers) -> ArmAnswers:
    silent = arm.asked - arm.units.sum()
    counts = rng.multinomial(int(arm.asked), np.append(arm.units, silent) / arm.asked)
    return ArmAnswers(
        values=arm.values, units=counts[:-1].astype(float), asked=float(counts.sum())
    )
