"""What one experiment leaves for those after it, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdback.stats.posterior.normal_mixture import NormalMixture

__all__ = ["Learned", "LearnedPrior", "LogLift", "MoneyBasis", "PastEffect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLift:
    """ln(1 + lift) with its standard error: what the data say, before any prior."""

    value: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyBasis:
    """What an arm's money was computed from.

    `treated_total` is the value metric's sum over the arm's units, `margin` turns
    revenue into profit.
    """

    treated_total: float
    margin: float
    log_lift: LogLift


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEffect:
    """One finished experiment that a prior was learned from."""

    experiment: str
    log_lift: LogLift


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedPrior:
    """The prior on a metric's ln(1 + lift): its mean, standard deviation and sources.

    `tau` is the spread of true effects alone; `sd` also holds that the mean is known
    from so many experiments only.
    """

    metric: str
    mean: float
    sd: float
    tau: float
    experiments: tuple[PastEffect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A prior that was learned, and the record of it."""

    mixture: NormalMixture
    record: LearnedPrior
