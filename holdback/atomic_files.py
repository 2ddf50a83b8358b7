"""Files appear whole or not at all.

Everything that the product writes passes through here: a temporary sibling is
written, synced and renamed over the target, then the folder is synced. A reader
never meets half a file, an error leaves the old file untouched, and a link in the
target's place is refused rather than followed. What cannot be promised: several
files are replaced one after the other, so a power cut between two renames leaves
the first new and the second old, each of them whole.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from holdback.errors import ConfigError, EnvironmentFault, Problem

__all__ = ["replacing", "write_files"]

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_STRAY = re.compile(r"\.tmp-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}")


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> tuple[Path, ...]:
    """Write files into a folder: all are prepared before the first is replaced.

    Names may hold sub-folders (``experiments/a.yaml``); missing folders are made.
    Text is written as UTF-8, its line ends as they are. Raises ConfigError for a
    target that is a link or a folder, EnvironmentFault when the file system fails;
    no file is replaced before all of them stand ready beside their targets.
    """
    with ExitStack() as pending:
        targets = tuple(_inside(folder, name) for name in files)
        for target in targets:
            _refuse_unsafe(target)
        # The last context to be entered leaves first: files are replaced in reverse.
        for target, content in reversed(
            list(zip(targets, files.values(), strict=True))
        ):
            temporary = pending.enter_context(replacing(target))
            data = content.encode() if isinstance(content, str) else content
            with _told(target):
                temporary.write_bytes(data)
    return targets


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Path of a temporary file that replaces `target` when the block succeeds.

    For output that is streamed: the block writes to the path it is given. When the
    block raises, the temporary file is removed and `target` is as it was. Raises
    ConfigError and EnvironmentFault as `write_files` does.
    """
    _refuse_unsafe(target)
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        temporary = _created(target)
    try:
        with _told(target):
            yield temporary
            _sync(temporary)
            _refuse_unsafe(target)
            temporary.replace(target)
            _sync(target.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _inside(folder: Path, name: str) -> Path:
    if Path(name).is_absolute() or ".." in Path(name).parts or not Path(name).parts:
        raise ValueError(f"`files` must name files inside the folder, got {name!r}.")
    return folder / name


def _refuse_unsafe(target: Path) -> None:
    """Raise for a target that a rename would follow, bury or cannot replace."""
    try:
        mode = target.lstat().st_mode
    except OSError:  # missing, or out of reach: writing tells which
        return
    if stat.S_ISREG(mode):
        return
    kind = "a link" if stat.S_ISLNK(mode) else "no regular file"
    raise ConfigError(
        Problem(
            where=str(target),
            what=f"the output is {kind} and is not written",
            why="What stands behind it could be lost or be someone else's.",
            fix="Name another output, or remove what is in its place.",
        )
    )


def _created(target: Path) -> Path:
    """Create an empty file beside `target`, with its permissions."""
    name = f".tmp-{os.getpid()}-{_host()}-{os.urandom(4).hex()}"
    temporary = target.with_name(name)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    os.close(os.open(temporary, flags, 0o666))
    with suppress(OSError):
        temporary.chmod(stat.S_IMODE(target.lstat().st_mode))
    return temporary


def _sync(path: Path) -> None:
    """Force a file, or the names of a folder, to the disk."""
    if os.name == "nt":  # neither folders nor read-only handles can be synced there
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """Turn an OSError into the error that tells the user what happened where."""
    try:
        yield
    except OSError as error:
        free = ""
        if error.errno in _FULL:
            free = f" ({_free_bytes(target)} bytes are free)"
        raise EnvironmentFault(
            Problem(
                where=str(target),
                what=f"cannot be written: {error.strerror or error}{free}",
                why="Nothing was overwritten.",
                fix="Check the path, its permissions and the free space.",
            )
        ) from error


def _free_bytes(target: Path) -> int:
    folders = target.absolute().parents
    there = next((folder for folder in folders if folder.exists()), folders[-1])
    return shutil.disk_usage(there).free


def _host() -> str:
    """Mark of this machine, since process ids mean nothing on another one."""
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _sweep(folder: Path) -> None:
    """Remove temporary files that processes of this machine left when they died."""
    for path in folder.glob(".tmp-*"):
        match = _STRAY.fullmatch(path.name)
        if match and match[2] == _host() and _is_dead(int(match[1])):
            with suppress(OSError):
                path.unlink()


def _is_dead(pid: int) -> bool:
    if os.name == "nt":  # signal 0 would end the process there
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False
