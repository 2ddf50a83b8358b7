"""What is believed of the money behind a lift."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity

__all__ = ["BelievedMoney", "Chances"]


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
