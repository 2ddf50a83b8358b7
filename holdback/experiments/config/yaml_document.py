"""One YAML file → a tree of values that know where they stand. Strict on purpose.

YAML 1.2 by ruamel.yaml's event parser. Refused, each with its place: aliases, anchors
and tags, duplicate keys, keys without a value, keys that are not text, `.nan` and
`.inf`, a second document, more than 1 MB, 50 levels or 20 000 values. All of them are
reported; only what stops the parser itself (a syntax error) ends the search.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from holdback.errors import Problem
from holdback.experiments.language.quantities import Unreadable

__all__ = [
    "MOST_BYTES",
    "Document",
    "MappingNode",
    "Node",
    "Place",
    "ScalarNode",
    "SequenceNode",
    "parsed",
    "text_of",
]

MOST_BYTES = 1_000_000
MOST_LEVELS = 50
MOST_NODES = 20_000

_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_BOOLEAN_1_1 = re.compile(r"(?i:yes|no|on|off)")
_NULL = re.compile(r"~|null|Null|NULL|")
_YAML_NUMBER = re.compile(
    r"0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class _Stop(Exception):
    """Nothing after this can be read; the problem is already noted."""


def parsed(content: bytes, file: str) -> Document:
    """The document of a file's bytes; `problems` says what is wrong with it."""
    document = Document(file)
    if len(content) > MOST_BYTES:
        document.problems.append(
            Problem(
                where=file,
                what="the file is too large: more than 1 MB.",
                why="An experiment takes a few hundred lines.",
            )
        )
        return document
    try:
        text = _decoded(content)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        document.problems.append(
            Problem(
                where=f"{file}:{line}",
                what=f"byte {error.start + 1} is not {error.encoding.upper()} text.",
                fix="Save the file as UTF-8.",
            )
        )
        return document
    document.lines = _BREAK.split(text)
    try:
        _Builder(document).build(text)
    except _Stop:
        document.root = None
    return document


def _decoded(content: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding)
    return content.decode("utf-8")


class _Builder:
    """Turns the parser's events into the tree, noting problems on the way."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._values = 0

    def build(self, text: str) -> None:
        if (at := _unprintable(text)) is not None:
            line = len(_BREAK.findall(text, 0, at)) + 1
            start = max((m.end() for m in _BREAK.finditer(text, 0, at)), default=0)
            self._note(
                Place(self._document, line, at - start + 1),
                f"the character {text[at]!r} cannot stand in YAML.",
                fix="Delete it; it may have come along in a copy.",
            )
            raise _Stop
        events = self._events(text)
        root = self._documents(events)
        if root is None:
            self._document.problems.append(
                Problem(
                    where=f"{self._document.file}:1:1",
                    what="the file is empty.",
                    fix="`holdback init` writes a commented example to start from.",
                )
            )
        elif isinstance(root, MappingNode):
            self._document.root = root
        else:
            self._note(
                root.place,
                "the file is not a block of keys.",
                fix="Start with `version: 1` and one `key: value` a line.",
            )

    def _events(self, text: str) -> Iterator[Any]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        yaml = YAML(typ="safe", pure=True)
        try:
            yield from yaml.parse(text)
        except YAMLError as error:
            self._syntax(error)
            raise _Stop from error
        except (ValueError, IndexError, AttributeError, TypeError, AssertionError) as e:
            last = Place(self._document, 1, 1)
            self._note(last, "the file is not YAML.", why=type(e).__name__)
            raise _Stop from e

    def _syntax(self, error: Any) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(
            error, "context_mark", None
        )
        line = mark.line + 1 if mark else 1
        place = Place(self._document, line, mark.column + 1 if mark else 1)
        said = str(getattr(error, "problem", None) or "this is not YAML")
        lines = self._document.lines
        before = lines[line - 1] if line <= len(lines) else ""
        if "'\\t'" in said or "\t" in before[: len(before) - len(before.lstrip())]:
            self._note(
                place,
                f"line {line} has a tab where only spaces may stand.",
                fix="Indent with spaces; most editors turn tabs into spaces.",
            )
            return
        context = str(getattr(error, "context", None) or "")
        fix = (
            "Check the indentation, quotes and brackets of this line and the one above."
        )
        self._note(place, f"this is not YAML: {said}.", why=context, fix=fix)

    def _documents(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    place = self._place(event.start_mark)
                    self._note(
                        place,
                        f"a second document starts on line {place.line}.",
                        fix="Put each experiment into a file of its own.",
                    )
                    break
            elif kind in {
                "ScalarEvent",
                "MappingStartEvent",
                "SequenceStartEvent",
                "AliasEvent",
            }:
                root = self._node(event, events, 1)
        return root

    def _node(self, event: Any, events: Iterator[Any], level: int) -> Node | None:
        kind = type(event).__name__
        place = self._place(event.start_mark)
        self._refuse_extras(event, kind, place)
        self._values += 1
        if self._values > MOST_NODES:
            self._note(place, f"the file holds more than {MOST_NODES:,} values.")
            raise _Stop
        if level > MOST_LEVELS:
            self._note(place, f"more than {MOST_LEVELS} levels are nested here.")
            raise _Stop
        if kind == "AliasEvent":
            return None
        node: Node | None
        if kind == "MappingStartEvent":
            node = self._block(events, place, level)
        elif kind == "SequenceStartEvent":
            node = self._items(events, place, level)
        else:
            node = self._scalar(event, place)
        return None if event.tag is not None else node

    def _refuse_extras(self, event: Any, kind: str, place: Place) -> None:
        if kind == "AliasEvent":
            what = f"the alias *{event.anchor} is not allowed."
            self._note(place, what, fix="Write the value out where it is used.")
        elif event.anchor is not None:
            what = f"the anchor &{event.anchor} is not allowed; aliases are not either."
            self._note(place, what, fix="Write the value out where it is used.")
        tag = getattr(event, "tag", None)
        if tag is not None:
            tag = str(tag).replace("tag:yaml.org,2002:", "!!")
            self._note(
                place,
                f"the tag '{tag}' on line {place.line} is not allowed.",
                fix="Delete it; a text that looks like something else is quoted.",
            )

    def _block(self, events: Iterator[Any], place: Place, level: int) -> MappingNode:
        block = MappingNode(place)
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key_place = self._place(event.start_mark)
            before = len(self._document.problems)
            key = self._key(event, events, level)
            told_key = len(self._document.problems) > before
            known = len(self._document.problems)
            value = self._node(next(events), events, level + 1)
            told_value = len(self._document.problems) > known
            if key is None:
                continue
            if key in block.key_places:
                first = block.key_places[key]
                self._note(
                    key_place,
                    f"'{key}' stands twice: on line {first.line} and on line "
                    f"{key_place.line}.",
                    fix="Keep one of them.",
                )
                continue
            block.key_places[key] = key_place
            if value is None:
                block.empty.add(key)
                if told_key and not told_value and re.fullmatch(r"\d+%?", key):
                    self._refuse_comma(before, key_place)
                    if block:
                        block.empty.add(block.popitem()[0])
                elif not told_value:
                    self._refuse_empty(key, key_place)
            else:
                block[key] = value
        return block

    def _refuse_comma(self, before: int, place: Place) -> None:
        """One problem for `{share: 1,5}`, which YAML reads as two keys."""
        del self._document.problems[before:]
        self._note(
            place,
            "a comma ends a value here.",
            fix="Write decimals with a point: 1.5. Quote text that holds a comma.",
        )

    def _refuse_empty(self, key: str, place: Place) -> None:
        self._note(
            place,
            f"'{key}' has no value.",
            fix="Write one, or leave the key out to get its default.",
        )

    def _key(self, event: Any, events: Iterator[Any], level: int) -> str | None:
        place = self._place(event.start_mark)
        node = self._node(event, events, level + 1)
        if not isinstance(node, ScalarNode):
            if type(event).__name__ != "AliasEvent":
                self._note(place, "a key must be a word.", fix='Write "key": value.')
            return None
        if node.means != "text":
            self._note(
                place,
                f"the name {node.text} is a {node.means} in YAML, not text.",
                fix=f'Quote it: "{node.text}".',
            )
        elif node.style is None and _BOOLEAN_1_1.fullmatch(node.text):
            self._note(
                place,
                f"the name {node.text} is text here, but true or false to many tools.",
                fix=f'Quote it: "{node.text}".',
            )
        return node.text

    def _items(self, events: Iterator[Any], place: Place, level: int) -> SequenceNode:
        items = SequenceNode(place)
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            known = len(self._document.problems)
            value = self._node(event, events, level + 1)
            if value is not None:
                items.append(value)
            elif len(self._document.problems) == known:
                self._note(self._place(event.start_mark), "this item has no value.")
        return items

    def _scalar(self, event: Any, place: Place) -> ScalarNode | None:
        text, style = str(event.value), event.style
        if style is not None:
            return ScalarNode(text, "text", place, style)
        if _NULL.fullmatch(text):
            return None
        if _NOT_FINITE.fullmatch(text):
            self._note(place, f"{text} is not a finite number.", fix="Write a number.")
            return None
        if _BOOLEAN.fullmatch(text):
            return ScalarNode(text, "boolean", place)
        if _YAML_NUMBER.fullmatch(text):
            return ScalarNode(text, "number", place)
        return ScalarNode(text, "text", place)

    def _place(self, mark: Any) -> Place:
        return Place(self._document, mark.line + 1, mark.column + 1)

    def _note(self, place: Place, what: str, *, why: str = "", fix: str = "") -> None:
        problem = self._document.problem(place, what, why=why, fix=fix)
        self._document.problems.append(problem)


def _unprintable(text: str) -> int | None:
    character = re.search(
        "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text
    )
    return character.start() if character else None


_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):([^\s@]+)(?=@)")


@dataclass(slots=True)
class Document:
    """A file's name as the user gave it, its lines, its root and its problems."""

    file: str
    lines: list[str] = field(default_factory=list)
    root: MappingNode | None = None
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
class ScalarNode:
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


class MappingNode(dict[str, Any]):
    """A mapping: key → node, with the place of each key."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.key_places: dict[str, Place] = {}
        self.empty: set[str] = set()


class SequenceNode(list[Any]):
    """A sequence of nodes."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


Node: TypeAlias = ScalarNode | MappingNode | SequenceNode


def text_of(node: ScalarNode) -> str:
    """The text of a scalar that must be text; raises Unreadable for another."""
    if node.means != "text":
        raise Unreadable(
            f"{node.text} is a {node.means} in YAML where text is needed.",
            fix=f'Quote it: "{node.text}".',
        )
    return node.text
