"""Lifetime value: what came, and what is projected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from holdback.facts import Fact
from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["HeldOut", "Lifetime", "LifetimeArm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Orders in the second half of each unit's time, as they were and as foreseen.

    Of subscriptions renewals. The model is fitted to the first half alone.
    """

    orders: int
    foreseen: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeArm:
    """An arm's value per assigned unit: `came`, `ahead`, and both together.

    `carried_on` is the simple formula.
    """

    arm: str
    units: int
    buyers: int
    repeat_buyers: int
    came: Quantity
    carried_on: Quantity
    ahead: Quantity | None = None
    total: Quantity | None = None
    held_out: HeldOut | None = None


@sections.register("lifetime", after="money", order=90)
@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """Lifetime value of an arm beside control's, per assigned unit, as profit.

    `margin` turns money into profit (None: none is given, and value is money). `came`
    is measured; `ahead` is what a model of both arms expects until the horizon,
    discounted to as-of; `total` is both. `carried_on` is the simple formula. Values
    of `ahead` are means of the posterior, intervals its quantiles.
    """

    metric: str
    label: str
    arm: str
    model: Literal["orders", "subscriptions"]
    horizon_days: int
    watched_days: float
    discount: float
    margin: float | None
    control: LifetimeArm
    treatment: LifetimeArm
    came: Quantity
    carried_on: Quantity
    ahead: Quantity | None = None
    total: Quantity | None = None
    lift: Quantity | None = None
    p_positive: float | None = None
    ahead_share: float | None = None
    correlation: float | None = None
    too_early: bool = False
    warnings: tuple[Fact, ...] = ()
    refused: Fact | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
