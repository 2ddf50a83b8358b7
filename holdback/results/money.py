"""Money: what the lift earned, cost and is likely to earn on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdback.experiments.definition.experiment import MoneyBasis
from holdback.results.quantity import Quantity, Return

__all__ = [
    "BelievedMoney",
    "Chances",
    "CostItem",
    "Costs",
    "Money",
    "MoneyTarget",
    "PaybackDays",
    "PerUnit",
    "RolloutScenario",
    "SavingItem",
]


MoneyTarget = Literal["earned", "population"]
"""Of whom money is: the treated units of the test, or units like these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItem:
    """One cost over the period behind the money; `kind` as technology or people."""

    name: str
    amount: float
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """All costs over the period behind the money, and the error of their total."""

    total: float
    items: tuple[CostItem, ...]
    se: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingItem:
    """Hours of work saved over the period behind the money, and what they cost."""

    name: str
    hours: float
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PaybackDays:
    """Days until gains net of running costs have paid what was paid once.

    Each further day is taken to bring what an average day of the test brought. No
    `value` means never, at what was found; an `upper` that is absent means that it
    may be never. `p_within_year` is the chance of less than a year.
    """

    paid_once: float
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    unbounded: Literal["lower", "upper"] | None = None
    p_within_year: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutScenario:
    """Money if the treatment goes on: what is assumed of the lift, and what follows.

    `stop`: it ends with the window, so this is what the test earned. `decay`: the lift
    halves every `half_life_days`. `persist`: it stays as it was. `seasonal` says that
    the lift is applied to last year's revenue in place of the test's. `target`: the
    first is what the test `earned`; the others are of the `population` that its units
    come from, whose range holds the chance in both arms' means.
    """

    scenario: Literal["stop", "decay", "persist"]
    horizon_days: int
    units: int
    incremental_profit: Quantity
    cost: float
    savings: float
    net_profit: Quantity
    ropi: Return | None = None
    half_life_days: float | None = None
    seasonal: bool | None = None
    target: MoneyTarget = "earned"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerUnit:
    """What the treatment adds to a unit of the `population` that the test's are from.

    The difference of two means that are both uncertain, revenue and then profit before
    costs; the estimate is what the test's treated units earned each, the range is not.
    """

    incremental_revenue: Quantity
    incremental_profit: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """What the posterior says of a period's money, as long as the one analyzed.

    `p_threefold`: P(profit and savings > 3 × cost). The losses are money lost on
    average by the wrong one of two choices. `week_of_data`: what the chance to change
    one's mind after one more week of the same data is worth for such a period.
    """

    expected_loss_if_shipped: float
    expected_loss_if_held: float
    p_threefold: float | None = None
    week_of_data: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BelievedMoney:
    """The money that the posterior of the lift leaves likely: medians and quantiles.

    Each is the posterior's image; `ropi` with the spread of uncertain costs. What has
    no value (nothing is paid back at the median) or does not apply is absent.
    """

    level: float
    incremental_profit: Quantity
    incremental_revenue: Quantity | None = None
    ropi: Quantity | None = None
    payback_days: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What one treatment arm earned; arm ``*`` is all treatment arms together.

    All of it is `earned`, by the treated units of the test as they were; what units
    like these would earn stands in `population`, per unit, and in `rollout`.
    `period_days` and `treated_units` are what the costs cover. Without costs there
    is no ROPI, no return per unit of cost, no profit net of them and no break-even.
    Where `measured_profit`, profit was read of each unit, not taken as a share of
    revenue, and the break-even lift is one of that profit. `incremental_share`: the
    part of the treated units' revenue that the treatment added, 1 − 1/R.
    """

    arm: str
    value_metric: str
    treated_units: int
    incremental_revenue: Quantity
    incremental_profit: Quantity
    savings: float
    per_treated_unit: Quantity
    period_days: int | None = None
    cost: Costs | None = None
    net_profit: Quantity | None = None
    ropi: Return | None = None
    return_per_unit_cost: Quantity | None = None
    break_even_lift: float | None = None
    chances: Chances | None = None
    believed: BelievedMoney | None = None
    saving_items: tuple[SavingItem, ...] = ()
    payback_days: PaybackDays | None = None
    rollout: tuple[RolloutScenario, ...] = ()
    measured_profit: bool | None = None
    incremental_share: Quantity | None = None
    population: PerUnit | None = None
    basis: MoneyBasis | None = None
