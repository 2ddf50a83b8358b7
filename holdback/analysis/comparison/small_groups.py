"""Groups too small to show: they could give a person away."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment

__all__ = ["SMALLEST", "hidden", "shown_levels"]

SMALLEST = 10
Key = TypeVar("Key", bound=Hashable)


def hidden(counts: Mapping[Key, int], covered: Collection[Key] = ()) -> set[Key]:
    """Cells of a total that may not be shown; an empty cell gives nobody away.

    If only one cell is small, the next smallest is hidden with it, because the total
    would otherwise reveal it, unless another one is `covered` anyway.

    >>> sorted(hidden({"a": 0, "b": 4, "c": 500, "d": 900}))
    ['b', 'c']
    >>> sorted(hidden({"a": 0, "b": 4, "c": 500, "d": 900}, {"d"}))
    ['b', 'd']
    """
    filled = sorted((key for key in counts if counts[key]), key=lambda k: counts[k])
    small = {key for key in filled if counts[key] < SMALLEST or key in covered}
    return small | set(filled[:2]) if len(small) == 1 else small


def shown_levels(
    experiment: Experiment, cells: Cells, dimension: str
) -> tuple[str, ...]:
    """Levels of a dimension that may be shown.

    A level with fewer than 10 units in any arm is hidden; if only one level is
    hidden, the next smallest is hidden with it, because the total would otherwise
    reveal it.
    """
    block = next(iter(cells.blocks))
    smallest = {
        level: min(
            cells.total(block, {arm.name}, dimension=dimension, level=level).n
            for arm in experiment.arms
        )
        for level in cells.levels(dimension)
    }
    by_size = sorted(smallest, key=lambda level: (smallest[level], level))
    hidden = [level for level in by_size if smallest[level] < SMALLEST]
    if len(hidden) == 1:
        hidden = by_size[:2]
    return tuple(level for level in cells.levels(dimension) if level not in hidden)
