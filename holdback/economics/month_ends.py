"""A holdback without an end, read as of the end of each month that has passed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from holdback.analysis.comparison.comparison import quantity
from holdback.analysis.comparison.rows_needed import rows_needed
from holdback.analysis.preregistration.history import History
from holdback.analysis.preregistration.interim_looks import stage_of
from holdback.analysis.section_readers import Basis
from holdback.analysis.stretches import within_stretches
from holdback.analysis.value_metric import value_comparisons
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.economics.money import readers, revenue_of
from holdback.errors import DataError, StatsError
from holdback.experiments.definition.calendar import last_day
from holdback.experiments.definition.experiment import Experiment
from holdback.results.sections.month_ends import OverTime

__all__ = ["month_ends", "over_time"]

MOST_MONTHS = 24
LEAST_DAYS = 31


@readers.register("over_time")
def over_time(basis: Basis) -> Iterator[OverTime]:
    """Readings at the ends of months, and the one at hand; none for other tests.

    Every one is taken from the rows as they are now, so that figures of the past do
    not hang on who looked when. A month in which an arm had too little is left out.
    """
    experiment, evidence = basis.experiment, basis.evidence
    if experiment.analysis.looks != "always_valid" or experiment.window is None:
        return
    rows = rows_needed(experiment)
    for day in month_ends(experiment, evidence.as_of):
        try:
            then = extract(experiment, as_of=day, frames=basis.frames, rows=rows)
            points = tuple(_at(experiment, then, day))
        except (DataError, StatsError):
            continue
        yield from points
    if evidence.as_of is not None:
        yield from _at(experiment, evidence, last_day(experiment, evidence.as_of))


def month_ends(experiment: Experiment, as_of: datetime | None) -> tuple[date, ...]:
    """Last days of the months before the reading, the latest 24.

    A holdback that is younger than a month has none.
    """
    if experiment.window is None or as_of is None:
        return ()
    start, today = experiment.window.start, last_day(experiment, as_of)
    ends = []
    first = start.replace(day=1)
    while first <= today:
        first = (first + timedelta(days=32)).replace(day=1)
        ends.append(first - timedelta(days=1))
    known = [end for end in ends if start < end < today]
    return tuple(known[-MOST_MONTHS:]) if (today - start).days >= LEAST_DAYS else ()


def _at(experiment: Experiment, evidence: Evidence, day: date) -> Iterator[OverTime]:
    """One record an arm that has a lift with a range, unless it is too early.

    The metric is that of the money, without economics the primary. Money is the image
    of the lift's range, as everywhere.
    """
    economics = experiment.economics
    name = experiment.primary if economics is None else economics.value
    metric = experiment.metrics[name]
    cells = within_stretches(experiment, evidence).cells
    stage = stage_of(experiment, cells, evidence.as_of, History())
    if stage.look is None:
        return
    several = len(experiment.treatments) > 1
    units = sum(cells.units(arm.name, within=metric.within) for arm in experiment.arms)
    for comparison in value_comparisons(
        experiment, cells, stage, metric, together=several
    ):
        relative = quantity(comparison.inference.relative)
        if relative is None or relative.unbounded is not None:
            continue
        yield OverTime(
            arm=comparison.arm,
            metric=name,
            date=day.isoformat(),
            units=units,
            relative=relative,
            revenue=None if economics is None else revenue_of(comparison),
        )
