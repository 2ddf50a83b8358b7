"""If it goes on: the test's lift under three assumptions, none of them measured.

What the treatment adds to a unit of the population that the test's come from is carried
over to the units of the roll-out (or the lift to last year's revenue), weighed by how
much of the lift is left. The range is of that difference, or of that lift: it says
nothing of whether the assumption holds. What stops with the test is what that earned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from math import exp, log

from holdback.analysis.value_metric import ValueComparison
from holdback.economics.costs import costs_of, paid_once, saved
from holdback.economics.incremental_value import Stake, image
from holdback.experiments.definition.calendar import DAYS
from holdback.experiments.definition.experiment import Economics, Rollout
from holdback.experiments.language.quantities import DAYS_PER_YEAR
from holdback.results.money import Costs, Money, PaybackDays, RolloutScenario

__all__ = ["Repaid", "left_of_lift", "payback", "repaid", "scenarios"]


def scenarios(
    economics: Economics,
    record: Money,
    comparison: ValueComparison,
    margin: float,
    units: Mapping[str, int],
) -> Iterator[RolloutScenario]:
    """Stopped at the window's end, decaying where a half-life is given, persisting."""
    rollout = economics.rollout
    if rollout is None or record.net_profit is None:
        return
    yield _stopped(economics, record, comparison, margin, units)
    for half_life in (rollout.decay, None) if rollout.decay else (None,):
        scenario = _scenario(economics, rollout, half_life, comparison, margin, units)
        if scenario is not None:
            yield scenario


def _stopped(
    economics: Economics,
    record: Money,
    comparison: ValueComparison,
    margin: float,
    units: Mapping[str, int],
) -> RolloutScenario:
    """What was measured; what was paid once is spent in full if nothing follows."""
    whole, counted = paid_once(
        economics.costs, arm=record.arm, units=units, period_days=record.period_days
    )
    cost = record.cost
    if cost is not None:
        cost = replace(cost, total=cost.total + whole - counted)
    stake = Stake(
        comparison=comparison, margin=margin, cost=cost, savings=record.savings
    )
    profit = record.incremental_profit
    return RolloutScenario(
        scenario="stop",
        horizon_days=record.period_days or 0,
        units=record.treated_units,
        incremental_profit=profit,
        cost=cost.total if cost else 0.0,
        savings=record.savings,
        net_profit=stake.net(profit),
        ropi=stake.ropi(profit),
    )


def left_of_lift(start: float, end: float, half_life: float | None) -> float:
    """Mean share of the lift that is left between two days, halving steadily.

    The integral of 2^(−t/h) over [a, b], divided by b − a; 1 where it persists.

    >>> round(left_of_lift(0, 56, 56), 4)
    0.7213
    """
    if half_life is None:
        return 1.0
    rate = log(2) / half_life
    return (exp(-rate * start) - exp(-rate * end)) / (rate * (end - start))


def _scenario(  # what a scenario is made of
    economics: Economics,
    rollout: Rollout,
    half_life: timedelta | None,
    comparison: ValueComparison,
    margin: float,
    units: Mapping[str, int],
) -> RolloutScenario | None:
    days = Fraction(rollout.horizon // timedelta(microseconds=1), 86_400_000_000)
    people = round(rollout.units * days / DAYS[rollout.per])
    halving = None if half_life is None else half_life / timedelta(days=1)
    seasonal = bool(rollout.last_year)
    whole_days = round(days)
    cost = costs_of(
        economics.costs,
        arm=comparison.arm,
        units=_carried(units, people, comparison.arm),
        period_days=whole_days,
    )
    left = left_of_lift(0.0, float(days), halving)
    stake = Stake(
        comparison=comparison,
        margin=margin
        if seasonal
        else margin * left * people / comparison.treated_units,
        cost=cost,
        savings=float(saved(economics.savings, whole_days)),
        baseline=_last_year(rollout, float(days), halving) if seasonal else None,
        target="population",
    )
    revenue = stake.revenue()
    if revenue is None:
        return None
    profit = image(revenue, lambda amount: stake.margin * amount)
    return RolloutScenario(
        scenario="persist" if half_life is None else "decay",
        horizon_days=whole_days,
        units=people,
        incremental_profit=profit,
        cost=cost.total if cost else 0.0,
        savings=stake.savings,
        net_profit=stake.net(profit),
        ropi=stake.ropi(profit),
        half_life_days=halving,
        seasonal=seasonal or None,
        target="population",
    )


def _carried(units: Mapping[str, int], people: int, arm: str) -> dict[str, int]:
    """The roll-out's units by arm: all in one, or mixed as in the test."""
    if arm != "*":
        return {arm: people}
    total = sum(units.values())
    return {name: round(people * n / total) for name, n in units.items()}


def _last_year(rollout: Rollout, days: float, half_life: float | None) -> float:
    """Last year's revenue over the horizon, weighed by what is left of the lift."""
    length = float(DAYS[rollout.per])
    total = 0.0
    for i, amount in enumerate(rollout.last_year):
        start, end = i * length, min((i + 1) * length, days)
        if end > start:
            part = (end - start) / length
            total += float(amount) * part * left_of_lift(start, end, half_life)
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaid:
    """What was paid once, against a gain of so many days after its running costs."""

    once: float
    days: int
    running: float

    def after(self, profit: float | None) -> float | None:
        """Days until it is back at such a profit; None where it never is."""
        gain = None if profit is None else profit - self.running
        return None if gain is None or gain <= 0 else self.once * self.days / gain

    @property
    def within_year(self) -> float:
        """The profit of the period that brings it back within a year."""
        return self.running + self.once * self.days / float(DAYS_PER_YEAR)


def repaid(
    economics: Economics, record: Money, units: Mapping[str, int]
) -> Repaid | None:
    """What an arm has to pay back; None where nothing was paid once."""
    days = record.period_days
    if not days or record.cost is None:
        return None
    once, counted = paid_once(
        economics.costs, arm=record.arm, units=units, period_days=days
    )
    if once <= 0:
        return None
    running = record.cost.total - counted - record.savings
    return Repaid(once=once, days=days, running=running)


def payback(asked: Repaid | None, record: Money, stake: Stake) -> PaybackDays | None:
    """Paid once / (gain − running cost a day); None where nothing was paid once.

    It falls as the lift rises, so the ends of the profit's interval give its own, in
    reverse. The chance of less than a year is that of the lift that it takes.
    """
    if asked is None:
        return None
    profit = record.incremental_profit
    lower, upper = asked.after(profit.upper), asked.after(profit.lower)
    return PaybackDays(
        paid_once=asked.once,
        value=asked.after(profit.value),
        lower=lower,
        upper=upper,
        unbounded="upper" if lower is not None and upper is None else None,
        p_within_year=_within_year(stake, asked.within_year),
    )


def _within_year(stake: Stake, needed: float) -> float | None:
    """P(profit > `needed`) over the period of the test."""
    if stake.comparison.difference is not None:
        return stake.by_difference(needed)
    burden = Costs(total=needed, items=())
    lift = replace(stake, cost=burden, savings=0.0).break_even()
    if lift is None:
        known = stake.comparison.posterior is not None
        return 0.0 if known and stake.comparison.inference.relative else None
    return stake.probability_above(lift)
