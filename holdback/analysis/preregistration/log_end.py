"""Where the audit log ended when it was last written, as other files remember it.

A chain of hashes shows a change in its midst, but not that its last lines are gone.
The end is therefore kept twice more: its length and hash in `audit.head` beside the
log, and the looks that were taken in each scorecard. What they know and the log does
not is a loss; it is written into the log, so that it stays known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdback.analysis.preregistration.audit_log import (
    LogEntry,
    entries_of,
    head_of,
    log_path,
    read,
)
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import LookTaken

__all__ = [
    "LOSS_KIND",
    "LogLoss",
    "Verified",
    "looks_taken",
    "loss_of",
    "losses",
    "verified",
]

LOSS_KIND = "lost"
"""The kind of an entry that tells what the log has lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLoss:
    """What is known to have stood in a log: looks, and a number of entries.

    `entries` counts what `audit.head` knows to be gone, of all experiments of the
    folder; it is None where only scorecards tell of a loss. `looks` are those of one
    experiment that its scorecard proves.
    """

    looks: tuple[LookTaken, ...] = ()
    entries: int | None = None

    def entry(self, experiment: Experiment) -> LogEntry:
        """The entry that keeps the loss known."""
        says = {
            "file": Path(experiment.file).name,
            "entries": self.entries,
            "looks": [
                {
                    "key": look.key,
                    "as_of": look.as_of,
                    "information": look.information,
                    "could_decide": look.could_decide,
                }
                for look in self.looks
            ],
        }
        key = hashlib.sha256(json.dumps(says, sort_keys=True).encode()).hexdigest()
        return LogEntry(kind=LOSS_KIND, experiment=experiment.name, key=key, says=says)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the log of an experiment is found to be.

    `losses` are those that the log tells itself, with the one that it does not tell
    yet; `looks` and `locked` are what it has of the experiment.
    """

    path: Path
    entries: int
    head: tuple[int, str] | None
    hash: str
    looks: int
    locked: bool
    losses: tuple[LogLoss, ...]


def verified(experiment: Experiment) -> Verified | None:
    """The log of an experiment, compared with what other files remember of it.

    None for an experiment without a file. Raises ConfigError where the chain of hashes
    does not hold, EnvironmentFault where the log cannot be read.
    """
    path = log_path(experiment)
    if path is None:
        return None
    entries = read(path)
    own = entries_of(experiment, entries)
    loss = loss_of(experiment, entries)
    told = losses(e for e in entries if e.kind == LOSS_KIND)
    return Verified(
        path=path,
        entries=len(entries),
        head=head_of(path),
        hash=entries[-1].hash if entries else "",
        looks=sum(e.kind == "look" for e in own),
        locked=any(e.kind == "lock" for e in own),
        losses=told if loss is None else (*told, loss),
    )


def loss_of(experiment: Experiment, entries: Sequence[LogEntry]) -> LogLoss | None:
    """What the log of an experiment has lost and does not tell yet; None for nothing.

    `entries` are all of the log, of every experiment beside it.
    """
    path = log_path(experiment)
    if path is None:
        return None
    own = entries_of(experiment, entries)
    known = {e.key for e in own if e.kind == "look"}
    known |= {look.key for loss in losses(own) for look in loss.looks}
    folder = experiment.root / "results" / experiment.name
    looks = tuple(
        look
        for look in _proven(folder / "scorecard.json", experiment.name)
        if look.key not in known
    )
    gone = _gone(head_of(path), entries)
    return LogLoss(looks=looks, entries=gone) if looks or gone else None


def losses(own: Iterable[LogEntry]) -> tuple[LogLoss, ...]:
    """What an experiment's entries say that was lost before."""
    return tuple(
        LogLoss(
            looks=tuple(LookTaken(**look) for look in entry.says["looks"]),
            entries=entry.says["entries"],
        )
        for entry in own
        if entry.kind == LOSS_KIND
    )


def looks_taken(own: Iterable[LogEntry]) -> tuple[LookTaken, ...]:
    """The looks that stand in an experiment's entries, or are known to have stood."""
    taken: dict[str, LookTaken] = {}
    for entry in own:
        if entry.kind == "look":
            taken[entry.key] = LookTaken(
                key=entry.key,
                as_of=entry.says["as_of"],
                information=float(entry.says["information"]),
                could_decide=entry.says["could_decide"],
            )
        for loss in losses([entry]):
            taken |= {look.key: look for look in loss.looks}
    return tuple(taken.values())


def _gone(head: tuple[int, str] | None, entries: Sequence[LogEntry]) -> int | None:
    """How many entries are missing or others than the head says; None for none."""
    if head is None:
        return None
    count, digest = head
    if len(entries) >= count and (not count or entries[count - 1].hash == digest):
        return None
    return max(count - len(entries), 1)


def _proven(scorecard: Path, name: str) -> tuple[LookTaken, ...]:
    """The looks of a stored scorecard; none where there is none that can be read."""
    try:
        stored: Mapping[str, Any] = json.loads(scorecard.read_bytes())
        if stored["experiment"] != name:
            return ()
        return tuple(LookTaken(**look) for look in stored["looks_taken"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()
