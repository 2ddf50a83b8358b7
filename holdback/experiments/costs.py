"""What personalization costs and saves over a period, and the lift that covers it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import hypot

from holdback.experiments.experiment import Cost, Saving
from holdback.experiments.scorecard import CostItem, Costs
from holdback.stats.normal import quantile

__all__ = ["break_even_lift", "costs_of", "saved"]

DAYS_PER_YEAR = Fraction(36525, 100)
HALF_WIDTH = quantile(0.975)
"""Standard deviations within which a normal cost lies 95 times in 100."""
DAYS = {
    "day": Fraction(1),
    "week": Fraction(7),
    "month": DAYS_PER_YEAR / 12,
    "year": DAYS_PER_YEAR,
}


def break_even_lift(*, total: float, margin: float, net_cost: float) -> float | None:
    """The lift at which profit plus savings equals cost: 1 / (1 − C/(g Rev_T)) − 1.

    None when not even an infinite lift would pay.
    """
    burden = net_cost / (margin * total)
    return None if burden >= 1 else 1 / (1 - burden) - 1


def costs_of(
    costs: Sequence[Cost],
    *,
    treated_units: int,
    period_days: int | None,
    share: Fraction,
) -> Costs | None:
    """Costs over the period, or None where none are named."""
    if not costs:
        return None
    items = tuple(
        CostItem(
            name=cost.name,
            amount=float(_amount(cost, treated_units, period_days, share)),
        )
        for cost in costs
    )
    amounts = [_amount(cost, treated_units, period_days, share) for cost in costs]
    off = [
        float(amount * cost.uncertainty) / HALF_WIDTH
        for amount, cost in zip(amounts, costs, strict=True)
    ]
    return Costs(
        total=float(sum(amounts, Fraction(0))),
        items=items,
        se=hypot(*off) if any(off) else None,
    )


def saved(savings: Sequence[Saving], period_days: int | None) -> Fraction:
    """What hours of work are saved over the period, in money."""
    days = Fraction(period_days or 0)
    return sum((s.hours * s.rate * days / DAYS[s.per] for s in savings), Fraction(0))


def _amount(
    cost: Cost, treated_units: int, period_days: int | None, share: Fraction
) -> Fraction:
    """One cost over the period. Money by time needs a window; the loader asks it."""
    if cost.per == "treated unit":
        return cost.amount * treated_units
    days = Fraction(period_days or 0)
    if cost.spread is not None:
        spread_days = Fraction(int(cost.spread.total_seconds()), 86400)
        return cost.amount * min(days / spread_days, Fraction(1)) * share
    if cost.per is None:
        return cost.amount * share
    return cost.amount * days / DAYS[cost.per] * share
