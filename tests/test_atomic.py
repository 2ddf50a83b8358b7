"""The atomic writer: whole or not at all, never through a link, no litter."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from holdback.atomic_files import _created, read_whole, replacing, write_files
from holdback.errors import ConfigError, EnvironmentFault, ReportError


def names(folder: Path) -> list[str]:
    """Names of everything in a folder, hidden ones too."""
    return sorted(entry.name for entry in folder.iterdir())


def test_files_are_written_and_replaced(tmp_path: Path) -> None:
    """Missing folders are made; text is UTF-8 with its line ends, bytes are bytes."""
    folder = tmp_path / "a" / "b"
    write_files(folder, {"t.txt": "old"})
    written = write_files(folder, {"t.txt": "é\r\n", "sub/x.bin": b"\0"})
    assert written == (folder / "t.txt", folder / "sub" / "x.bin")
    assert (folder / "t.txt").read_bytes() == "é\r\n".encode()
    assert (folder / "sub" / "x.bin").read_bytes() == b"\0"
    assert names(folder) == ["sub", "t.txt"]


def test_an_error_in_the_block_leaves_the_old_file(tmp_path: Path) -> None:
    """When the writer of the content fails, nothing has changed and nothing is left."""
    target = tmp_path / "t.txt"
    target.write_text("old")

    def half() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["t.txt"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_failing_system_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    """Disk full or broken: the fault names path and free bytes, files stay."""
    write_files(tmp_path, {"a": "old", "b": "old"})

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(EnvironmentFault) as caught:
        write_files(tmp_path, {"a": "new", "b": "new"})
    monkeypatch.undo()
    assert str(tmp_path / "a") in str(caught.value)
    assert ("bytes are free" in str(caught.value)) == (code == errno.ENOSPC)
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text() == "old"
    assert names(tmp_path) == ["a", "b"]


def test_links_are_rejected(tmp_path: Path) -> None:
    """A link in the target's place is refused, its file untouched, dangling or not."""
    real = tmp_path / "real.txt"
    real.write_text("keep")
    for to in (real, tmp_path / "nowhere"):
        link = tmp_path / "out.txt"
        link.symlink_to(to)
        with pytest.raises(ConfigError, match="link"):
            write_files(tmp_path, {"new.txt": "x", "out.txt": "x"})
        link.unlink()
    assert real.read_text() == "keep"
    assert names(tmp_path) == ["real.txt"]


def test_folders_and_escapes_are_rejected(tmp_path: Path) -> None:
    """A folder is no target; a name cannot leave the folder."""
    (tmp_path / "d").mkdir()
    with pytest.raises(ConfigError, match="no regular file"):
        write_files(tmp_path, {"d": "x"})
    for name in ("../x", "/x", ""):
        with pytest.raises(ValueError, match="inside the folder"):
            write_files(tmp_path, {name: "x"})
    (tmp_path / "f").write_text("")
    with pytest.raises(EnvironmentFault):
        write_files(tmp_path / "f", {"x": "x"})


def test_stray_files_of_dead_processes_are_swept(tmp_path: Path) -> None:
    """What a killed writer left is removed by the next one; a living one's stays."""
    code = (
        "import os, sys; from pathlib import Path\n"
        "from holdback.atomic_files import replacing\n"
        "with replacing(Path(sys.argv[1])) as t: t.write_text('half'); os._exit(9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "t")], check=False
    )
    assert done.returncode == 9
    (stray,) = names(tmp_path)
    assert stray.startswith(".tmp-")
    alive = stray.replace(stray.split("-")[1], str(os.getpid()), 1)
    foreign = ".tmp-notes.txt"
    (tmp_path / alive).touch()
    (tmp_path / foreign).touch()
    write_files(tmp_path, {"t": "x"})
    assert names(tmp_path) == sorted([alive, foreign, "t"])


def test_permissions_of_a_replaced_file_are_kept(tmp_path: Path) -> None:
    """A file that only its owner could read stays so."""
    target = tmp_path / "t"
    target.write_text("old")
    target.chmod(0o600)
    write_files(tmp_path, {"t": "new"})
    assert target.stat().st_mode & 0o777 == 0o600


CALLS = ("open", "write", "fsync", "close", "link", "mkdir", "rename", "replace",
         "unlink", "rmdir", "chmod")  # fmt: skip
OLD = {"a.html": "old a", "b.json": "old b", "sub/c.csv": "old c"}
NEW = {"a.html": "new a", "b.json": "new b", "sub/c.csv": "new c", "d.md": "new d"}


class Failing:
    """Calls of the operating system, of which the n-th, counted over all, fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, nth: int, code: int) -> None:
        self.calls = 0
        for name in CALLS:
            monkeypatch.setattr(os, name, self.guarded(getattr(os, name), nth, code))

    def guarded(self, call: Callable[..., Any], nth: int, code: int) -> Any:
        """The call, which fails when it is the n-th; a handle is closed before."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == nth:
                if call is REAL_CLOSE:
                    REAL_CLOSE(*args)
                raise OSError(code, os.strerror(code))
            return call(*args, **kwargs)

        return guarded


REAL_CLOSE = os.close


def fault_of(call: Callable[[], object]) -> EnvironmentFault | None:
    """The fault that a call raises, if it raises one."""
    try:
        call()
    except EnvironmentFault as fault:
        return fault
    return None


def texts(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """What stands in the files of these names that exist."""
    return {n: (folder / n).read_text() for n in names if (folder / n).exists()}


@pytest.mark.parametrize(
    ("before", "code"),
    [(OLD, errno.ENOSPC), (OLD, errno.EIO), ({}, errno.EACCES)],
    ids=["full, over old files", "broken, over old files", "forbidden, anew"],
)
def test_whichever_call_fails_the_set_is_one(
    tmp_path: Path, before: dict[str, str], code: int
) -> None:
    """The n-th call fails, for every n: all files are old, or all are new.

    A call that fails while nothing depends on it any more may pass unnoticed.
    """
    failures = 0
    for nth in range(1, 400):
        folder = tmp_path / f"{code}-{nth}"
        folder.mkdir()
        if before:
            write_files(folder, before, manifest=True)
        with pytest.MonkeyPatch.context() as patched:
            failing = Failing(patched, nth, code)
            fault = fault_of(lambda to=folder: write_files(to, NEW, manifest=True))
            done = failing.calls < nth
        if fault is None:
            assert texts(folder, NEW) == NEW
        else:
            failures += 1
            assert "Nothing was overwritten" in str(fault)
            assert texts(folder, NEW) == before
        # The next writer finds nothing in its way, and leaves nothing behind.
        write_files(folder, NEW, manifest=True)
        assert names(folder) == ["a.html", "b.json", "d.md", "manifest.json", "sub"]
        if done:
            break
    assert done
    assert failures > 20


KILLED = """
import os, sys
from pathlib import Path
import holdback.atomic_files as files

left = int(sys.argv[2])
def counted(call):
    def counting(*args, **kwargs):
        global left
        left -= 1
        if not left:
            os._exit(9)
        return call(*args, **kwargs)
    return counting

for name in ("open", "write", "fsync", "link", "mkdir", "rename", "replace", "unlink",
             "rmdir"):
    setattr(os, name, counted(getattr(os, name)))
files.write_files(Path(sys.argv[1]), NEW, manifest=True)
"""


@pytest.mark.parametrize("nth", [1, 3, 7, 12, 18, 22, 26, 28, 30, 31, 32, 33, 34, 36])
def test_a_killed_writer_leaves_one_set_to_the_next_reader(
    tmp_path: Path, nth: int
) -> None:
    """Killed before its n-th call: what is read afterwards is all old or all new."""
    write_files(tmp_path, OLD, manifest=True)
    code = f"NEW = {NEW!r}\n{KILLED}"
    subprocess.run([sys.executable, "-c", code, str(tmp_path), str(nth)], check=False)
    read = {name: read_whole(tmp_path / name).decode() for name in ("a.html", "b.json")}
    assert read in (
        {"a.html": "old a", "b.json": "old b"},
        {"a.html": "new a", "b.json": "new b"},
    )
    assert texts(tmp_path, NEW) in (OLD, NEW)
    write_files(tmp_path, NEW, manifest=True)
    assert texts(tmp_path, NEW) == NEW
    assert names(tmp_path) == ["a.html", "b.json", "d.md", "manifest.json", "sub"]


def test_an_edited_file_of_a_set_is_named(tmp_path: Path) -> None:
    """A file that the manifest does not describe is never read silently."""
    write_files(tmp_path, OLD, manifest=True)
    assert read_whole(tmp_path / "b.json") == b"old b"
    (tmp_path / "b.json").write_text("old b ")
    with pytest.raises(ReportError, match=r"not the file that manifest\.json"):
        read_whole(tmp_path / "b.json")
    write_files(tmp_path, {"plan.json": "{}"}, manifest=True)
    assert read_whole(tmp_path / "plan.json") == b"{}"
    with pytest.raises(ReportError, match="edited, or it belongs to another run"):
        read_whole(tmp_path / "b.json")


def test_leftovers_of_containers_are_swept_by_age(tmp_path: Path) -> None:
    """Process 1 lives everywhere, and another machine's is not seen: a day decides."""
    mine = _created(tmp_path / "t").name
    host = mine.split("-")[2]
    young, old = f".tmp-1-{host}-00000001", f".tmp-1-{host}-00000002"
    far = ".tmp-77-0badc0de-00000003"
    for name in (young, old, far):
        (tmp_path / name).touch()
    for name in (old, far):
        os.utime(tmp_path / name, (0, 0))
    write_files(tmp_path, {"t": "x"})
    assert names(tmp_path) == sorted([mine, young, "t"])
