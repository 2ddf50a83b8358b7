"""Share of units that came back in a window after their exposure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from holdback.experiments.kinds.metric import kinds
from holdback.experiments.kinds.share_of_units import ShareOfUnits
from holdback.experiments.language.measure import Measure

__all__ = ["Retention"]


@kinds.register("retention")
@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(ShareOfUnits):
    """Units with a row in [exposure + a, exposure + b) / all matured units.

    A fixed cohort: who was assigned stays in the denominator. (Customers at the end
    by customers at the start is another number, which new customers inflate.)
    """

    between: tuple[timedelta, timedelta]

    def __post_init__(self) -> None:
        start, end = (*self.between, *[timedelta(0)] * 2)[:2]
        if len(self.between) != 2 or not timedelta(0) <= start < end:
            raise ValueError("`between` needs two times, the later one second")
        if self.within not in {None, end}:
            raise ValueError("retention is measured `between` two times, not `within`")
        object.__setattr__(self, "within", end)

    def measures(self) -> tuple[Measure, ...]:
        """Whether a unit has a row between the two times."""
        (measure,) = super(Retention, self).measures()
        return (replace(measure, start=self.between[0]),)
