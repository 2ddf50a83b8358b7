"""Documents → models of what is written; what the models refuse → problems.

pydantic finds everything at once but speaks of Python; here its findings are told in
the words of the file. Parts that were refused are then left out and the rest is read
again, so that the checks that follow can tell the rest of the problems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar, cast

from pydantic import ValidationError

from holdback.errors import Problem
from holdback.experiments.config.fields import MERGED_KEYS, TAG, Written
from holdback.experiments.config.kind_schemas import UNKNOWN_KIND
from holdback.experiments.config.yaml_document import (
    Document,
    MappingNode,
    Place,
    ScalarNode,
    SequenceNode,
)
from holdback.experiments.kinds import metric, source
from holdback.experiments.language.quantities import Unreadable, did_you_mean

__all__ = ["ConfigPath", "Issues", "node_at", "read"]

M = TypeVar("M", bound=Written)
Refusal = dict[str, Any]
"""What pydantic says of one value: type, loc, msg, ctx."""

_NEEDED = {
    "model_type": "a block of keys",
    "model_attributes_type": "a block of keys",
    "dict_type": "a block of keys",
    "list_type": "a list",
    "tuple_type": "a list",
}
_SHAPES = {"keys": "a block of keys", "list": "a list", "value": "a single value"}


def read(model: type[M], document: Document, issues: Issues) -> M:
    """The model of a document's root; every problem goes to `issues`."""
    with issues.reading(document):
        root = document.root
        return _read(model, root if root is not None else _empty(issues), issues)


def _read(model: type[M], root: MappingNode, issues: Issues) -> M:
    known: dict[int, type[Written]] = {}
    try:
        written = model.model_validate(root, context=known)
    except ValidationError as error:
        listed = [cast("Refusal", item) for item in error.errors(include_url=False)]
        _tell(listed, root, known, issues)
        written = _rest(model, root, listed)
    _require(model, root, issues)
    return written


def _empty(issues: Issues) -> MappingNode:
    return MappingNode(issues.place(()))


def _require(model: type[Written], root: MappingNode, issues: Issues) -> None:
    """Keys of the top that must be there; a misspelt one was told already."""
    if not root.key_places:
        return
    unknown = [key for key in root.key_places if key not in model.known()]
    for key in model.required:
        if key in root.key_places or _stands_for(key, unknown):
            continue
        issues.add((key,), f"'{key}' is missing.", fix=_how_to_write(key, root))
        issues.mark((key,))


def _how_to_write(key: str, root: MappingNode) -> str:
    if key == "version":
        return "Start the file with `version: 1`."
    if key == "primary":
        metrics_block = root.get("metrics")
        names = list(metrics_block) if isinstance(metrics_block, MappingNode) else []
        listed = f", one of: {', '.join(names)}" if names else ""
        return f"Name the one metric that decides{listed}."
    if key == "arms":
        return "arms: {holdback: {share: 10%}, personalized: {share: 90%}}"
    return f"Write `{key}: …`."


def _stands_for(missing: str, unknown: list[str]) -> bool:
    return any(did_you_mean(word, [missing]) for word in unknown)


def _tell(
    listed: list[Refusal],
    root: MappingNode,
    known: dict[int, type[Written]],
    issues: Issues,
) -> None:
    # Unknown keys first: a misspelt key explains the one that is missing.
    for fault in sorted(listed, key=lambda item: item["type"] != "extra_forbidden"):
        path = _path(root, fault["loc"], missing=fault["type"] == "missing")
        kind = fault["type"]
        if kind == "extra_forbidden":
            _unknown_key(path, root, known, issues)
        elif kind == "missing":
            _missing_key(path, root, issues)
        elif kind == UNKNOWN_KIND:
            _unknown_kind(path, root, issues)
        elif kind == "value_error" and isinstance(
            error := fault["ctx"]["error"], Unreadable
        ):
            issues.unreadable(path, error, node=node_at(root, path))
        else:
            needed = _NEEDED.get(kind) or _shapes(fault)
            what = f"{needed} is needed here." if needed else f"{fault['msg']}."
            issues.add(path, what, fix=_shape_fix(path, needed))


def _shapes(fault: Refusal) -> str | None:
    """What may stand in place of a shape that may not: a value, keys, a list."""
    if fault["type"] != "union_tag_invalid":
        return None
    tags = re.findall("|".join(_SHAPES), fault["ctx"]["expected_tags"])
    return " or ".join(_SHAPES[tag] for tag in tags)


def _shape_fix(path: ConfigPath, needed: str | None) -> str:
    name = path[-1] if path else "key"
    if needed and needed.startswith(_SHAPES["value"]):
        return f"Write {name}: value."
    if needed == "a list":
        return f"Write {name}: [one, two]."
    return f"Write {name}: {{key: value}}." if needed else ""


def _path(root: MappingNode, loc: tuple[Any, ...], *, missing: bool) -> ConfigPath:
    """The path in the file: pydantic's location without the tags of its unions."""
    path: list[str | int] = []
    node: Any = root
    for at, part in enumerate(loc):
        if isinstance(part, str) and part.startswith(TAG):
            continue
        if missing and at == len(loc) - 1:
            path.append(part)
        elif (isinstance(node, MappingNode) and part in node) or (
            isinstance(node, SequenceNode)
            and isinstance(part, int)
            and part < len(node)
        ):
            path.append(part)
            node = node[part]
    return tuple(path)


def _unknown_key(
    path: ConfigPath, root: MappingNode, known: dict[int, type[Written]], issues: Issues
) -> None:
    *above, key = path
    block = node_at(root, tuple(above))
    model = known.get(id(block))
    names = model.known() if model else ()
    free = [
        name
        for name in names
        if not isinstance(block, MappingNode) or name not in block
    ]
    fix = did_you_mean(str(key), free)
    where = f" in {_called(above[-1])}" if above else ""
    issues.add(
        path,
        f"'{key}' is not a key that is known{where}.",
        fix=fix or f"Known keys: {', '.join(names)}.",
        key=True,
    )


def _missing_key(path: ConfigPath, root: MappingNode, issues: Issues) -> None:
    *above, key = path
    block = node_at(root, tuple(above))
    issues.mark(path)
    if isinstance(block, MappingNode):
        if key in block.empty:
            return
        others = [name for name in block.key_places if name != key]
        if _stands_for(
            str(key), [name for name in others if _is_told(issues, above, name)]
        ):
            return
    owner = _called(above[-1]) if above else "the file"
    issues.add(
        tuple(above), f"{owner} has no '{key}'.", fix=f"Add `{key}: …`.", key=True
    )
    issues.mark(path)


def _called(part: str | int) -> str:
    return f"item {part + 1}" if isinstance(part, int) else f"'{part}'"


def _is_told(issues: Issues, above: list[Any], name: str) -> bool:
    return issues.is_broken(*above, name)


def _unknown_kind(path: ConfigPath, root: MappingNode, issues: Issues) -> None:
    """A metric without a known `kind`, or a source without a known kind's key."""
    node = node_at(root, path)
    if not isinstance(node, MappingNode):
        issues.add(
            path, "a block of keys is needed here.", fix=_shape_fix(path, "keys")
        )
        return
    name = path[-1]
    if path[0] == "sources":
        known = tuple(source.kinds)
        hints = [hint for key in node if (hint := did_you_mean(key, known))]
        issues.add(
            path,
            f"source '{name}' does not say where its data are.",
            fix=hints[0] if hints else f"Add one of the keys: {', '.join(known)}.",
            key=True,
        )
        return
    known = tuple(metric.kinds)
    kind = node.get("kind")
    if isinstance(kind, ScalarNode):
        issues.add(
            (*path, "kind"),
            f"'{kind.text}' is not a kind of metric.",
            fix=did_you_mean(kind.text, known) or f"Kinds: {', '.join(known)}.",
        )
    else:
        issues.add(
            path,
            f"metric '{name}' has no 'kind'.",
            fix=f"Add `kind: …`, one of: {', '.join(known)}.",
            key=True,
        )
    issues.mark(path)


def _rest(model: type[M], root: MappingNode, listed: list[Refusal]) -> M:
    """The model of what is left without the refused parts."""
    rest = _copied(root)
    for _ in range(100):
        refused = [_path(rest, fault["loc"], missing=False) for fault in listed]
        for path in refused:
            _remove(rest, path)
        try:
            return model.model_validate(rest, context={})
        except ValidationError as error:
            listed = [cast("Refusal", item) for item in error.errors(include_url=False)]
    return model.model_validate(MappingNode(root.place), context={})


def _remove(root: MappingNode, path: ConfigPath) -> None:
    if not path:
        root.clear()
        return
    parent = node_at(root, path[:-1])
    if isinstance(parent, MappingNode):
        parent.pop(str(path[-1]), None)
        parent.key_places.pop(str(path[-1]), None)
    elif isinstance(parent, SequenceNode):
        parent.clear()


def _copied(node: Any) -> Any:
    """A copy of the blocks and lists; single values are shared."""
    if isinstance(node, MappingNode):
        block = MappingNode(node.place)
        block.key_places = dict(node.key_places)
        block.update({key: _copied(value) for key, value in node.items()})
        return block
    if isinstance(node, SequenceNode):
        items = SequenceNode(node.place)
        items.extend(_copied(value) for value in node)
        return items
    return node


ConfigPath: TypeAlias = tuple[str | int, ...]


class Issues:
    """Collects problems; knows which parts of the files are already known as bad."""

    def __init__(self, documents: Sequence[Document]) -> None:
        """`documents` in the order in which a path is looked for."""
        self.documents = tuple(documents)
        self._problems: list[tuple[int, int, int, Problem]] = []
        self._broken: set[ConfigPath] = set()
        self._focus: Document | None = None
        for rank, document in enumerate(self.documents):
            for problem in document.problems:
                self._file(rank, *_line_and_column(problem), problem)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, file by file from the top; none twice."""
        ordered = sorted(self._problems, key=lambda item: item[:3])
        return tuple(dict.fromkeys(problem for *_, problem in ordered))

    @contextmanager
    def reading(self, document: Document) -> Iterator[None]:
        """Look for paths in one document only."""
        self._focus = document
        try:
            yield
        finally:
            self._focus = None

    def add(
        self,
        path: ConfigPath,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        key: bool = False,
        masked: bool = False,
    ) -> None:
        """Note a problem of the value at `path` (or of its `key`)."""
        place = self.place(path, key=key)
        excerpt = "" if masked else place.excerpt
        problem = Problem(
            where=place.where, what=what, why=why, fix=fix, excerpt=excerpt
        )
        rank = self.documents.index(place.document)
        self._file(rank, place.line, place.column, problem)
        self._broken.add(path)

    def unreadable(
        self, path: ConfigPath, error: Unreadable, *, node: object = None
    ) -> None:
        """Note a text that could not be read, pointing into the text itself."""
        place = self.place(path)
        scalar = node if node is not None else self.node(path)
        if isinstance(scalar, ScalarNode):
            place = scalar.column(error.column)
        problem = Problem(
            where=place.where,
            what=error.what,
            why=error.why,
            fix=error.fix,
            excerpt=place.excerpt,
        )
        rank = self.documents.index(place.document)
        self._file(rank, place.line, place.column, problem)
        self._broken.add(path)

    def is_broken(self, *path: str | int) -> bool:
        """Whether something at, under or above the path is already known as bad."""
        return any(
            bad[: len(path)] == path or path[: len(bad)] == bad for bad in self._broken
        )

    def mark(self, path: ConfigPath) -> None:
        """Remember a path as bad without a problem of its own."""
        self._broken.add(path)

    def node(self, path: ConfigPath) -> object:
        """The node at a path, or None."""
        document = self._document(path)
        node = node_at(document.root, path)
        return node if node is not None else None

    def has(self, *path: str | int) -> bool:
        """Whether a path is written in one of the files."""
        return any(node_at(d.root, path) is not None for d in self.documents)

    def place(self, path: ConfigPath, *, key: bool = False) -> Place:
        """Where a path, or as much of it as exists, stands."""
        document = self._document(path)
        node: object = document.root
        place = Place(document, 1, 1)
        for part in path:
            if isinstance(node, MappingNode) and part in node.key_places:
                place = node.key_places[str(part)]
                node = node.get(str(part))
            elif (
                isinstance(node, SequenceNode)
                and isinstance(part, int)
                and part < len(node)
            ):
                item: ScalarNode | MappingNode | SequenceNode = node[part]
                node, place = item, item.place
            else:
                return place
        if isinstance(node, ScalarNode | SequenceNode) and not key:
            return node.place
        return place

    def _document(self, path: ConfigPath) -> Document:
        """The document where the longest start of a path is written."""
        if self._focus is not None:
            return self._focus
        head = path[:2] if path and path[0] in MERGED_KEYS else path[:1]
        for length in range(len(head), 0, -1):
            for document in self.documents:
                if _written(document.root, head[:length]):
                    return document
        return self.documents[0]

    def _file(self, rank: int, line: int, column: int, problem: Problem) -> None:
        self._problems.append((rank, line, column, problem))


def node_at(root: object, path: ConfigPath) -> object:
    """The node at a path below `root`, or None."""
    node = root
    for part in path:
        if isinstance(node, MappingNode):
            node = node.get(str(part))
        elif (
            isinstance(node, SequenceNode)
            and isinstance(part, int)
            and part < len(node)
        ):
            node = node[part]
        else:
            return None
    return node


def _written(root: object, path: ConfigPath) -> bool:
    *above, last = path
    parent = node_at(root, tuple(above))
    return isinstance(parent, MappingNode) and last in parent.key_places


def _line_and_column(problem: Problem) -> tuple[int, int]:
    numbers = [part for part in problem.where.rsplit(":", 2)[1:] if part.isdecimal()]
    line, column = ([int(number) for number in numbers] + [0, 0])[:2]
    return line, column
