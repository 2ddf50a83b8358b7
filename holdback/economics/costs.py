"""What personalization costs and saves over a period, and the lift that covers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import hypot

from holdback.experiments.definition.calendar import DAYS
from holdback.experiments.definition.experiment import Cost, Saving
from holdback.results.money import CostItem, Costs, SavingItem
from holdback.stats.numeric import quantile

__all__ = [
    "break_even_lift",
    "costs_of",
    "paid_once",
    "saved",
    "saved_items",
]

HALF_WIDTH = quantile(0.975)
"""Standard deviations within which a normal cost lies 95 times in 100."""


def break_even_lift(*, total: float, margin: float, net_cost: float) -> float | None:
    """The lift at which profit plus savings equals cost: 1 / (1 − C/(g Rev_T)) − 1.

    None when not even an infinite lift would pay.
    """
    burden = net_cost / (margin * total)
    return None if burden >= 1 else 1 / (1 - burden) - 1


def costs_of(
    costs: Sequence[Cost],
    *,
    arm: str,
    units: Mapping[str, int],
    period_days: int | None,
) -> Costs | None:
    """Costs of an arm (``*``: of all) over the period, or None where none are named.

    `units` are the treated units of each treatment arm. Arms bear what is not theirs
    alone by their treated units.
    """
    if not costs:
        return None
    borne = [(cost, _borne(cost, arm, units)) for cost in costs]
    amounts = [
        (cost, _amount(cost, *parts, period_days))
        for cost, parts in borne
        if parts is not None
    ]
    off = [float(amount * cost.uncertainty) / HALF_WIDTH for cost, amount in amounts]
    return Costs(
        total=float(sum((amount for _, amount in amounts), Fraction(0))),
        items=tuple(
            CostItem(name=cost.name, amount=float(amount), kind=cost.kind)
            for cost, amount in amounts
        ),
        se=hypot(*off) if any(off) else None,
    )


def paid_once(
    costs: Sequence[Cost],
    *,
    arm: str,
    units: Mapping[str, int],
    period_days: int | None,
) -> tuple[float, float]:
    """What was paid once in full, and the part of it that the period bears."""
    whole = counted = Fraction(0)
    for cost in costs:
        parts = _borne(cost, arm, units)
        if cost.spread is not None and parts is not None:
            whole += cost.amount * parts[1]
            counted += _amount(cost, *parts, period_days)
    return float(whole), float(counted)


def _borne(
    cost: Cost, arm: str, units: Mapping[str, int]
) -> tuple[int, Fraction] | None:
    """Treated units that an arm has it for, and the arm's share; None: not its own."""
    bearers = {name: n for name, n in units.items() if name in (cost.arms or units)}
    if arm != "*" and arm not in bearers:
        return None
    everyone = sum(bearers.values())
    mine = everyone if arm == "*" else bearers[arm]
    return mine, Fraction(mine, everyone) if everyone else Fraction(1)


def saved(savings: Sequence[Saving], period_days: int | None) -> Fraction:
    """What hours of work are saved over the period, in money."""
    days = Fraction(period_days or 0)
    return sum((s.hours * s.rate * days / DAYS[s.per] for s in savings), Fraction(0))


def saved_items(
    savings: Sequence[Saving], period_days: int | None, share: Fraction
) -> tuple[SavingItem, ...]:
    """Each saving over the period with its hours."""
    return tuple(
        SavingItem(
            name=saving.name,
            hours=float(
                saving.hours * Fraction(period_days or 0) / DAYS[saving.per] * share
            ),
            amount=float(saved([saving], period_days) * share),
        )
        for saving in savings
    )


def _amount(
    cost: Cost, treated_units: int, share: Fraction, period_days: int | None
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
