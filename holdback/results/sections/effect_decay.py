"""How long a lift lasts: the lift by days since exposure."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["Lasting", "SliceLift"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceLift:
    """Means per unit from day `start` to day `end` after exposure, and the lift."""

    start: int
    end: int
    control: float
    treatment: float
    relative: Quantity


@sections.register("lasting", after="money", order=50)
@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """The lift by days since exposure, of units with their full time.

    `slope` is the lift's change per day; `p_slope`, `p_change`: no slope, and no change
    of any shape. `half_life` in days has a range whose absent ends are unbounded; its
    value is absent where no fading fits best. `planned` is the file's half-life.
    """

    metric: str
    arm: str
    units: int
    slices: tuple[SliceLift, ...]
    slope: Quantity
    p_slope: float
    p_change: float
    half_life: float | None
    half_life_lower: float | None
    half_life_upper: float | None
    planned: float | None = None
