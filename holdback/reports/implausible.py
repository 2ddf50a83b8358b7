"""Returns that are too good: questioned, never printed without a word."""

from __future__ import annotations

from holdback.reports.words import Words

__all__ = ["IMPLAUSIBLE", "questioned"]

IMPLAUSIBLE = 20.0
"""Gain per unit of cost above which a return is questioned."""


def questioned(words: Words, ratio: float) -> str:
    """The sentence that asks whether such a return can be."""
    return (
        f"{words.times(ratio)}:1 is implausible (above "
        f"{words.count(IMPLAUSIBLE)}:1): check the attribution, whether all costs are "
        "in (people, licences, discounts), and whether the gain is profit or revenue."
    )
