"""Arithmetic of returns without an experiment: exact formulas, no evidence.

Nothing here says that personalization caused a change; it says what follows from
numbers that somebody has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, inf, prod, sqrt

from holdback.stats.design.power import ProportionDesign
from holdback.stats.numeric import quantile, two_sided

__all__ = [
    "IMPLAUSIBLE",
    "SimpleReturn",
    "answers_per_arm",
    "compounded",
    "difference_half_width",
    "retention",
    "same_rate",
    "visitors_per_arm",
]

IMPLAUSIBLE = 20.0
"""Gain per unit of cost above which a return is questioned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleReturn:
    """Gain against cost over one period, and what was paid once; all in money.

    `gain` counts after the margin. Raises ValueError for a cost that is not above 0.
    """

    gain: float
    cost: float
    once: float = 0.0

    def __post_init__(self) -> None:
        if self.cost < 0 or self.once < 0 or self.cost + self.once <= 0:
            raise ValueError("a return needs a cost above 0.")

    @property
    def ratio(self) -> float:
        """Gain / running cost: the "3:1" of a return.

        >>> SimpleReturn(gain=320, cost=50).ratio
        6.4
        """
        return self.gain / self.cost if self.cost else inf

    @property
    def net(self) -> float:
        """(gain − cost) / cost, the return on investment: the ratio − 1.

        >>> SimpleReturn(gain=150, cost=100).net
        0.5
        """
        return self.ratio - 1

    @property
    def payback(self) -> float | None:
        """Periods until gains net of running cost have paid what was paid once.

        None when they never do.
        """
        left = self.gain - self.cost
        if self.once == 0:
            return 0.0 if left >= 0 else None
        return self.once / left if left > 0 else None


def retention(*, starting: float, ending: float, new: float) -> float:
    """Share of the customers at the start who are still there: (E − N) / S.

    >>> retention(starting=100, ending=110, new=30)
    0.8

    Raises ValueError where the counts contradict each other.
    """
    if starting <= 0:
        raise ValueError("there must be customers at the start.")
    if not 0 <= new <= ending:
        raise ValueError("the new customers are a part of those at the end.")
    if ending - new > starting:
        raise ValueError("more customers were kept than there were at the start.")
    return (ending - new) / starting


def compounded(changes: Iterable[tuple[float, bool]]) -> float:
    """The change of a product from the relative changes of its factors.

    Each is (change, inverse): an inverse factor divides, as churn divides a lifetime
    (a customer who leaves with rate c per period stays 1/c periods on average).

    >>> round(compounded([(-0.15, True), (0.10, False)]), 4)
    0.2941
    """
    return prod(1 / (1 + c) if inverse else 1 + c for c, inverse in changes) - 1


def visitors_per_arm(
    before: float, after: float, *, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Units in each of two equal arms that tell two rates apart, two-sided.

    By the design that `holdback plan` takes, so both give one answer.

    >>> visitors_per_arm(0.02, 0.025)
    13809
    """
    design = ProportionDesign(
        rate=before, control_share=0.5, treatment_share=0.5, alpha=alpha
    )
    return ceil(design.units_needed(lift=after / before - 1, power=power) / 2)


def same_rate(first: float, second: float, units: float) -> float:
    """Two-sided p-value of two rates of so many units each being one rate.

    The pooled z test, which is Pearson's chi-square test of the 2 × 2 table.
    """
    mean = (first + second) / 2
    return two_sided((second - first) / sqrt(2 * mean * (1 - mean) / units))


def answers_per_arm(
    difference: float, sd: float, *, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Answers in each of two equal arms that find a difference of means: 2 (z σ/d)².

    >>> answers_per_arm(5, 70)
    3077
    """
    z = quantile(1 - alpha / 2) + quantile(power)
    return ceil(2 * (z * sd / difference) ** 2)


def difference_half_width(sd: float, answers: float, *, level: float = 0.95) -> float:
    """Half the interval of a difference of two means of so many answers each."""
    return quantile((1 + level) / 2) * sd * sqrt(2 / answers)
