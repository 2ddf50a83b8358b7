"""What a lift is worth, against what it costs: two targets, each with its range.

*Earned*: I = Rev_T (1 − 1/R) is the money that the treated units of the test brought
beyond what control would have brought, R being treatment / control. It rises with R,
so each end of the lift's interval gives an end of the money's: verdict, money, ROPI
and break-even can never contradict each other.

*Population*: what the treatment adds to units like these, in a roll-out or a forecast,
is the difference of two means that are both uncertain. It is read of the difference's
own interval, which is on the same side of 0 as the lift's is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from holdback.analysis.value_metric import ValueComparison
from holdback.economics.costs import break_even_lift
from holdback.results.money import Costs, MoneyTarget
from holdback.results.quantity import Quantity, Return
from holdback.stats.methods.mover import differences_by_ratio
from holdback.stats.methods.uncertain_cost import GainOf, UncertainCost
from holdback.stats.numeric import quantile
from holdback.stats.posterior.confidence_distribution import CONFIDENCE
from holdback.stats.posterior.population_difference import PopulationDifference

__all__ = ["Stake", "Worth", "image", "incremental"]


def incremental(total: float, ratio: float) -> float:
    """Rev_T (1 − 1/R).

    >>> round(incremental(162000.0, 1.8 / 1.65), 6)
    13500.0
    """
    return total * (1 - 1 / ratio)


def image(quantity: Quantity, rising: Callable[[float], float]) -> Quantity:
    """A quantity and its interval under a rising function."""
    return Quantity(
        value=rising(quantity.value),
        lower=None if quantity.lower is None else rising(quantity.lower),
        upper=None if quantity.upper is None else rising(quantity.upper),
        unbounded=quantity.unbounded,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What a lift is worth at a margin, and what it has to pay for.

    `target` says of whom: the units treated in the test, or as many of the population
    that they come from. With `baseline` the lift is applied to so much money that
    comes without the treatment: g B (R − 1).
    """

    comparison: ValueComparison
    margin: float
    cost: Costs | None
    savings: float = 0.0
    baseline: float | None = None
    target: MoneyTarget = "earned"

    def revenue(self) -> Quantity | None:
        """Incremental money before the margin; None where no honest interval is."""
        inference, units = self.comparison.inference, self.comparison.treated_units
        if inference.relative is not None and not self._of_population:
            return image(
                _with_sides(inference.relative.value, inference.relative.interval),
                lambda lift: self._of_lift(1 + lift),
            )
        none = inference.absolute is None or inference.p_value is None
        if none or inference.absolute is None or self.baseline is not None:
            return None
        difference = inference.absolute
        return image(
            _with_sides(difference.value, difference.interval),
            lambda value: value * units,
        )

    def net(self, profit: Quantity) -> Quantity:
        """Profit after the costs, with the range of both."""
        known = image(profit, lambda amount: amount - self._burden)
        worth = self._worth
        return known if worth is None else worth.net(known)

    def ropi(self, profit: Quantity) -> Return | None:
        """(Profit + savings − cost) / cost with its chance; None without a cost."""
        if self.cost is None or self.cost.total <= 0:
            return None
        total = self.cost.total
        known = image(profit, lambda amount: (amount - self._burden) / total)
        worth, chance = self._worth, self._chance_to_pay
        if worth is not None:
            known, chance = worth.ropi(known), worth.chance(chance)
        return Return(
            value=known.value,
            lower=known.lower,
            upper=known.upper,
            unbounded=known.unbounded,
            p_positive=chance,
        )

    def profit_of(self, lift: float) -> float:
        """Profit before costs at a lift."""
        return self.margin * self._of_lift(1 + lift)

    def believed_ropi(self, profit: Quantity, level: float) -> Quantity | None:
        """The return at quantiles of the profit, those of uncertain costs included."""
        if self.cost is None or self.cost.total <= 0:
            return None
        total = self.cost.total
        known = image(profit, lambda amount: (amount - self._burden) / total)
        worth = self._worth
        return known if worth is None else worth.believed_ropi(known, level)

    def break_even(self) -> float | None:
        """The lift that covers the costs; None where none does, or no lift is known."""
        if self.comparison.inference.relative is None:
            return None
        if self.baseline is not None:
            worth = self.margin * self.baseline
            return self._burden / worth if worth > 0 else None
        if self.comparison.treated_total <= 0 or self.margin <= 0:
            return None
        return break_even_lift(
            total=self.comparison.treated_total,
            margin=self.margin,
            net_cost=self._burden,
        )

    def probability_above(self, lift: float) -> float | None:
        """P(lift > `lift`) of the posterior that decides."""
        posterior = self.comparison.posterior
        return None if posterior is None else posterior.probability_above(lift)

    @property
    def _chance_to_pay(self) -> float | None:
        """P(profit > cost net of savings), costs taken as known."""
        if self.comparison.difference is not None:
            return self.by_difference(self._burden)
        if self._of_population:
            believed = _believed_difference(self.comparison)
            if believed is None or self.margin <= 0:
                return None
            scale = self.margin * self.comparison.treated_units
            return 1 - float(believed(np.array([self._burden / scale]))[0])
        even = self.break_even()
        if even is not None:
            return self.probability_above(even)
        return 0.0 if self._cannot_pay else None

    @property
    def _cannot_pay(self) -> bool:
        """Whether no lift covers the costs: they exceed all that the treated bring."""
        known = self.comparison.inference.relative is not None
        believed = self.comparison.posterior is not None
        return known and believed and self._burden > 0 <= self.comparison.treated_total

    def by_difference(self, profit: float) -> float | None:
        """P(profit before costs > `profit`) where there is no lift; None elsewhere."""
        difference = self.comparison.difference
        scale = self.margin * self.comparison.treated_units
        if difference is None or self.baseline is not None or scale <= 0:
            return None
        return difference.probability_above(profit / scale)

    @property
    def _of_population(self) -> bool:
        """Whether the difference of the means is asked for, not the lift's image."""
        return self.target == "population" and self.baseline is None

    @property
    def _burden(self) -> float:
        """Cost net of savings."""
        return (self.cost.total if self.cost else 0.0) - self.savings

    @property
    def _worth(self) -> Worth | None:
        """The way of reading uncertain costs; None where they are known."""
        if self.cost is None or self.cost.se is None or self.margin <= 0:
            return None
        return Worth(
            comparison=self.comparison,
            margin=self.margin,
            baseline=self.baseline,
            target=self.target,
            cost=UncertainCost(
                mean=self.cost.total, sd=self.cost.se, savings=self.savings
            ),
        )

    def _of_lift(self, ratio: float) -> float:
        if self.baseline is not None:
            return self.baseline * (ratio - 1)
        return incremental(self.comparison.treated_total, ratio)


def _with_sides(value: float, interval: object) -> Quantity:
    lower: float | None = getattr(interval, "lower", None)
    upper: float | None = getattr(interval, "upper", None)
    side: Literal["lower", "upper"] | None = (
        "lower" if lower is None else "upper" if upper is None else None
    )
    return Quantity(value=value, lower=lower, upper=upper, unbounded=side)


Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A comparison's money against an uncertain cost, at a margin.

    With `baseline` the lift is applied to so much money that comes without it; else
    the money is that of `target`.
    """

    comparison: ValueComparison
    margin: float
    cost: UncertainCost
    baseline: float | None = None
    target: MoneyTarget = "earned"

    def net(self, known: Quantity) -> Quantity:
        """Profit net of costs, in place of what known costs would give."""
        return self._ranged(known, self.cost.net_quantile)

    def ropi(self, known: Quantity) -> Quantity:
        """The return, likewise."""
        return self._ranged(known, self.cost.return_quantile)

    def chance(self, known: float | None, *, above: float = 0.0) -> float | None:
        """P(ROPI > `above`), the lift's posterior and the cost's spread together."""
        gain = self._believed()
        if gain is None or known is None:
            return known
        return 1 - self.cost.return_below(above, gain)

    def believed_ropi(self, known: Quantity, level: float) -> Quantity:
        """Median and range of the return, the lift's posterior and the cost together.

        `known`: those of known costs, from where the search begins.
        """
        gain = self._believed()
        if gain is None:
            return known
        lower, value, upper = (
            self.cost.return_quantile(q, gain, start=known.value)
            for q in ((1 - level) / 2, 0.5, (1 + level) / 2)
        )
        return Quantity(value=value, lower=lower, upper=upper)

    def _believed(self) -> GainOf | None:
        """P(profit before costs <= y) of the posterior."""
        posterior, difference = self.comparison.posterior, self.comparison.difference
        if difference is not None and self.baseline is None:
            return lambda y: difference.below(y / self._scale)
        if posterior is None:
            return None
        if self.target == "population" and self.baseline is None:
            believed = _believed_difference(self.comparison)
            return None if believed is None else lambda y: believed(y / self._scale)
        return lambda y: posterior.below(self._ratio_at(y) - 1)

    def _ranged(self, known: Quantity, at: Callable[..., float]) -> Quantity:
        gained = self._gain()
        if known.lower is None or known.upper is None or gained is None:
            return known
        gain, level = gained
        lower, upper = (
            at(q, gain, start=known.value) for q in ((1 - level) / 2, (1 + level) / 2)
        )
        return replace(known, lower=lower, upper=upper)

    def _gain(self) -> tuple[GainOf, float] | None:
        """P(profit before costs <= y) as the interval at its level has it."""
        inference, data = self.comparison.inference, self.comparison.data
        if inference.log_ratio is not None and inference.relative is not None:
            level = inference.relative.interval.level
            if self.target == "population" and self.baseline is None:
                counted = data is not None and data.method == CONFIDENCE
                lift_at = data.quantile if data is not None and counted else None
                below = differences_by_ratio(inference, lift_at)
                return lambda y: below(y / self._scale), level
            if data is not None and data.method == CONFIDENCE:
                return lambda y: data.below(self._ratio_at(y) - 1), level
            centre, se = inference.log_ratio.value, inference.log_ratio.se

            def by_ratio(y: Vector) -> Vector:
                ratio = self._ratio_at(y)
                inside = np.where(ratio > 0, ratio, 1.0)
                share = ndtr((np.log(inside) - centre) / se)
                return np.where(ratio > 0, share, 0.0)

            return by_ratio, level
        difference, known = inference.absolute, self.comparison.difference
        if difference is None or difference.interval.lower is None:
            return None
        if known is not None:
            return lambda y: known.below(y / self._scale), difference.interval.level
        low, high = difference.interval.lower, difference.interval.upper
        if high is None:
            return None
        level = difference.interval.level
        middle = (low + high) / 2
        spread = (high - low) / 2 / quantile((1 + level) / 2)
        return lambda y: ndtr((y / self._scale - middle) / spread), level

    @property
    def _scale(self) -> float:
        """Profit of a difference of 1 per unit."""
        return self.margin * self.comparison.treated_units

    def _ratio_at(self, profit: Vector) -> Vector:
        """R at which g Rev (1 - 1/R) is each profit (m,); infinite where none is.

        With a baseline B it is g B (R - 1) that is the profit.
        """
        if self.baseline is not None:
            return 1 + profit / (self.margin * self.baseline)
        share = profit / (self.margin * self.comparison.treated_total)
        beyond = np.full(profit.shape, np.inf)
        ratio: Vector = np.divide(1, 1 - share, out=beyond, where=share < 1)
        return ratio


def _believed_difference(comparison: ValueComparison) -> GainOf | None:
    """P(difference of the population means <= each) of the posterior that decides."""
    inference, posterior = comparison.inference, comparison.posterior
    if posterior is None or inference.control is None or inference.treatment is None:
        return None
    return PopulationDifference(
        control=inference.control, treatment=inference.treatment, posterior=posterior
    ).below
