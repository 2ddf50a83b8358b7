"""Experiments of one project that would share units: a layer's part, or a salt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from holdback.analysis.preregistration.audit_log import LogEntry, log_path, read
from holdback.analysis.preregistration.split_change import split_change, split_remarks
from holdback.assignment.split import edge
from holdback.errors import AssignmentError, ConfigError, EnvironmentFault, Problem
from holdback.experiments.config.models import ExperimentFile
from holdback.experiments.config.validation import Issues
from holdback.experiments.definition.calendar import part_of_a_week
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import overrides_of, planned_split
from holdback.experiments.language.quantities import share_text
from holdback.experiments.load import PROJECT_FILE, load, places_of, written_in
from holdback.experiments.resolve.sources_and_metrics import vanity

__all__ = ["Review", "check_layers", "review", "same_salt"]

RANGE = ("assignment", "layer", "range")


def check_layers(experiment: Experiment, issues: Issues) -> None:
    """Note every experiment beside this one whose range of the same layer overlaps.

    Experiments whose windows do not meet may use one range after the other.
    """
    layer = experiment.assignment.layer
    if layer is None:
        return
    for other, places in _beside(experiment):
        theirs = other.assignment.layer if other.assignment else None
        if (
            theirs is None
            or theirs.name != layer.name
            or not _overlap(layer.range, theirs.range)
            or not _meet(experiment, other)
        ):
            continue
        issues.add(
            RANGE,
            f"the range {_told(layer.range)} of layer '{layer.name}' overlaps "
            f"{_told(theirs.range)} of experiment '{other.experiment}'.",
            why="Units in both would be in two experiments that exclude each "
            f"other; the other range is at {places.place(RANGE).where}.",
            fix="Give each experiment a part of the layer of its own.",
        )


def same_salt(experiment: Experiment, issues: Issues) -> tuple[Problem, ...]:
    """A warning for every experiment beside this one that draws the same hash.

    Only of the scheme `holdback`: the others have salts of their own in `params`.
    """
    plan = experiment.assignment
    if plan.scheme != "holdback":
        return ()
    where = issues.place(("assignment", "salt")).where
    return tuple(
        Problem(
            where=where,
            what=f"experiment '{other.experiment}' has the same salt, '{plan.salt}'.",
            why="The units held back here are held back there too, so each result "
            "holds the other's effect.",
            fix="Give the one that has not started a salt of its own.",
        )
        for other, _ in _beside(experiment)
        if _hashed(other) == (plan.salt, plan.phase)
        and _meet(experiment, other)
        and other.experiment != experiment.name  # a copy of this one
    )


def _hashed(other: ExperimentFile) -> tuple[str | None, int] | None:
    """Salt and phase of an experiment of our own scheme."""
    plan = other.assignment
    if plan is None:
        return other.experiment, 1
    if plan.scheme != "holdback":
        return None
    return plan.salt or other.experiment, plan.phase


def _beside(experiment: Experiment) -> Iterator[tuple[ExperimentFile, Issues]]:
    """What the experiment files beside this one say, where they can be read."""
    for file in _files(experiment):
        with suppress(ConfigError, EnvironmentFault):  # told when it is checked itself
            yield written_in(file)


def _files(experiment: Experiment) -> Iterator[Path]:
    """Other experiment files: of the same folder, and of the project's experiments."""
    own = (experiment.root / experiment.file).resolve()
    folders = dict.fromkeys([own.parent, (experiment.root / "experiments").resolve()])
    for folder in folders:
        for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            if file != own and file.name != PROJECT_FILE:
                yield Path(_shown(file))


def _shown(file: Path) -> str:
    """The file's name from the working folder, where it lies below it."""
    with suppress(ValueError):
        return str(file.relative_to(Path.cwd()))
    return str(file)


def _overlap(
    ours: tuple[Fraction, Fraction], theirs: tuple[Fraction, Fraction]
) -> bool:
    """Whether two ranges share a bucket."""
    (a, b), (c, d) = ours, theirs
    return edge(a) < edge(d) and edge(c) < edge(b)


def _meet(experiment: Experiment, other: ExperimentFile) -> bool:
    """Whether the windows share a day; without a window an experiment has no end."""
    ours, theirs = experiment.window, other.window
    if ours is None or theirs is None:
        return True
    return ours.start <= theirs.end and theirs.start <= ours.end


def _told(span: tuple[Fraction, Fraction]) -> str:
    return f"[{share_text(span[0])}, {share_text(span[1])}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An experiment without problems, and what a reader should know of it.

    `overrides` counts the units placed by hand; `warnings` tell what is known to be
    weak about the assignment, a prior that cannot be learned yet, a primary metric
    that counts attention only, a window of no whole weeks and one that holds an event.
    """

    experiment: Experiment
    overrides: int
    warnings: tuple[Problem, ...]


def review(path: str | os.PathLike[str]) -> Review:
    """The experiment of a file, looked at from every side but its data.

    Raises ConfigError with every problem, EnvironmentFault when a file that it names
    cannot be read.
    """
    experiment = load(path)
    issues = places_of(path)
    _check_lock(experiment, issues)
    check_layers(experiment, issues)
    problems = list(issues.problems)
    overrides: dict[str, str] = {}
    try:
        overrides = overrides_of(experiment)
    except AssignmentError as error:
        problems += error.problems
    if problems:
        raise ConfigError(problems)
    where = issues.place(("assignment", "scheme")).where
    weak = planned_split(experiment).scheme.weaknesses()
    return Review(
        experiment=experiment,
        overrides=len(overrides),
        warnings=(
            *(Problem(where=where, what=warning) for warning in weak),
            *_since_lock(experiment, issues),
            *same_salt(experiment, issues),
            *_unlearned(experiment, issues),
            *vanity(experiment, issues),
            *_part_week(experiment, issues),
            *_events(experiment, issues),
        ),
    )


def _part_week(experiment: Experiment, issues: Issues) -> tuple[Problem, ...]:
    """A window in which some weekdays count more often than others."""
    window, over = experiment.window, part_of_a_week(experiment.window)
    if window is None or not over:
        return ()
    days = (window.end - window.start).days + 1
    end = window.end + timedelta(days=7 - over)
    return (
        Problem(
            where=issues.place(("window",)).where,
            what=f"the window of {days} days is no number of whole weeks.",
            why="Some weekdays count more often than others, and customers of a "
            "weekend are not those of a Monday.",
            fix=f"Let it end on {end}, or on {window.end - timedelta(days=over)}."
            if days > 7
            else f"Let it end on {end}.",
        ),
    )


def _events(experiment: Experiment, issues: Issues) -> Iterator[Problem]:
    """Events of the window that the report will not show the lift without."""
    window = experiment.window
    for event in experiment.events:
        if window is None or event.exclude or not event.meets(window.start, window.end):
            continue
        yield Problem(
            where=issues.place(("events",), key=True).where,
            what=f"the window holds '{event.what}' ({event.first} to {event.last}).",
            why="Both arms meet it, so the comparison stays fair, but the lift may be "
            "that of unusual days.",
            fix="Move the window, or write `exclude: true` at the event: the report "
            "then shows the lift also without who joined on these days.",
        )


def _unlearned(experiment: Experiment, issues: Issues) -> tuple[Problem, ...]:
    """`prior: past` that cannot be learned yet: time is left until it is needed."""
    if experiment.analysis.prior.name != "past":
        return ()
    from holdback.portfolio.past_prior import with_past  # brings numpy

    try:
        with_past(experiment)
    except ConfigError as error:
        where = issues.place(("analysis", "prior")).where
        return tuple(replace(problem, where=where) for problem in error.problems)
    return ()


def _log(experiment: Experiment) -> tuple[LogEntry, ...]:
    path = log_path(experiment)
    return () if path is None else read(path)


def _since_lock(experiment: Experiment, issues: Issues) -> Iterator[Problem]:
    """What was changed under a lock and is allowed, but changes who is in an arm."""
    for remark in split_remarks(experiment, _log(experiment)):
        yield remark.problem(issues.place(remark.path).where)


def _check_lock(experiment: Experiment, issues: Issues) -> None:
    """Note a split that was changed under a lock without a new phase."""
    change = split_change(experiment, _log(experiment))
    if change is not None:
        key = change.path == ("arms",)
        issues.add(change.path, change.what, why=change.why, fix=change.fix, key=key)
