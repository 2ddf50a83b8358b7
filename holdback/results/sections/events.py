"""What the scorecard holds of what happened outside the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdback.results.section import sections

__all__ = ["EventSeen"]


@sections.register("events", shows_results=False)
@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeen:
    """Something from outside on days of the test, and the units that joined then.

    `exclude`: the lift is also shown without them. `late`: that was written into the
    file after the plan was locked, or after results had been looked at.
    """

    date: str
    until: str
    what: str
    exclude: bool = False
    units: int | None = None
    late: Literal["after_lock", "after_look"] | None = None
