"""The small language of `value` and `where`.

Names of columns, numbers, quoted text, ``+ - * /``, comparisons (``= != < <= > >=``),
``and``, ``or``, ``not``, ``in (…)``, ``is [not] null`` and parentheses. It is parsed
into the tree below and never reaches a database as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

__all__ = [
    "Arithmetic",
    "Comparison",
    "Expression",
    "IsNull",
    "Junction",
    "Member",
    "Name",
    "Negation",
    "Not",
    "Number",
    "Text",
    "Tree",
    "parse",
]


@dataclass(frozen=True, slots=True)
class Name:
    """A column of the source."""

    column: str


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Text:
    """A literal text."""

    value: str


@dataclass(frozen=True, slots=True)
class Negation:
    """Minus `operand`."""

    operand: Tree


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left` operator `right`; a division by zero is null."""

    operator: Literal["+", "-", "*", "/"]
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Comparison:
    """True or false; a comparison with null is false."""

    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Junction:
    """`and` or `or` of two conditions."""

    operator: Literal["and", "or"]
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    operand: Tree


@dataclass(frozen=True, slots=True)
class Member:
    """`operand` [not] in (options)."""

    operand: Tree
    options: tuple[Number | Text, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """`operand` is [not] null."""

    operand: Tree
    negated: bool = False


Tree: TypeAlias = (
    Name
    | Number
    | Text
    | Negation
    | Arithmetic
    | Comparison
    | Junction
    | Not
    | Member
    | IsNull
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A parsed expression and the text it was written as."""

    text: str
    tree: Tree
    columns: frozenset[str]


def parse(text: str) -> Expression:
    """The expression that a text means.

    Raises Unreadable (a ValueError) that carries the column of the fault.

    >>> sorted(parse("total - refunded").columns)
    ['refunded', 'total']
    """
    from holdback.experiments.language.expression_parser import columns_of, parse_tree

    tree = parse_tree(text)
    return Expression(text=text, tree=tree, columns=columns_of(tree))
