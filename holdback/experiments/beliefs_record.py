"""What is believed beyond one number: of a lift, and of the money behind it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Beliefs", "Chances", "UnderWidth"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWidth:
    """The posterior of the lift had the prior another width."""

    lift_sd: float
    mean: float
    lower: float
    upper: float
    p_positive: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """What the prior did to a lift.

    `p_equivalent`: P(−`equivalence` < lift < `equivalence`). `by_width`: at half and
    at twice the prior's width; empty under a flat prior. `prior`, `likelihood` and
    `posterior` are densities at `lifts`, over the highest of them all; a flat prior
    has none.
    """

    equivalence: float
    p_equivalent: float
    by_width: tuple[UnderWidth, ...] = ()
    lifts: tuple[float, ...] = ()
    prior: tuple[float, ...] = ()
    likelihood: tuple[float, ...] = ()
    posterior: tuple[float, ...] = ()


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
