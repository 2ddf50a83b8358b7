"""Facts → words: `tell` one, or have a whole result `told`.

Every file of sentences is imported here, so that its codes are registered.
"""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any, TypeVar

from holdback.facts import Fact
from holdback.reports.text import (
    decision_sentences,
    method_sentences,
    reason_sentences,
    result_sentences,
)
from holdback.reports.text.catalog import Localized, in_its_language
from holdback.reports.text.checks import data, result, split, time
from holdback.reports.text.codes import tell
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard

__all__ = ["FILES", "in_words", "tell", "told", "told_plainly"]

FILES = (
    split,
    data,
    time,
    result,
    decision_sentences,
    method_sentences,
    reason_sentences,
    result_sentences,
)
"""The files of this folder that hold sentences of facts."""
T = TypeVar("T")
L = TypeVar("L", bound=Localized)


def told(result: T, words: Words) -> T:
    """The same result, in which every fact carries its sentence.

    Raises KeyError for a code without words.
    """
    completed: T = _completed(result, words)
    return completed


@in_its_language
def in_words(scorecard: Scorecard) -> Scorecard:
    """The scorecard whose facts carry their sentences, in the words of its locale."""
    return told(scorecard, Words.of(scorecard))


@in_its_language
def told_plainly(result: L) -> L:
    """A portfolio whose facts carry their sentences, in the words of its locale."""
    return told(result, Words.plain(result.locale))


def _completed(value: Any, words: Words) -> Any:
    """The value with the facts in it completed; itself where nothing changes."""
    if isinstance(value, Fact):
        return dataclasses.replace(value, message=tell(words, value))
    if isinstance(value, tuple):
        items = tuple(_completed(item, words) for item in value)
        same = all(a is b for a, b in zip(items, value, strict=True))
        return value if same else items
    if type(value) in {dict, MappingProxyType}:  # draws are mappings of their own
        parts = {name: _completed(one, words) for name, one in value.items()}
        same = all(one is value[name] for name, one in parts.items())
        return value if same else parts
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        before = {name: getattr(value, name) for name in fields}
        after = {name: _completed(one, words) for name, one in before.items()}
        changed = {name: one for name, one in after.items() if one is not before[name]}
        return dataclasses.replace(value, **changed) if changed else value
    return value
