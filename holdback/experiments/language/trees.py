"""Trees of the small language of `value` and `where`: what a text means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeAlias

__all__ = [
    "CONDITIONS",
    "RESERVED_WORDS",
    "Arithmetic",
    "Compare",
    "IsNull",
    "Junction",
    "Member",
    "Name",
    "Negation",
    "Not",
    "Number",
    "Text",
    "Tree",
    "TruthWord",
    "columns_of",
    "in_backquotes",
    "parts_of",
    "written",
]

RESERVED_WORDS: Final = frozenset(
    {"and", "or", "not", "in", "is", "null", "true", "false"}
)


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
    """A literal text; `doubled` where it stood in double quotes, as a name may."""

    value: str
    doubled: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class TruthWord:
    """The word true or false, which a column is compared with."""

    value: bool


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
class Compare:
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
    | TruthWord
    | Negation
    | Arithmetic
    | Compare
    | Junction
    | Not
    | Member
    | IsNull
)


CONDITIONS = (Compare, Junction, Not, Member, IsNull)


def columns_of(node: Tree) -> frozenset[str]:
    """The columns that an expression reads."""
    match node:
        case Name(column=column):
            return frozenset({column})
        case Number() | Text() | TruthWord():
            return frozenset()
        case (
            Arithmetic(left=left, right=right)
            | Compare(left=left, right=right)
            | Junction(left=left, right=right)
        ):
            return columns_of(left) | columns_of(right)
        case _:
            return columns_of(node.operand)


def written(node: Tree) -> str:
    """One way of writing a tree: equal trees give equal text.

    >>> from holdback.experiments.language.expression import parse_tree
    >>> written(parse_tree("total-refunded  >0 and country in ('IE')"))
    "(((total - refunded) > 0) and country in ('IE'))"
    """
    match node:
        case Name(column=column):
            return column if _plain(column) else in_backquotes(column)
        case Number(value=value):
            return str(value.normalize()) if value else "0"
        case Text(value=value):
            return "'" + value.replace("'", "''") + "'"
        case TruthWord(value=truth):
            return "true" if truth else "false"
        case Negation(operand=operand):
            return f"(-{written(operand)})"
        case Not(operand=operand):
            return f"(not {written(operand)})"
        case Member(operand=operand, options=options, negated=negated):
            listed = ", ".join(written(option) for option in options)
            return f"{written(operand)} {'not ' if negated else ''}in ({listed})"
        case IsNull(operand=operand, negated=negated):
            return f"{written(operand)} is {'not ' if negated else ''}null"
        case _:
            return f"({written(node.left)} {node.operator} {written(node.right)})"


def _plain(column: str) -> bool:
    return (
        bool(re.fullmatch(r"[^\W\d]\w*", column))
        and column.lower() not in RESERVED_WORDS
    )


def in_backquotes(column: str) -> str:
    """A column's name as it can stand in any expression.

    >>> in_backquotes("Amount Refunded")
    '`Amount Refunded`'
    """
    return "`" + column.replace("`", "``") + "`"


def parts_of(tree: Tree) -> Iterator[Tree]:
    """A tree and everything in it, from the top."""
    yield tree
    match tree:
        case Arithmetic() | Compare() | Junction():
            yield from parts_of(tree.left)
            yield from parts_of(tree.right)
        case Negation() | Not() | Member() | IsNull():
            yield from parts_of(tree.operand)
