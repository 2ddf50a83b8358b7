"""How a model is compiled and drawn from: what is installed, and what works of it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, TypeVar

from holdback.errors import StatsError
from holdback.wording import say

__all__ = ["Way", "first_that_works", "quiet_pymc", "ways"]

CHATTER = ("pymc", "pytensor", "pytensor.configdefaults")
LONGEST = 200
"""Characters of another library's message that are told."""
Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Way:
    """Options of `pymc.sample`, and PyTensor's settings while it runs."""

    options: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)


def ways(seeds: list[int], counter: Callable[..., None] | None) -> Iterator[Way]:
    """Nutpie where it is installed, which compiles by itself; else PyMC's own.

    Without a C compiler that works PyTensor would interpret the model in Python; Numba
    compiles it where it is there. Nutpie takes one seed and tells no progress.
    """
    if find_spec("nutpie"):
        yield Way(options={"nuts_sampler": "nutpie", "random_seed": seeds[0]})
    import pytensor

    own: dict[str, Any] = {"random_seed": seeds}
    if counter is not None:
        own["callback"] = counter
    numba = find_spec("numba") is not None
    if pytensor.config.cxx or not numba:
        yield Way(options=own)
    if numba:
        yield Way(options=own, settings={"mode": "NUMBA", "cxx": ""})


def first_that_works(
    tried: Iterable[Way], run: Callable[[Mapping[str, Any]], Found]
) -> Found:
    """What `run` gives of the first way that works; StatsError where none does.

    Whatever a compiler or a sampler raises, the exact results stand without it.
    """
    import pytensor

    stopped: Exception | None = None
    for way in tried:
        try:
            with pytensor.config.change_flags(**way.settings):
                return run(way.options)
        except Exception as why:  # noqa: BLE001  # see above
            stopped = why
    told = str(stopped).strip().split("\n", 1)[0][:LONGEST]
    raise StatsError(say("sampled.stopped", why=told)) from stopped


@contextmanager
def quiet_pymc() -> Iterator[Any]:
    """PyMC without its chatter, and without ArviZ' news of its next version.

    What PyTensor says of a missing compiler it says while it is imported, and then sets
    its own level: so ours is set before and after.
    """
    loggers = [logging.getLogger(name) for name in CHATTER]
    levels = [one.level for one in loggers]

    def hush() -> None:
        for one in loggers:
            one.setLevel(logging.ERROR)

    try:
        hush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pymc

            hush()
            yield pymc
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
