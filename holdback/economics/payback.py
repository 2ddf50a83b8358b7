"""How long until what was paid once is back, with the lift's uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from holdback.economics.costs import paid_once
from holdback.economics.incremental_value import Stake
from holdback.experiments.definition.experiment import Economics
from holdback.results.returns import PaybackDays
from holdback.results.scorecard import Costs, Money

__all__ = ["Repaid", "payback", "repaid"]

YEAR = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaid:
    """What was paid once, against a gain of so many days after its running costs."""

    once: float
    days: int
    running: float

    def after(self, profit: float | None) -> float | None:
        """Days until it is back at such a profit; None where it never is."""
        gain = None if profit is None else profit - self.running
        return None if gain is None or gain <= 0 else self.once * self.days / gain

    @property
    def within_year(self) -> float:
        """The profit of the period that brings it back within a year."""
        return self.running + self.once * self.days / YEAR


def repaid(
    economics: Economics, record: Money, units: Mapping[str, int]
) -> Repaid | None:
    """What an arm has to pay back; None where nothing was paid once."""
    days = record.period_days
    if not days or record.cost is None:
        return None
    once, counted = paid_once(
        economics.costs, arm=record.arm, units=units, period_days=days
    )
    if once <= 0:
        return None
    running = record.cost.total - counted - record.savings
    return Repaid(once=once, days=days, running=running)


def payback(asked: Repaid | None, record: Money, stake: Stake) -> PaybackDays | None:
    """Paid once / (gain − running cost a day); None where nothing was paid once.

    It falls as the lift rises, so the ends of the profit's interval give its own, in
    reverse. The chance of less than a year is that of the lift that it takes.
    """
    if asked is None:
        return None
    profit = record.incremental_profit
    lower, upper = asked.after(profit.upper), asked.after(profit.lower)
    return PaybackDays(
        paid_once=asked.once,
        value=asked.after(profit.value),
        lower=lower,
        upper=upper,
        unbounded="upper" if lower is not None and upper is None else None,
        p_within_year=_within_year(stake, asked.within_year),
    )


def _within_year(stake: Stake, needed: float) -> float | None:
    """P(profit > `needed`) over the period of the test."""
    burden = Costs(total=needed, items=())
    lift = replace(stake, cost=burden, savings=0.0).break_even()
    if lift is None:
        known = stake.comparison.posterior is not None
        return 0.0 if known and stake.comparison.inference.relative else None
    return stake.probability_above(lift)
