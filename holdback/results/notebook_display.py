"""How results show themselves in a notebook, though the reports stand above them.

The composition at the top says for each class how it is shown (`show`); a result asks
by the name of its class, so that nobody imports a class to say so. Without any, a
notebook falls back on the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Shown", "show", "text_of"]

_pages: dict[str, Callable[[Any], str]] = {}
_texts: dict[str, Callable[[Any], str]] = {}
_pictures: dict[str, Callable[[Any, Any], Any]] = {}


def show(
    kind: str,
    *,
    html: Callable[[Any], str],
    plot: Callable[[Any, Any], Any],
    text: Callable[[Any], str] | None = None,
) -> None:
    """Say how the class named `kind` becomes HTML, a picture, and text."""
    _pages[kind] = html
    _pictures[kind] = plot
    if text is not None:
        _texts[kind] = text


def text_of(result: object) -> str:
    """The result as a terminal shows it, where its class says how; else its fields."""
    text = _texts.get(type(result).__name__)
    return repr(result) if text is None else text(result)


class Shown:
    """A result that a notebook shows as the report would."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        page = _pages.get(type(self).__name__)
        return None if page is None else page(self)

    def plot(self, axes: Any = None) -> Any:
        """The same as a picture on matplotlib axes, which are returned.

        Raises NotImplementedError for a result that has none.
        """
        picture = _pictures.get(type(self).__name__)
        if picture is None:
            raise NotImplementedError(f"A {type(self).__name__} has no picture.")
        return picture(self, axes)
