"""Customer lifetime value per assigned unit: what came, and what is still ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from holdback.experiments.kinds.metric import LifetimeTerms, Metric, kinds
from holdback.experiments.language.expression import (
    Compare,
    Expression,
    Junction,
    Number,
    Tree,
)
from holdback.experiments.language.measure import Companion, Measure
from holdback.experiments.language.quantities import DAY, WEEK

__all__ = ["Clv"]


@kinds.register("clv")
@dataclass(frozen=True, slots=True, kw_only=True)
class Clv(Metric):
    """Sum of `value` per unit; beside it what a model expects until the `horizon`.

    As a metric it is what came in the window: that is what was measured, and what may
    decide. The projection is told on its own.
    """

    source: str
    value: Expression
    horizon: timedelta
    discount: Fraction = Fraction(1, 10)
    renews: timedelta | None = None

    def __post_init__(self) -> None:
        if self.within is not None:
            raise ValueError(
                "`horizon` says how far lifetime value reaches, `within`"
                " has no place here"
            )
        for name, span in (("horizon", self.horizon), ("renews", self.renews)):
            if span is not None and (span < WEEK or span % DAY):
                raise ValueError(f"`{name}` is a number of whole days, a week or more")
        if self.renews is not None and self.horizon < 2 * self.renews:
            raise ValueError("`horizon` is shorter than two payments")
        if not 0 <= self.discount <= 1:
            raise ValueError("`discount` lies between 0% and 100% a year")

    def measures(self) -> tuple[Measure, ...]:
        """What a unit brought in the window."""
        return (
            Measure(
                source=self.source,
                aggregate="sum",
                value=self.value,
                where=self.where,
                digits=self.digits,
            ),
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measure's mean."""
        (value,) = mean
        return value

    def companions(self, window: timedelta) -> tuple[Companion, ...]:
        """Each unit's history, as models of the future read it.

        The count of its orders, the day of the last, their money, and all money with
        what was given back; then count and last day as they were when half of the time
        for which the unit was watched was over. An order is a row whose value is above
        0.

        Raises ValueError for a horizon that is shorter than the window.
        """
        if self.horizon < window:
            raise ValueError("`horizon` is shorter than the window")
        collected = (
            self._history("count"),
            self._history("last_day"),
            self._history("sum"),
            self._history("sum", orders=False),
            self._history("count", half=True),
            self._history("last_day", half=True),
        )
        return (
            Companion(
                name=f"{self.name}: histories",
                of=self.name,
                reader="histories",
                collected=collected,
            ),
        )

    @property
    def lifetime_terms(self) -> LifetimeTerms:
        """Until the horizon."""
        return LifetimeTerms(
            title=super(Clv, self).title,
            horizon=self.horizon,
            discount=self.discount,
            renews=self.renews,
        )

    @property
    def title(self) -> str:
        """The number of the comparison is what came, and says so."""
        return f"{self.lifetime_terms.title}: in the window"

    @property
    def timed_by(self) -> str:
        """The horizon counts from the exposure."""
        return "horizon"

    @property
    def needs_events(self) -> bool:
        """Orders come later than the exposure."""
        return True

    def _history(
        self, aggregate: Any, *, orders: bool = True, half: bool = False
    ) -> Measure:
        sums = aggregate == "sum"
        return Measure(
            source=self.source,
            aggregate=aggregate,
            value=self.value if sums else None,
            where=self._orders() if orders else self.where,
            end=self.horizon,
            half=half,
            digits=self.digits if sums else 0,
        )

    def _orders(self) -> Expression:
        """Rows that bring money, of those that count."""
        tree: Tree = Compare(
            operator=">", left=self.value.tree, right=Number(Decimal(0))
        )
        text, columns = f"({self.value.text}) > 0", self.value.columns
        if self.where is not None:
            tree = Junction(operator="and", left=self.where.tree, right=tree)
            text = f"({self.where.text}) and {text}"
            columns |= self.where.columns
        return Expression(text=text, tree=tree, columns=columns)
