"""What the calculator answers, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["NATURE", "Answer", "Calculation"]

NATURE = (
    "This is arithmetic on the numbers that you gave, not evidence: whether "
    "personalization caused any of them only a random holdback can tell."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One question: sentences, the numbers in them, formula and known mistake."""

    question: str
    told: tuple[str, ...]
    values: Mapping[str, float] = field(default_factory=dict)
    formula: str = ""
    mistake: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation:
    """All answers. `nature` says what kind of knowledge this is."""

    schema: str = "holdback/roi/1"
    nature: str = NATURE
    currency: str | None = None
    answers: tuple[Answer, ...]

    def answer(self, question: str) -> Answer:
        """The answer to a question, by its name."""
        return next(a for a in self.answers if a.question == question)

    def __str__(self) -> str:
        told = [self.nature]
        for answer in self.answers:
            told.append("")
            told += answer.told
            if answer.formula:
                told.append(f"  Formula: {answer.formula}")
            if answer.mistake:
                told.append(f"  A known mistake: {answer.mistake}")
        return "\n".join(told)
