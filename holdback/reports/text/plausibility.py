"""Returns that are too good: questioned, never printed without a word."""

from __future__ import annotations

from collections.abc import Iterator

from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Finding, Scorecard
from holdback.wording import in_its_language, say

__all__ = ["IMPLAUSIBLE", "questioned", "questions"]

IMPLAUSIBLE = 20.0
"""Gain per unit of cost above which a return is questioned."""


def questioned(words: Words, ratio: float) -> str:
    """The sentence that asks whether such a return can be."""
    return say(
        "implausible.questioned",
        ratio=words.times(ratio),
        IMPLAUSIBLE=words.count(IMPLAUSIBLE),
    )


@in_its_language
def questions(scorecard: Scorecard) -> Iterator[Finding]:
    """A warning for each arm whose return is too good to be believed unasked."""
    words = Words.of(scorecard)
    alone = len(scorecard.money) == 2  # one treatment arm: all of them are it
    for record in scorecard.money[:1] if alone else scorecard.money:
        ratio = record.return_per_unit_cost
        if ratio is not None and ratio.value > IMPLAUSIBLE:
            yield Finding(
                check="implausible_return",
                status="warn",
                message=f"{words.arm(record.arm)}: {questioned(words, ratio.value)}",
            )
