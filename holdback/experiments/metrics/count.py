"""Mean number of rows per unit: orders, visits, tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from holdback.experiments.kinds.metric import Metric, kinds
from holdback.experiments.language.measure import Measure

__all__ = ["Count"]


@kinds.register("count")
@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Metric):
    """Rows / matured units, those without rows included."""

    source: str

    def measures(self) -> tuple[Measure, ...]:
        """What to collect of each unit."""
        return (
            Measure(
                source=self.source,
                aggregate="count",
                where=self.where,
                end=self.within,
                digits=0,
            ),
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        (average,) = mean
        return average
