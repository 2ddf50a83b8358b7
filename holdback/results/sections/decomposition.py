"""Where the change in revenue came from, and how few buyers bring it."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["Concentration", "Decomposition", "PartRanges"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRanges:
    """The parts of a decomposition with ranges that hold together."""

    from_conversion: Quantity
    from_orders_per_buyer: Quantity
    from_order_value: Quantity


@sections.register("decomposition", after="interactions", order=30)
@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    """Where the change in revenue per unit came from; the three parts add up."""

    arm: str
    revenue_per_unit: float
    from_conversion: float
    from_orders_per_buyer: float
    from_order_value: float
    ranges: PartRanges | None = None


@sections.register("concentration", after="money", order=110, single=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """Share of the money that the `top` share of buyers brought, in all arms."""

    metric: str
    top: float
    buyers: int
    share: float
