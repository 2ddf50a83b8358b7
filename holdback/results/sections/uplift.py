"""Whether a score finds the units that the treatment moves."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.facts import Fact
from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["Uplift", "UpliftPoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpliftPoint:
    """Gain per unit of all from treating only the top `share` by the score.

    `random` is what the same share without a score would gain.
    """

    share: float
    gain: Quantity
    random: float


@sections.register("uplift", after="money", order=40)
@dataclass(frozen=True, slots=True, kw_only=True)
class Uplift:
    """Whether a score finds the units that the treatment moves.

    `area` is between the curve and the line of a useless score. Where the holdback is
    too small, `refused` says so, and `units_needed` how large it has to be.
    """

    score: str
    metric: str
    arm: str
    area: Quantity | None = None
    p_value: float | None = None
    curve: tuple[UpliftPoint, ...] = ()
    refused: Fact | None = None
    units_needed: int | None = None
