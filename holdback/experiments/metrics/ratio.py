"""Ratio of two sums, for instance average order value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from holdback.experiments.kinds.metric import Metric, kinds
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Aggregate, Measure

__all__ = ["Part", "Ratio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Numerator or denominator written out."""

    source: str
    value: Expression | None = None
    aggregate: Aggregate | None = None
    where: Expression | None = None


@kinds.register("ratio")
@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio(Metric):
    """Σ numerator / Σ denominator over matured units.

    Short form: `source`, `value`, `per`, where `per` names a source whose rows are
    counted, or is an expression over the source's own columns. Long form:
    `numerator` and `denominator`.
    """

    is_quotient: ClassVar[bool] = True

    source: str | None = None
    value: Expression | None = None
    per: str | Expression | None = None
    numerator: Part | None = None
    denominator: Part | None = None

    def __post_init__(self) -> None:
        long = self.numerator is not None and self.denominator is not None
        short = (
            self.source is not None and self.value is not None and self.per is not None
        )
        mixed = (self.numerator or self.denominator) and (
            self.source or self.value or self.per
        )
        if mixed or not (long or short):
            raise ValueError(
                "a ratio needs either `source`, `value` and `per`, or `numerator` and "
                "`denominator`"
            )

    def measures(self) -> tuple[Measure, ...]:
        """What to collect of each unit."""
        return tuple(
            Measure(
                source=part.source,
                aggregate=part.aggregate or ("count" if part.value is None else "sum"),
                value=part.value,
                where=part.where if part.where is not None else self.where,
                end=self.within,
                digits=self.digits if _is_amount(part) else 0,
            )
            for part in self._parts()
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        top, bottom = mean
        return top / bottom

    def _parts(self) -> tuple[Part, Part]:
        if self.numerator is not None and self.denominator is not None:
            return self.numerator, self.denominator
        source = self.source or ""
        top = Part(source=source, value=self.value)
        if isinstance(self.per, Expression):
            return top, Part(source=source, value=self.per)
        return top, Part(source=self.per or "")


def _is_amount(part: Part) -> bool:
    counts = part.aggregate in {"count", "distinct", "any"}
    return part.value is not None and not counts
