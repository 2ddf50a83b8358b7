"""What more intensity brings: the trend over the doses, and each step."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity, Return
from holdback.results.section import sections

__all__ = ["DoseStep", "DoseTrend"]


@sections.register("dose_trends", after="money", order=20)
@dataclass(frozen=True, slots=True, kw_only=True)
class DoseTrend:
    """Change of a metric per unit of dose, over all arms: one ordered contrast."""

    metric: str
    slope: Quantity
    p_value: float


@sections.register("dose_steps", after="money", order=30)
@dataclass(frozen=True, slots=True, kw_only=True)
class DoseStep:
    """From one arm to the next more intense: what more it brings, and at what cost.

    Money is for the units of `to_arm`, costs those of `to_arm` less what its units
    would have cost in `from_arm`. Intervals hold for all steps at once (Bonferroni).
    """

    metric: str
    from_arm: str
    to_arm: str
    from_dose: float
    to_dose: float
    relative: Quantity | None = None
    absolute: Quantity | None = None
    incremental_profit: Quantity | None = None
    extra_cost: float | None = None
    extra_savings: float = 0.0
    ropi: Return | None = None
