"""Share of units that came back in a window after their exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from holdback.experiments.measure import Measure
from holdback.experiments.metrics import Family, Metric, kinds

__all__ = ["Retention"]


@kinds.register("retention")
@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Metric):
    """Units with a row in [exposure + a, exposure + b) / all matured units.

    A fixed cohort: who was assigned stays in the denominator. (Customers at the end
    by customers at the start is another number, which new customers inflate.)
    """

    source: str
    between: tuple[timedelta, timedelta]

    def __post_init__(self) -> None:
        start, end = (*self.between, *[timedelta(0)] * 2)[:2]
        if len(self.between) != 2 or not timedelta(0) <= start < end:
            raise ValueError("`between` needs two times, the later one second")
        if self.within not in {None, end}:
            raise ValueError("retention is measured `between` two times, not `within`")
        object.__setattr__(self, "within", end)

    def measures(self) -> tuple[Measure, ...]:
        """What to collect of each unit."""
        start, end = self.between
        return (
            Measure(
                source=self.source,
                aggregate="any",
                where=self.where,
                start=start,
                end=end,
                digits=0,
            ),
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        (rate,) = mean
        return rate

    @property
    def family(self) -> Family:
        """A share of units."""
        return "proportion"
