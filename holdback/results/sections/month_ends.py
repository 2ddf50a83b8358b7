"""What a holdback without an end had shown by the end of each month."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["OverTime"]


@sections.register("over_time", after="learned", order=10)
@dataclass(frozen=True, slots=True, kw_only=True)
class OverTime:
    """What a holdback without an end had shown and earned by the end of a day.

    Ranges are always-valid: all days' hold at once. `units` are those of all arms.
    """

    arm: str
    metric: str
    date: str
    units: int
    relative: Quantity
    revenue: Quantity | None = None
