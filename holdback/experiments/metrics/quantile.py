"""A quantile of units' values, such as the load time that three in four stay below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Measure
from holdback.experiments.metrics import Metric, Tallied, answered, kinds

__all__ = ["Quantile"]


@kinds.register("quantile")
@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile(Metric):
    """The value that a share `quantile` of the units with a row do not exceed.

    A unit with several rows counts once, with their mean. Units without a row are
    left out, so where the treatment changes who has one the arms differ in more than
    the value.
    """

    source: str
    value: Expression
    quantile: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise ValueError("`quantile` lies between 0% and 100%, such as 75%")

    def measures(self) -> tuple[Measure, ...]:
        """A unit's mean value, and whether it has one."""
        return answered(self, self.source, self.value, self.value)

    def formula(self, mean: Sequence[Any]) -> Any:
        """The mean of the units with a value: what is counted, not what is reported."""
        value, answers = mean
        return value / answers

    @property
    def tallied(self) -> Tallied:
        """Read from order statistics."""
        return "quantile"
