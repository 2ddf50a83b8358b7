"""What a person at a terminal sees while work goes on."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["coloured", "examples", "invocation", "progress"]

PATIENCE = 1.0
SILENCE = 2.0
"""Seconds without a word: on a terminal, and elsewhere."""
TICK_SECONDS = 0.2
WIDTH, LIT = 16, 4
COLOURS = {"good": "1;32", "bad": "1;31", "watch": "1;33", "plain": "1"}


def examples(*lines: str) -> str:
    """What stands below a command's help: how it is typed, after `holdback`.

    A line that begins with a space goes on with the one before it.
    """
    typed = [f"  {line}" if line[0] == " " else f"  holdback {line}" for line in lines]
    return "\n".join(["\b", "Example:", *typed, ""])


STAGES = {
    "reading": "Reading the data",
    "comparing": "Comparing the arms",
    "exploring": "Looking at segments, time and money",
    "drawing": "Drawing from the models",
    "writing": "Writing the report",
}
"""What a stage of the analysis is called."""


@dataclass(slots=True)
class ProgressLine:
    """What goes on: the stage, and a share of it where that is known."""

    what: str
    share: float | None = None

    def __call__(self, share: float) -> None:
        """The share of the stage that is done."""
        self.what, self.share = STAGES["drawing"], share

    def stage(self, name: str) -> None:
        """The next stage begins."""
        self.what, self.share = STAGES[name], None

    def line(self, step: int, seconds: float) -> str:
        """The line at a step of the bar."""
        moving = bar(step) if self.share is None else filled(self.share)
        return f"{self.what} {moving} {seconds:.0f} s"


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[ProgressLine]:
    """Tell what goes on, once it takes longer than a second or two.

    On a terminal a moving bar and the seconds; in pipes and logs, with NO_COLOR and on
    dumb terminals a line as each stage begins. `quiet` says nothing. Yields what is
    told the stages, and the share that is done where it becomes known.
    """
    shown = ProgressLine(what)
    if quiet:
        yield shown
        return
    done = threading.Event()
    tell = _tick if _is_lively() else _log
    thread = threading.Thread(target=tell, args=(shown, done), daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        done.set()
        thread.join()


def coloured(text: str, tone: str) -> str:
    """A summary whose decision and checks are coloured, where colour is wanted.

    `tone` is that of the decision. Pipes, NO_COLOR and dumb terminals get plain text.
    """
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    if plain or not sys.stdout.isatty():
        return text
    first, *rest = text.split("\n")
    return "\n".join([_painted(first, tone), *map(_check, rest)])


def _check(line: str) -> str:
    word = line.strip().partition(" ")[0]
    return _painted(line, {"FAIL": "bad", "WARN": "watch"}.get(word, ""))


def _painted(line: str, tone: str) -> str:
    code = COLOURS.get(tone)
    return line if code is None else f"\033[{code}m{line}\033[0m"


def invocation() -> str:
    """How this command line was called, for messages that say what to type next."""
    called = Path(sys.argv[0])
    if called.name != "holdback":
        return f"{Path(sys.executable).name} -m holdback"
    installed = shutil.which("holdback")
    return "holdback" if installed and Path(installed).samefile(called) else str(called)


def _is_lively() -> bool:
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return sys.stderr.isatty() and not plain


def _tick(shown: ProgressLine, done: threading.Event) -> None:
    start = time.monotonic()
    if done.wait(PATIENCE):
        return
    line = ""
    step = 0
    while not done.wait(TICK_SECONDS):
        before = len(line)
        line = shown.line(step, time.monotonic() - start)
        sys.stderr.write(f"\r{line:<{before}}")
        sys.stderr.flush()
        step += 1
    sys.stderr.write("\r" + " " * len(line) + "\r")
    sys.stderr.flush()


def _log(shown: ProgressLine, done: threading.Event) -> None:
    """A line for each stage, from the one on that is under way after a while."""
    told = ""
    wait = SILENCE
    while not done.wait(wait):
        if shown.what != told:
            told = shown.what
            sys.stderr.write(f"{told} …\n")
            sys.stderr.flush()
        wait = TICK_SECONDS


def bar(step: int) -> str:
    """A bar whose lit part walks to and fro.

    >>> bar(0)
    '[====            ]'
    """
    way = WIDTH - LIT
    at = way - abs(step % (2 * way) - way)
    return "[" + " " * at + "=" * LIT + " " * (way - at) + "]"


def filled(share: float) -> str:
    """A bar that fills up.

    >>> filled(0.5)
    '[========        ] 50 %'
    """
    lit = round(share * WIDTH)
    return "[" + "=" * lit + " " * (WIDTH - lit) + f"] {100 * share:.0f} %"
