"""What happened outside while the test ran, and whether days were left out too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from holdback.analysis.section_readers import Basis, readers
from holdback.experiments.definition.calendar import complete_on, last_day
from holdback.experiments.definition.experiment import NamedEvent
from holdback.results.sections.events import EventSeen

__all__ = ["events"]


@readers.register("events")
def events(basis: Basis) -> Iterator[EventSeen]:
    """The events that meet the days of the test, as far as it was read."""
    span = _span(basis)
    for event in basis.experiment.events:
        if span is None or event.meets(*span):
            yield EventSeen(
                date=event.first.isoformat(),
                until=event.last.isoformat(),
                what=event.what,
                exclude=event.exclude,
                units=_joined(basis, event),
                late=_late(basis, event),
            )


def _span(basis: Basis) -> tuple[date, date] | None:
    """From the first exposure to the last day that was read; None where none is known.

    Without times it is the planned window.
    """
    experiment, days = basis.experiment, basis.cells.days()
    if days and basis.evidence.as_of is not None:
        return days[0], last_day(experiment, basis.evidence.as_of)
    window, complete = experiment.window, complete_on(experiment)
    return None if window is None or complete is None else (window.start, complete)


def _joined(basis: Basis, event: NamedEvent) -> int | None:
    """Units that joined on the event's days; None where exposures have no time."""
    cells = basis.cells.pooled
    if not cells.days():
        return None
    block = next(iter(cells.blocks))
    arms = [arm.name for arm in basis.experiment.arms]
    return cells.total(block, arms, since=event.first, through=event.last).n


def _late(
    basis: Basis, event: NamedEvent
) -> Literal["after_lock", "after_look"] | None:
    if not event.exclude:
        return None
    span = (event.first.isoformat(), event.last.isoformat())
    history = basis.history
    if history.at_look is not None and span not in history.at_look:
        return "after_look"
    if history.at_lock is not None and span not in history.at_lock:
        return "after_lock"
    return None
