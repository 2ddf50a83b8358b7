"""Facts → words: `tell` one, or have a whole result `told`.

Every file of sentences is imported here, so that its codes are registered.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from holdback.facts import Fact
from holdback.reports.text import check_sentences
from holdback.reports.text.codes import SENTENCES
from holdback.reports.text.locale_format import Words

__all__ = ["FILES", "tell", "told"]

FILES = (check_sentences,)
"""The files of this folder that hold sentences of facts."""
T = TypeVar("T")


def tell(words: Words, fact: Fact) -> str:
    """The sentence of a fact: the one that it carries, else the one of its code.

    Raises KeyError for a code without words.
    """
    return fact.message or SENTENCES[fact.code](words, **fact.numbers)


def told(result: T, words: Words) -> T:
    """The same result, in which every fact carries its sentence.

    Raises KeyError for a code without words.
    """
    completed: T = _completed(result, words)
    return completed


def _completed(value: Any, words: Words) -> Any:
    """The value with the facts in it completed; itself where nothing changes."""
    if isinstance(value, Fact):
        return dataclasses.replace(value, message=tell(words, value))
    if isinstance(value, tuple):
        items = tuple(_completed(item, words) for item in value)
        same = all(a is b for a, b in zip(items, value, strict=True))
        return value if same else items
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        before = {name: getattr(value, name) for name in fields}
        after = {name: _completed(one, words) for name, one in before.items()}
        changed = {name: one for name, one in after.items() if one is not before[name]}
        return dataclasses.replace(value, **changed) if changed else value
    return value
