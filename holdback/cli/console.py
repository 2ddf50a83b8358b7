"""What a person at a terminal sees while work goes on."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["coloured", "invocation", "progress"]

PATIENCE = 1.0
STEP = 0.2
WIDTH, LIT = 16, 4
COLOURS = {"good": "1;32", "bad": "1;31", "watch": "1;33", "plain": "1"}


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[None]:
    """Show a moving bar and the seconds, on a terminal, after about a second.

    Pipes, `quiet`, NO_COLOR and dumb terminals see nothing.
    """
    if quiet or not _is_lively():
        yield
        return
    done = threading.Event()
    shown = threading.Thread(target=_tick, args=(what, done), daemon=True)
    shown.start()
    try:
        yield
    finally:
        done.set()
        shown.join()


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
    found = shutil.which("holdback")
    return "holdback" if found and Path(found).samefile(called) else str(called)


def _is_lively() -> bool:
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return sys.stderr.isatty() and not plain


def _tick(what: str, done: threading.Event) -> None:
    start = time.monotonic()
    if done.wait(PATIENCE):
        return
    line = ""
    step = 0
    while not done.wait(STEP):
        line = f"{what} {bar(step)} {time.monotonic() - start:.0f} s"
        sys.stderr.write(f"\r{line}")
        sys.stderr.flush()
        step += 1
    sys.stderr.write("\r" + " " * len(line) + "\r")
    sys.stderr.flush()


def bar(step: int) -> str:
    """A bar whose lit part walks to and fro.

    >>> bar(0)
    '[====            ]'
    """
    way = WIDTH - LIT
    at = way - abs(step % (2 * way) - way)
    return "[" + " " * at + "=" * LIT + " " * (way - at) + "]"
