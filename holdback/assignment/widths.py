"""Shares become whole buckets that sum to 10 000."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["largest_remainder"]


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
