"""Lift → incremental revenue, profit and ROPI, all from one transform.

I = Rev_T (1 − 1/R) is the money that treated units brought beyond what control
would have brought, R being treatment / control. It rises with R, so each end of the
lift's interval gives an end of the money's: verdict, money, ROPI and break-even can
never contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from holdback.experiments.costs import break_even_lift, costs_of, saved
from holdback.experiments.experiment import Economics, Experiment
from holdback.experiments.past_record import LogLift, MoneyBasis
from holdback.experiments.reading import ValueComparison
from holdback.experiments.scorecard import Costs, Money, Quantity, Return
from holdback.reports.uncertain_money import Worth
from holdback.stats.uncertain_cost import UncertainCost

__all__ = ["incremental", "money", "revenue_of"]


def money(
    experiment: Experiment,
    comparisons: Sequence[ValueComparison],
    period_days: int | None,
) -> tuple[Money, ...]:
    """Money of each treatment arm, and of all of them as arm ``*``.

    An arm without an honest interval has no record. Costs by period cover
    `period_days`; a single arm of several bears them by its share of treated units.
    """
    economics = experiment.economics
    if economics is None:
        return ()
    everyone = max((c.treated_units for c in comparisons if c.arm == "*"), default=0)
    found = (
        _of_arm(
            economics,
            comparison,
            period_days,
            share=Fraction(comparison.treated_units, everyone)
            if everyone
            else Fraction(1),
        )
        for comparison in comparisons
    )
    return tuple(record for record in found if record is not None)


def incremental(total: float, ratio: float) -> float:
    """Rev_T (1 − 1/R).

    >>> round(incremental(162000.0, 1.8 / 1.65), 6)
    13500.0
    """
    return total * (1 - 1 / ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Money as a rising function of the lift."""

    money: Callable[[float], float]

    def at(self, quantity: Quantity) -> Quantity:
        """The image of a lift and its interval."""
        return Quantity(
            value=self.money(quantity.value),
            lower=None if quantity.lower is None else self.money(quantity.lower),
            upper=None if quantity.upper is None else self.money(quantity.upper),
            unbounded=quantity.unbounded,
        )


def _of_arm(
    economics: Economics,
    comparison: ValueComparison,
    period_days: int | None,
    *,
    share: Fraction,
) -> Money | None:
    revenue = revenue_of(comparison)
    if revenue is None:
        return None
    margin = float(economics.margin)
    profit = _Scale(money=lambda amount: margin * amount).at(revenue)
    cost = costs_of(
        economics.costs,
        treated_units=comparison.treated_units,
        period_days=period_days,
        share=share,
    )
    savings = float(saved(economics.savings, period_days) * share)
    record = Money(
        arm=comparison.arm,
        value_metric=economics.value,
        treated_units=comparison.treated_units,
        period_days=period_days,
        incremental_revenue=revenue,
        incremental_profit=profit,
        savings=savings,
        per_treated_unit=_Scale(
            money=lambda amount: amount / comparison.treated_units
        ).at(profit),
        cost=cost,
        basis=_basis(comparison, margin),
    )
    return record if cost is None else _with_return(record, comparison, margin, cost)


def _basis(comparison: ValueComparison, margin: float) -> MoneyBasis | None:
    ratio = comparison.inference.log_ratio
    if ratio is None or comparison.inference.relative is None:
        return None
    return MoneyBasis(
        treated_total=comparison.treated_total,
        margin=margin,
        log_lift=LogLift(value=ratio.value, se=ratio.se),
    )


def _with_return(
    record: Money, comparison: ValueComparison, margin: float, cost: Costs
) -> Money:
    net_cost = cost.total - record.savings
    profit = record.incremental_profit
    net = _Scale(money=lambda amount: amount - net_cost).at(profit)
    if cost.total <= 0:
        return replace(record, net_profit=net)
    ropi = _Scale(
        money=lambda amount: (amount + record.savings - cost.total) / cost.total
    ).at(profit)
    even = (
        break_even_lift(
            total=comparison.treated_total, margin=margin, net_cost=net_cost
        )
        if comparison.inference.relative is not None and comparison.treated_total > 0
        else None
    )
    chance = None if even is None else _probability(comparison, even)
    if cost.se is not None:
        worth = Worth(
            comparison=comparison,
            margin=margin,
            cost=UncertainCost(mean=cost.total, sd=cost.se, savings=record.savings),
        )
        net, ropi = worth.net(net), worth.ropi(ropi)
        chance = worth.chance(chance)
    return replace(
        record,
        net_profit=net,
        break_even_lift=even,
        ropi=Return(
            value=ropi.value,
            lower=ropi.lower,
            upper=ropi.upper,
            unbounded=ropi.unbounded,
            p_positive=chance,
        ),
        return_per_unit_cost=_Scale(money=lambda value: value + 1).at(ropi),
    )


def revenue_of(comparison: ValueComparison) -> Quantity | None:
    """Incremental revenue: from the lift, or from the difference where no lift is."""
    inference = comparison.inference
    if inference.relative is not None:
        lift = inference.relative
        total = comparison.treated_total
        scale = _Scale(money=lambda value: incremental(total, 1 + value))
        return scale.at(
            Quantity(
                value=lift.value,
                lower=lift.interval.lower,
                upper=lift.interval.upper,
                unbounded=_open_side(lift.interval.lower, lift.interval.upper),
            )
        )
    if inference.absolute is None or inference.p_value is None:
        return None
    units = comparison.treated_units
    difference = inference.absolute
    return _Scale(money=lambda value: value * units).at(
        Quantity(
            value=difference.value,
            lower=difference.interval.lower,
            upper=difference.interval.upper,
            unbounded=_open_side(difference.interval.lower, difference.interval.upper),
        )
    )


def _open_side(
    lower: float | None, upper: float | None
) -> Literal["lower", "upper"] | None:
    return "lower" if lower is None else "upper" if upper is None else None


def _probability(comparison: ValueComparison, lift: float) -> float | None:
    if comparison.posterior is None:
        return None
    return comparison.posterior.probability_above(lift)
