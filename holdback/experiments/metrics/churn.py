"""Share of units that left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from holdback.experiments.kinds.metric import kinds
from holdback.experiments.kinds.share_of_units import ShareOfUnits
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Measure
from holdback.experiments.language.trees import Junction, columns_of, written

__all__ = ["Churn"]


@kinds.register("churn")
@dataclass(frozen=True, slots=True, kw_only=True)
class Churn(ShareOfUnits):
    """Units with a row (a cancellation, say) / units; lower is better.

    With `inactive` the rows are signs of life: a unit has left when it has none in
    the last so many days of `within`. With `back` a unit that came back has not left:
    its latest row of either kind says what it is at the end.
    """

    better: Literal["higher", "lower"] = "lower"
    inactive: timedelta | None = None
    back: Expression | None = field(
        default=None,
        metadata={
            "meaning": "Rows that say a unit is back, such as status = 'active': "
            "whoever has such a row last has not left."
        },
    )

    def __post_init__(self) -> None:
        if self.back is not None and (self.where is None or self.inactive is not None):
            raise ValueError("`back` stands beside a `where` of the rows that leave")
        if self.inactive is None:
            return
        if self.within is None or not timedelta(0) < self.inactive <= self.within:
            raise ValueError("`inactive` is a part of `within`, such as 30 of 90 days")

    @property
    def is_leaving(self) -> bool:
        """A cancellation is; a sign of life is not."""
        return self.inactive is None

    def measures(self) -> tuple[Measure, ...]:
        """Whether a unit has a row; with `inactive`, in the last days.

        With `back`, whether its latest row of either kind is one that leaves.
        """
        (measure,) = super(Churn, self).measures()
        if self.back is not None and self.where is not None:
            either = Junction("or", self.where.tree, self.back.tree)
            rows = Expression(
                text=written(either), tree=either, columns=columns_of(either)
            )
            return (replace(measure, aggregate="last", value=self.where, where=rows),)
        if self.inactive is None or self.within is None:
            return (measure,)
        return (replace(measure, start=self.within - self.inactive),)

    def formula(self, mean: Sequence[Any]) -> Any:
        """The share with a row, or without one."""
        (rate,) = mean
        return rate if self.inactive is None else 1 - rate
