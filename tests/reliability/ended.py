"""Commands of the product that meet a failing or ending machine, many times over.

Run as a script in a process of its own. Each line of its input is a JSON object
(`folder`, `copy`, `command`, `attempt`) and is answered by a line of its output. The
command runs in a forked child, in the folder or in a copy of it, so that nothing is
imported twice. An attempt is ``["fail", n, errno]`` (the n-th call of the operating
system raises), ``["end", n]`` (the process ends before its n-th call), ``["kill",
seconds]``, or ``["none", 0]``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

CALLS = ("open", "write", "fsync", "close", "link", "mkdir", "rename", "replace",
         "unlink", "rmdir", "chmod")  # fmt: skip


def count_calls(at: Callable[[int], None]) -> None:
    """Have the number of each call of the operating system told before it is made."""
    made = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **kwargs: Any) -> Any:
            nonlocal made
            made += 1
            at(made)
            return call(*args, **kwargs)

        return counting

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))


def attempted(attempt: list[Any], command: list[str], calls: Path) -> int:
    """Exit code of a command that meets an attempt; how many calls it made is kept."""
    kind, when, *code = attempt
    made = 0

    def at(number: int) -> None:
        nonlocal made
        made = number
        if kind == "fail" and number == when:
            raise OSError(code[0], os.strerror(code[0]))
        if kind == "end" and number == when:
            os._exit(9)

    count_calls(at)
    from holdback.cli.main import run

    exit_code = run(command)
    calls.write_text(str(made))
    return exit_code


def child(place: Path, command: list[str], attempt: list[Any]) -> None:
    """Run the command in a project's folder, with its words in files beside it."""
    os.chdir(place / "project")
    for number, name in ((1, "out.txt"), (2, "err.txt")):
        os.dup2(os.open(place / name, os.O_CREAT | os.O_WRONLY), number)
    code = attempted(attempt, command, place / "calls.txt")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def made(place: Path, command: list[str], attempt: list[Any]) -> dict[str, Any]:
    """How a forked child that ran the command ended."""
    for name in ("out.txt", "err.txt", "calls.txt"):
        (place / name).unlink(missing_ok=True)
    pid = os.fork()
    if not pid:
        child(place, command, attempt)
    if attempt[0] == "kill":
        time.sleep(attempt[1])
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    calls, err = place / "calls.txt", place / "err.txt"
    return {
        "folder": str(place / "project"),
        "status": os.waitstatus_to_exitcode(status),
        "calls": int(calls.read_text() or 0) if calls.exists() else 0,
        "err": err.read_text(errors="replace") if err.exists() else "",
    }


def warm(project: Path, command: list[str]) -> None:
    """Import what the command needs, by running it where nobody looks."""
    from holdback.cli.main import run

    os.chdir(project)
    with (project / "words.txt").open("w") as words, redirect_stdout(words):
        run(command)


def main() -> None:
    """Answer each line."""
    warmed: set[str] = set()
    for number, line in enumerate(sys.stdin):
        asked = json.loads(line)
        project = Path(asked["folder"])
        if asked["copy"]:
            place = project.parent / f"try-{number}"
            shutil.copytree(project, place / "project")
            project = place / "project"
        if asked["command"][0] not in warmed:
            warmed.add(asked["command"][0])
            shutil.copytree(project, project.parent / "warm" / str(number))
            warm(project.parent / "warm" / str(number), asked["command"])
        answer = made(project.parent, asked["command"], asked["attempt"])
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
