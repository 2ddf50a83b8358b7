"""From an experiment to its split, and the arms of ids under it."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import Any

from holdback.assignment.split import Split
from holdback.errors import AssignmentError, EnvironmentFault, Problem
from holdback.experiments.experiment import Experiment

__all__ = ["assign", "split_of"]


def split_of(experiment: Experiment) -> Split:
    """The split that the experiment plans.

    Raises AssignmentError for a scheme, a holdout or a layer, which this version does
    not compute, and for overrides that name no arm of the experiment.
    """
    plan = experiment.assignment
    problems = [
        Problem(
            where=experiment.file,
            what=f"arms under {what} cannot be computed in this version",
            why="Arms computed without it would not be the ones that units saw.",
            fix="Leave it out, or name the column of the logged arms.",
        )
        for what, used in (
            (f"scheme '{plan.scheme}'", plan.scheme != "holdback"),
            (f"holdout '{plan.holdout}'", plan.holdout is not None),
            ("a layer", plan.layer is not None),
        )
        if used
    ]
    if problems:
        raise AssignmentError(problems)
    overrides = dict(plan.overrides)
    if plan.overrides_file is not None:
        overrides = _overrides(experiment.root / plan.overrides_file) | overrides
    return Split(
        salt=plan.salt,
        arms=tuple((arm.name, arm.share) for arm in experiment.arms),
        traffic=plan.traffic,
        phase=plan.phase,
        overrides=overrides,
    )


def assign(experiment: Experiment, ids: Any) -> Any:
    """Arm of each id, in the container that the ids came in; None without an arm.

    `ids` is one id, a list or tuple, a numpy array, a pandas or polars Series or an
    Arrow array. Whole floats are read as integers, with a warning that counts them.
    """
    from holdback.assignment.columns import in_kind

    split = split_of(experiment)
    if ids is None or isinstance(ids, str | int | float):
        return split.assign(ids).arm
    assignments = split.assign_many(ids)
    if assignments.floats:
        warnings.warn(
            f"{assignments.floats} ids were floats such as 123.0 and were read as 123.",
            stacklevel=3,
        )
    return in_kind(ids, assignments.arm)


def _overrides(path: Path) -> dict[str, str]:
    """Unit id → arm from a CSV file with the columns `unit` and `arm`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines, strict=True))
    except OSError as error:
        raise EnvironmentFault(
            Problem(where=str(path), what=f"cannot be read: {error.strerror}")
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise AssignmentError(Problem(where=str(path), what=str(error))) from error
    try:
        return {row["unit"]: row["arm"] for row in rows}
    except KeyError as error:
        raise AssignmentError(
            Problem(
                where=str(path),
                what=f"there is no column {error}",
                fix="Overrides are a CSV file with the columns unit and arm.",
            )
        ) from error
