"""The audit log: what was planned and when results were looked at, as a hash chain.

One JSON object a line in `audit.jsonl`. Each entry holds the hash of the one before
it, so a change of the past is evident (not impossible: whoever rewrites the whole
file rewrites every hash, so keep a hash somewhere else). `audit.head` beside it holds
the number of entries and the last hash, so that a missing end is seen too.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from holdback.atomic_files import replacing
from holdback.errors import ConfigError, EnvironmentFault, Problem
from holdback.experiments.definition.experiment import Experiment

__all__ = [
    "HEAD_NAME",
    "LOG_NAME",
    "LogEntry",
    "append",
    "entries_of",
    "head_of",
    "log_path",
    "read",
]

LOG_NAME = "audit.jsonl"
HEAD_NAME = "audit.head"
"""Beside the log: how many entries it had when it was last written, and its hash."""
ZERO_HASH = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One entry: what kind, of which experiment, and what it says.

    `key` is the same for the same event, which is written once.
    """

    kind: str
    experiment: str
    key: str
    says: Mapping[str, Any]
    hash: str = ""


def log_path(experiment: Experiment) -> Path | None:
    """The log beside the experiment's file; None for one that has no file."""
    if not experiment.file:
        return None
    return (experiment.root / experiment.file).parent / LOG_NAME


def entries_of(
    experiment: Experiment, entries: Iterable[LogEntry]
) -> tuple[LogEntry, ...]:
    """The entries of an experiment: by its name, and by its file under older names.

    An experiment that was renamed keeps its lock and the looks that were taken. A lock
    that starts again on purpose leaves what another name recorded behind.
    """
    name = Path(experiment.file).name
    own: list[LogEntry] = []
    for entry in entries:
        if entry.experiment == experiment.name:
            if entry.says.get("again"):
                own = [e for e in own if e.experiment == experiment.name]
            own.append(entry)
        elif name and entry.says.get("file") == name:
            own.append(entry)
    return tuple(own)


def read(path: Path) -> tuple[LogEntry, ...]:
    """All entries, oldest first; none where there is no file.

    A last line that was cut off while it was written is not an entry yet. Raises
    ConfigError naming the first line where the chain does not hold, EnvironmentFault
    when the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _fault(path, error, "read") from error
    return _parsed(path, data)[0]


def append(path: Path, entry: LogEntry) -> LogEntry:
    """Write an entry at the end, unless one of its key is there; the entry as it is.

    The file is locked meanwhile, so that several processes may write. What a writer
    that was killed left behind is set aside in a file of its own first. Raises as
    `read` does, and EnvironmentFault when the file cannot be written.
    """
    try:
        with _locked(path) as file:
            data = file.read()
            entries, whole = _parsed(path, data)
            line = _line(entry, entries)
            (written,), _ = _parsed(path, line, before=_last(entries))
            for known in entries:
                if (known.kind, known.key) == (written.kind, written.key):
                    _catch_up(path, entries)
                    return known
            if whole < len(data):
                _set_aside(path, len(entries) + 1, data[whole:])
                file.truncate(whole)
            file.seek(whole)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
            if not data:
                _sync_folder(path)
            _write_head(path, len(entries) + 1, written.hash)
    except OSError as error:
        raise _fault(path, error, "write") from error
    return written


def head_of(path: Path) -> tuple[int, str] | None:
    """Entries and last hash of a log when it was last written; None if nobody says."""
    try:
        head: Any = json.loads(path.with_name(HEAD_NAME).read_bytes())
        return int(head["entries"]), str(head["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _catch_up(path: Path, entries: Sequence[LogEntry]) -> None:
    """Move a head on that a writer left behind who ended between log and head."""
    seen, digest = head_of(path) or (0, "")
    behind = 0 < seen < len(entries) and entries[seen - 1].hash == digest
    if not seen or behind:
        _write_head(path, len(entries), entries[-1].hash)


def _write_head(path: Path, entries: int, digest: str) -> None:
    head = json.dumps({"entries": entries, "hash": digest}, indent=2)
    with replacing(path.with_name(HEAD_NAME)) as temporary:
        temporary.write_text(f"{head}\n", encoding="ascii")


def _set_aside(path: Path, number: int, torn: bytes) -> None:
    """Keep a torn line in a file of its own, after any that was kept before."""
    with path.with_name(f"{path.name}.torn-{number}").open("ab") as aside:
        aside.write(torn + b"\n")
        aside.flush()
        os.fsync(aside.fileno())
    _sync_folder(path)


def _sync_folder(path: Path) -> None:
    """Force the names of the log's folder to the disk."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield file
        finally:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)


def _last(entries: tuple[LogEntry, ...]) -> str:
    return entries[-1].hash if entries else ZERO_HASH


def _line(entry: LogEntry, before: tuple[LogEntry, ...]) -> bytes:
    content = {
        "seq": len(before) + 1,
        "kind": entry.kind,
        "experiment": entry.experiment,
        "key": entry.key,
        "says": entry.says,
        "prev_hash": _last(before),
    }
    return _canonical(content | {"hash": _digest(content)}) + b"\n"


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def _canonical(content: Mapping[str, Any]) -> bytes:
    """JSON that reads and writes back to the same bytes: composed, then sorted."""
    return json.dumps(
        _composed(content),
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    ).encode("utf-8")


def _composed(value: Any) -> Any:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case Mapping():
            return {_composed(str(key)): _composed(item) for key, item in value.items()}
        case list() | tuple():
            return [_composed(item) for item in value]
        case _:
            return value


def _parsed(
    path: Path, data: bytes, *, before: str = ZERO_HASH
) -> tuple[tuple[LogEntry, ...], int]:
    """Entries and the number of bytes that they take."""
    entries: list[LogEntry] = []
    whole = data.rfind(b"\n") + 1
    for number, line in enumerate(data[:whole].split(b"\n")[:-1], 1):
        content = _content(path, number, line)
        canonical = _canonical(content)
        digest = content.pop("hash")
        if (
            content["prev_hash"] != before
            or _digest(content) != digest
            or canonical != line
        ):
            raise _broken(path, number, "it does not fit the entry before it")
        before = digest
        entries.append(
            LogEntry(
                kind=content["kind"],
                experiment=content["experiment"],
                key=content["key"],
                says=content["says"],
                hash=digest,
            )
        )
    return tuple(entries), whole


def _content(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise _broken(path, number, "it is not JSON") from error
    fields = {"kind", "experiment", "key", "says", "seq", "prev_hash", "hash"}
    if not isinstance(content, dict) or set(content) != fields:
        raise _broken(path, number, "it is not an entry of this log")
    return content


def _broken(path: Path, number: int, what: str) -> ConfigError:
    return ConfigError(
        Problem(
            where=f"{path.name}:{number}",
            what=f"the audit log was changed: {what}.",
            why="The log proves which plan and which looks came before the result, so "
            "nothing is read past a break.",
            fix="Restore the file from a copy, or move it away; results are then "
            "exploratory.",
        )
    )


def _fault(path: Path, error: OSError, verb: str) -> EnvironmentFault:
    return EnvironmentFault(
        Problem(
            where=path.name,
            what=f"the audit log cannot be {verb if verb == 'read' else 'written'}: "
            f"{error.strerror}.",
            fix="Check the folder's permissions and free space.",
        )
    )
