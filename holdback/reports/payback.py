"""How long until what was paid once is back, with the lift's uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from holdback.experiments.costs import paid_once
from holdback.experiments.experiment import Economics
from holdback.experiments.returns_record import PaybackDays
from holdback.experiments.scorecard import Costs, Money
from holdback.reports.stake import Stake

__all__ = ["payback"]

YEAR = 365.25


def payback(
    economics: Economics, record: Money, stake: Stake, units: Mapping[str, int]
) -> PaybackDays | None:
    """Paid once / (gain − running cost a day); None where nothing was paid once.

    It falls as the lift rises, so the ends of the profit's interval give its own, in
    reverse. The chance of less than a year is that of the lift that it takes.
    """
    days = record.period_days
    if not days or record.cost is None:
        return None
    once, counted = paid_once(
        economics.costs, arm=record.arm, units=units, period_days=days
    )
    if once <= 0:
        return None
    running = record.cost.total - counted - record.savings

    def after(profit: float | None) -> float | None:
        gain = None if profit is None else profit - running
        return None if gain is None or gain <= 0 else once * days / gain

    profit = record.incremental_profit
    lower, upper = after(profit.upper), after(profit.lower)
    return PaybackDays(
        paid_once=once,
        value=after(profit.value),
        lower=lower,
        upper=upper,
        unbounded="upper" if lower is not None and upper is None else None,
        p_within_year=_within_year(stake, running + once * days / YEAR),
    )


def _within_year(stake: Stake, needed: float) -> float | None:
    """P(profit > `needed`) over the period of the test."""
    burden = Costs(total=needed, items=())
    lift = replace(stake, cost=burden, savings=0.0).break_even()
    if lift is None:
        known = stake.comparison.posterior is not None
        return 0.0 if known and stake.comparison.inference.relative else None
    return stake.probability_above(lift)
