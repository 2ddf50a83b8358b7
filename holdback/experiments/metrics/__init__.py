"""Metric kinds: one file a kind. A metric is a formula on the means of measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from holdback.experiments.expression import Expression
from holdback.experiments.measure import Cap, Measure
from holdback.kinds import Kinds

__all__ = ["Family", "Metric", "kinds"]

Family = Literal["proportion", "mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What every metric kind has. The fields are the YAML keys of the kind.

    `unit` is ``money`` (the project's currency) or any word such as ``ms``;
    `digits` is the number of decimals kept of a unit's value (filled by the loader:
    the currency's minor unit for money, otherwise 6).
    """

    name: str
    label: str = ""
    unit: str | None = None
    better: Literal["higher", "lower"] = "higher"
    within: timedelta | None = None
    where: Expression | None = None
    cap: Cap | None = None
    margin_value: Expression | None = None
    digits: int = 6

    def measures(self) -> tuple[Measure, ...]:
        """The measures whose means the formula takes, in its order, uncapped."""
        raise NotImplementedError

    def formula(self, mean: Sequence[Any]) -> Any:
        """The metric's value from the measures' means (k,), by analytic arithmetic."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """How a reader is told of the metric: its label, or its name as words."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def family(self) -> Family:
        """`proportion` when each unit's value is 0 or 1, else `mean`."""
        return "mean"

    @property
    def kind(self) -> str:
        """The kind's name in the YAML."""
        return next(name for name, cls in kinds.items() if cls is type(self))


kinds: Kinds[Metric] = Kinds("holdback.experiments.metrics")
