"""The tests that a change asks for: the folders that mirror the changed rooms.

`make test-fast` runs what this prints. Changed is what differs from the last commit,
and, on a clean tree, what the last commit changed. A file of `holdback/<room>/` asks
for `tests/<room>/` (of `stats` and its like, for the same folder further down) and
for its own doctests; a file of tests for itself; anything else for the top of the
suite, which keeps the project's word.

>>> wanted(["holdback/facts.py", "tests/cli/test_init.py"])[:2]
['holdback/facts.py', 'tests/cli/test_init.py']
>>> [path for path in wanted(["holdback/stats/srm/agreement.py"]) if "srm" in path]
['holdback/stats/srm/agreement.py', 'tests/stats/srm']
>>> wanted(["README.md"])
['tests/test_project.py']
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RULES = ("tests/test_docstrings.py", "tests/test_names.py")
"""What every file of the package must keep."""


def changed() -> list[str]:
    """Files that differ from the last commit, or else that it changed itself."""
    asked = (
        ("git", "diff", "--name-only", "HEAD"),
        ("git", "ls-files", "--others", "--exclude-standard"),
    )
    uncommitted = [line for command in asked for line in _lines(command)]
    return uncommitted or _lines(("git", "diff", "--name-only", "HEAD~1"))


def wanted(files: Iterable[str]) -> list[str]:
    """Paths for pytest, sorted, each once, none inside another."""
    paths = {path for file in files for path in _asked_by(Path(file))}
    return sorted(
        str(path) for path in paths if not paths.intersection(path.parents)
    ) or ["tests/test_project.py"]


def _asked_by(file: Path) -> Iterator[Path]:
    if file.suffix == ".py" and (ROOT / file).exists():
        if file.parts[0] == "holdback":
            yield file
            yield _mirror(file.parent)
            yield from map(Path, RULES)
        elif file.parts[0] == "tests" and file.name.startswith("test_"):
            yield file
        elif file.parts[0] == "tests" and len(file.parts) > 2:
            yield file.parent
    elif file.suffix in {".md", ".toml", ".txt"}:
        yield Path("tests/test_project.py")


def _mirror(room: Path) -> Path:
    """The folder of tests for a room, or for the nearest room above it that has one."""
    folder = Path("tests", *room.parts[1:])
    while not any((ROOT / folder).glob("test_*.py")):
        folder = folder.parent
    return folder if len(folder.parts) > 1 else folder / "test_workflow.py"


def _lines(command: tuple[str, ...]) -> list[str]:
    shown = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return shown.stdout.splitlines()


if __name__ == "__main__":
    print("\n".join(wanted(changed())))  # noqa: T201  # it is the answer
