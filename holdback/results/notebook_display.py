"""How results show themselves in a notebook, though the reports stand above them.

The floor above hangs its painters here (`paint`); a result asks for the one of its
class. Without any, a notebook falls back on the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Shown", "paint"]

_painters: dict[tuple[str, str], Callable[..., Any]] = {}


def paint(kind: str, how: str, painter: Callable[..., Any]) -> None:
    """Hang a painter for the class named `kind`: ``html`` or ``plot``."""
    _painters[kind, how] = painter


class Shown:
    """A result that a notebook shows as the report would."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        painter = _painters.get((type(self).__name__, "html"))
        return None if painter is None else str(painter(self))

    def plot(self, axes: Any = None) -> Any:
        """The same as a picture on matplotlib axes, which are returned."""
        painter = _painters.get((type(self).__name__, "plot"))
        if painter is None:
            raise NotImplementedError(f"A {type(self).__name__} has no picture.")
        return painter(self, axes)
