"""The same lift, computed in other ways."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.facts import Fact
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Verdict
from holdback.results.section import sections

__all__ = [
    "BEFORE_SWITCH",
    "CROSSED_FIRST",
    "CROSSED_OUT",
    "WITHIN",
    "WITHOUT_EVENTS",
    "Sensitivity",
]

WITHIN = "within "
"""Begins the variant that compares within levels of the dimension named after it."""
CROSSED_FIRST = "crossovers_first"
"""Units seen in two arms in their first, where the lift leaves them out."""
CROSSED_OUT = "crossovers_excluded"
"""Without units seen in two arms, where the lift counts them in their first."""

WITHOUT_EVENTS = "without_events"
"""Without the units that joined on the days of events that are to be left out."""
BEFORE_SWITCH = "before_switch"
"""Read up to when units began to be seen in another arm."""


@sections.register("sensitivity", after="interactions", order=20)
@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """The same lift under another way of computing it; `note` tells of a model."""

    metric: str
    arm: str
    variant: str
    relative: Quantity
    verdict: Verdict
    note: Fact | None = None
