"""Customer satisfaction: the share of answers in the top boxes, or their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from holdback.experiments.kinds.metric import (
    Limit,
    Metric,
    answered,
    answers_beside,
    kinds,
)
from holdback.experiments.language.expression import Compare, Expression, Number
from holdback.experiments.language.measure import Companion, Measure

__all__ = ["Csat"]


@kinds.register("csat")
@dataclass(frozen=True, slots=True, kw_only=True)
class Csat(Metric):
    """Share of those who answered that answered `top` or better.

    Without `top` it is the mean answer. A unit with several answers counts once, with
    the share of them in the top boxes, or with their mean. `answers` are the lowest
    and the highest answer there is; others are refused.
    """

    source: str
    value: Expression
    top: int | None = None
    answers: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.top is None and self.answers is None:
            raise ValueError(
                "it needs `top: 4`, the lowest answer that counts as satisfied, or "
                "`answers: [1, 5]`, the scale, for the mean answer"
            )
        if self.answers is None:
            return
        low, high = (*self.answers, 0, 0)[:2]
        if len(self.answers) != 2 or low >= high:  # two ends
            raise ValueError("`answers` needs the lowest and the highest answer")
        if self.top is not None and not low < self.top <= high:
            raise ValueError("`top` lies outside the scale")

    def measures(self) -> tuple[Measure, ...]:
        """A unit's answers (or the share in the top boxes), and whether it answered."""
        if self.top is None:
            return answered(self, self.source, self.value, self.value)
        satisfied = Expression(
            text=f"{self.value.text} >= {self.top}",
            tree=Compare(
                operator=">=",
                left=self.value.tree,
                right=Number(value=Decimal(self.top)),
            ),
            columns=self.value.columns,
        )
        return answered(self, self.source, self.value, satisfied)

    def companions(self, window: timedelta) -> tuple[Companion, ...]:  # noqa: ARG002
        """How often each answer occurs."""
        return answers_beside(self)

    def limits(self) -> tuple[Limit, ...]:
        """Answers lie on the scale, where one is given."""
        if self.answers is None:
            return ()
        low, high = self.answers
        return (
            Limit(
                source=self.source,
                value=self.value,
                low=low,
                high=high,
                where=self.where,
            ),
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        top, answers = mean
        return top / answers

    @property
    def scale(self) -> Literal["share", "value"]:
        """A share of those who answered; the mean answer is a number."""
        return "value" if self.top is None else "share"
