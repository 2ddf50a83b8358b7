"""How the lift settled: the lift to date, by day of first exposure."""

from __future__ import annotations

from datetime import date
from math import ceil

from holdback.experiments.cells import Cells
from holdback.experiments.comparison import Comparison, Group, quantity
from holdback.experiments.experiment import Experiment
from holdback.experiments.scorecard import Trend

__all__ = ["trend"]

MOST = 30


def trend(experiment: Experiment, cells: Cells) -> tuple[Trend, ...]:
    """Lift of the primary over the units that joined up to each day.

    A day without an honest interval yet is left out. The intervals are those of a
    single look: they show how the estimate settled and are not to be read one by
    one. At most 30 days, evenly apart, the last among them.
    """
    metric = experiment.metrics[experiment.primary]
    found = []
    for arm in experiment.treatments:
        for day in _shown(cells.days()):
            inference = Comparison(
                experiment=experiment,
                cells=cells,
                metric=metric,
                arms=frozenset({arm.name}),
                group=Group(through=day),
                capped=metric.cap is not None,
            ).inference(float(experiment.analysis.level))
            relative = quantity(inference.relative)
            if relative is not None and relative.unbounded is None:
                found.append(
                    Trend(
                        metric=metric.name,
                        arm=arm.name,
                        date=day.isoformat(),
                        relative=relative,
                    )
                )
    return tuple(found)


def _shown(days: tuple[date, ...]) -> tuple[date, ...]:
    step = max(1, ceil(len(days) / MOST))
    return days[::-1][::step][::-1]
