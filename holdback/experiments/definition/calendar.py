"""The calendar of an experiment: when it is complete, and what its costs cover."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from holdback.errors import ConfigError, Problem
from holdback.experiments.definition.experiment import Experiment, Window
from holdback.experiments.language.quantities import DAYS_PER_MONTH, DAYS_PER_YEAR

__all__ = [
    "DAYS",
    "complete_on",
    "days_analyzed",
    "elapsed",
    "end_of",
    "is_final",
    "last_day",
    "moment_of",
    "part_of_a_week",
]

DAYS = {
    "day": Fraction(1),
    "week": Fraction(7),
    "month": DAYS_PER_MONTH,
    "year": DAYS_PER_YEAR,
}
"""Days in each period that costs and units are counted by."""


def moment_of(as_of: object, *, where: str = "as_of") -> date | datetime | None:
    """A day or a moment up to which data are read, also from its ISO text.

    Raises ConfigError, placed at `where`, for what is neither.

    >>> moment_of("2026-10-31")
    datetime.date(2026, 10, 31)
    """
    if as_of is None or isinstance(as_of, date):
        return as_of
    if isinstance(as_of, str):
        for kind in (date, datetime):
            with suppress(ValueError):
                return kind.fromisoformat(as_of)
    raise ConfigError(
        Problem(
            where=where,
            what=f"{as_of!r} is not a date.",
            fix="Write a day such as 2026-10-31, or a moment such as "
            "2026-10-31T18:00:00+01:00.",
        )
    )


def part_of_a_week(window: Window | None) -> int:
    """Days of a window beyond its whole weeks; 0 without a window."""
    return 0 if window is None else ((window.end - window.start).days + 1) % 7


def end_of(experiment: Experiment, as_of: date | datetime) -> datetime:
    """The first moment that is not looked at: just after a day, or as it is written."""
    zone = ZoneInfo(experiment.timezone)
    if isinstance(as_of, datetime):
        return as_of if as_of.tzinfo else as_of.replace(tzinfo=zone)
    after = as_of + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=zone)


def last_day(experiment: Experiment, moment: datetime) -> date:
    """The last day before a moment, in the project's timezone.

    As-of is the first moment that is not looked at, so midnight ends the day before.
    """
    last = moment - timedelta(microseconds=1)
    return last.astimezone(ZoneInfo(experiment.timezone)).date()


def complete_on(experiment: Experiment) -> date | None:
    """The day on which the last unit that may join has had its full time.

    Counted with the longest `within` of the primary, the value metric and the
    guardrails: the metrics that decide.
    """
    if experiment.window is None:
        return None
    deciding = {experiment.primary, *experiment.guardrails}
    if experiment.economics is not None:
        deciding.add(experiment.economics.value)
    waits = [experiment.metrics[name].within or timedelta(0) for name in deciding]
    return experiment.window.end + max(waits)


def is_final(experiment: Experiment, as_of: datetime | None) -> bool:
    """Whether the one look at the end may be taken."""
    complete = complete_on(experiment)
    if as_of is None or complete is None:
        return True
    return last_day(experiment, as_of) >= complete


def elapsed(start: date, complete: date, day: date) -> float:
    """The share of the days from start to completion that has passed with a day."""
    whole = (complete - start).days + 1
    passed = min(max((day - start).days + 1, 1), whole)
    return float(Fraction(passed, whole))


def days_analyzed(experiment: Experiment, as_of: datetime | None) -> int | None:
    """Days from the window's start to the last day whose events count.

    This is the period that the value metric's money was earned in, and so the
    period that its costs cover. None when the experiment has no window.
    """
    if experiment.window is None or experiment.economics is None:
        return None
    within = experiment.metrics[experiment.economics.value].within
    last = experiment.window.end + (within or timedelta(0))
    if as_of is not None:
        last = min(last, last_day(experiment, as_of))
    return max((last - experiment.window.start).days + 1, 1)
