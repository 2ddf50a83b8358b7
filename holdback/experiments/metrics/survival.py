"""Time kept: how long units stay, by Kaplan and Meier."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.experiments.kinds.metric import kinds
from holdback.experiments.kinds.time_to_event import TimeToEvent

__all__ = ["Survival"]


@kinds.register("survival")
@dataclass(frozen=True, slots=True, kw_only=True)
class Survival(TimeToEvent):
    """Mean days until a unit's first row (a cancellation, say); longer is better."""

    @property
    def is_leaving(self) -> bool:
        """The event ends the time kept."""
        return True
