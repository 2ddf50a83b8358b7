"""Simple questions about returns, answered by arithmetic: no experiment, no evidence.

`calculated` takes what is asked as plain values and gives answers: sentences for a
reader, values for a program, the formula, and what a well-known wrong formula would
have said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from holdback.errors import ConfigError, Problem
from holdback.reports.calculator.asked import NATURE, Answer, Asked, Calculation
from holdback.reports.calculator.claims import claimed, credited, kept, multiplied
from holdback.reports.calculator.compared import compared
from holdback.reports.calculator.worth import acquisition, ratio, worth

__all__ = ["NATURE", "Answer", "Asked", "Calculation", "calculated"]

QUESTIONS: tuple[Callable[[Asked], Iterator[Answer]], ...] = (
    worth,
    ratio,
    acquisition,
    compared,
    kept,
    multiplied,
    claimed,
    credited,
)


def calculated(asked: Asked) -> Calculation:
    """Every answer that what is given allows.

    Raises ConfigError where nothing is asked, or the numbers contradict each other.
    """
    answers = tuple(answer for question in QUESTIONS for answer in question(asked))
    if not answers:
        raise ConfigError(
            Problem(
                what="nothing was asked.",
                why="A return needs a cost, and something that it brings or saves.",
                fix="For instance: holdback roi --cost 50 --hours 4 --every week "
                "--rate 20",
            )
        )
    return Calculation(answers=answers, currency=asked.currency)
