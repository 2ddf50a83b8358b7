"""The shop: its size and time, and what is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from holdback.assignment.split import Split

__all__ = ["HIGHEST_CHANCE", "ArmTruth", "Lift", "Shop"]

HIGHEST_CHANCE = 0.6
TWO_ARMS = (("holdback", Fraction(1, 10)), ("personalized", Fraction(9, 10)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """What an arm changes, as fractions: 0.05 is 5 % more."""

    conversion: float = 0.0
    order_value: float = 0.0

    @property
    def revenue(self) -> float:
        """True lift of the revenue per visitor."""
        return (1 + self.conversion) * (1 + self.order_value) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmTruth:
    """What is true of one arm: its lift, its units, the revenue that it adds.

    `incremental_revenue` is the expected net revenue, over the units that stayed in
    the arm and their 14 days after exposure, above what they would have spent
    without treatment. Units that crossed over are in neither figure.
    """

    arm: str
    lift: Lift
    units: int
    incremental_revenue: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A simulated shop with `units` customers: C0000000, C0000001 and so on.

    `lifts` says what each arm does (an arm that is not named does nothing); arms come
    from `split` by the customers' ids. Customers are first seen on the `days` from
    `start` in `timezone`; their orders reach from 28 days before to 28 days after.
    `order_value` is the mean of an order, whose logarithm varies between customers
    and, by `spread`, between orders. Raises ValueError for impossible figures.
    """

    units: int
    seed: int = 1
    split: Split = field(default_factory=lambda: Split("recs-holdback", TWO_ARMS))
    lifts: Mapping[str, Lift] = field(default_factory=dict)
    conversion_rate: float = 0.08
    orders_per_buyer: float = 1.25
    order_value: float = 60.0
    spread: float = 0.7
    start: date = date(2026, 9, 1)
    days: int = 42
    timezone: str = "UTC"
    crossovers: float = 0.002
    duplicates: float = 0.003

    def __post_init__(self) -> None:
        highest = max([lift.conversion for lift in self.lifts.values()], default=0.0)
        if self.units < 1 or self.days < 1 or self.seed < 0:
            raise ValueError(
                "`units` and `days` must be at least 1 and `seed` at least 0, got "
                f"{self.units}, {self.days} and {self.seed}."
            )
        if HIGHEST_CHANCE * (1 + highest) > 1:
            raise ValueError(f"a lift of conversion of {highest} is too large.")
        unknown = sorted(set(self.lifts) - set(self.split.names))
        if unknown:
            raise ValueError(f"`lifts` names arms that are not there: {unknown}.")
