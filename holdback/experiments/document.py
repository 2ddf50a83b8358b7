"""A YAML file → plain values that remember where they stand.

YAML 1.2, one document, no aliases, anchors or tags, no key twice. Every problem of
the text is told with its line, column and a caret.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tokens import AliasToken, AnchorToken, TagToken

from holdback.errors import ConfigError, Problem

__all__ = ["Document", "read"]

Place = tuple[str | int, ...]

LARGEST = 1_000_000
DEEPEST = 50
CORE = "tag:yaml.org,2002:"
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
EXAMPLE = "`holdback init` writes a complete example."


@dataclass(slots=True, kw_only=True)
class Document:
    """The values of one file, and the (line, column) of every key and value."""

    name: str
    lines: list[str]
    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[Place, tuple[int, int]] = field(default_factory=dict)
    values: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def problem(
        self,
        path: Place,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        at_key: bool = False,
        offset: int = 0,
    ) -> Problem:
        """A problem at a value (or its key), with the line and a caret."""
        first, second = (self.keys, self.values) if at_key else (self.values, self.keys)
        while path and path not in first and path not in second:
            path = path[:-1]
        line, column = first.get(path) or second.get(path) or (1, 1)
        return self.problem_at(line, column + offset, what, why=why, fix=fix)

    def is_quoted(self, path: Place) -> bool:
        """Whether a value stands in quotes, so that its text begins one later."""
        line, column = self.values.get(path, (1, 1))
        return self.lines[line - 1][column - 1 : column] in {"'", '"'}

    def problem_at(
        self, line: int, column: int, what: str, *, why: str = "", fix: str = ""
    ) -> Problem:
        """A problem at a line and column, both from 1."""
        excerpt = ""
        if 1 <= line <= len(self.lines):
            text = self.lines[line - 1].replace("\t", " ")
            shown = text[:100]
            caret = "\n" + " " * (7 + column - 1) + "^" if column <= len(shown) + 1 else ""
            excerpt = f"{line:>4} | {shown}{caret}"
        return Problem(
            where=f"{self.name}:{line}:{column}",
            what=what,
            why=why,
            fix=fix,
            excerpt=excerpt,
        )


def read(path: Path, name: str) -> Document:
    """Read a file; `name` is what messages call it. Raises ConfigError."""
    text = _text(path, name)
    document = Document(name=name, lines=text.splitlines())
    problems: list[Problem] = []
    node = _composed(text, document)
    if not isinstance(node, MappingNode):
        raise ConfigError(
            document.problem_at(1, 1, "the file is not a list of `key: value` lines.", fix=EXAMPLE)
        )
    document.data = _mapping(node, (), document, problems, 1)
    if problems:
        raise ConfigError(problems)
    return document


def _text(path: Path, name: str) -> str:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise ConfigError(
                Problem(
                    where=name,
                    what=f"the file is too large: {size:,} bytes.",
                    why=f"An experiment file has at most {LARGEST:,} bytes.",
                    fix="Check that it is the YAML file and not the data.",
                )
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            Problem(where=name, what="there is no such file.", fix=EXAMPLE)
        ) from None
    except OSError as error:
        raise ConfigError(
            Problem(where=name, what=f"the file cannot be read: {error.strerror}.")
        ) from error
    encoding = next((e for mark, e in MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(
            Problem(
                where=f"{name}:{line}",
                what="the file is not UTF-8 text.",
                fix="Save it with the encoding UTF-8.",
            )
        ) from None
    if not any(
        line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()
    ):
        raise ConfigError(Problem(where=name, what="the file is empty.", fix=EXAMPLE))
    return text


def _composed(text: str, document: Document) -> Node:
    try:
        _refuse_tokens(text, document)
        parser = YAML(typ="safe", pure=True)
        nodes = list(parser.compose_all(text))
    except MarkedYAMLError as error:
        raise ConfigError(_syntax(error, document)) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            Problem(where=document.name, what=f"the file is not valid YAML: {error}.")
        ) from None
    if len(nodes) > 1:
        mark = nodes[1].start_mark
        raise ConfigError(
            document.problem_at(
                mark.line + 1,
                1,
                "a second document begins here.",
                fix="Keep one experiment a file and remove the line `---`.",
            )
        )
    node: Node = nodes[0]
    return node


def _refuse_tokens(text: str, document: Document) -> None:
    problems = []
    depth = 0
    for token in YAML(typ="safe", pure=True).scan(text):
        kind = type(token).__name__
        if kind.endswith("StartToken") and kind != "StreamStartToken" and kind != "DocumentStartToken":
            depth += 1
        if kind in {"BlockEndToken", "FlowMappingEndToken", "FlowSequenceEndToken"}:
            depth -= 1
        mark = token.start_mark
        place = (mark.line + 1, mark.column + 1)
        if depth > DEEPEST:
            raise ConfigError(
                [*problems, document.problem_at(*place, "the file is nested too deeply.")]
            )
        if isinstance(token, AliasToken | AnchorToken):
            problems.append(
                document.problem_at(
                    *place,
                    "an alias or anchor (`*` or `&`) is not allowed.",
                    why="What a file says should stand where it is read.",
                    fix="Write the value out, or quote the text.",
                )
            )
        if isinstance(token, TagToken):
            problems.append(
                document.problem_at(
                    *place,
                    f"a YAML tag is not allowed (line {mark.line + 1}).",
                    fix="Remove it, or quote the text.",
                )
            )
    if problems:
        raise ConfigError(problems)


def _syntax(error: MarkedYAMLError, document: Document) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    told = error.problem or "the text is not valid YAML"
    if "\\t" in told or (
        1 <= line <= len(document.lines) and "\t" in document.lines[line - 1][:column]
    ):
        return document.problem_at(
            line,
            column,
            f"a tab stands here (line {line}).",
            why="YAML does not allow tabs for indentation.",
            fix="Use spaces.",
        )
    return document.problem_at(line, column, f"not valid YAML: {told}.")


def _value(
    node: Node, path: Place, document: Document, problems: list[Problem], depth: int
) -> Any:
    document.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, MappingNode):
        return _mapping(node, path, document, problems, depth + 1)
    if isinstance(node, SequenceNode):
        return [
            _value(item, (*path, i), document, problems, depth + 1)
            for i, item in enumerate(node.value)
        ]
    return _scalar(node, path, document, problems)


def _mapping(
    node: MappingNode,
    path: Place,
    document: Document,
    problems: list[Problem],
    depth: int,
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
        if not isinstance(key_node, ScalarNode) or key_node.tag != CORE + "str":
            told = getattr(key_node, "value", "")
            problems.append(
                document.problem_at(
                    line,
                    column,
                    f"the name {str(told)[:40]!s} is not text to YAML.",
                    why="Unquoted, YAML reads it as a number, a date or true/false.",
                    fix=f'Quote it: "{str(told)[:40]}".',
                )
            )
            continue
        key = key_node.value
        here = (*path, key)
        if key in result:
            first = document.keys[here][0]
            problems.append(
                document.problem_at(
                    line,
                    column,
                    f"`{key}` stands here twice: on line {first} and on line {line}.",
                    fix="Keep one of the two.",
                )
            )
            continue
        document.keys[here] = (line, column)
        result[key] = _value(value_node, here, document, problems, depth)
    return result


def _scalar(
    node: ScalarNode, path: Place, document: Document, problems: list[Problem]
) -> Any:
    kind = node.tag.removeprefix(CORE)
    text = node.value
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind in {"int", "float"}:
        return _number(text, path, document, problems)
    return text


def _number(
    text: str, path: Place, document: Document, problems: list[Problem]
) -> Any:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        problems.append(
            document.problem(
                path,
                f"{text} is not a number that can be used.",
                fix="Write plain digits such as 12.5, or quote the text.",
            )
        )
        return None
    return int(text) if text.lstrip("+-").isdigit() else number
