"""Estimates, intervals and inferences: the words that every method speaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from holdback.facts import Fact

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "Contrast",
    "Draws",
    "Estimate",
    "Inference",
    "Interval",
    "LogRatio",
    "Tails",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval of coverage `level`; None on a side means unbounded there.

    None on both sides means that there is no interval.
    """

    lower: float | None
    upper: float | None
    level: float

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f"`level` must lie in (0, 1), got {self.level}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A metric's value in one arm.

    `se` is the standard error of `value`; `third` the third central moment of the
    linearized per-unit values divided by n² (the third cumulant of `value`), used by
    the skewness gate; `nonzero` the units whose (first) measure is not 0. `effective`:
    the units of a plain sample with as small an error, where strata were weighted.
    """

    value: float
    se: float
    n: int
    third: float
    nonzero: int
    effective: float | None = None

    @property
    def size(self) -> float:
        """Units, or what they are worth where strata were weighted."""
        return self.n if self.effective is None else self.effective


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """A difference or a lift with its standard error (None where it has none)."""

    value: float
    se: float | None
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRatio:
    """ln(treatment / control) with the standard error that the method stands behind."""

    value: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """How often was drawn, and the error that leaves in an end of the interval.

    `error_of_ends` is a standard error as a share of the interval's width.
    """

    number: int
    error_of_ends: float


class Tails(Protocol):
    """One-sided p-values of "ln(treatment / control) is θ", over a whole grid of θ.

    The confidence distribution of a method that draws: u(θ) = (1 + #{t* ≥ t(θ)}) /
    (draws + 1) rises with θ, l(θ) = (1 + #{t* ≤ t(θ)}) / (draws + 1) falls. Where a
    comparison has no lift, θ is the difference.
    """

    @property
    def draws(self) -> int:
        """How many splits are counted, beside the one that was; 0 where none are."""
        ...

    def __call__(
        self, thetas: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Both shares at each θ, u first; all three (k,)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """What one method says of one comparison.

    `relative` is None where a ratio means nothing (a baseline at or below 0);
    an arm's estimate is None where it has no value (no units, a denominator of 0);
    `absolute` and `relative` are None together with `p_value` where no honest number
    exists (an `absolute` without a range tells what was seen), and `note` says why.
    `method` is a short fixed name, `note` the fact that tells a reader of it.
    `approximate` marks an interval known to be rough. `tails` gives the method's own
    one-sided p-values at any log ratio, the same that its interval and p-value are
    read from; None where they are those of `log_ratio`. `draws` says how many splits a
    method drew; where none of them reached the data, `p_value_below` is the same
    number as `p_value`, which is then no estimate but the least it can be told to be
    below.
    """

    control: Estimate | None
    treatment: Estimate | None
    absolute: Contrast | None
    relative: Contrast | None
    p_value: float | None
    method: str
    note: Fact
    skew_coefficient: float | None = None
    log_ratio: LogRatio | None = None
    approximate: bool = False
    draws: Draws | None = None
    p_value_below: float | None = None
    tails: Tails | None = field(default=None, compare=False, repr=False)
