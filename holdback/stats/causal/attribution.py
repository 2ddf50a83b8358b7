"""Rules that credit channels with conversions: descriptive, no causes.

Every rule hands out all conversions that had a touch, also those that would have come
without any; only a holdback says how many were added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

__all__ = ["RULES", "TouchPath", "credits_of"]

RULES = ("first", "last", "linear", "markov")
START, CONVERTED, LOST = "\0start", "\0converted", "\0lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchPath:
    """Channels in the order of their touches; how many units, how many converted."""

    channels: tuple[str, ...]
    units: int
    converted: int


def credits_of(paths: Iterable[TouchPath]) -> dict[str, dict[str, float]]:
    """Rule → channel → conversions credited; each rule's add up to those touched.

    `first` and `last` credit one touch, `linear` all touches alike, `markov` channels
    by how many conversions a first-order chain would lose without them (Anderl,
    Becker, von Wangenheim & Schumann 2016, International Journal of Research in
    Marketing 33: 457–474), solved exactly and scaled to the conversions.
    """
    touched = [path for path in paths if path.channels]
    credited_to: dict[str, Counter[str]] = {rule: Counter() for rule in RULES[:3]}
    for path in touched:
        credited_to["first"][path.channels[0]] += path.converted
        credited_to["last"][path.channels[-1]] += path.converted
        for channel in path.channels:
            part = path.converted / len(path.channels)
            credited_to["linear"][channel] += part  # type: ignore[assignment]
    names = sorted({channel for path in touched for channel in path.channels})
    credited = {
        rule: {name: float(count[name]) for name in names}
        for rule, count in credited_to.items()
    }
    return credited | {"markov": _markov(touched, names)}


def _markov(paths: list[TouchPath], names: list[str]) -> dict[str, float]:
    steps: Counter[tuple[str, str]] = Counter()
    for path in paths:
        for step in pairwise((START, *path.channels)):
            steps[step] += path.units
        steps[path.channels[-1], CONVERTED] += path.converted
        steps[path.channels[-1], LOST] += path.units - path.converted
    total = sum(path.converted for path in paths)
    whole = _chance(steps, names, None)
    if not total or whole <= 0:
        return dict.fromkeys(names, 0.0)
    lost = {name: 1 - _chance(steps, names, name) / whole for name in names}
    scale = sum(lost.values())
    return {name: total * effect / scale for name, effect in lost.items()}


def _chance(
    steps: Mapping[tuple[str, str], int], names: list[str], without: str | None
) -> float:
    """P(converted from the start); a step to the channel removed loses the unit."""
    states = [START, *names]
    at = {name: i for i, name in enumerate(states)}
    leaving = np.zeros(len(states))
    inner = np.zeros((len(states), len(states)))
    won = np.zeros(len(states))
    for (source, target), count in steps.items():
        leaving[at[source]] += count
        if target == CONVERTED:
            won[at[source]] += count
        elif target in at and target != without:
            inner[at[source], at[target]] += count
    safe = np.where(leaving > 0, leaving, 1.0)
    chance = np.linalg.solve(np.eye(len(states)) - inner / safe[:, None], won / safe)
    return float(chance[0])
