"""Returns that are too good: questioned, never printed without a word."""

from __future__ import annotations

from holdback.reports.words import Words
from holdback.wording import say

__all__ = ["IMPLAUSIBLE", "questioned"]

IMPLAUSIBLE = 20.0
"""Gain per unit of cost above which a return is questioned."""


def questioned(words: Words, ratio: float) -> str:
    """The sentence that asks whether such a return can be."""
    return say(
        "implausible.questioned",
        ratio=words.times(ratio),
        IMPLAUSIBLE=words.count(IMPLAUSIBLE),
    )
