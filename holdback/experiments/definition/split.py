"""From an experiment to its split, and the arms of ids under it."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

from holdback.assignment.recipe import REASONS
from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import HoldoutShare, LayerRange, Split
from holdback.assignment.unit_ids import unit_text
from holdback.errors import AssignmentError, EnvironmentFault, Problem
from holdback.experiments.definition.experiment import Arm, Experiment
from holdback.experiments.language.quantities import did_you_mean

__all__ = [
    "assign",
    "overrides_of",
    "planned_split",
    "planned_widths",
    "shares_of",
    "split_of",
]


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
        reserved = experiment.holdouts[plan.holdout]
        holdout = HoldoutShare(
            name=plan.holdout, share=reserved.share, salt=reserved.salt
        )
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
    from holdback.assignment.batch import in_kind

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


UNIT_HEADERS, ARM_HEADER = ("unit", "id"), "arm"
MOST_TOLD = 20

TableRow = tuple[str, object, object]
"""Where a row stands, its unit and its arm."""


def overrides_of(experiment: Experiment) -> dict[str, str]:
    """Unit id → arm; what the experiment itself says wins over the file.

    Raises AssignmentError with every row of the file that names no usable id or no
    arm, or that contradicts another; EnvironmentFault when it cannot be read.
    """
    own = dict(experiment.assignment.overrides)
    name = experiment.assignment.overrides_file
    if name is None:
        return own
    path = experiment.root / name
    parquet = path.suffix.lower() == ".parquet"
    rows = _parquet_rows(path, name) if parquet else _csv_rows(path, name)
    return _checked(rows, [arm.name for arm in experiment.arms]) | own


def _checked(rows: Iterator[TableRow], arms: Sequence[str]) -> dict[str, str]:
    overrides: dict[str, str] = {}
    problems: list[Problem] = []
    for where, given, arm in rows:
        unit = unit_text(given)
        if unit is None:
            problems.append(Problem(where=where, what="the row has no usable unit id."))
        elif not isinstance(arm, str) or arm not in arms:
            fix = did_you_mean(str(arm), arms) or f"Arms: {', '.join(arms)}."
            what = f"there is no arm '{arm}'." if arm else "the row has no arm."
            problems.append(Problem(where=where, what=what, fix=fix))
        elif overrides.setdefault(unit, arm) != arm:
            problems.append(
                Problem(
                    where=where,
                    what="this unit stands above already, with arm "
                    f"'{overrides[unit]}'.",
                    fix="Keep one row for each unit.",
                )
            )
    if problems:
        raise AssignmentError(problems[:MOST_TOLD])
    return overrides


def _csv_rows(path: Path, name: str) -> Iterator[TableRow]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = next(reader, [])
            unit, arm = _positions(header, name)
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header):
                    raise AssignmentError(
                        Problem(
                            where=f"{name}:{reader.line_num}",
                            what=f"the row has {len(row)} values, the header "
                            f"{len(header)}.",
                        )
                    )
                yield f"{name}:{reader.line_num}", row[unit], row[arm]
    except OSError as error:
        raise _unreadable(name, error.strerror or str(error)) from error
    except (csv.Error, UnicodeDecodeError) as error:
        said = "it is not UTF-8 text" if isinstance(error, ValueError) else str(error)
        raise AssignmentError(Problem(where=name, what=f"{said}.")) from error


def _parquet_rows(path: Path, name: str) -> Iterator[TableRow]:
    import duckdb

    if not path.is_file():
        raise _unreadable(name, "no such file")
    try:
        with duckdb.connect() as connection:
            table = connection.read_parquet(str(path))
            unit, arm = _positions(table.columns, name)
            rows = table.fetchall()
    except duckdb.Error as error:
        said = str(error).partition("\n")[0]
        raise AssignmentError(Problem(where=name, what=said)) from error
    for number, row in enumerate(rows, 1):
        yield f"{name}: row {number}", row[unit], row[arm]


def _positions(header: Sequence[str], name: str) -> tuple[int, int]:
    unit = next((column for column in UNIT_HEADERS if header.count(column) == 1), None)
    if unit is None or header.count(ARM_HEADER) != 1:
        raise AssignmentError(
            Problem(
                where=name,
                what="overrides need the columns unit and arm.",
                why=f"The columns are: {', '.join(header)}.",
                fix="Name them unit (or id) and arm, in the first row.",
            )
        )
    return header.index(unit), header.index(ARM_HEADER)


def _unreadable(name: str, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        Problem(where=name, what=f"the overrides cannot be read: {why.lower()}.")
    )
