"""The running tests of a project on a day, from what was looked at before.

Everything is read from the experiment files, the audit log and the scorecards in
`results/`: no data are opened and no look is taken, so that reading it spends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

from holdback.analysis.preregistration.audit_log import (
    LogEntry,
    entries_of,
    log_path,
    read,
)
from holdback.atomic_files import read_whole
from holdback.errors import ConfigError, EnvironmentFault, Problem, ReportError
from holdback.experiments.definition.calendar import complete_on
from holdback.experiments.definition.experiment import Experiment, NamedEvent
from holdback.experiments.load import load
from holdback.portfolio.experiment_list import Listed, overview
from holdback.results.json_codec import from_json
from holdback.results.scorecard import Scorecard
from holdback.results.validity import failures

__all__ = ["RunningTest", "RunningWeek", "WeekNote", "read_through", "weekly"]

WeekPhase = Literal["ahead", "joining", "waiting", "complete", "endless"]
WeekDue = Literal["act", "lock", "look", "mend", "guardrail"]
WeekChange = Literal["new", "locked", "looked", "decided", "failed", "cleared"]
ACTED_ON = frozenset({"ship", "hold_back", "stop"})
WEEK_AROUND, TIME_TO_ACT = timedelta(days=7), timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekNote:
    """What the next page compares a test with: how far it was on this one."""

    experiment: str
    locked: bool
    looks: int
    outcome: str | None
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTest:
    """A test on the day: how far it is, what it showed last, and what is due.

    `days` are those left until its last unit has had its time; `units` those of the
    last look, `planned` what the locked plan counts on. `next_look` is a planned day,
    the day of its completion, or None where it may be looked at on any day.
    """

    listed: Listed
    phase: WeekPhase
    days: int | None
    units: int | None
    planned: int | None
    next_look: date | None
    card: Scorecard | None
    noted: WeekNote
    due: tuple[WeekDue, ...] = ()
    changed: tuple[WeekChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningWeek:
    """The tests of a day, files that cannot be read, and events of the days around.

    `before` is the day of the page that `changed` compares with.
    """

    day: date
    before: date | None
    tests: tuple[RunningTest, ...]
    broken: tuple[Listed, ...]
    events: tuple[NamedEvent, ...]


def weekly(
    folder: Path,
    day: date | None = None,
    *,
    before: tuple[date, tuple[WeekNote, ...]] | None = None,
) -> RunningWeek:
    """The tests that run on a day, or of which something changed since a page before.

    Without a `day` it is the last one that any result reads up to. Raises ConfigError
    where there is no such folder, no experiment or no day.
    """
    listed = overview(folder)
    fine = [one for one in listed if not one.problem]
    read_of = {one.file: _read(folder / one.file) for one in fine}
    if day is None:
        day = max(
            (
                through
                for _, _, card in read_of.values()
                if card is not None and (through := read_through(card)) is not None
            ),
            default=None,
        )
    if day is None:
        raise ConfigError(
            Problem(
                where=str(folder),
                what="no result says of which day the page is.",
                why="No experiment of this folder was looked at yet.",
                fix="Name the day: `holdback weekly --as-of 2026-10-31`.",
            )
        )
    past = None if before is None else {one.experiment: one for one in before[1]}
    tests = [_test(one, *read_of[one.file], day, past) for one in fine]
    events = {
        event for experiment, _, _ in read_of.values() for event in experiment.events
    }
    return RunningWeek(
        day=day,
        before=None if before is None else before[0],
        tests=tuple(
            test
            for test in tests
            if test.phase != "complete" or test.due or test.changed
        ),
        broken=tuple(one for one in listed if one.problem),
        events=tuple(
            sorted(
                (
                    one
                    for one in events
                    if one.meets(day - WEEK_AROUND, day + WEEK_AROUND)
                ),
                key=lambda event: (event.first, event.what),
            )
        ),
    )


def read_through(card: Scorecard) -> date | None:
    """The last day that a result was read with; None where data have no times."""
    return None if card.as_of is None else _last_day(card.as_of)


def _last_day(as_of: str) -> date:
    """The day before which nothing was left out: midnight ends the day before."""
    return (datetime.fromisoformat(as_of) - timedelta(microseconds=1)).date()


def _read(
    file: Path,
) -> tuple[Experiment, tuple[LogEntry, ...], Scorecard | None]:
    """An experiment with its entries in the log, and its last result."""
    experiment = load(file)
    path = log_path(experiment)
    own = () if path is None else entries_of(experiment, read(path))
    result = experiment.root / "results" / experiment.name / "scorecard.json"
    try:
        return experiment, own, from_json(read_whole(result).decode("utf-8"))
    except (OSError, UnicodeDecodeError, ReportError, EnvironmentFault):
        return experiment, own, None


def _test(
    listed: Listed,
    experiment: Experiment,
    own: tuple[LogEntry, ...],
    card: Scorecard | None,
    day: date,
    past: dict[str, WeekNote] | None,
) -> RunningTest:
    complete = complete_on(experiment)
    looks = [entry for entry in own if entry.kind == "look"]
    locks = [entry for entry in own if entry.kind == "lock"]
    outcome = None if card is None or card.decision is None else card.decision.outcome
    noted = WeekNote(
        experiment=experiment.name,
        locked=bool(locks),
        looks=len(looks),
        outcome=outcome,
        failed=() if card is None else tuple(c.check for c in failures(card.checks)),
    )
    units = looks[-1].says.get("units", {}) if looks else {}
    next_look = _next_look(experiment, looks, complete)
    return RunningTest(
        listed=listed,
        phase=_phase(experiment, complete, day),
        days=None if complete is None else max((complete - day).days, 0),
        units=sum(units.values()) if looks else None,
        planned=_planned(locks),
        next_look=next_look,
        card=card,
        noted=noted,
        due=tuple(_due(experiment, noted, card, next_look, day)),
        changed=() if past is None else tuple(_changed(noted, past)),
    )


def _phase(experiment: Experiment, complete: date | None, day: date) -> WeekPhase:
    window = experiment.window
    if window is None or complete is None:
        return "endless"
    if day < window.start:
        return "ahead"
    if day <= window.end:
        return "joining"
    return "waiting" if day < complete else "complete"


def _planned(locks: list[LogEntry]) -> int | None:
    """Units that the last lock counts on: told to it, or by the plan that it knew."""
    if not locks:
        return None
    says = locks[-1].says
    units = says.get("planned_units") or says.get("expected", {}).get("planned_units")
    return None if units is None else int(units)


def _next_look(
    experiment: Experiment, looks: list[LogEntry], complete: date | None
) -> date | None:
    """The next planned day, or that of completion for a test that is read once."""
    planned = experiment.analysis.looks
    read = [_last_day(e.says["as_of"]) for e in looks if e.says["as_of"]]
    last = max(read, default=date.min)
    if isinstance(planned, tuple):
        return next(
            (planned_day for planned_day in planned if planned_day > last), None
        )
    if complete is None or last >= complete:
        return None
    return complete if planned == "end" else None


def _due(
    experiment: Experiment,
    noted: WeekNote,
    card: Scorecard | None,
    next_look: date | None,
    day: date,
) -> Iterator[WeekDue]:
    """What somebody should do about a test now."""
    window = experiment.window
    started = window is not None and window.start <= day
    complete = complete_on(experiment)
    if started and not noted.locked and not noted.looks:
        yield "lock"
    if noted.failed:
        yield "mend"
        return
    through = None if card is None else read_through(card)
    over = complete is not None and complete <= day
    if (next_look is not None and next_look <= day) or (
        over and complete is not None and (through or date.min) < complete
    ):
        yield "look"
        return
    if card is None or card.validity.is_invalid or card.validity.is_preview:
        return
    if any(r.role == "guardrail" and r.verdict == "breached" for r in card.readouts):
        yield "guardrail"
    if noted.outcome in ACTED_ON and (
        complete is None or day <= complete + TIME_TO_ACT
    ):
        yield "act"


def _changed(noted: WeekNote, past: dict[str, WeekNote]) -> Iterator[WeekChange]:
    """What is new since a page before."""
    then = past.get(noted.experiment)
    if then is None:
        yield "new"
        return
    if noted.locked and not then.locked:
        yield "locked"
    if noted.looks > then.looks:
        yield "looked"
    if noted.outcome != then.outcome:
        yield "decided"
    if set(noted.failed) - set(then.failed):
        yield "failed"
    elif set(then.failed) - set(noted.failed):
        yield "cleared"
