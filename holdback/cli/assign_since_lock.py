"""What a change of the split since the lock does to the ids of a file, counted."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from holdback.analysis.preregistration.audit_log import LogEntry, log_path, read
from holdback.analysis.preregistration.split_change import (
    last_lock,
    locked_split,
    split_change,
    split_remarks,
)
from holdback.errors import ConfigError
from holdback.experiments.language.expression import parse

if TYPE_CHECKING:
    from holdback.assignment.files import Eligible
    from holdback.assignment.split import Split
    from holdback.experiments.definition.experiment import Experiment

    EligibleOf = Callable[[Experiment, str], Eligible | None]

__all__ = ["Moved", "since_lock"]


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows of a file whose unit has another arm, or none any more, or one for once."""

    rows: int
    switched: int
    dropped: int
    joined: int

    def __str__(self) -> str:
        return (
            f"Of {self.rows:,} rows {self.switched:,} switch to another arm, "
            f"{self.dropped:,} lose theirs and {self.joined:,} get their first."
        )


def since_lock(
    experiment: Experiment,
    split: Split,
    ids: Path | None,
    unit: str,
    eligible_of: EligibleOf,
) -> tuple[str, ...]:
    """Remarks on what was changed since the lock and is allowed, with counts.

    `ids` is the file whose column `unit` is assigned, None for a pipe, which is not
    counted; `eligible_of` tells who of a file may take part. Raises ConfigError, with
    the counts, for a change that is refused.
    """
    path = log_path(experiment)
    entries = () if path is None else read(path)
    change = split_change(experiment, entries)
    remarks = list(split_remarks(experiment, entries))
    if change is None and not remarks:
        return ()
    counted = (
        ""
        if ids is None
        else str(_moved(experiment, entries, split, ids, unit, eligible_of))
    )
    if change is not None:
        told = replace(change, why=f"{counted} {change.why}".strip())
        raise ConfigError(told.problem(experiment.file))
    return (*(f"{r.what} {r.why}".strip() for r in remarks), *filter(None, [counted]))


def _moved(
    experiment: Experiment,
    entries: tuple[LogEntry, ...],
    split: Split,
    ids: Path,
    unit: str,
    eligible_of: EligibleOf,
) -> Moved:
    """Rows of a file under the locked split and under this one, side by side."""
    before = locked_split(experiment, entries)
    lock = last_lock(experiment, entries)
    if before is None or lock is None:
        return Moved(0, 0, 0, 0)
    where = lock.says["plan"]["assignment"].get("where")
    plan = replace(experiment.assignment, where=parse(where) if where else None)
    locked = replace(experiment, assignment=plan)
    rows = switched = dropped = joined = 0
    for old, new in zip(
        _arms(locked, before, ids, unit, eligible_of),
        _arms(experiment, split, ids, unit, eligible_of),
        strict=True,
    ):
        rows += 1
        switched += bool(old and new and old != new)
        dropped += bool(old and not new)
        joined += bool(new and not old)
    return Moved(rows, switched, dropped, joined)


def _arms(
    experiment: Experiment,
    split: Split,
    ids: Path,
    unit: str,
    eligible_of: EligibleOf,
) -> Iterator[str]:
    """The arm of each row of a file, empty without one."""
    from holdback.assignment.files import assign_file

    with tempfile.TemporaryDirectory(prefix="holdback-") as folder:
        kept = Path(folder) / "arms.csv"
        eligible = eligible_of(experiment, str(ids))
        assign_file(split, ids, kept, unit=unit, shape=".csv", eligible=eligible)
        with kept.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, delimiter=_delimiter(kept))
            at = next(reader).index("arm")
            for row in reader:
                yield row[at]


def _delimiter(path: Path) -> str:
    """The sign before the appended column `arm`."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = lines.readline()
    return header[header.rindex("bucket") - 1]
