"""Share of units that did something at least once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from holdback.experiments.expression import Expression
from holdback.experiments.measure import Measure
from holdback.experiments.metrics import Family, Metric, kinds

__all__ = ["Conversion"]


@kinds.register("conversion")
@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion(Metric):
    """Units with at least one row (or one row whose `value` is not 0) / units."""

    source: str
    value: Expression | None = None

    def measures(self) -> tuple[Measure, ...]:
        """What to collect of each unit."""
        return (
            Measure(
                source=self.source,
                aggregate="any",
                value=self.value,
                where=self.where,
                end=self.within,
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
