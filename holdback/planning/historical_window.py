"""The test as if it had run before: the user's own history, read like a result.

Before a test begins nobody is exposed in its window. The window is then moved back to
the latest time whose outcomes are complete; whoever would have joined there is who a
plan may count on, once each, however often they came. No arm was treated then, so
nothing of the test is seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from holdback.analysis.comparison.rows_needed import rows_needed
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.errors import Problem, StatsError
from holdback.experiments.definition.experiment import Assignment, Experiment, Window
from holdback.experiments.language.quantities import DAY, SAME_WEEKDAY_YEAR, WEEK
from holdback.planning.growth import returning
from holdback.stats.design.returning_units import ReturningUnits

__all__ = ["Rehearsal", "moved", "rehearsed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """An earlier window, its evidence, and the units that joined in each of its weeks.

    A last part of a week counts as a week; `last_year` are those of the planned weeks
    a year before, empty where the data do not hold them whole; `share` is the part of
    these units that the planned traffic, holdout and layer let in. `returning` tells
    from all weeks before how units come back.
    """

    experiment: Experiment
    evidence: Evidence
    first: date
    last: date
    joined: tuple[int, ...]
    last_year: tuple[int, ...]
    share: float
    returning: ReturningUnits | None = None

    @property
    def days(self) -> int:
        """Days of the earlier window that the data cover."""
        return (self.last - self.first) // DAY + 1


def rehearsed(
    experiment: Experiment, known: Evidence, frames: Mapping[str, object]
) -> Rehearsal | None:
    """The latest complete time before the test, as long as its window.

    `known` is the evidence of the window itself, which tells how far the data go.
    None where there is no window or no time. Raises StatsError for a history of less
    than a week, and what reading the data raises.
    """
    window, as_of = experiment.window, known.as_of
    source = experiment.sources[experiment.assignment.source]
    if window is None or as_of is None or source.columns.unit == "row":
        return None
    waits = [experiment.metrics[name].within for name, _ in experiment.roles()]
    wait = max((one for one in waits if one is not None), default=timedelta(0))
    whole = (as_of - wait).astimezone(ZoneInfo(experiment.timezone)).date() - DAY
    last = min(whole, window.start - DAY)
    planned = last - (window.end - window.start)
    earlier = moved(experiment, Window(start=planned, end=last))
    rows = rows_needed(earlier, also=(experiment.primary,))
    evidence = extract(earlier, frames=frames, rows=rows)
    days = evidence.cells.days()
    first = max(planned, days[0]) if days else last
    if not days or last - first + DAY < WEEK:
        raise StatsError(
            Problem(
                where=f"source {source.name}",
                what=f"the history before {window.start} with complete outcomes is "
                f"shorter than a week ({len(days)} days with units).",
                why="How many units join in a week, and how they differ, cannot be "
                "told from it.",
                fix="Give the baselines: --baseline METRIC=MEAN (a rate) or "
                "--baseline METRIC=MEAN,SD, and --units N.",
            )
        )
    return Rehearsal(
        experiment=earlier,
        evidence=evidence,
        first=first,
        last=last,
        joined=_by_week(evidence, first, last),
        last_year=_last_year(experiment, window, frames),
        share=_let_in(experiment),
        returning=returning(earlier, frames, last),
    )


def moved(experiment: Experiment, window: Window) -> Experiment:
    """The experiment at another time, when nobody had an arm yet."""
    source = experiment.sources[experiment.assignment.source]
    return replace(
        experiment,
        window=window,
        assignment=_open(experiment.assignment),
        sources={
            **experiment.sources,
            source.name: replace(source, columns=replace(source.columns, arm=None)),
        },
    )


def _last_year(
    experiment: Experiment, window: Window, frames: Mapping[str, object]
) -> tuple[int, ...]:
    """Units of each of the window's weeks 52 weeks ago: the same days of the week."""
    then = Window(
        start=window.start - SAME_WEEKDAY_YEAR, end=window.end - SAME_WEEKDAY_YEAR
    )
    evidence = extract(moved(experiment, then), frames=frames)
    days = evidence.cells.days()
    whole = days and days[0] - then.start < WEEK and then.end - days[-1] < WEEK
    return _by_week(evidence, then.start, then.end) if whole else ()


def _open(plan: Assignment) -> Assignment:
    """Everyone eligible takes part, in arms computed from the id."""
    return replace(
        plan,
        scheme="holdback",
        params={},
        traffic=Fraction(1),
        overrides={},
        overrides_file=None,
        holdout=None,
        layer=None,
    )


def _by_week(evidence: Evidence, first: date, last: date) -> tuple[int, ...]:
    cells = evidence.cells
    block = next(iter(cells.blocks))
    arms = {cell.arm for cell in cells.rows}
    weeks: Counter[int] = Counter()
    for day in cells.days():
        weeks[(day - first) // WEEK] += cells.total(block, arms, day=day).n
    return tuple(weeks[i] for i in range((last - first) // WEEK + 1))


def _let_in(experiment: Experiment) -> float:
    """The part of eligible units that holdout, layer and traffic let into the test."""
    plan = experiment.assignment
    share = plan.traffic
    if plan.holdout is not None:
        share *= 1 - experiment.holdouts[plan.holdout].share
    if plan.layer is not None:
        share *= plan.layer.range[1] - plan.layer.range[0]
    return float(share)
