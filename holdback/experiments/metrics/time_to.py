"""Time to an event that is wanted: first value, or a case that is solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdback.experiments.kinds.metric import kinds
from holdback.experiments.kinds.time_to_event import TimeToEvent

__all__ = ["TimeTo"]


@kinds.register("time_to")
@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTo(TimeToEvent):
    """Mean days until a unit's first row (its first order, say); shorter is better."""

    better: Literal["higher", "lower"] = "lower"
