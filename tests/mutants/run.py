"""Which faults the tests would notice: small ones are put into the code, one by one.

`make mutants` runs it with mutmut over the rooms that numbers come from;
`make mutants ROOM=stats/multiplicity` over a folder or a file, in minutes. It works
on a copy, runs for each fault only the tests that pass through the changed function,
prints the share that was found, and every fault that was not, as a diff.

    python -m tests.mutants.run stats/multiplicity/dunnett.py
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

from tests.affected import ROOT, wanted

ROOMS = ("stats", "economics", "assignment", "data/queries")
"""What is tried where no room is named."""
TESTS = {"data/queries": ("extract_against_rows", "extract_reads", "later_arms")}
"""Tests of a room of which the whole folder would take hours."""
PARTS = ("holdback", "tests", "docs", "pyproject.toml", "README.md", "Makefile")
FOUND = frozenset({"killed", "timeout", "segfault", "suspicious"})


def tests_of(room: str) -> list[str]:
    """The tests that a room's faults are shown to.

    >>> tests_of("assignment/split.py"), tests_of("stats/srm")
    (['tests/assignment'], ['tests/stats/srm'])
    """
    for known, names in TESTS.items():
        if room == known or room.startswith(f"{known}/"):
            return [f"tests/data/test_{name}.py" for name in names]
    paths = wanted(f"holdback/{path}" for path in _files(room))
    return [path for path in paths if (ROOT / path).is_dir()]


def _files(room: str) -> list[str]:
    place = ROOT / "holdback" / room
    found = [place] if place.is_file() else sorted(place.rglob("*.py"))
    if not found:
        sys.exit(f"There is no room 'holdback/{room}'.")
    return [str(path.relative_to(ROOT / "holdback")) for path in found]


def settings(room: str) -> str:
    """The file that mutmut reads."""
    place = f"holdback/{room}"
    lines = configparser.ConfigParser()
    lines["mutmut"] = {
        "source_paths": "holdback",
        "only_mutate": place if place.endswith(".py") else f"{place}/*",
        "pytest_add_cli_args": _listed(["-p", "no:cacheprovider", "-n0"]),
        "pytest_add_cli_args_test_selection": _listed(tests_of(room)),
        "also_copy": _listed(PARTS[2:]),
        "use_git_change_detection": "false",
        "track_dependencies": "false",
    }
    written = StringIO()
    lines.write(written)
    return written.getvalue()


def _listed(values: Iterable[str]) -> str:
    return "\n" + "\n".join(values)


def verdicts(folder: Path) -> dict[str, str]:
    """Each fault with what became of it."""
    told = _mutmut(folder, "results", "--all", "true").splitlines()
    pairs = (re.fullmatch(r"\s*(\S+): (.+)", line) for line in told)
    return {pair[1]: pair[2] for pair in pairs if pair}


def _mutmut(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    ).stdout


def tried(room: str) -> Iterator[str]:
    """The lines to print of a room: its score, then what was not found."""
    with tempfile.TemporaryDirectory(prefix="holdback-mutants-") as name:
        folder = Path(name)
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        (folder / "setup.cfg").write_text(settings(room), encoding="utf-8")
        ran = subprocess.run(
            [sys.executable, "-m", "mutmut", "run", "--max-children", "2"],
            cwd=folder, check=False, capture_output=True, text=True,
        )  # fmt: skip
        seen = verdicts(folder)
        counts = Counter(seen.values())
        total = sum(counts.values()) - counts["skipped"]
        if not total or counts["not checked"]:
            yield f"{room}: it stopped early.\n{(ran.stdout + ran.stderr)[-2000:]}"
            return
        found = sum(counts[verdict] for verdict in FOUND)
        yield f"{room}: {found} of {total} found ({found / total:.0%}), {dict(counts)}"
        for fault, verdict in seen.items():
            if verdict not in FOUND | {"skipped"}:
                yield f"\n{fault}: {verdict}\n{_mutmut(folder, 'show', fault)}"


if __name__ == "__main__":
    for room in sys.argv[1:] or ROOMS:
        for line in tried(room):
            print(line, flush=True)  # noqa: T201  # it is the answer
