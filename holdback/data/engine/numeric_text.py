"""Columns of text that are compared with each other: as numbers or as words.

A file without types says ``9`` and ``10`` as text. Where two of its columns are
compared with each other, they compare as numbers when both hold nothing but
numbers, as they would in a typed file, and as text otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.columns import Reader
from holdback.data.engine.sql import all_of, col, integer, total, when
from holdback.experiments.language.expression import Comparison, Name, Tree

__all__ = ["compared_columns", "numeric_columns"]


def compared_columns(trees: Iterable[Tree]) -> frozenset[str]:
    """Columns that stand on both sides of some comparison."""
    return frozenset(name for tree in trees for name in _compared(tree))


def numeric_columns(
    engine: Engine, reader: Reader, columns: Iterable[str]
) -> frozenset[str]:
    """Those of the text columns that hold numbers only (and some)."""
    asked = [c for c in sorted(columns) if reader.table.columns.get(c) == "text"]
    if not asked:
        return frozenset()
    sums: list[exp.Expression] = []
    for name in asked:
        filled = exp.NEQ(
            this=exp.Trim(this=col(name)), expression=exp.Literal.string("")
        )
        wrong = exp.Is(this=reader.text_number(name), expression=exp.null())
        for condition in (filled, all_of([filled.copy(), wrong])):
            sums.append(total(when(condition, integer(1), integer(0))))  # noqa: PERF401
    query = exp.Select(expressions=sums).from_(reader.table.relation.copy())
    (found,) = engine.run(query)
    return frozenset(
        name
        for name, some, bad in zip(asked, found[::2], found[1::2], strict=True)
        if some and not bad
    )


def _compared(tree: object) -> Iterator[str]:
    if isinstance(tree, Comparison):
        left, right = tree.left, tree.right
        if isinstance(left, Name) and isinstance(right, Name):
            yield from (left.column, right.column)
    for slot in getattr(type(tree), "__slots__", ()):
        part = getattr(tree, slot)
        if hasattr(type(part), "__slots__") and not isinstance(part, str):
            yield from _compared(part)
