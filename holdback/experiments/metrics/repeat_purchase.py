"""Share of units that came back for more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from holdback.experiments.kinds.metric import kinds
from holdback.experiments.kinds.share_of_units import ShareOfUnits
from holdback.experiments.language.measure import Measure

__all__ = ["RepeatPurchase"]


@kinds.register("repeat_purchase")
@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatPurchase(ShareOfUnits):
    """Units with at least `least` rows (two orders, say) / all units.

    All units, not buyers: who buys at all may itself be an effect of the treatment.
    """

    least: int = 2

    def __post_init__(self) -> None:
        if self.least < 2:
            raise ValueError("`least` is 2 or more: one row repeats nothing")

    def measures(self) -> tuple[Measure, ...]:
        """Whether a unit has so many rows."""
        (measure,) = super(RepeatPurchase, self).measures()
        return (replace(measure, least=self.least),)
