"""How many of all assigned units got to each step."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["FunnelArm", "StepShare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShare:
    """Shares of all assigned units that got to a step, and how they differ."""

    step: str
    control: float
    treatment: float
    absolute: Quantity | None = None
    relative: Quantity | None = None


@sections.register("funnels", after="money", order=80)
@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelArm:
    """A treatment arm's steps beside control's; intervals hold for all of them at once.

    `more_than_before` is a step to which more units got than to the one before;
    `out_of_order` counts units that have the last step, but not after the others.
    """

    metric: str
    arm: str
    steps: tuple[StepShare, ...]
    more_than_before: str | None = None
    out_of_order: int = 0
