"""How the lift settled: the lift to date."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["Trend"]


@sections.register("trend", after="interactions", order=40)
@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Lift to date, over units first exposed up to and including `date`."""

    metric: str
    arm: str
    date: str
    relative: Quantity
