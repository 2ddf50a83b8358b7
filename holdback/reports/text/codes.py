"""The register of codes: which function turns which fact into words.

Files of sentences register here; `telling` imports them all. A sentence with facts
among its numbers tells them by `tell`.
"""

from __future__ import annotations

from collections.abc import Callable

from holdback.facts import Fact
from holdback.reports.text.locale_format import Words

__all__ = ["SENTENCES", "Sentence", "tell", "tells"]

Sentence = Callable[..., str]
SENTENCES: dict[str, Sentence] = {}
"""Code → a function of `Words` and the fact's numbers, by name."""


def tells(*codes: str) -> Callable[[Sentence], Sentence]:
    """Register the sentence of a code, or of several that differ in their numbers.

    Raises ValueError where a code has a sentence already.
    """

    def registered(sentence: Sentence) -> Sentence:
        for code in codes:
            if code in SENTENCES:
                raise ValueError(f"Two sentences are registered for the code {code!r}.")
            SENTENCES[code] = sentence
        return sentence

    return registered


def tell(words: Words, fact: Fact | None) -> str:
    """The sentence of a fact: the one that it carries, else the one of its code.

    Nothing where there is no fact. Raises KeyError for a code without words.
    """
    if fact is None:
        return ""
    return fact.message or SENTENCES[fact.code](words, **fact.numbers)
