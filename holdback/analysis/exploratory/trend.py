"""How the lift settled: the lift to date, by day of first exposure."""

from __future__ import annotations

from datetime import date
from math import ceil

from holdback.analysis.comparison.comparison import Comparison, Group, quantity
from holdback.analysis.section_readers import Basis, readers
from holdback.results.sections.trend import Trend

__all__ = ["trend"]

MOST_DAYS_SHOWN, LEAST_DAYS_SHOWN = 30, 8
ROWS = 5_000
"""Listed rows up to which all days are shown."""


@readers.register("trend")
def trend(basis: Basis) -> tuple[Trend, ...]:
    """Lift of the primary over the units that joined up to each day.

    A day without an honest interval yet is left out. The intervals are those of a
    single look: they show how the estimate settled and are not to be read one by
    one. At most 30 days, evenly apart, the last among them; 8 where each of them is
    read by re-splitting many rows.
    """
    experiment, cells = basis.experiment, basis.cells
    metric = experiment.metrics[experiment.primary]
    points = []
    for arm in experiment.treatments:
        whole = Comparison.of(
            experiment,
            cells,
            metric,
            frozenset({arm.name}),
            capped=metric.cap is not None,
        )
        for day in _shown(cells.days(), _most(whole)):
            to_date = whole.of_group(Group(through=day))
            if to_date.sides == whole.sides:
                to_date = whole
            inference = to_date.inference(float(experiment.analysis.level))
            relative = quantity(inference.relative)
            if relative is not None and relative.unbounded is None:
                points.append(
                    Trend(
                        metric=metric.name,
                        arm=arm.name,
                        date=day.isoformat(),
                        relative=relative,
                    )
                )
    return tuple(points)


def _most(whole: Comparison) -> int:
    """Fewer days the more rows are listed, as each day reads them again."""
    rows = sum(len(side.rows) for side in whole.rows) if whole.rows else 0
    return max(
        LEAST_DAYS_SHOWN, min(MOST_DAYS_SHOWN, MOST_DAYS_SHOWN * ROWS // max(rows, 1))
    )


def _shown(days: tuple[date, ...], most: int) -> tuple[date, ...]:
    step = max(1, ceil(len(days) / most))
    return days[::-1][::step][::-1]
