"""Customer satisfaction: the share of answers in the top boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from holdback.experiments.expression import Comparison, Expression, Number
from holdback.experiments.measure import Measure
from holdback.experiments.metrics import Metric, answered, kinds

__all__ = ["Csat"]


@kinds.register("csat")
@dataclass(frozen=True, slots=True, kw_only=True)
class Csat(Metric):
    """Share of those who answered that answered `top` or better.

    A unit with several answers counts once, with the share of them in the top boxes.
    """

    source: str
    value: Expression
    top: int

    def measures(self) -> tuple[Measure, ...]:
        """The share of a unit's answers in the top boxes, and whether it answered."""
        satisfied = Expression(
            text=f"{self.value.text} >= {self.top}",
            tree=Comparison(
                operator=">=",
                left=self.value.tree,
                right=Number(value=Decimal(self.top)),
            ),
            columns=self.value.columns,
        )
        return answered(self, self.source, self.value, satisfied)

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        top, answers = mean
        return top / answers

    @property
    def scale(self) -> Literal["share", "value"]:
        """A share of those who answered."""
        return "share"
