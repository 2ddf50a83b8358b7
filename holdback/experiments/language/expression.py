"""The parser of the small language of `value` and `where`.

Precedence, loosest first: ``or``, ``and``, ``not``, comparison (also ``in``, ``is
null``), ``+ -``, ``* /``, unary minus. Recursive descent; `Unreadable.column` counts
from the text's first character. Conditions and numbers are kept apart: ``a + b > 1``
is a condition, ``(a > 1) + 1`` is refused. Text stands in single or double quotes;
a column whose name is more than letters, digits and ``_`` stands in backquotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from holdback.experiments.language.quantities import Unreadable

__all__ = [
    "Arithmetic",
    "Compare",
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
    "columns_of",
    "parse",
    "parse_tree",
    "written",
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
    | Negation
    | Arithmetic
    | Compare
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
    tree = parse_tree(text)
    return Expression(text=text, tree=tree, columns=columns_of(tree))


CONDITIONS = (Compare, Junction, Not, Member, IsNull)


LONGEST_EXPRESSION = 2000
MOST_PARTS = 200
DEEPEST = 40
RESERVED_WORDS: Final = frozenset({"and", "or", "not", "in", "is", "null"})

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?(?![\w.]))
    | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<quoted>`[^`]+`)
    | (?P<name>[^\W\d]\w*)
    | (?P<operator><=|>=|!=|<>|==|[-+*/=<>(),])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind == "name" else ""


def parse_tree(text: str) -> Tree:
    """The tree of an expression's text.

    Raises Unreadable with the column of what cannot be understood.
    """
    if len(text) > LONGEST_EXPRESSION:
        raise Unreadable(
            f"the expression is longer than {LONGEST_EXPRESSION} characters."
        )
    tokens = list(_tokens(text))
    if len(tokens) > MOST_PARTS:
        raise Unreadable(
            f"the expression has more than {MOST_PARTS} parts.",
            fix="Compute the column in the data, or in a source's `sql`.",
        )
    return _Parser(tokens).whole()


def columns_of(node: Tree) -> frozenset[str]:
    """The columns that an expression reads."""
    match node:
        case Name(column=column):
            return frozenset({column})
        case Number() | Text():
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

    >>> written(parse_tree("total-refunded  >0 and country in ('IE')"))
    "(((total - refunded) > 0) and country in ('IE'))"
    """
    match node:
        case Name(column=column):
            return column if _plain(column) else f"`{column}`"
        case Number(value=value):
            return str(value.normalize()) if value else "0"
        case Text(value=value):
            return "'" + value.replace("'", "''") + "'"
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


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise _unexpected_character(text, start)
        kind = match.lastgroup
        yield _Token(kind, match[kind], match.start(kind))
        at = match.end()
    yield _Token("end", "", len(text))


def _unexpected_character(text: str, start: int) -> Unreadable:
    char = text[start]
    if char in "'\"`":
        return Unreadable(f"the quote {char} is not closed.", column=start)
    fix = (
        "An expression has columns, numbers, 'text', + - * /, comparisons, and or not."
    )
    return Unreadable(f"'{char}' has no place here.", fix=fix, column=start)


class _Parser:
    """One pass over the tokens; each method reads one level of precedence."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Tree:
        if self._here.kind == "end":
            raise Unreadable("the expression is empty.")
        result = self._either()
        if self._here.kind != "end":
            raise self._unexpected()
        return result

    @property
    def _here(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._here
        self._at += 1
        return token

    def _takes(self, *wanted: str) -> bool:
        if self._here.word in wanted or (
            self._here.kind == "operator" and self._here.text in wanted
        ):
            self._at += 1
            return True
        return False

    def _either(self) -> Tree:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable(
                "the expression is nested too deeply.", column=self._here.column
            )
        left = self._joined("or", self._both)
        self._depth -= 1
        return left

    def _both(self) -> Tree:
        return self._joined("and", self._opposite)

    def _joined(self, word: str, part: Callable[[], Tree]) -> Tree:
        start = self._here.column
        left = part()
        while self._takes(word):
            self._condition(left, start)
            start = self._here.column
            right = part()
            self._condition(right, start)
            left = Junction("or" if word == "or" else "and", left, right)
        return left

    def _opposite(self) -> Tree:
        if not self._takes("not"):
            return self._compared()
        start = self._here.column
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable("the expression is nested too deeply.", column=start)
        operand = self._opposite()
        self._depth -= 1
        self._condition(operand, start)
        return Not(operand)

    def _compared(self) -> Tree:
        start = self._here.column
        left = self._sum()
        token = self._here
        if token.kind == "operator" and token.text in _COMPARISONS:
            self._value(left, start)
            self._at += 1
            start = self._here.column
            right = self._sum()
            self._value(right, start)
            return Compare(_COMPARISONS[token.text], left, right)
        if token.word in {"in", "not", "is"}:
            self._value(left, start)
            return self._tested(left)
        return left

    def _tested(self, left: Tree) -> Tree:
        """What follows a value: `is [not] null` or `[not] in (…)`."""
        if self._takes("is"):
            negated = self._takes("not")
            if not self._takes("null"):
                raise self._unexpected("'null' must follow 'is'.")
            return IsNull(left, negated)
        negated = self._takes("not")
        if not self._takes("in"):
            raise self._unexpected("'in' must follow 'not' here.")
        if not self._takes("("):
            raise self._unexpected("'in' needs a list in parentheses.")
        options = [self._option()]
        while self._takes(","):
            options.append(self._option())
        if not self._takes(")"):
            raise self._unexpected("the list is not closed.")
        return Member(left, tuple(options), negated)

    def _option(self) -> Number | Text:
        minus = self._takes("-")
        token = self._next()
        if token.kind == "number":
            value = Decimal(token.text)
            return Number(-value if minus else value)
        if token.kind == "text" and not minus:
            return _text(token)
        self._at -= 1
        raise self._unexpected(
            "a list holds numbers and quoted text.", fix=_quote_fix(token)
        )

    def _sum(self) -> Tree:
        return self._chain("+-", self._product)

    def _product(self) -> Tree:
        return self._chain("*/", self._signed)

    def _chain(self, operators: str, part: Callable[[], Tree]) -> Tree:
        start = self._here.column
        left = part()
        while self._here.kind == "operator" and self._here.text in operators:
            self._number(left, start)
            operator = _ARITHMETIC[self._next().text]
            start = self._here.column
            right = part()
            self._number(right, start)
            left = Arithmetic(operator, left, right)
        return left

    def _signed(self) -> Tree:
        minuses = 0
        while self._here.kind == "operator" and self._here.text in "+-":
            minuses += self._next().text == "-"
        start = self._here.column
        operand = self._atom()
        if minuses:
            self._number(operand, start)
        return Negation(operand) if minuses % 2 else operand

    def _atom(self) -> Tree:
        token = self._next()
        if token.kind == "number":
            return Number(Decimal(token.text))
        if token.kind == "text":
            return _text(token)
        if token.kind == "quoted":
            return Name(token.text[1:-1])
        if token.kind == "name" and token.word not in RESERVED_WORDS:
            if self._here.text == "(":
                raise Unreadable(
                    f"functions such as '{token.text}' are not part of the language.",
                    fix="Compute the column in the data, or in a source's `sql`.",
                    column=token.column,
                )
            return Name(token.text)
        if token.text == "(":
            inner = self._either()
            if not self._takes(")"):
                raise self._unexpected("the parenthesis is not closed.")
            return inner
        self._at -= 1
        raise self._unexpected()

    def _unexpected(self, what: str = "", *, fix: str = "") -> Unreadable:
        token = self._here
        if token.kind == "end":
            return Unreadable(
                what or "the expression ends too early.", fix=fix, column=token.column
            )
        said = f"'{token.text}' has no place here"
        return Unreadable(
            f"{said}: {what}" if what else f"{said}.",
            fix=fix or _equals_fix(token),
            column=token.column,
        )

    def _condition(self, node: Tree, column: int) -> None:
        if not isinstance(node, (*CONDITIONS, Name)):
            raise Unreadable(
                "a condition is needed here, such as total > 0.", column=column
            )

    def _value(self, node: Tree, column: int) -> None:
        if isinstance(node, CONDITIONS):
            raise Unreadable(
                "a condition cannot be compared or computed with.", column=column
            )

    def _number(self, node: Tree, column: int) -> None:
        self._value(node, column)
        if isinstance(node, Text):
            raise Unreadable("text cannot be computed with.", column=column)


_Compare: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
_Operator: TypeAlias = Literal["+", "-", "*", "/"]
_COMPARISONS: Final[dict[str, _Compare]] = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=",
    "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip
_ARITHMETIC: Final[dict[str, _Operator]] = {"+": "+", "-": "-", "*": "*", "/": "/"}


def _text(token: _Token) -> Text:
    quote = token.text[0]
    return Text(token.text[1:-1].replace(quote * 2, quote))


def _quote_fix(token: _Token) -> str:
    return f"Quote it: '{token.text}'." if token.kind == "name" else ""


def _equals_fix(token: _Token) -> str:
    return "Text stands in 'single quotes'." if token.kind in {"text", "name"} else ""
