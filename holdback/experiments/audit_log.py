"""The audit log: what was planned and when results were looked at, as a hash chain.

One JSON object a line in `audit.jsonl`. Each entry holds the hash of the one before
it, so a change of the past is evident (not impossible: whoever rewrites the whole
file rewrites every hash, so keep a hash somewhere else).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from holdback.errors import ConfigError, EnvironmentFault, Problem

__all__ = ["NAME", "Entry", "append", "read"]

NAME = "audit.jsonl"
START = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: what kind, of which experiment, and what it says.

    `key` is the same for the same event, which is written once.
    """

    kind: str
    experiment: str
    key: str
    says: Mapping[str, Any]
    hash: str = ""


def read(path: Path) -> tuple[Entry, ...]:
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


def append(path: Path, entry: Entry) -> Entry:
    """Write an entry at the end, unless one of its key is there; the entry as it is.

    The file is locked meanwhile, so that several processes may write. What a writer
    that was killed left behind is set aside in a file of its own first. Raises as
    `read` does, and EnvironmentFault when the file cannot be written.
    """
    try:
        with _locked(path) as file:
            data = file.read()
            entries, whole = _parsed(path, data)
            for known in entries:
                if (known.kind, known.key) == (entry.kind, entry.key):
                    return known
            if whole < len(data):
                aside = path.with_name(f"{path.name}.torn-{len(entries) + 1}")
                aside.write_bytes(data[whole:])
                file.truncate(whole)
            line, digest = _line(entry, entries)
            file.seek(whole)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _fault(path, error, "write") from error
    return Entry(
        kind=entry.kind,
        experiment=entry.experiment,
        key=entry.key,
        says=entry.says,
        hash=digest,
    )


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


def _line(entry: Entry, before: tuple[Entry, ...]) -> tuple[bytes, str]:
    content = {
        "seq": len(before) + 1,
        "kind": entry.kind,
        "experiment": entry.experiment,
        "key": entry.key,
        "says": entry.says,
        "prev_hash": before[-1].hash if before else START,
    }
    digest = _digest(content)
    return _canonical(content | {"hash": digest}) + b"\n", digest


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def _canonical(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(
        content,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )
    return unicodedata.normalize("NFC", text).encode("utf-8")


def _parsed(path: Path, data: bytes) -> tuple[tuple[Entry, ...], int]:
    """Entries and the number of bytes that they take."""
    entries: list[Entry] = []
    before = START
    whole = data.rfind(b"\n") + 1
    for number, line in enumerate(data[:whole].splitlines(), 1):
        content = _content(path, number, line)
        digest = content.pop("hash", None)
        if content.get("prev_hash") != before or _digest(content) != digest:
            raise _broken(path, number, "it does not fit the entry before it")
        before = digest
        entries.append(
            Entry(
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
