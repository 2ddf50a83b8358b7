"""The tree of a YAML file: values that know where they stand.

`parsing` makes it; models read it; problems point into it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from holdback.errors import Problem
from holdback.experiments.language.quantities import Unreadable

__all__ = ["Block", "Document", "Items", "Node", "Place", "Scalar", "text_of"]

_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):([^\s@]+)(?=@)")


@dataclass(slots=True)
class Document:
    """A file's name as the user gave it, its lines, its root and its problems."""

    file: str
    lines: list[str] = field(default_factory=list)
    root: Block | None = None
    problems: list[Problem] = field(default_factory=list)

    def problem(
        self, place: Place, what: str, *, why: str = "", fix: str = ""
    ) -> Problem:
        """A problem at a place of this document, with the line and a caret."""
        return Problem(
            where=place.where, what=what, why=why, fix=fix, excerpt=place.excerpt
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, both counted from 1, of a document."""

    document: Document = field(repr=False)
    line: int
    column: int

    @property
    def where(self) -> str:
        """`file:line:column`."""
        return f"{self.document.file}:{self.line}:{self.column}"

    @property
    def excerpt(self) -> str:
        """The line with a caret under the column; passwords are masked."""
        if not 0 < self.line <= len(self.document.lines):
            return ""
        line = self.document.lines[self.line - 1]
        line = _PASSWORD.sub(lambda m: f"{m[1]}:{'*' * len(m[2])}", line)
        start = max(0, self.column - 80)
        shown = line[start : start + 120].replace("\t", " ")
        if not shown.strip():
            return ""
        head = f"{self.line} | "
        return f"{head}{shown}\n{' ' * (len(head) + self.column - 1 - start)}^"

    def shifted(self, columns: int) -> Place:
        """The place some columns further right."""
        return Place(self.document, self.line, self.column + columns)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: its text, and what YAML 1.2 takes it for."""

    text: str
    means: Literal["text", "number", "boolean"]
    place: Place
    style: str | None = None

    def column(self, offset: int) -> Place:
        """The place of a character of the text, where it stands on one line."""
        if self.style in {"|", ">"}:
            return self.place
        quote = 1 if self.style in {"'", '"'} else 0
        line = self.place.document.lines[self.place.line - 1]
        start = self.place.column - 1 + quote
        if line[start : start + len(self.text)] != self.text:
            return self.place
        return self.place.shifted(quote + offset)


class Block(dict[str, Any]):
    """A mapping: key → node, with the place of each key."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.key_places: dict[str, Place] = {}
        self.empty: set[str] = set()


class Items(list[Any]):
    """A sequence of nodes."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


Node: TypeAlias = Scalar | Block | Items


def text_of(node: Scalar) -> str:
    """The text of a scalar that must be text; numbers and booleans are refused."""
    if node.means != "text":
        raise Unreadable(
            f"{node.text} is a {node.means} in YAML where text is needed.",
            fix=f'Quote it: "{node.text}".',
        )
    return node.text
