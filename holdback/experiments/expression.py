"""The small language of `value` and `where`.

Names of columns, numbers, quoted text, ``+ - * /``, comparisons (``= != < <= > >=``),
``and``, ``or``, ``not``, ``in (…)``, ``is [not] null`` and parentheses. It is parsed
into the tree below and never reaches a database as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

__all__ = [
    "Arithmetic",
    "Comparison",
    "Expression",
    "ExpressionError",
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


class ExpressionError(ValueError):
    """A text that is not of the language; `column` counts from 1 within it."""

    def __init__(self, message: str, column: int) -> None:
        self.column = column
        super().__init__(message)


LONGEST = 2000
DEEPEST = 60
COMPARED = ("=", "!=", "<", "<=", ">", ">=")
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null"})
TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d+)?)
    | (?P<name>[^\W\d]\w*)
    | `(?P<quoted>[^`]+)`
    | '(?P<text>(?:[^']|'')*)'
    | "(?P<double>(?:[^"]|"")*)"
    | (?P<symbol><=|>=|!=|<>|==|[-+*/=<>(),])
    )""",
    re.VERBOSE,
)


def parse(text: str) -> Expression:
    """The expression that a text means. Raises ExpressionError.

    A name with other characters than letters, digits and ``_`` is written in
    backquotes.

    >>> sorted(parse("total - refunded").columns)
    ['refunded', 'total']
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"longer than {LONGEST} characters", 1)
    parser = _Parser(text)
    tree = parser.junction("or")
    parser.expect_end()
    return Expression(text=text, tree=tree, columns=frozenset(parser.columns))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str
    column: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            column = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            raise ExpressionError(
                f"{text[column - 1]!r} is not part of the language: columns, numbers, "
                "'text', + - * /, comparisons, and, or, not, in, is null",
                column,
            )
        kind = found.lastgroup
        value = found[kind]
        if kind in {"text", "double"}:
            mark = "'" if kind == "text" else '"'
            kind, value = "text", value.replace(mark * 2, mark)
        elif kind == "quoted":
            kind = "name"
        elif kind == "name" and value.lower() in KEYWORDS:
            kind, value = "keyword", value.lower()
        elif kind == "symbol":
            value = {"<>": "!=", "==": "="}.get(value, value)
        yield _Token(kind, value, found.start(found.lastgroup) + 1)
        at = found.end()


class _Parser:
    """Recursive descent, loosest first: or, and, not, comparison, sum, product."""

    def __init__(self, text: str) -> None:
        self._tokens = [*_tokens(text), _Token("end", "the end", len(text) + 1)]
        self._at = 0
        self._depth = 0
        self.columns: set[str] = set()

    def junction(self, operator: Literal["or", "and"]) -> Tree:
        """Conditions joined by one operator."""
        inner = self._negated if operator == "and" else lambda: self.junction("and")
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError("nested too deeply", self._next.column)
        tree: Tree = inner()
        while self._accept("keyword", operator):
            tree = Junction(operator, tree, inner())
        self._depth -= 1
        return tree

    def expect_end(self) -> None:
        """Nothing may follow."""
        if self._next.kind != "end":
            raise ExpressionError(
                f"{self._next.value!r} was not expected here", self._next.column
            )

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _accept(self, kind: str, *values: str) -> str | None:
        token = self._next
        if token.kind == kind and (not values or token.value in values):
            self._at += 1
            return token.value
        return None

    def _need(self, kind: str, value: str) -> None:
        if self._accept(kind, value) is None:
            raise ExpressionError(
                f"{value!r} is missing before {self._next.value!r}", self._next.column
            )

    def _negated(self) -> Tree:
        count = 0
        while self._accept("keyword", "not"):
            count += 1
        tree = self._comparison()
        return Not(tree) if count % 2 else tree

    def _comparison(self) -> Tree:
        left = self._sum()
        operator = self._accept("symbol", *COMPARED)
        if operator is not None:
            return Comparison(_COMPARE[operator], left, self._sum())
        if self._accept("keyword", "is"):
            negated = self._accept("keyword", "not") is not None
            self._need("keyword", "null")
            return IsNull(left, negated)
        negated = self._accept("keyword", "not") is not None
        if self._accept("keyword", "in"):
            return Member(left, self._options(), negated)
        if negated:
            raise ExpressionError("'in' is missing after 'not'", self._next.column)
        return left

    def _options(self) -> tuple[Number | Text, ...]:
        self._need("symbol", "(")
        options = [self._literal()]
        while self._accept("symbol", ","):
            options.append(self._literal())
        self._need("symbol", ")")
        return tuple(options)

    def _literal(self) -> Number | Text:
        negative = self._accept("symbol", "-") is not None
        number = self._accept("number")
        if number is not None:
            return Number(-Decimal(number) if negative else Decimal(number))
        text = None if negative else self._accept("text")
        if text is None:
            raise ExpressionError(
                "a number or a quoted text is missing", self._next.column
            )
        return Text(text)

    def _sum(self) -> Tree:
        tree = self._product()
        while operator := self._accept("symbol", "+", "-"):
            tree = Arithmetic(_ARITHMETIC[operator], tree, self._product())
        return tree

    def _product(self) -> Tree:
        tree = self._signed()
        while operator := self._accept("symbol", "*", "/"):
            tree = Arithmetic(_ARITHMETIC[operator], tree, self._signed())
        return tree

    def _signed(self) -> Tree:
        count = 0
        while self._accept("symbol", "-"):
            count += 1
        tree = self._atom()
        return Negation(tree) if count % 2 else tree

    def _atom(self) -> Tree:
        token = self._next
        if self._accept("symbol", "("):
            tree = self.junction("or")
            self._need("symbol", ")")
            return tree
        if self._accept("number"):
            return Number(Decimal(token.value))
        if self._accept("text"):
            return Text(token.value)
        if self._accept("name"):
            if self._next.value == "(" and self._next.kind == "symbol":
                raise ExpressionError(
                    f"{token.value}(…): functions are not part of the language",
                    token.column,
                )
            self.columns.add(token.value)
            return Name(token.value)
        raise ExpressionError(
            f"a column, a number or a text is missing before {token.value!r}",
            token.column,
        )


_Compare: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
_Operator: TypeAlias = Literal["+", "-", "*", "/"]
_COMPARE: dict[str, _Compare] = {
    "=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="
}
_ARITHMETIC: dict[str, _Operator] = {"+": "+", "-": "-", "*": "*", "/": "/"}


def parse(text: str) -> Expression:
    """The expression that a text means.

    Raises Unreadable (a ValueError) that carries the column of the fault.

    >>> sorted(parse("total - refunded").columns)
    ['refunded', 'total']
    """
    from holdback.experiments.grammar import columns_of, parse_tree

    tree = parse_tree(text)
    return Expression(text=text, tree=tree, columns=columns_of(tree))
