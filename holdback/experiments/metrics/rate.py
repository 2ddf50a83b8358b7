"""A mean over rows, such as clicks per impression or bounces per session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from holdback.experiments.kinds.metric import Metric, answered, kinds
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Measure

__all__ = ["Rate"]


@kinds.register("rate")
@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Metric):
    """Σ value / rows with a value: of sessions, impressions, calls.

    Units were split, not rows, so it is read as a ratio of two of the units' sums:
    rows of one unit resemble each other, and taken for units they promise too much.
    """

    source: str
    value: Expression

    def measures(self) -> tuple[Measure, ...]:
        """The sum of a unit's values, and how many rows have one."""
        value, rows = answered(self, self.source, self.value, self.value)
        return replace(value, aggregate="sum"), replace(rows, aggregate="count")

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        value, rows = mean
        return value / rows
