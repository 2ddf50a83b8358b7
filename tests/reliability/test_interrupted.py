"""Whole commands whose calls fail, or that are killed: old files or new, never both."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli.test_bad_input import ASSIGNMENTS, ORDERS, YAML

from holdback.atomic_files import read_whole
from holdback.errors import HoldbackError

FAILURES = (errno.ENOSPC, errno.EIO, errno.EACCES)


@dataclass(frozen=True, kw_only=True)
class Work:
    """A command, what is run before it, and the files that it writes together."""

    command: str
    files: tuple[str, ...]
    before: tuple[str, ...] = ()


RESULTS = tuple(
    f"results/{name}" for name in ("scorecard.json", "report.html", "readouts.csv")
)
ANALYZE = "analyze experiment.yaml -o results -q --as-of 2025-03-30"
FIRST = ANALYZE.replace("-30", "-12")
PLAN = "plan experiment.yaml -q -o plans --units 4000 --runs 0 --baseline revenue=20,40"
WORKS = {
    "analyze": Work(command=ANALYZE, before=(FIRST,), files=RESULTS),
    "analyze anew": Work(command=ANALYZE, files=RESULTS),
    "plan": Work(
        command=f"{PLAN} --baseline conversion=5%",
        before=(f"{PLAN} --baseline conversion=9%",),
        files=("plans/plan.html", "plans/plan.json"),
    ),
    "lock": Work(
        command="lock experiment.yaml -q", files=("audit.jsonl",), before=(FIRST,)
    ),
    "assign": Work(
        command="assign hashed.yaml ids.csv -o assigned.csv -q",
        files=("assigned.csv",),
    ),
    "portfolio": Work(
        command="portfolio . -q -o all",
        before=(ANALYZE,),
        files=("all/portfolio.html", "all/portfolio.json"),
    ),
    "init": Work(
        command="init assignments.csv orders.csv -q -o drafted.yaml",
        files=("drafted.yaml",),
    ),
    "list": Work(
        command="list . --html pages/index.html",
        before=(ANALYZE,),
        files=("pages/index.html",),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How an attempt ended, and where."""

    folder: Path
    status: int
    calls: int
    err: str


class Machine:
    """A process that runs commands in copies of a project: see `ended.py`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("ended.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )

    def run(
        self,
        folder: Path,
        command: str,
        attempt: Sequence[object] = ("none", 0),
        *,
        copy: bool = True,
    ) -> Ended:
        """How a command ended in a project's folder, or in a copy of it."""
        asked = {
            "folder": str(folder),
            "copy": copy,
            "command": command.split(),
            "attempt": attempt,
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        told = json.loads(self.process.stdout.readline())
        return Ended(**(told | {"folder": Path(told["folder"])}))


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One process for all commands, which imports each once."""
    machine = Machine()
    yield machine
    with machine.process:
        machine.process.communicate()


def as_read(folder: Path, files: Sequence[str]) -> dict[str, bytes]:
    """What a reader finds, who finishes what a killed process left pending."""
    found: dict[str, bytes] = {}
    for name in files:
        try:
            found[name] = without_times(name, read_whole(folder / name))
        except FileNotFoundError:
            continue
        except HoldbackError as error:
            found[name] = str(error).encode()
    return found


def without_times(name: str, content: bytes) -> bytes:
    """A file's content; of the audit log what does not hang on the clock."""
    if name != "audit.jsonl":
        return content
    entries = [json.loads(line) for line in content.splitlines()]
    return repr([(e["seq"], e["kind"], e["experiment"]) for e in entries]).encode()


def litter(folder: Path) -> list[str]:
    """Temporary names under a folder."""
    marks = (".tmp-", ".set-")
    return [p.name for p in folder.rglob("*") if p.name.startswith(marks)]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A project before a command, and what its files hold before and after it."""

    work: Work
    machine: Machine
    project: Path
    old: dict[str, bytes]
    new: dict[str, bytes]
    calls: int
    seconds: float

    def tried(self, attempt: Sequence[object]) -> Ended:
        """How the command ends in a fresh copy of the project."""
        return self.machine.run(self.project, self.work.command, attempt)


@pytest.fixture(params=list(WORKS), scope="module")
def stage(
    request: pytest.FixtureRequest,
    machine: Machine,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stage:
    """A project in which all goes well once."""
    work = WORKS[request.param]
    project = tmp_path_factory.mktemp("interrupted") / "project"
    project.mkdir()
    looks = YAML.replace("analysis: {looks: end}", "analysis: {looks: spending}")
    hashed = YAML.replace("window:", "assignment: {salt: spring}\nwindow:")
    for name, text in {
        "experiment.yaml": looks,
        "hashed.yaml": hashed.replace("experiment: spring-recs", "experiment: hashed"),
        "assignments.csv": ASSIGNMENTS,
        "orders.csv": ORDERS,
        "ids.csv": "user_id\n" + "\n".join(map(str, range(500))) + "\n",
    }.items():
        (project / name).write_text(text, encoding="utf-8")
    if work.command.startswith(("portfolio", "list")):
        (project / "hashed.yaml").unlink()
    for command in work.before:
        ended = machine.run(project, command, copy=False)
        assert ended.status == 0, ended.err
    old = as_read(project, work.files)
    start = time.perf_counter()
    for _ in range(2):
        ended = machine.run(project, work.command)
        assert ended.status == 0, ended.err
    new = as_read(ended.folder, work.files)
    assert set(new) == set(work.files)
    assert ended.calls > 5
    return Stage(
        work=work,
        machine=machine,
        project=project,
        old=old,
        new=new,
        calls=ended.calls,
        seconds=(time.perf_counter() - start) / 2,
    )


def holds(stage: Stage, ended: Ended) -> bool:
    """Whether the new files are there; fails where old and new are mixed."""
    found = as_read(ended.folder, stage.work.files)
    assert found in (stage.old, stage.new), sorted(found)
    assert "Traceback" not in ended.err
    assert "bug of holdback" not in ended.err
    assert "has a bug" not in ended.err
    return found == stage.new


def check_failing(stage: Stage, numbers: Sequence[int], code: int) -> None:
    """Of the calls of these numbers each fails once."""
    for number in numbers:
        ended = stage.tried(["fail", number, code])
        is_new = holds(stage, ended)
        if ended.status == 0:
            assert is_new
        if "Nothing was overwritten" in ended.err:
            assert not is_new or "audit.head" in ended.err


def check_ending(stage: Stage, asked: Sequence[list[Any]]) -> list[int]:
    """Each attempt is cut off; the next run gives what a run without it gives."""
    endings: list[int] = []
    for attempt in asked:
        ended = stage.tried(attempt)
        holds(stage, ended)
        endings.append(ended.status)
        after = stage.machine.run(ended.folder, stage.work.command, copy=False)
        assert as_read(after.folder, stage.work.files) == stage.new
        if stage.work.command.startswith("init") and after.status:
            assert "exists" in after.err  # it overwrites nothing
            continue
        assert after.status == 0, after.err
        assert not litter(after.folder)
    return endings


def test_a_failing_call_leaves_one_set(stage: Stage) -> None:
    """Some of the calls fail, one at a time: all files are old, or all are new."""
    step = max(stage.calls // 6, 1)
    check_failing(stage, range(1 + stage.calls % 3, stage.calls + 1, step), FAILURES[0])


def test_a_process_that_ends_leaves_one_set(stage: Stage) -> None:
    """Ended before some of its calls; the next run finishes or begins anew."""
    asked = [["end", n] for n in {3, stage.calls // 2, stage.calls - 2}]
    assert set(check_ending(stage, asked)) == {9}


@pytest.mark.calibration
@pytest.mark.parametrize("code", FAILURES)
def test_every_failing_call_leaves_one_set(stage: Stage, code: int) -> None:
    """Each call fails once, in three ways."""
    check_failing(stage, range(1, stage.calls + 1), code)


@pytest.mark.calibration
def test_every_end_leaves_one_set(stage: Stage) -> None:
    """Ended before each call."""
    check_ending(stage, [["end", n] for n in range(1, stage.calls + 1)])


@pytest.mark.calibration
def test_kills_at_any_moment_leave_one_set(stage: Stage) -> None:
    """Forty kills at moments drawn over the whole time that the command takes."""
    lot = random.Random(stage.work.command)
    asked = [["kill", lot.uniform(0, stage.seconds)] for _ in range(40)]
    endings = check_ending(stage, asked)
    assert endings.count(-9) >= 10, "most were over before the kill"
