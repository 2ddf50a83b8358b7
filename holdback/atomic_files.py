"""Files appear whole or not at all, and a set of files together.

Everything that the product writes passes through here. A single file is written to a
temporary sibling, synced and renamed over the target. A set of files is prepared in a
hidden folder beside its targets; one rename makes that folder the pending set, and
then its files take their places. When a call fails on the way they are put back; when
the process is killed on the way, the next command that reads or writes there finishes
the set. A reader never meets half a file, an error leaves the old files untouched, and
a link in a target's place is refused rather than followed. `manifest.json` holds the
hash of each file of the last set, so that files of two sets, or an edited one, are
noticed (`read_whole`).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import re
import shutil
import stat
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from holdback.errors import ConfigError, EnvironmentFault, Problem, ReportError

__all__ = ["MANIFEST", "read_whole", "replacing", "write_files"]

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "holdback/manifest/1"
PLAN = "set.json"
"""Names of a pending set's files, in its folder."""
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_STRAY = re.compile(r"\.tmp-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}")
_PENDING = ".set-"
LONGEST_WRITE = 24 * 3600
"""Seconds after which what another machine began to write is left over."""


def write_files(
    folder: Path,
    files: Mapping[str, str | bytes],
    *,
    manifest: bool = False,
    alone: bool = False,
) -> tuple[Path, ...]:
    """Write files into a folder, all of them or none.

    Names may hold sub-folders (``experiments/a.yaml``); missing folders are made.
    Text is written as UTF-8, its line ends as they are. With `manifest` the hashes of
    the files are put into the folder's `manifest.json` as well; with `alone` they are
    all that stands there, and what it described before and is unchanged is removed.
    Raises ConfigError for
    a target that is a link or a folder, EnvironmentFault when the file system fails:
    the message tells what is on the disk, which is the old set unless putting it back
    failed too.
    """
    targets = tuple(_inside(folder, name) for name in files)
    for target in targets:
        _refuse_unsafe(target)
    contents = {
        name: content.encode() if isinstance(content, str) else content
        for name, content in files.items()
    }
    with _told(targets[0]):
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with _locked(folder):
            _finish(folder)
            before = {} if not manifest else _hashes(folder)
            if manifest:
                contents[MANIFEST] = _manifest(
                    {} if alone else before, folder, contents
                )
            pending = _prepared(folder, contents)
            _settle(folder, pending, list(contents))
            if alone:
                _drop(folder, {n: d for n, d in before.items() if n not in contents})
    return targets


def read_whole(path: Path) -> bytes:
    """A file that was written in a set, whole and as it was written.

    A set that a killed process left pending is finished first. Raises ReportError for
    a file that is not the one of the folder's manifest, OSError as reading does, and
    EnvironmentFault where a pending set cannot be finished.
    """
    folder = path.parent
    if any(folder.glob(f"{_PENDING}*/{PLAN}")):
        with _told(path), _locked(folder):
            _finish(folder)
    content = path.read_bytes()
    wanted = _hashes(folder).get(path.name)
    if wanted is not None and wanted != _hash(content):
        raise ReportError(
            Problem(
                where=str(path),
                what=f"this is not the file that {MANIFEST} beside it describes.",
                why="It was edited, or it belongs to another run than the files "
                "around it.",
                fix="Run the command again that wrote it, or restore the whole folder "
                "from a copy.",
            )
        )
    return content


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
            try:
                _sync(target.parent)
            except OSError as error:
                raise _InPlace(error.errno, error.strerror) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


class _InPlace(OSError):
    """A failure after which the new file is there, but perhaps not on the disk yet."""


class _NotUndone(OSError):
    """A failure after which some files could not be put back."""


def _prepared(folder: Path, contents: Mapping[str, bytes]) -> Path:
    """The folder of a pending set: new files, links to the old ones, their names.

    Nothing of it shows before the last rename, and nothing is left when it fails.
    """
    mark = f"{os.getpid()}-{_host()}-{os.urandom(4).hex()}"
    stage = folder / f".tmp-{mark}"
    try:
        stage.mkdir()
        for at, (name, content) in enumerate(contents.items()):
            target = folder / name
            _write(stage / f"new-{at}", content)
            with suppress(FileNotFoundError):
                (stage / f"new-{at}").chmod(stat.S_IMODE(target.lstat().st_mode))
                _linked(target, stage / f"old-{at}")
        _write(stage / PLAN, json.dumps(list(contents)).encode())
        _sync(stage)
        pending = folder / f"{_PENDING}{mark}"
        stage.rename(pending)
    except BaseException:
        _clear(stage)
        raise
    return pending


def _settle(folder: Path, pending: Path, names: Sequence[str]) -> None:
    """Put a prepared set in place; when a call fails, put the old files back.

    Raises OSError, of the kind `_NotUndone` where some could not be put back.
    """
    done: list[int] = []
    try:
        _sync(folder)
        for at, name in enumerate(names):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _refuse_unsafe(target)
            done.append(at)
            (pending / f"new-{at}").replace(target)
        for parent in dict.fromkeys((folder / name).parent for name in names):
            _sync(parent)
    except BaseException as error:
        with suppress(OSError):  # the set is void: nobody may finish it
            (pending / PLAN).unlink()
        kept = [names[at] for at in done if not _put_back(folder, pending, names, at)]
        _clear(pending)
        if kept and isinstance(error, OSError):
            raise _NotUndone(
                error.errno, f"{error.strerror}", ", ".join(kept)
            ) from error
        raise
    _remove(pending)


def _put_back(folder: Path, pending: Path, names: Sequence[str], at: int) -> bool:
    """Whether a file is again what it was before the set."""
    old, target = pending / f"old-{at}", folder / names[at]
    try:
        if old.exists():
            old.replace(target)
        elif not (pending / f"new-{at}").exists():
            target.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _finish(folder: Path) -> None:
    """Put the files of sets in place whose writers were killed on the way."""
    for pending in sorted(folder.glob(f"{_PENDING}*")):
        for at, name in enumerate(_names_in(pending)):
            target, new = _inside(folder, name), pending / f"new-{at}"
            if new.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                _refuse_unsafe(target)
                new.replace(target)
        _sync(folder)
        _remove(pending)


def _names_in(pending: Path) -> list[str]:
    """Names of a pending set's files; none of a set that was put back or is done."""
    try:
        return [str(name) for name in json.loads((pending / PLAN).read_bytes())]
    except (FileNotFoundError, ValueError):
        return []


def _remove(pending: Path) -> None:
    """Forget a set that is in place: its plan first, then what is left of it."""
    with suppress(OSError):
        (pending / PLAN).unlink(missing_ok=True)
    _clear(pending)


def _clear(folder: Path) -> None:
    """Remove a folder of ours as far as it goes; the next writer sweeps the rest."""
    with suppress(OSError):  # a failing `close` is raised all the same
        shutil.rmtree(folder, ignore_errors=True)


def _drop(folder: Path, hashes: Mapping[str, str]) -> None:
    """Remove files that are as a manifest described them, and folders left empty."""
    for name, digest in hashes.items():
        with suppress(OSError, ValueError):
            path = _inside(folder, name)
            if path.is_symlink() or _hash(path.read_bytes()) != digest:
                continue
            path.unlink()
            if path.parent != folder:
                path.parent.rmdir()


def _manifest(
    before: Mapping[str, str], folder: Path, contents: Mapping[str, bytes]
) -> bytes:
    """The hashes of a set's files beside those of other sets in the folder."""
    hashes = {
        name: digest for name, digest in before.items() if (folder / name).is_file()
    }
    hashes |= {name: _hash(content) for name, content in contents.items()}
    files = dict(sorted(hashes.items()))
    text = json.dumps(
        {"schema": MANIFEST_SCHEMA, "files": files}, indent=2, ensure_ascii=False
    )
    return text.encode() + b"\n"


def _hashes(folder: Path) -> dict[str, str]:
    """File → sha256 of a folder's manifest; empty without one that can be read."""
    try:
        found: Any = json.loads((folder / MANIFEST).read_bytes())
        return {str(name): str(digest) for name, digest in found["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """A new file with this content, on the disk when it returns."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _linked(target: Path, kept: Path) -> None:
    """A second name of a file, or a copy where the file system has no links."""
    try:
        os.link(target, kept)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(target, kept)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else puts a set of files into the folder meanwhile."""
    if os.name == "nt":  # no lock on a folder there
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # file systems without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):
            os.close(handle)


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
        on_disk = "Nothing was overwritten."
        if isinstance(error, _InPlace):
            on_disk = "The new file is in its place; a power cut now may undo it."
        if isinstance(error, _NotUndone):
            on_disk = (
                f"These files could not be put back and are of the new set, or are "
                f"missing: {error.filename}. All others are of the old one."
            )
        raise EnvironmentFault(
            Problem(
                where=str(target),
                what=f"cannot be written: {error.strerror or error}{free}",
                why=on_disk,
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
        if match and _is_left(path, int(match[1]), match[2]):
            if path.is_dir():
                _clear(path)
            else:
                with suppress(OSError):
                    path.unlink()


def _is_left(path: Path, pid: int, host: str) -> bool:
    """Whether nobody writes a temporary file or folder any more.

    A process of this machine tells by its number, unless that is 1 (the one of every
    container); of another machine's, and of 1, a day without a change does, for files
    of the same owner.
    """
    if host == _host() and pid != 1:
        return _is_dead(pid)
    try:
        found = path.lstat()
    except OSError:
        return False
    old = time.time() - found.st_mtime > LONGEST_WRITE
    return old and (os.name == "nt" or found.st_uid == os.getuid())


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
