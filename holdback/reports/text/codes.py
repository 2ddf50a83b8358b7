"""The register of codes: which function turns which fact into words.

Files of sentences register here; `telling` imports them all. A sentence that only
fills numbers into its template is `filled`, one that chooses is a function that
`tells`; one with facts among its numbers tells them by `tell`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

from holdback.facts import Fact
from holdback.reports.text.catalog import placeholders, say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.plain_numbers import percent, plural

__all__ = [
    "SENTENCES",
    "Sentence",
    "as_arm",
    "as_day",
    "as_label",
    "as_percent",
    "as_told",
    "filled",
    "number_of",
    "tell",
    "tells",
    "with_commas",
]

Sentence = Callable[..., str]
Writer = Callable[[Words, Any], object]
"""How a number of a fact is written into a template."""
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


def filled(code: str, key: str | None = None, /, **written: Writer) -> None:
    """Register the sentence of a code that is its template, with all numbers filled in.

    The template is that of `key`, else the one of the code among the checks'. `written`
    says how numbers are written that do not stand as they are. Raises ValueError where
    a code has a sentence already, KeyError where there is no such template.
    """
    template = key or f"checks.{code}"
    names = placeholders(template)

    def sentence(words: Words, /, **numbers: Any) -> str:
        told = {
            name: written[name](words, value) if name in written else value
            for name, value in numbers.items()
        }
        return say(template, **told)

    sentence.__signature__ = Signature(  # type: ignore[attr-defined]  # for whoever asks
        [
            Parameter("words", Parameter.POSITIONAL_ONLY),
            *(Parameter(name, Parameter.KEYWORD_ONLY) for name in names),
        ]
    )
    tells(code)(sentence)


def as_arm(words: Words, arm: str) -> str:
    """What an arm is called."""
    return words.arm(arm)


def as_label(words: Words, metric: str) -> str:
    """What a metric is called."""
    return words.label(metric)


def as_day(_words: Words, moment: str) -> str:
    """The day of an ISO moment."""
    return moment[:10]


def as_percent(_words: Words, share: float) -> str:
    """A share in percent, such as 1.23 %."""
    return percent(share)


def with_commas(_words: Words, count: float) -> str:
    """A count with its thousands apart, such as 1,234."""
    return f"{count:,}"


def number_of(noun: str) -> Writer:
    """A count with its noun, such as 1,234 rows."""
    return lambda _words, count: plural(count, noun)


def as_told(words: Words, fact: Fact | None) -> str:
    """A fact among the numbers, in its own words."""
    return tell(words, fact)


def tell(words: Words, fact: Fact | None) -> str:
    """The sentence of a fact: the one that it carries, else the one of its code.

    Nothing where there is no fact. Raises KeyError for a code without words.
    """
    if fact is None:
        return ""
    return fact.message or SENTENCES[fact.code](words, **fact.numbers)
