"""From an experiment to its split, and the arms of ids under it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Any

from holdback.assignment.params import scheme_of
from holdback.assignment.reserved import Holdout, LayerRange
from holdback.assignment.split import REASONS, Split
from holdback.errors import AssignmentError, Problem
from holdback.experiments.definition.experiment import Arm, Experiment
from holdback.experiments.definition.overrides import overrides_of

__all__ = ["assign", "planned_split", "planned_widths", "shares_of", "split_of"]


def split_of(experiment: Experiment) -> Split:
    """The split that the experiment plans, with the overrides of its file.

    Raises AssignmentError for parts that do not fit together, and what reading the
    overrides raises.
    """
    return planned_split(experiment, overrides_of(experiment))


def planned_split(
    experiment: Experiment, overrides: dict[str, str] | None = None
) -> Split:
    """The split by what the experiment itself says, without any file."""
    plan = experiment.assignment
    holdout = layer = None
    if plan.holdout is not None:
        found = experiment.holdouts[plan.holdout]
        holdout = Holdout(name=plan.holdout, share=found.share, salt=found.salt)
    if plan.layer is not None:
        start, end = plan.layer.range
        layer = LayerRange(
            name=plan.layer.name,
            salt=experiment.layers[plan.layer.name],
            start=start,
            end=end,
        )
    return Split(
        salt=plan.salt,
        arms=shares_of(experiment.arms),
        traffic=plan.traffic,
        phase=plan.phase,
        overrides=dict(plan.overrides) if overrides is None else overrides,
        scheme=scheme_of(plan.scheme, plan.params),
        holdout=holdout,
        layer=layer,
    )


def shares_of(arms: Iterable[Arm]) -> tuple[tuple[str, Fraction], ...]:
    """Name and share of each arm; shares written as decimals sum to exactly 1."""
    listed = [(arm.name, arm.share) for arm in arms]
    total = sum(share for _, share in listed)
    return tuple((name, share / total) for name, share in listed)


def planned_widths(experiment: Experiment) -> dict[str, int]:
    """Integer widths of the arms, control first, in proportion to their shares.

    Where the arms are computed here, or the file says by which system, they are the
    true widths of its buckets; else the written shares are taken exactly.
    """
    ordered = (experiment.control, *experiment.treatments)
    plan = experiment.assignment
    logged = experiment.sources[plan.source].columns.arm is not None
    if not logged or plan.scheme != "holdback":
        widths = planned_split(experiment).widths
        return {arm.name: widths[arm.name] for arm in ordered}
    scale = lcm(*(arm.share.denominator for arm in ordered))
    return {arm.name: int(arm.share * scale) for arm in ordered}


def assign(experiment: Experiment, ids: Any) -> Any:
    """Arm of each id, in the container that the ids came in; None without an arm.

    `ids` is one id, a list or tuple, a numpy array, a pandas or polars Series or an
    Arrow array. Whole floats are read as integers and unusable ids (missing, empty,
    booleans, fractions) get no arm, each with a warning that counts them.
    Raises AssignmentError where `where` asks for attributes, which ids do not have.
    """
    from holdback.assignment.columns import in_kind

    where = experiment.assignment.where
    if where is not None:
        raise AssignmentError(
            Problem(
                where=experiment.file,
                what=f"who may take part depends on attributes: {where.text}.",
                why="Ids alone do not say whether a unit is eligible.",
                fix="Use `holdback assign` on a file that has these columns.",
            )
        )
    split = split_of(experiment)
    if ids is None or isinstance(ids, str | int | float):
        return split.assign(ids).arm
    assignments = split.assign_many(ids)
    if assignments.floats:
        warnings.warn(
            f"{assignments.floats} ids were floats such as 123.0 and were read as 123.",
            stacklevel=3,
        )
    invalid = assignments.reason_codes.count(REASONS.index("invalid_id"))
    if invalid:
        warnings.warn(
            f"{invalid} of {len(assignments)} ids are missing, empty or neither text "
            "nor whole numbers, and got no arm.",
            stacklevel=3,
        )
    return in_kind(ids, assignments.arm)
