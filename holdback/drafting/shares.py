"""Shares of arms that nobody has planned in writing, from the units that they have."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

__all__ = ["likely_shares"]

MOST_BY_CHANCE = 9.0
"""χ² per degree of freedom against equal shares that chance may make (p = 0.003)."""


def likely_shares(counts: Mapping[str, int]) -> tuple[dict[str, Fraction], bool]:
    """Equal shares where the counts may come of them, else as counted; and which.

    >>> likely_shares({"a": 503, "b": 497})[1], likely_shares({"a": 90, "b": 10})[1]
    (True, False)
    """
    total = sum(counts.values())
    equal = total / len(counts)
    squares = sum((n - equal) ** 2 / equal for n in counts.values())
    if squares <= MOST_BY_CHANCE * (len(counts) - 1):
        return dict.fromkeys(counts, Fraction(1, len(counts))), True
    return {arm: Fraction(n, total) for arm, n in counts.items()}, False
