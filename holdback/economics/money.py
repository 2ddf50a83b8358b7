"""Lift → incremental revenue, profit, ROPI, payback and roll-out, arm by arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from holdback.analysis.section_readers import Readers
from holdback.analysis.value_metric import ValueComparison
from holdback.economics.costs import break_even_lift, costs_of, saved, saved_items
from holdback.economics.incremental_value import Stake, image, incremental
from holdback.economics.posterior_money import believed_money, chances_of
from holdback.economics.rollout import payback, repaid, scenarios
from holdback.economics.simple_returns import IMPLAUSIBLE
from holdback.experiments.definition.experiment import (
    Economics,
    Experiment,
    LogLift,
    MoneyBasis,
)
from holdback.facts import fact
from holdback.results.money import Money, PerUnit
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Finding

__all__ = [
    "break_even_lift",
    "implausible_returns",
    "incremental",
    "money",
    "readers",
    "revenue_of",
]

readers = Readers("holdback.economics")
"""Of the sections that tell money: they stand above the lifts they read."""


def money(
    experiment: Experiment,
    comparisons: Sequence[ValueComparison],
    period_days: int | None,
) -> tuple[Money, ...]:
    """Money of each treatment arm, and of all of them as arm ``*``.

    An arm without an honest interval has no record. Costs by period cover
    `period_days`; arms bear what is not theirs alone by their treated units.
    """
    economics = experiment.economics
    if economics is None:
        return ()
    units = {c.arm: c.treated_units for c in comparisons if c.arm != "*"} or {
        c.arm: c.treated_units for c in comparisons
    }
    records = (_of_arm(economics, one, period_days, units) for one in comparisons)
    return tuple(record for record in records if record is not None)


def implausible_returns(records: Sequence[Money]) -> Iterator[Finding]:
    """A warning for each arm whose return is too good to be believed unasked."""
    alone = len(records) == 2  # one treatment arm: all of them are it
    for record in records[:1] if alone else records:
        ratio = record.return_per_unit_cost
        if ratio is not None and ratio.value > IMPLAUSIBLE:
            above = fact(
                "implausible_return.above",
                arm=record.arm,
                ratio=ratio.value,
                limit=IMPLAUSIBLE,
            )
            yield Finding(
                check="implausible_return",
                status="warn",
                fact=above,
                shows_results=True,
            )


def revenue_of(comparison: ValueComparison) -> Quantity | None:
    """Incremental revenue: from the lift, or from the difference where no lift is."""
    return Stake(comparison=comparison, margin=1.0, cost=None).revenue()


def _of_arm(
    economics: Economics,
    comparison: ValueComparison,
    period_days: int | None,
    units: Mapping[str, int],
) -> Money | None:
    everyone = sum(units.values())
    share = Fraction(comparison.treated_units, everyone) if everyone else Fraction(1)
    earning = comparison.profit or comparison
    margin = 1.0 if comparison.profit else float(economics.margin)
    stake = Stake(
        comparison=earning,
        margin=margin,
        cost=costs_of(
            economics.costs, arm=comparison.arm, units=units, period_days=period_days
        ),
        savings=float(saved(economics.savings, period_days) * share),
    )
    revenue = revenue_of(comparison)
    earned = stake.revenue()
    if revenue is None or earned is None:
        return None
    profit = image(earned, lambda amount: margin * amount)
    record = Money(
        arm=comparison.arm,
        value_metric=economics.value,
        treated_units=comparison.treated_units,
        period_days=period_days,
        incremental_revenue=revenue,
        incremental_profit=profit,
        savings=stake.savings,
        saving_items=saved_items(economics.savings, period_days, share),
        per_treated_unit=image(
            profit, lambda amount: amount / comparison.treated_units
        ),
        cost=stake.cost,
        measured_profit=True if comparison.profit else None,
        incremental_share=_share(comparison, revenue),
        population=_per_unit(comparison, earning, margin),
        basis=None if comparison.profit else _basis(comparison, margin),
    )
    asked = repaid(economics, record, units)
    if stake.cost is not None:
        record = _with_return(record, stake)
        record = replace(record, payback_days=payback(asked, record, stake))
    elif economics.rollout is not None:
        record = replace(record, net_profit=stake.net(profit))
    rolled = tuple(scenarios(economics, record, earning, margin, units))
    return replace(
        record,
        rollout=rolled,
        chances=chances_of(record, earning, margin),
        believed=believed_money(record, comparison, stake, asked),
    )


def _per_unit(
    comparison: ValueComparison, earning: ValueComparison, margin: float
) -> PerUnit | None:
    """What the treatment adds to a unit like the test's, before costs."""
    revenue, earned = (
        Stake(comparison=one, margin=1.0, cost=None, target="population").revenue()
        for one in (comparison, earning)
    )
    units = comparison.treated_units
    if revenue is None or earned is None:
        return None
    return PerUnit(
        incremental_revenue=image(revenue, lambda amount: amount / units),
        incremental_profit=image(earned, lambda amount: margin * amount / units),
    )


def _basis(comparison: ValueComparison, margin: float) -> MoneyBasis | None:
    """What several tests' money is put together from."""
    ratio = comparison.inference.log_ratio
    if ratio is None or comparison.inference.relative is None:
        return None
    return MoneyBasis(
        treated_total=comparison.treated_total,
        margin=margin,
        log_lift=LogLift(value=ratio.value, se=ratio.se),
    )


def _share(comparison: ValueComparison, revenue: Quantity) -> Quantity | None:
    """Incremental revenue by all revenue of the treated units."""
    total = comparison.treated_total
    if comparison.inference.relative is None or total <= 0:
        return None
    return image(revenue, lambda amount: amount / total)


def _with_return(record: Money, stake: Stake) -> Money:
    profit = record.incremental_profit
    ropi = stake.ropi(profit)
    record = replace(record, net_profit=stake.net(profit))
    if ropi is None:
        return record
    return replace(
        record,
        break_even_lift=stake.break_even(),
        ropi=ropi,
        return_per_unit_cost=image(ropi.interval, lambda value: value + 1),
    )
