"""What a locked plan expected of the primary, beside what came; what more it takes."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.section import sections

__all__ = ["Expected", "Outlook"]


@sections.register("expected", after="decision", order=20, single=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The primary as planned and as it came; lifts and spreads as fractions.

    `units` are those of all arms with their full time, `mean` the control arm's
    value, `cv` the coefficient of variation of one unit's value (net of covariates),
    `detectable_lift` the lift that is found with `power`. What came has None where
    the data give no number.
    """

    metric: str
    power: float
    planned_units: int
    planned_mean: float
    planned_cv: float | None = None
    planned_detectable_lift: float | None = None
    units: int
    mean: float | None = None
    cv: float | None = None
    detectable_lift: float | None = None


@sections.register("outlook", after="decision", order=30, single=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What it would take to find a lift, from the spread and the traffic that came.

    `lift` is the file's minimum, or what the plan set out to find; the estimate itself
    plays no part. `units` have had their full time, `units_needed` find the lift with
    `power`; `weeks_more` at the same traffic, None beyond a year.
    """

    lift: float
    power: float
    units: int
    units_needed: int
    weeks_more: int | None = None
