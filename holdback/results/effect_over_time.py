"""What the scorecard holds of how long a lift lasts, and of cohorts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdback.results.quantity import Quantity

__all__ = ["BeforeAfter", "Cohort", "CohortArm", "Cohorts", "Lasting", "SliceLift"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceLift:
    """Means per unit from day `start` to day `end` after exposure, and the lift."""

    start: int
    end: int
    control: float
    treatment: float
    relative: Quantity


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortArm:
    """An arm's units of a cohort: their value, and what they brought in each slice.

    `relative` is a treatment arm's lift.
    """

    arm: str
    units: int
    value: float
    by_slice: tuple[float, ...] = ()
    relative: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Units whose first exposure lies from `start` to `end`, ISO dates, inclusive.

    The control arm stands first.
    """

    start: str
    end: str
    arms: tuple[CohortArm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohorts:
    """The primary by week or month of exposure, of units with their full time.

    `edges` are the days since exposure between slices; `p_same` is of one lift in all
    cohorts, for each treatment arm. `hidden` cohorts have
    fewer than 10 units in an arm.
    """

    metric: str
    every: str
    cohorts: tuple[Cohort, ...]
    edges: tuple[int, ...]
    p_same: Mapping[str, float]
    hidden: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeAfter:
    """An arm's own mean per unit and day before and after exposure: no effect."""

    metric: str
    arm: str
    before: float
    after: float
    days_before: int
    days_after: int
