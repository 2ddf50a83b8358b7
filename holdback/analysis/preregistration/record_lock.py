"""The lock: the plan, written down before results are seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import holdback
from holdback.analysis.preregistration.audit_log import (
    LogEntry,
    append,
    entries_of,
    log_path,
    read,
)
from holdback.analysis.preregistration.event_notes import note_events
from holdback.analysis.preregistration.log_end import loss_of
from holdback.analysis.preregistration.plan_hash import meaning_of, plan_hash
from holdback.analysis.preregistration.split_change import split_change
from holdback.errors import ConfigError, Problem
from holdback.experiments.definition.experiment import Experiment

__all__ = ["Locked", "lock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A recorded plan. `in_time` says that no result had been looked at before.

    `expected` says that the figures of `holdback plan` were recorded with it.
    """

    experiment: str
    plan_hash: str
    entry_hash: str
    time: str
    path: Path
    in_time: bool
    planned_units: int | None = None
    expected: bool = False


def lock(
    experiment: Experiment,
    *,
    planned_units: int | None = None,
    again: str | None = None,
) -> Locked:
    """Append the plan to the audit log; the same plan is recorded once.

    A split that would move units away from the arms of an earlier lock is refused,
    unless `again` gives the reason, which is recorded: nobody has seen an arm yet, say.

    What `holdback plan` expected of this very plan, in the project's results, is
    recorded with it, so that the report can show it beside what came.

    A lock after the first look is kept too, but proves nothing of that result.
    Raises ConfigError for an experiment without a file, a number of units below 1, a
    changed log, an empty reason, or a split that was changed without a new phase;
    EnvironmentFault when the log cannot be written.
    """
    path = log_path(experiment)
    if path is None:
        raise ConfigError(
            Problem(
                what="an experiment without a file cannot be locked.",
                why="The log stands beside the file whose plan it records.",
                fix="Write the experiment to a YAML file and load that.",
            )
        )
    if planned_units is not None and planned_units < 1:
        raise ConfigError(
            Problem(
                what=f"a plan cannot count on {planned_units} units.",
                fix="Give the units of all arms together, such as 40000.",
            )
        )
    if again is not None and not again.strip():
        raise ConfigError(
            Problem(
                where="--because",
                what="the reason is empty.",
                fix='Say why nobody is moved: `--because "no unit was exposed yet"`.',
            )
        )
    entries = read(path)
    looked = any(e.kind == "look" for e in entries_of(experiment, entries))
    change = split_change(experiment, entries)
    if change is not None and again is None:
        raise ConfigError(change.problem(experiment.file))
    digest = plan_hash(experiment)
    planned: dict[str, Any] = _planned_in(
        experiment, experiment.root / "results" / experiment.name, digest
    )
    if planned_units is not None:
        planned["planned_units"] = planned_units
    if again is not None and change is not None:
        planned["again"] = again.strip()
    key = json.dumps([experiment.name, digest, planned], sort_keys=True)
    loss = loss_of(experiment, entries)
    if loss is not None:
        append(path, loss.entry(experiment))
        looked |= bool(loss.looks)
    note_events(path, experiment)
    entry = append(
        path,
        LogEntry(
            kind="lock",
            experiment=experiment.name,
            key=hashlib.sha256(key.encode()).hexdigest(),
            says={
                "file": Path(experiment.file).name,
                "plan_hash": digest,
                "plan": meaning_of(experiment),
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "engine": holdback.__version__,
            }
            | planned,
        ),
    )
    return Locked(
        experiment=experiment.name,
        plan_hash=digest,
        entry_hash=entry.hash,
        time=str(entry.says["time"]),
        path=path,
        in_time=not looked,
        planned_units=entry.says.get("planned_units"),
        expected="expected" in entry.says,
    )


def _planned_in(experiment: Experiment, folder: Path, digest: str) -> dict[str, Any]:
    """What the plan.json of a folder expected, for the lock; empty for another plan."""
    try:
        text = (folder / "plan.json").read_text(encoding="utf-8")
        plan = json.loads(text)
        primary = next(m for m in plan["metrics"] if m["role"] == "primary")
        if plan["plan_hash"] != digest or primary["metric"] != experiment.primary:
            return {}
        return {"expected": _expected_of(plan, primary)}
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return {}  # no plan that could be compared


def _expected_of(plan: Mapping[str, Any], primary: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a plan's primary that an outcome can be compared with."""
    return {
        "metric": primary["metric"],
        "power": primary["power"],
        "planned_units": plan["units"],
        "planned_mean": primary["baseline"]["mean"],
        "planned_cv": primary["baseline"].get("cv"),
        "planned_detectable_lift": primary.get("detectable_lift"),
    }
