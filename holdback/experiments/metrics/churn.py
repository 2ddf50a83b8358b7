"""Share of units that left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from holdback.experiments.kinds.metric import kinds
from holdback.experiments.kinds.share_of_units import ShareOfUnits
from holdback.experiments.language.measure import Measure

__all__ = ["Churn"]


@kinds.register("churn")
@dataclass(frozen=True, slots=True, kw_only=True)
class Churn(ShareOfUnits):
    """Units with a row (a cancellation, say) / units; lower is better.

    With `inactive` the rows are signs of life: a unit has left when it has none in
    the last so many days of `within`.
    """

    better: Literal["higher", "lower"] = "lower"
    inactive: timedelta | None = None

    def __post_init__(self) -> None:
        if self.inactive is None:
            return
        if self.within is None or not timedelta(0) < self.inactive <= self.within:
            raise ValueError("`inactive` is a part of `within`, such as 30 of 90 days")

    @property
    def is_leaving(self) -> bool:
        """A cancellation is; a sign of life is not."""
        return self.inactive is None

    def measures(self) -> tuple[Measure, ...]:
        """Whether a unit has a row; with `inactive`, in the last days."""
        (measure,) = super(Churn, self).measures()
        if self.inactive is None or self.within is None:
            return (measure,)
        return (replace(measure, start=self.within - self.inactive),)

    def formula(self, mean: Sequence[Any]) -> Any:
        """The share with a row, or without one."""
        (rate,) = mean
        return rate if self.inactive is None else 1 - rate
