"""A holdback without an end, read as of the end of each month that has passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from holdback.analysis.analyze import ValueComparison, value_comparisons
from holdback.analysis.preregistration.history import History
from holdback.analysis.preregistration.interim_looks import stage_of
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.errors import DataError, StatsError
from holdback.experiments.definition.calendar import last_day
from holdback.experiments.definition.experiment import Experiment

__all__ = ["Moment", "month_ends", "over_time"]

MOST = 24
LEAST_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the rows up to the end of a day say of the metric that is the money.

    Without economics it is the primary. `units` are those of all arms.
    """

    date: date
    metric: str
    units: int
    comparisons: tuple[ValueComparison, ...]


def over_time(
    experiment: Experiment, evidence: Evidence, frames: Mapping[str, object]
) -> tuple[Moment, ...]:
    """Readings at the ends of months, and the one at hand; none for other tests.

    Every one is taken from the rows as they are now, so that figures of the past do
    not hang on who looked when. A month in which an arm had too little is left out.
    """
    if experiment.analysis.looks != "always_valid" or experiment.window is None:
        return ()
    found = []
    for day in month_ends(experiment, evidence.as_of):
        try:
            then = extract(experiment, as_of=day, frames=frames)
            found += list(_moment(experiment, then, day))
        except (DataError, StatsError):
            continue
    if evidence.as_of is not None:
        today = last_day(experiment, evidence.as_of)
        found += list(_moment(experiment, evidence, today))
    return tuple(found)


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
    return tuple(known[-MOST:]) if (today - start).days >= LEAST_DAYS else ()


def _moment(experiment: Experiment, evidence: Evidence, day: date) -> Iterator[Moment]:
    """The reading, unless it is too early for an always-valid one."""
    economics = experiment.economics
    name = experiment.primary if economics is None else economics.value
    metric, cells = experiment.metrics[name], evidence.cells
    stage = stage_of(experiment, cells, evidence.as_of, History())
    if stage.look is None:
        return
    several = len(experiment.treatments) > 1
    found = value_comparisons(experiment, cells, stage, metric, together=several)
    yield Moment(
        date=day,
        metric=name,
        units=sum(
            cells.units(arm.name, within=metric.within) for arm in experiment.arms
        ),
        comparisons=found,
    )
