"""Arms as doses: whether more intensity brings more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from holdback.analysis.comparison.comparison import Comparison
from holdback.analysis.section_readers import Basis, readers
from holdback.analysis.value_metric import by_dose
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment
from holdback.results.quantity import Quantity
from holdback.results.sections.dose_response import DoseTrend
from holdback.stats.causal.dose_response import dose_slope
from holdback.stats.evidence.effect import Estimate

__all__ = ["dose_trends"]


@readers.register("dose_trends")
def dose_trends(basis: Basis) -> Iterator[DoseTrend]:
    """The primary's slope over the doses, and the money's where that is another."""
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.level
    arms = by_dose(experiment)
    names = [experiment.primary]
    if experiment.economics is not None:
        names.append(experiment.economics.value)
    for name in dict.fromkeys(names if arms else ()):
        estimates = [_estimate(experiment, cells, name, arm.name) for arm in arms]
        if any(one is None or one.se <= 0 for one in estimates):
            continue
        known = [one for one in estimates if one is not None]
        slope = dose_slope(
            [float(arm.dose or 0) for arm in arms],
            [one.value for one in known],
            [one.se for one in known],
            level=level,
        )
        yield DoseTrend(
            metric=name,
            slope=Quantity(
                value=slope.value, se=slope.se, lower=slope.lower, upper=slope.upper
            ),
            p_value=slope.p_value,
        )


def _estimate(
    experiment: Experiment, cells: Cells, metric: str, arm: str
) -> Estimate | None:
    """The metric's value in one arm, treated or not."""
    other = next(a for a in experiment.arms if a.name != arm)
    arms = tuple(replace(a, control=a.name == other.name) for a in experiment.arms)
    both = Comparison.of(
        replace(experiment, arms=arms),
        cells,
        experiment.metrics[metric],
        arms=frozenset({arm}),
    ).estimates
    return None if both is None else both[1]
