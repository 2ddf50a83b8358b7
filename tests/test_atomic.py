"""The atomic writer: whole or not at all, never through a link, no litter."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdback.atomic_files import replacing, write_files
from holdback.errors import ConfigError, EnvironmentFault


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
