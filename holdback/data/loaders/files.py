"""Files of a source: found, looked at from outside, and fingerprinted."""

from __future__ import annotations

import glob
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from holdback.errors import ConfigError, DataError, EnvironmentFault, Problem

__all__ = [
    "GZIP",
    "Fingerprint",
    "check_readable",
    "fingerprints",
    "head",
    "is_gzip",
    "matching",
    "shown",
    "state",
]

CHUNK = 1 << 20
GZIP = b"\x1f\x8b"
EXPANSION = 200
EXPANDED_FREE = 100 << 20
EXPANDED_MOST = 20 << 30
WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What one reading of the bytes tells of a file.

    `nul_line` is the first line with a NUL byte; `returns` counts carriage returns,
    `newlines` line feeds and `pairs` both together. `broken` says why a gzip file
    cannot be unpacked.
    """

    sha256: str
    nul_line: int | None = None
    returns: int = 0
    newlines: int = 0
    pairs: int = 0
    broken: str = ""

    @property
    def mixed(self) -> bool:
        """Whether lines end in more than one way."""
        alone = (self.returns - self.pairs, self.newlines - self.pairs, self.pairs)
        return sum(1 for count in alone if count) > 1


def matching(path: str, root: Path, source: str) -> list[Path]:
    """The files that a path or glob of the YAML means, sorted by name.

    Raises ConfigError for a URL, EnvironmentFault when nothing is there.
    """
    if "://" in path:
        raise ConfigError(
            Problem(
                where=f"source {source}",
                what=f"'{path}' is not a path of a file.",
                why="Only files of this machine and databases by `table` or `sql` "
                "are read.",
                fix="Download the file and give its path.",
            )
        )
    full = str(root / path)
    if not WILD & set(path):
        return [Path(full)]
    names = sorted(glob.glob(full, recursive=True))  # noqa: PTH207  # the path may be absolute
    if not names:
        raise EnvironmentFault(
            Problem(
                where=f"source {source}",
                what=f"no file fits '{path}'.",
                fix="Correct the pattern; it starts from the folder of the YAML file.",
            )
        )
    return [Path(name) for name in names]


def shown(path: Path, root: Path) -> str:
    """A path as messages and reports show it: from the project's folder."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name


def check_readable(path: Path, root: Path) -> None:
    """Refuse what is not a readable file with something in it.

    Raises DataError for a folder, pipe or empty file, EnvironmentFault for what is not
    there or may not be read.
    """
    where = shown(path, root)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DataError(
                Problem(
                    where=where,
                    what="this is a folder, not a file.",
                    fix=f"Name the files in it, for instance {where}/*.csv.",
                )
            )
        if not stat.S_ISREG(mode):
            raise DataError(
                Problem(
                    where=where, what="this is not a regular file (a pipe or device)."
                )
            )
        if not os.access(path, os.R_OK):
            raise PermissionError(13, "Permission denied")
        if path.stat().st_size == 0:
            raise DataError(
                Problem(
                    where=where,
                    what="the file is empty (0 bytes).",
                    fix="Export it again, or name another file.",
                )
            )
    except OSError as error:
        raise _unreadable(where, error) from error


def state(path: Path) -> tuple[int, int]:
    """Bytes and time of a file's last change, in ns; (-1, -1) when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return -1, -1
    return found.st_size, found.st_mtime_ns


def head(path: Path, size: int = 8) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(size)


def is_gzip(path: Path, root: Path) -> bool:
    """Whether a file is gzipped, by its first bytes; `.gz` that is not is refused.

    Raises DataError for a name in `.gz` of a file that is not gzipped.
    """
    packed = head(path, 2) == GZIP
    if path.suffix == ".gz" and not packed:
        raise DataError(
            Problem(
                where=shown(path, root),
                what="the name ends in .gz, but this is not a gzip file.",
                fix="Take .gz off the name if the file is not packed; otherwise pack "
                "it again.",
            )
        )
    return packed


def fingerprints(
    paths: list[Path], pool: ThreadPoolExecutor, *, text: bool
) -> list[Future[Fingerprint]]:
    """Start to read the bytes of files in the background."""
    return [pool.submit(_fingerprint, path, text) for path in paths]


def combined(names: list[str], prints: list[Fingerprint]) -> str:
    """One hash of several files: their sorted (name, sha256); one file's own."""
    if len(prints) == 1:
        return prints[0].sha256
    total = hashlib.sha256()
    for name, sha256 in sorted(zip(names, (p.sha256 for p in prints), strict=True)):
        total.update(f"{name}\0{sha256}\n".encode())
    return total.hexdigest()


def _fingerprint(path: Path, text: bool) -> Fingerprint:  # noqa: FBT001  # for submit
    digest = hashlib.sha256()
    if not text:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        return Fingerprint(sha256=digest.hexdigest())
    return _text_fingerprint(path, digest)


def _text_fingerprint(path: Path, digest: hashlib._Hash) -> Fingerprint:
    nul_line: int | None = None
    returns = newlines = pairs = 0
    last = b""
    try:
        for chunk in _chunks(path, digest):
            if nul_line is None and b"\0" in chunk:
                before = newlines or returns
                part = chunk[: chunk.index(b"\0")]
                nul_line = before + part.count(b"\n" if b"\n" in part else b"\r") + 1
            returns += chunk.count(b"\r")
            newlines += chunk.count(b"\n")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
            last = chunk[-1:]
    except zlib.error as error:
        return Fingerprint(sha256=digest.hexdigest(), broken=f"damaged ({error})")
    except EOFError as error:
        return Fingerprint(sha256=digest.hexdigest(), broken=str(error))
    return Fingerprint(
        sha256=digest.hexdigest(),
        nul_line=nul_line,
        returns=returns,
        newlines=newlines,
        pairs=pairs,
    )


def _chunks(path: Path, digest: hashlib._Hash) -> Iterator[bytes]:
    """Chunks of a file's text; gzip is unpacked. `digest` takes the file's bytes."""
    with path.open("rb") as file:
        first = file.read(CHUNK)
        packed = first[:2] == GZIP
        unpacker = _Unpacker() if packed else None
        chunk = first
        while chunk:
            digest.update(chunk)
            if unpacker is None:
                yield chunk
            else:
                yield from unpacker.unpacked(chunk)
            chunk = file.read(CHUNK)
        if unpacker is not None:
            unpacker.finish()


class _Unpacker:
    """Unpacks gzip in bounded pieces and stops at a bomb."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)
        self._read = self._written = 0
        self._fresh = False

    def unpacked(self, chunk: bytes) -> Iterator[bytes]:
        """Pieces of text from the next piece of the file.

        Raises EOFError for a bomb.
        """
        self._read += len(chunk)
        rest = chunk
        while rest:
            if self._stream.eof:
                if not rest.strip(b"\0"):
                    return
                self._stream = zlib.decompressobj(wbits=31)
            piece = self._stream.decompress(rest, CHUNK)
            rest = self._stream.unconsumed_tail or self._stream.unused_data
            self._written += len(piece)
            self._limit()
            if piece:
                yield piece

    def finish(self) -> None:
        """EOFError when the file ends too early."""
        if not self._stream.eof:
            raise EOFError("cut off")

    def _limit(self) -> None:
        bomb = self._written > max(EXPANDED_FREE, EXPANSION * self._read)
        if bomb or self._written > EXPANDED_MOST:
            raise EOFError("bomb")


def _unreadable(where: str, error: OSError) -> EnvironmentFault:
    if isinstance(error, FileNotFoundError):
        return EnvironmentFault(
            Problem(
                where=where,
                what="there is no such file.",
                fix="Correct the path; it starts from the folder of the YAML file.",
            )
        )
    reason = error.strerror or str(error)
    return EnvironmentFault(Problem(where=where, what=f"cannot be read: {reason}."))
