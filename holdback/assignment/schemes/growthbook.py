"""What both hash versions of GrowthBook share: ranges, namespaces, filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from holdback.assignment.layouts import one_each
from holdback.assignment.recipe import Draw, Gate, Planned, Recipe, first
from holdback.assignment.scheme import Scheme, key
from holdback.errors import AssignmentError, Problem

__all__ = ["Filter", "GrowthBook", "bucket_ranges", "v1_draw", "v2_draw"]

Share2 = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A condition on another hash of the id: mutual exclusion in newer GrowthBook."""

    seed: str
    ranges: tuple[Share2, ...]
    hash_version: int = key("hashVersion", 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthBook(Scheme):
    """What both versions of the hash share. `seed` defaults to the salt.

    `coverage` defaults to the traffic and `weights` to the shares; `ranges` stand for
    both. `namespace` is (name, start, end); `filters` take its place.
    """

    seed: str | None = None
    coverage: Fraction | None = None
    weights: tuple[Fraction, ...] | None = None
    ranges: tuple[Share2, ...] | None = None
    namespace: tuple[str, Fraction, Fraction] | None = None
    filters: tuple[Filter, ...] = ()

    def draw(self, seed: str) -> Draw:
        """The draw of the arm."""
        raise NotImplementedError

    def recipe(self, planned: Planned) -> Recipe:
        """Filters or namespace, then ranges of the arms in the order of the file.

        Raises AssignmentError for a filter of an unknown hash version.
        """
        draw = self.draw(planned.salt if self.seed is None else self.seed)
        pairs = [(float(a), float(b)) for a, b in self.ranges or ()]
        if self.ranges is None:
            coverage = planned.traffic if self.coverage is None else self.coverage
            weights = self.weights or planned.shares
            pairs = bucket_ranges(
                len(planned.arms), float(coverage), [float(w) for w in weights]
            )
        one_each(pairs, planned)
        ranges = tuple((*_span(draw, pair), arm) for arm, pair in enumerate(pairs))
        return Recipe(draw, ranges, tuple(self._gates()))

    def _gates(self) -> list[Gate]:
        if self.filters:
            return [_filtered(condition) for condition in self.filters]
        if self.namespace is None:
            return []
        name, start, end = self.namespace
        room = v1_draw(f"__{name}")
        span = _span(room, (float(start), float(end)))
        return [Gate(room, (span,), "outside_layer")]


def bucket_ranges(
    arms: int, coverage: float, weights: Sequence[float] | None = None
) -> list[tuple[float, float]]:
    """Ranges [start, end) of the arms on the interval from 0 to 1.

    Weights that are missing, too many, or far from a sum of 1 become equal weights.

    >>> bucket_ranges(2, 0.5)
    [(0.0, 0.25), (0.5, 0.75)]
    """
    covered = min(max(coverage, 0.0), 1.0)
    equal = [1 / arms] * arms
    used = list(weights) if weights and len(weights) == arms else equal
    if not 0.99 <= sum(used) <= 1.01:
        used = equal
    start, ranges = 0.0, []
    for weight in used:
        ranges.append((start, start + covered * weight))
        start += weight
    return ranges


def v1_draw(seed: str) -> Draw:
    """Hash version 1: FNV-1a of id and seed, in thousandths."""
    return Draw(hash="fnv1a_utf16", after=seed, buckets=1000)


def v2_draw(seed: str) -> Draw:
    """Hash version 2: FNV-1a of the decimal text of FNV-1a of seed and id."""
    return Draw(hash="fnv1a_twice", before=seed, buckets=10_000)


def _filtered(condition: Filter) -> Gate:
    draws = {1: v1_draw, 2: v2_draw}
    if condition.hash_version not in draws:
        raise AssignmentError(
            Problem(
                what=f"there is no hash version {condition.hash_version}", fix="Use 2."
            )
        )
    draw = draws[condition.hash_version](condition.seed)
    spans = tuple(_span(draw, (float(a), float(b))) for a, b in condition.ranges)
    return Gate(draw, spans, "outside_layer")


def _span(draw: Draw, pair: tuple[float, float]) -> tuple[int, int]:
    """Buckets k with ``start <= k / buckets < end``, compared as fractions."""
    size = draw.size
    start, end = (
        first(size, lambda k, edge=edge: k / size >= edge)  # type: ignore[misc]
        for edge in pair
    )
    return start, end
