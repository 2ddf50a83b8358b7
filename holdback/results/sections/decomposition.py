"""Where the change in revenue came from, and how few buyers bring it."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.facts import Fact
from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["Concentration", "Decomposition", "PartRanges"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRanges:
    """The parts of a decomposition with ranges that hold together."""

    from_conversion: Quantity
    from_orders_per_buyer: Quantity | None = None
    from_order_value: Quantity | None = None
    from_value_per_buyer: Quantity | None = None
    from_refunds: Quantity | None = None


@sections.register("decomposition", after="interactions", order=30)
@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    """Where the change in the money per unit came from; the parts add up to it.

    `revenue_per_unit` is the difference of the money's `metric` as it is read. Orders
    and their value stand apart where rows are known to be orders; elsewhere both are in
    `from_value_per_buyer`, and `note` says why. `from_refunds`: what is taken off
    orders. `from_adjustment`: what differs from the arms as counted, where the
    difference is adjusted. A part that does not apply is absent; none is there where an
    arm's money is not above 0.
    """

    arm: str
    revenue_per_unit: float
    from_conversion: float | None = None
    from_orders_per_buyer: float | None = None
    from_order_value: float | None = None
    from_value_per_buyer: float | None = None
    from_refunds: float | None = None
    from_adjustment: float | None = None
    ranges: PartRanges | None = None
    metric: str = ""
    note: Fact | None = None


@sections.register("concentration", after="money", order=110, single=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """Share of the money that the `top` share of buyers brought, in all arms."""

    metric: str
    top: float
    buyers: int
    share: float
