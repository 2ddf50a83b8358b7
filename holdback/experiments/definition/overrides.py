"""Units placed by hand: those of the experiment's file and of `overrides_file`."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from holdback.assignment.ids import unit_text
from holdback.errors import AssignmentError, EnvironmentFault, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import did_you_mean

__all__ = ["overrides_of"]

UNIT, ARM = ("unit", "id"), "arm"
MOST_TOLD = 20

Row = tuple[str, object, object]
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


def _checked(rows: Iterator[Row], arms: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for where, given, arm in rows:
        unit = unit_text(given)
        if unit is None:
            problems.append(Problem(where=where, what="the row has no usable unit id."))
        elif not isinstance(arm, str) or arm not in arms:
            fix = did_you_mean(str(arm), arms) or f"Arms: {', '.join(arms)}."
            what = f"there is no arm '{arm}'." if arm else "the row has no arm."
            problems.append(Problem(where=where, what=what, fix=fix))
        elif found.setdefault(unit, arm) != arm:
            problems.append(
                Problem(
                    where=where,
                    what=f"this unit stands above already, with arm '{found[unit]}'.",
                    fix="Keep one row for each unit.",
                )
            )
    if problems:
        raise AssignmentError(problems[:MOST_TOLD])
    return found


def _csv_rows(path: Path, name: str) -> Iterator[Row]:
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


def _parquet_rows(path: Path, name: str) -> Iterator[Row]:
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
    unit = next((one for one in UNIT if header.count(one) == 1), None)
    if unit is None or header.count(ARM) != 1:
        raise AssignmentError(
            Problem(
                where=name,
                what="overrides need the columns unit and arm.",
                why=f"The columns are: {', '.join(header)}.",
                fix="Name them unit (or id) and arm, in the first row.",
            )
        )
    return header.index(unit), header.index(ARM)


def _unreadable(name: str, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        Problem(where=name, what=f"the overrides cannot be read: {why.lower()}.")
    )
