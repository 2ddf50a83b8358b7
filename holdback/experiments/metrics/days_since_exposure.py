"""The primary by days since exposure: what fading and cohorts are read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from holdback.experiments.language.measure import Measure
from holdback.experiments.metrics import Metric

__all__ = ["SLICED", "Sliced", "edges_of"]

SLICED = "primary: by days since exposure"
SLICES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliced(Metric):
    """The outcome of each slice of the primary's time, one after another."""

    outcome: Measure

    def measures(self) -> tuple[Measure, ...]:
        """The same measure between each two edges."""
        edges = [timedelta(days=day) for day in edges_of(self.within)]
        return tuple(
            replace(self.outcome, start=start, end=end, cap=None)
            for start, end in pairwise(edges)
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The first slice's mean: what is counted, not what is reported."""
        return mean[0]

    @property
    def kind(self) -> str:
        """No kind of the YAML."""
        return "sliced"


def edges_of(within: timedelta | None) -> tuple[int, ...]:
    """Days that part a time into four slices, as even as whole days allow.

    None below two days a slice.

    >>> edges_of(timedelta(days=14))
    (0, 4, 7, 11, 14)
    >>> edges_of(timedelta(days=7))
    ()
    """
    days = 0 if within is None else within.days
    if days < 2 * SLICES:
        return ()
    return tuple(int(days * i / SLICES + 0.5) for i in range(SLICES + 1))
