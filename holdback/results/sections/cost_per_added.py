"""What one more order or customer cost."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["CostPerAdded"]


@sections.register("cost_per_added", after="money", order=20)
@dataclass(frozen=True, slots=True, kw_only=True)
class CostPerAdded:
    """An arm's costs for each of its units, and for each that the treatment added.

    `added` are those of the arm's `units`, of what the metric counts. `cost` is absent
    where no more of them came than in control.
    """

    metric: str
    arm: str
    units: int
    per_unit: float
    added: Quantity
    cost: Quantity | None = None
