"""What a person at a terminal sees while work goes on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["progress"]

PATIENCE = 1.0
STEP = 0.2


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[None]:
    """Show what is done and for how long, on a terminal, after about a second."""
    if quiet or not sys.stderr.isatty():
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


def _tick(what: str, done: threading.Event) -> None:
    start = time.monotonic()
    if done.wait(PATIENCE):
        return
    while not done.wait(STEP):
        seconds = time.monotonic() - start
        sys.stderr.write(f"\r{what} … {seconds:.0f} s ")
        sys.stderr.flush()
    sys.stderr.write("\r" + " " * (len(what) + 12) + "\r")
    sys.stderr.flush()
