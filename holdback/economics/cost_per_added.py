"""What one more cost: an arm's costs over what it added of orders or customers.

The range is the image of the deciding method's own: cost / (n Δ) at the ends of Δ.
Where nothing added is within it, the cost of one more has no upper end.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdback.analysis.comparison.comparison import Comparison, quantity
from holdback.analysis.section_readers import Basis
from holdback.economics.costs import costs_of
from holdback.economics.money import readers
from holdback.experiments.definition.calendar import days_analyzed
from holdback.results.quantity import Quantity
from holdback.results.sections.cost_per_added import CostPerAdded

__all__ = ["cost_per_added"]


@readers.register("cost_per_added")
def cost_per_added(basis: Basis) -> Iterator[CostPerAdded]:
    """One record for each treatment arm and metric that the economics name."""
    experiment = basis.experiment
    economics = experiment.economics
    if economics is None or not economics.cost_per:
        return
    units = {
        arm.name: _compared(basis, economics.value, arm.name).sides[1].n
        for arm in experiment.treatments
    }
    days = days_analyzed(experiment, basis.evidence.as_of)
    for name in economics.cost_per:
        for arm, count in units.items():
            costs = costs_of(economics.costs, arm=arm, units=units, period_days=days)
            inference = _compared(basis, name, arm).inference(basis.stage.arms_level)
            change = quantity(inference.absolute)
            if costs is None or change is None or not count:
                continue
            yield CostPerAdded(
                metric=name,
                arm=arm,
                units=count,
                per_unit=costs.total / count,
                added=Quantity(
                    value=count * change.value,
                    lower=_times(count, change.lower),
                    upper=_times(count, change.upper),
                ),
                cost=_cost_of_one(costs.total / count, change),
            )


def _compared(basis: Basis, name: str, arm: str) -> Comparison:
    metric = basis.experiment.metrics[name]
    return Comparison.of(
        basis.experiment,
        basis.cells,
        metric,
        frozenset({arm}),
        capped=metric.cap is not None,
    )


def _times(count: int, value: float | None) -> float | None:
    return None if value is None else count * value


def _cost_of_one(per_unit: float, change: Quantity) -> Quantity | None:
    """The cost of a unit over what it added; None where it added nothing."""
    if change.value <= 0:
        return None
    lower, upper = change.lower, change.upper
    endless = lower is None or lower <= 0
    return Quantity(
        value=per_unit / change.value,
        lower=None if upper is None else per_unit / upper,
        upper=None if lower is None or endless else per_unit / lower,
        unbounded="upper" if endless else None,
    )
