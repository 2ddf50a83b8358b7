"""How arms lie on the numbers of a draw: cumulative shares, ranges, coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from holdback.assignment.recipe import Draw, Gate, Planned, Recipe, first
from holdback.assignment.schemes import Scheme, key
from holdback.errors import AssignmentError, Problem

__all__ = [
    "Filter",
    "GrowthBook",
    "bucket_ranges",
    "cumulative",
    "in_order",
    "largest_remainder",
    "listed",
    "one_each",
    "opened",
    "position_of",
    "up_to",
    "v1_draw",
    "v2_draw",
    "whole_percents",
]

Ranges = tuple[tuple[int, int, int], ...]


def in_order(widths: Iterable[int], arms: Sequence[int] | None = None) -> Ranges:
    """Ranges of these widths, one after the other from 0.

    >>> in_order([3, 7])
    ((0, 3, 0), (3, 10, 1))
    """
    ends = list(accumulate(widths))
    order = range(len(ends)) if arms is None else arms
    return tuple(zip((0, *ends), ends, order, strict=False))


def cumulative(shares: Sequence[Fraction], buckets: int) -> Ranges:
    """Shares as whole buckets, by the largest remainder, in order."""
    widths = largest_remainder(shares, buckets)
    if not all(widths):
        raise AssignmentError(
            Problem(
                what=f"an arm's share is smaller than one of {buckets} buckets",
                fix=f"Use at least {100 / buckets:g}%.",
            )
        )
    return in_order(widths)


def up_to(ends: Iterable[float], size: int, value: Callable[[int], float]) -> Ranges:
    """Ranges that end where `value` of a number first reaches each of `ends`.

    This is a vendor's ``value < end`` on fractions, as whole numbers.
    """
    edges = [first(size, lambda n, end=end: value(n) >= end) for end in ends]  # type: ignore[misc]
    return tuple(zip((0, *edges), edges, range(len(edges)), strict=False))


def opened(traffic: Fraction, buckets: int) -> tuple[tuple[int, int], ...]:
    """The range [0, t) of a traffic, rounded to whole buckets.

    Raises AssignmentError for a traffic above 0 that rounds to no bucket.
    """
    width = int(traffic * buckets + Fraction(1, 2))
    if traffic and not width:
        raise AssignmentError(
            Problem(
                what=f"the traffic is smaller than one of {buckets} buckets",
                fix=f"Use at least {100 / buckets:g}%.",
            )
        )
    return ((0, width),)


def whole_percents(values: Sequence[Fraction], what: str) -> tuple[int, ...]:
    """Shares that must be whole percentages, as the vendor's form takes no others."""
    percents = [value * 100 for value in values]
    if any(percent.denominator != 1 for percent in percents):
        raise AssignmentError(
            Problem(
                what=f"{what} is no whole percentage",
                why="This scheme has 100 buckets.",
                fix="Write whole percentages.",
            )
        )
    return tuple(int(percent) for percent in percents)


def one_each(values: Sequence[object], planned: Planned) -> None:
    """Raise AssignmentError unless there is one value for each arm."""
    if len(values) != len(planned.arms):
        raise AssignmentError(
            Problem(
                what=f"the params hold {len(values)} weights or ranges for "
                f"{len(planned.arms)} arms",
                fix="Write one for each arm, in the order of the arms.",
            )
        )


def position_of(name: str, planned: Planned) -> int:
    """Position of an arm that a parameter names."""
    if name not in planned.names:
        raise AssignmentError(
            Problem(
                what=f"the scheme's params name '{name}', which is no arm",
                fix=f"The arms are {', '.join(planned.names)}.",
            )
        )
    return planned.names.index(name)


def listed(ranges: Iterable[tuple[str, tuple[int, int]]], planned: Planned) -> Ranges:
    """Ranges that were written out, by the name of the arm."""
    return tuple(
        (start, end, position_of(name, planned)) for name, (start, end) in ranges
    )


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
        """Filters or namespace, then ranges of the arms in the order of the file."""
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
            return [_filtered(one) for one in self.filters]
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
    start, found = 0.0, []
    for weight in used:
        found.append((start, start + covered * weight))
        start += weight
    return found


def v1_draw(seed: str) -> Draw:
    """Hash version 1: FNV-1a of id and seed, in thousandths."""
    return Draw(hash="fnv1a_utf16", after=seed, buckets=1000)


def v2_draw(seed: str) -> Draw:
    """Hash version 2: FNV-1a of the decimal text of FNV-1a of seed and id."""
    return Draw(hash="fnv1a_twice", before=seed, buckets=10_000)


def _filtered(one: Filter) -> Gate:
    draws = {1: v1_draw, 2: v2_draw}
    if one.hash_version not in draws:
        raise AssignmentError(
            Problem(what=f"there is no hash version {one.hash_version}", fix="Use 2.")
        )
    draw = draws[one.hash_version](one.seed)
    spans = tuple(_span(draw, (float(a), float(b))) for a, b in one.ranges)
    return Gate(draw, spans, "outside_layer")


def _span(draw: Draw, pair: tuple[float, float]) -> tuple[int, int]:
    """Buckets k with ``start <= k / buckets < end``, compared as fractions."""
    size = draw.size
    start, end = (
        first(size, lambda k, edge=edge: k / size >= edge)  # type: ignore[misc]
        for edge in pair
    )
    return start, end


def largest_remainder(shares: Sequence[Fraction], total: int) -> tuple[int, ...]:
    """Whole numbers in proportion to `shares` (which sum to 1) that sum to `total`.

    Each share is rounded down and what is left goes, one each, to the largest
    remainders; of equal remainders the earlier one is served first.

    >>> largest_remainder([Fraction(1, 3)] * 3, 10_000)
    (3334, 3333, 3333)
    """
    floors = [int(share * total) for share in shares]
    by_remainder = sorted(
        range(len(shares)), key=lambda i: (floors[i] - shares[i] * total, i)
    )
    for i in by_remainder[: total - sum(floors)]:
        floors[i] += 1
    return tuple(floors)
