"""What `validate` looks at beside the files: lock, overrides, neighbours, scheme."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from holdback.analysis.preregistration.audit_log import log_path, read
from holdback.analysis.preregistration.split_change import split_change
from holdback.errors import AssignmentError, ConfigError, Problem
from holdback.experiments.config.issues import Issues
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.overrides import overrides_of
from holdback.experiments.definition.split import planned_split
from holdback.experiments.load import load, places_of
from holdback.experiments.resolve.vanity_metrics import vanity
from holdback.portfolio.overlaps import check_layers, same_salt

__all__ = ["Review", "review"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An experiment without problems, and what a reader should know of it.

    `overrides` counts the units placed by hand; `warnings` tell what is known to be
    weak about the assignment, a prior that cannot be learned yet, and a primary metric
    that counts attention only.
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
            *(Problem(where=where, what=one) for one in weak),
            *same_salt(experiment, issues),
            *_unlearned(experiment, issues),
            *vanity(experiment, issues),
        ),
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


def _check_lock(experiment: Experiment, issues: Issues) -> None:
    """Note a split that was changed under a lock without a new phase."""
    path = log_path(experiment)
    change = None if path is None else split_change(experiment, read(path))
    if change is not None:
        key = change.path == ("arms",)
        issues.add(change.path, change.what, why=change.why, fix=change.fix, key=key)
