"""How arms lie on the numbers of a draw: cumulative shares, ranges, coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import accumulate

from holdback.assignment.recipe import Planned, first
from holdback.errors import AssignmentError, Problem

__all__ = [
    "cumulative",
    "in_order",
    "largest_remainder",
    "listed",
    "one_each",
    "opened",
    "position_of",
    "up_to",
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
    """Shares as whole buckets, by the largest remainder, in order.

    Raises AssignmentError for a share that is smaller than one bucket.
    """
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
    """Shares that must be whole percentages, as the vendor's form takes no others.

    Raises AssignmentError for any other share.
    """
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
    """Position of an arm that a parameter names.

    Raises AssignmentError for a name that is no arm.
    """
    if name not in planned.names:
        raise AssignmentError(
            Problem(
                what=f"the scheme's params name '{name}', which is no arm",
                fix=f"The arms are {', '.join(planned.names)}.",
            )
        )
    return planned.names.index(name)


def listed(ranges: Iterable[tuple[str, tuple[int, int]]], planned: Planned) -> Ranges:
    """Ranges that were written out, by the name of the arm.

    Raises AssignmentError for a name that is no arm.
    """
    return tuple(
        (start, end, position_of(name, planned)) for name, (start, end) in ranges
    )


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
