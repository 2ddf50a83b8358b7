"""The primary by week or month of joining, and each arm before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["BeforeAfter", "Cohort", "CohortArm", "Cohorts"]


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


@sections.register("cohorts", after="money", order=60, single=True)
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


@sections.register("before_after", after="money", order=70)
@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeAfter:
    """An arm's own mean per unit and day before and after exposure: no effect."""

    metric: str
    arm: str
    before: float
    after: float
    days_before: int
    days_after: int
