"""Steps of intensity: what each more intense arm brings and costs beyond the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from holdback.analysis.comparison.comparison import quantity
from holdback.analysis.section_readers import Basis
from holdback.analysis.value_metric import DoseComparison, dose_comparisons
from holdback.economics.costs import costs_of, saved
from holdback.economics.incremental_value import Stake, image
from holdback.economics.money import readers
from holdback.experiments.definition.calendar import days_analyzed
from holdback.experiments.definition.experiment import Economics
from holdback.results.money import Costs
from holdback.results.sections.dose_response import DoseStep

__all__ = ["dose_steps"]


@readers.register("dose_steps")
def dose_steps(basis: Basis) -> Iterator[DoseStep]:
    """One record a step, in the order of the doses; none where arms have no doses."""
    experiment = basis.experiment
    days = days_analyzed(experiment, basis.evidence.as_of)
    steps = tuple(dose_comparisons(experiment, basis.cells, basis.stage))
    units = {
        comparison.step.upper.name: comparison.comparison.treated_units
        for comparison in steps
        if comparison.step.upper.name != experiment.control.name
    }
    for comparison in steps:
        yield _step(experiment.economics, comparison, units, days)


def _step(
    economics: Economics | None,
    one: DoseComparison,
    units: Mapping[str, int],
    period_days: int | None,
) -> DoseStep:
    inference, step = one.comparison.inference, one.step
    record = DoseStep(
        metric=one.metric,
        from_arm=step.lower.name,
        to_arm=step.upper.name,
        from_dose=float(step.lower.dose or 0),
        to_dose=float(step.upper.dose or 0),
        relative=quantity(inference.relative),
        absolute=quantity(inference.absolute),
    )
    if economics is None or one.metric != economics.value:
        return record
    earning = one.comparison.profit or one.comparison
    margin = 1.0 if one.comparison.profit else float(economics.margin)
    extra = (
        _extra(one, units, lambda arm: _cost(economics, arm, units, period_days))
        if economics.costs
        else None
    )
    savings = _extra(one, units, lambda arm: _saved(economics, arm, units, period_days))
    stake = Stake(
        comparison=earning,
        margin=margin,
        cost=Costs(total=extra, items=()) if extra is not None and extra > 0 else None,
        savings=savings,
    )
    revenue = stake.revenue()
    if revenue is None:
        return record
    profit = image(revenue, lambda amount: margin * amount)
    return replace(
        record,
        incremental_profit=profit,
        extra_cost=extra,
        extra_savings=savings,
        ropi=stake.ropi(profit),
    )


def _extra(
    one: DoseComparison, units: Mapping[str, int], of_arm: Callable[[str], float]
) -> float:
    """The upper arm's amount, less that of as many units in the lower arm."""
    upper, lower = one.step.upper.name, one.step.lower.name
    if lower not in units:
        return of_arm(upper)
    scale = units[upper] / units[lower] if units[lower] else 0.0
    return of_arm(upper) - scale * of_arm(lower)


def _cost(
    economics: Economics, arm: str, units: Mapping[str, int], period_days: int | None
) -> float:
    costs = costs_of(economics.costs, arm=arm, units=units, period_days=period_days)
    return 0.0 if costs is None else costs.total


def _saved(
    economics: Economics, arm: str, units: Mapping[str, int], period_days: int | None
) -> float:
    share = Fraction(units[arm], sum(units.values()) or 1)
    return float(saved(economics.savings, period_days) * share)
