"""What the scorecard holds of money beyond the test itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdback.results.quantity import Quantity, Return

__all__ = ["IncrementalRatio", "PaybackDays", "RolloutScenario", "SavingItem"]


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
    the lift is applied to last year's revenue in place of the test's.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalRatio:
    """A ratio of what the treatment added: extra revenue per extra spend, say.

    `control` and `treatment` are the plain ratios of the arms (ROAS, CAC), `added` is
    the difference of the numerators over that of the denominators (iROAS, the cost of
    an extra customer); absent, with a `note`, where the denominators hardly differ.
    """

    metric: str
    arm: str
    control: float | None = None
    treatment: float | None = None
    added: Quantity | None = None
    note: str = ""
