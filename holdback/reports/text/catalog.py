"""What reports say: templates of one language, all of them in one file.

A translation is one more file beside `en.toml`, with the same keys. Which language
is spoken follows from the locale of the page being written; keys without a
translation, and languages without a file, are English.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Concatenate, ParamSpec, Protocol, TypeVar

__all__ = [
    "Localized",
    "catalog",
    "counted",
    "heads",
    "in_its_language",
    "language",
    "placeholders",
    "say",
    "speaking",
    "texts",
]

ENGLISH = "en"
P = ParamSpec("P")
R = TypeVar("R")
_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)
CUSTOMER = "customer"
_unit: ContextVar[str] = ContextVar("unit", default=CUSTOMER)


class Localized(Protocol):
    """What is told in the language of its locale."""

    @property
    def locale(self) -> str:
        """Such as `de-DE`."""


L = TypeVar("L", bound=Localized)


def say(key: str, /, **values: object) -> str:
    """The template of a key, such as `money.detail`, with its values filled in.

    What a unit is called stands as {customer}, {customers} and {Customers} in any.

    Raises KeyError where the language has no such template, or a value is missing.
    """
    return str(_entry(key)).format(**_nouns(_unit.get()), **values)


def placeholders(key: str, /) -> tuple[str, ...]:
    """What a template wants filled in, in its order, without what a unit is called.

    Raises KeyError for a key that the catalog does not have.
    """
    named = [name for _, name, _, _ in Formatter().parse(str(_entry(key))) if name]
    return tuple(name for name in dict.fromkeys(named) if name not in _nouns(CUSTOMER))


def counted(key: str, number: float, /, **values: object) -> str:
    """The plural form of a number, among those that stand under a key."""
    from babel import Locale

    forms = texts(key)
    form: str = Locale(language()).plural_form(number)
    return forms.get(form, forms["other"]).format(**_nouns(_unit.get()), **values)


def texts(key: str, /) -> Mapping[str, str]:
    """The texts under a key, for those that are chosen by a name from the data."""
    entries: dict[str, str] = {}
    for spoken in (ENGLISH, language()):
        under = _look_up(catalog(spoken), key)
        if isinstance(under, Mapping):
            entries |= {name: t for name, t in under.items() if isinstance(t, str)}
    return MappingProxyType(entries)


def heads(key: str, /) -> tuple[str, ...]:
    """The texts of a list, such as the names of a table's columns.

    Raises KeyError for a key that the catalog does not have.
    """
    entry = _entry(key)
    assert isinstance(entry, list)  # noqa: S101  # the file's keys are tested
    return tuple(map(str, entry))


def language() -> str:
    """The language that is spoken now, such as `en`."""
    return _spoken.get()


@contextmanager
def speaking(locale: str, unit_name: str = CUSTOMER) -> Iterator[None]:
    """Speak the language of a locale such as `de-DE`, if there is a file of it.

    Units are called by the name, as in “customer”, or “person/people”.
    """
    wanted = locale.replace("_", "-").partition("-")[0].lower()
    before = _spoken.set(wanted if catalog(wanted) else ENGLISH)
    unit_before = _unit.set(unit_name)
    try:
        yield
    finally:
        _unit.reset(unit_before)
        _spoken.reset(before)


@cache
def _nouns(unit_name: str) -> Mapping[str, str]:
    """What one unit and several are called, also at a sentence's start."""
    one, _, several = unit_name.partition("/")
    several = several or plural(one)
    return MappingProxyType(
        {
            "customer": one,
            "customers": several,
            "customers".capitalize(): several[:1].upper() + several[1:],
        }
    )


def plural(noun: str) -> str:
    """The regular English plural.

    >>> plural("customer"), plural("household"), plural("company"), plural("box")
    ('customers', 'households', 'companies', 'boxes')
    """
    if noun.endswith("y") and noun[-2:-1] not in set("aeiou"):
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "z", "ch", "sh")) else "s")


def in_its_language(
    tell: Callable[Concatenate[L, P], R],
) -> Callable[Concatenate[L, P], R]:
    """Tell what comes first in the language of its locale."""

    @wraps(tell)
    def told(about: L, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with speaking(about.locale, getattr(about, "unit_name", CUSTOMER)):
            return tell(about, *args, **kwargs)

    return told


@cache
def catalog(language: str) -> Mapping[str, object]:
    """The texts of a language, section by section; empty where it has no file."""
    path = files("holdback.reports.text") / f"{language}.toml"
    if not language.isalpha() or not path.is_file():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _entry(key: str) -> object:
    for spoken in (language(), ENGLISH):
        entry = _look_up(catalog(spoken), key)
        if entry is not None:
            return entry
    raise KeyError(key)


def _look_up(entry: object, key: str) -> object:
    for name in key.split("."):
        if not isinstance(entry, Mapping) or name not in entry:
            return None
        entry = entry[name]
    return entry
