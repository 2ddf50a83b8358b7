"""Problems of one experiment's files: where each stands, and in which order.

A `Path` is the way to a value through the keys of the file. An experiment may come
from two files; the place of a path is looked for in the experiment file first, then
in the project file, as their keys are merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from holdback.errors import Problem
from holdback.experiments.config.document import Block, Document, Items, Place, Scalar
from holdback.experiments.language.quantities import Unreadable

__all__ = ["Issues", "Path", "node_at"]

Path: TypeAlias = tuple[str | int, ...]


class Issues:
    """Collects problems; knows which parts of the files are already known as bad."""

    def __init__(self, documents: Sequence[Document]) -> None:
        """`documents` in the order in which a path is looked for."""
        self.documents = tuple(documents)
        self._problems: list[tuple[int, int, int, Problem]] = []
        self._broken: set[Path] = set()
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
        path: Path,
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

    def unreadable(self, path: Path, error: Unreadable, *, node: object = None) -> None:
        """Note a text that could not be read, pointing into the text itself."""
        place = self.place(path)
        found = node if node is not None else self.node(path)
        if isinstance(found, Scalar):
            place = found.column(error.column)
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

    def mark(self, path: Path) -> None:
        """Remember a path as bad without a problem of its own."""
        self._broken.add(path)

    def node(self, path: Path) -> object:
        """The node at a path, or None."""
        document = self._document(path)
        found = node_at(document.root, path)
        return found if found is not None else None

    def has(self, *path: str | int) -> bool:
        """Whether a path is written in one of the files."""
        return any(node_at(d.root, path) is not None for d in self.documents)

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where a path, or as much of it as exists, stands."""
        document = self._document(path)
        node: object = document.root
        place = Place(document, 1, 1)
        for part in path:
            if isinstance(node, Block) and part in node.key_places:
                place = node.key_places[str(part)]
                node = node.get(str(part))
            elif isinstance(node, Items) and isinstance(part, int) and part < len(node):
                item: Scalar | Block | Items = node[part]
                node, place = item, item.place
            else:
                return place
        if isinstance(node, Scalar | Items) and not key:
            return node.place
        return place

    def _document(self, path: Path) -> Document:
        """The document where the longest start of a path is written."""
        if self._focus is not None:
            return self._focus
        head = path[:2] if path and path[0] in MERGED else path[:1]
        for length in range(len(head), 0, -1):
            for document in self.documents:
                if _written(document.root, head[:length]):
                    return document
        return self.documents[0]

    def _file(self, rank: int, line: int, column: int, problem: Problem) -> None:
        self._problems.append((rank, line, column, problem))


MERGED = frozenset({"sources", "metrics", "holdouts", "layers"})


def node_at(root: object, path: Path) -> object:
    """The node at a path below `root`, or None."""
    node = root
    for part in path:
        if isinstance(node, Block):
            node = node.get(str(part))
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node):
            node = node[part]
        else:
            return None
    return node


def _written(root: object, path: Path) -> bool:
    *above, last = path
    parent = node_at(root, tuple(above))
    return isinstance(parent, Block) and last in parent.key_places


def _line_and_column(problem: Problem) -> tuple[int, int]:
    numbers = [part for part in problem.where.rsplit(":", 2)[1:] if part.isdecimal()]
    line, column = ([int(number) for number in numbers] + [0, 0])[:2]
    return line, column
