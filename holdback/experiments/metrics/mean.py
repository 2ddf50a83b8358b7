"""Mean of one number per unit, zeros included: revenue per visitor, for instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from holdback.experiments.kinds.metric import Metric, kinds
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Aggregate, Measure

__all__ = ["Mean"]


@kinds.register("mean")
@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(Metric):
    """Mean over all matured units of an aggregate of each unit's rows."""

    may_have_profit: ClassVar[bool] = True

    source: str
    value: Expression | None = None
    aggregate: Aggregate | None = None

    def measures(self) -> tuple[Measure, ...]:
        """What to collect of each unit."""
        aggregate = self.aggregate or ("count" if self.value is None else "sum")
        counts = aggregate in {"count", "distinct", "any"}
        return (
            Measure(
                source=self.source,
                aggregate=aggregate,
                value=self.value,
                where=self.where,
                end=self.within,
                digits=0 if counts else self.digits,
            ),
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        (average,) = mean
        return average
