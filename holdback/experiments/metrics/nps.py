"""Net promoter score: promoters less detractors, in points from -100 to 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from holdback.experiments.language.expression import (
    Arithmetic,
    Compare,
    Expression,
    Number,
)
from holdback.experiments.language.measure import Measure
from holdback.experiments.metrics import (
    Answers,
    Family,
    Limit,
    Metric,
    answered,
    kinds,
)

__all__ = ["Nps"]

PROMOTER, DETRACTOR, BEST = 9, 6, 10


@kinds.register("nps")
@dataclass(frozen=True, slots=True, kw_only=True)
class Nps(Metric):
    """100 × (share answering 9 or 10 - share answering 0 to 6), of who answered.

    The question and its classes are those of Reichheld 2003, Harvard Business Review
    81(12). A unit with several answers counts once, with their mean class.
    """

    source: str
    value: Expression
    unit: str | None = "points"

    def measures(self) -> tuple[Measure, ...]:
        """The unit's class, 100, 0 or -100, and whether it answered."""
        text = self.value.text
        difference = Arithmetic(
            operator="-",
            left=_is(self.value, ">=", PROMOTER),
            right=_is(self.value, "<=", DETRACTOR),
        )
        points = Expression(
            text=f"100 * (({text} >= {PROMOTER}) - ({text} <= {DETRACTOR}))",
            tree=Arithmetic(
                operator="*", left=Number(value=Decimal(100)), right=difference
            ),
            columns=self.value.columns,
        )
        return answered(self, self.source, self.value, points)

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        points, answers = mean
        return points / answers

    def limits(self) -> tuple[Limit, ...]:
        """Answers lie between 0 and 10."""
        return (
            Limit(
                source=self.source,
                value=self.value,
                low=0,
                high=BEST,
                where=self.where,
            ),
        )

    def companions(self, window: timedelta) -> tuple[Metric, ...]:  # noqa: ARG002
        """How often each class occurs."""
        return Answers.beside(self)

    @property
    def family(self) -> Family:
        """A score."""
        return "score"


def _is(value: Expression, operator: Any, edge: int) -> Compare:
    return Compare(
        operator=operator, left=value.tree, right=Number(value=Decimal(edge))
    )
