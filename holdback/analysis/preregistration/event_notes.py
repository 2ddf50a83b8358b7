"""Events on record: which days were to be left out before results were seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from holdback.analysis.preregistration.audit_log import LogEntry, append
from holdback.experiments.definition.experiment import Experiment

__all__ = ["Exclusion", "excluded_by", "note_events"]

EVENTS_KIND = "events"
Exclusion = tuple[str, str]
"""The first and the last day of an event whose days are left out."""


def note_events(path: Path, experiment: Experiment) -> None:
    """Append the events of the file to the log, once; nothing where there are none.

    Raises ConfigError or EnvironmentFault as the log does.
    """
    if not experiment.events:
        return
    events = [event.written for event in experiment.events]
    key = json.dumps([experiment.name, events], sort_keys=True)
    append(
        path,
        LogEntry(
            kind=EVENTS_KIND,
            experiment=experiment.name,
            key=hashlib.sha256(key.encode()).hexdigest(),
            says={
                "file": Path(experiment.file).name,
                "events": events,
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
            },
        ),
    )


def excluded_by(
    own: Sequence[LogEntry], kind: Literal["lock", "look"]
) -> frozenset[Exclusion] | None:
    """Exclusions on record by the first look, or by the last lock before it.

    None where there is no such entry. `own` are an experiment's entries.
    """
    end = next((i for i, e in enumerate(own) if e.kind == "look"), None)
    if kind == "lock":
        locks = [i for i, e in enumerate(own[:end]) if e.kind == "lock"]
        end = locks[-1] if locks else None
    if end is None:
        return None
    return frozenset(
        (event["date"], event["until"])
        for entry in own[:end]
        if entry.kind == EVENTS_KIND
        for event in entry.says["events"]
        if event["exclude"]
    )
