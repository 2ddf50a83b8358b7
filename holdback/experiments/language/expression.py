"""The parser of the small language of `value` and `where`.

Precedence, loosest first: ``or``, ``and``, ``not``, comparison (also ``in``, ``is
null``), ``+ -``, ``* /``, unary minus. Recursive descent; `Unreadable.column` counts
from the text's first character. Conditions and numbers are kept apart: ``a + b > 1``
is a condition, ``(a > 1) + 1`` is refused. Text stands in single quotes; a column
whose name is more than letters, digits and ``_`` stands in backquotes or in double
quotes. What is in double quotes is text where a column is compared with it by ``=`` or
``!=``, and in the list of an ``in``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from holdback.experiments.language.quantities import Unreadable
from holdback.experiments.language.trees import (
    CONDITIONS,
    RESERVED_WORDS,
    Arithmetic,
    Compare,
    IsNull,
    Junction,
    Member,
    Name,
    Negation,
    Not,
    Number,
    Text,
    Tree,
    TruthWord,
    columns_of,
    in_backquotes,
    parts_of,
    written,
)

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
    "TruthWord",
    "bare_name",
    "columns_of",
    "parse",
    "parse_tree",
    "written",
]


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


LONGEST_EXPRESSION = 2000
MOST_PARTS = 200
DEEPEST = 40
QUOTES_OF_NAMES = frozenset('`"')

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?(?![\w.]))
    | (?P<text>'(?:[^']|'')*')
    | (?P<doubled>"(?:[^"]|"")*")
    | (?P<quoted>`(?:[^`]|``)+`)
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
    return _Parser(text, tokens).whole()


def bare_name(text: str) -> str:
    """A column's name without the quotes that an expression needs.

    >>> bare_name("`Customer ID`"), bare_name('"Paid at"'), bare_name("total")
    ('Customer ID', 'Paid at', 'total')
    """
    if len(text) > 2 and text[0] == text[-1] and text[0] in QUOTES_OF_NAMES:
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


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
    name = _odd_name(text, start)
    if name:
        return Unreadable(
            f"'{char}' has no place here: a column's name with such a sign stands in "
            "backquotes or double quotes.",
            fix=f"Write {in_backquotes(name)}.",
            column=start,
        )
    fix = (
        "An expression has columns, numbers, 'text', + - * /, comparisons, and or not; "
        "a column's name with other signs stands in backquotes."
    )
    return Unreadable(f"'{char}' has no place here.", fix=fix, column=start)


def _odd_name(text: str, at: int) -> str:
    """The name around a sign that is none of the language's, where it touches one."""
    before = re.search(r"(?:[\w .]|(?<=\w)-(?=\w))*$", text[:at])
    after = re.match(r"[^\s'\"`,=<>()]*", text[at:])
    if text[at] in ";{}[]" or before is None or after is None:
        return ""
    touching = re.search(r"\w\s?$", text[:at]) or re.match(r".\w", text[at:])
    words = re.split(r"(?:^|\s)(?:and|or|not|in|is)\s", before[0])[-1].lstrip()
    return (words + after[0]).strip() if touching else ""


class _Parser:
    """One pass over the tokens; each method reads one level of precedence."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self._text = text
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
            right = self._right_side(left, _COMPARISONS[token.text])
            compared = Compare(_COMPARISONS[token.text], left, right)
            self._truths(compared, token.column)
            return self._varying(compared, start)
        if token.word in {"in", "not", "is"}:
            self._value(left, start)
            return self._varying(self._tested(left), start)
        return left

    def _right_side(self, left: Tree, operator: str) -> Tree:
        """What a value is compared with; a lone text in double quotes stays a text."""
        token, after = (
            self._here,
            self._tokens[min(self._at + 1, len(self._tokens) - 1)],
        )
        alone = after.kind != "operator" or after.text not in "+-*/"
        is_equality = operator in {"=", "!="} and bool(columns_of(left))
        if token.kind == "doubled" and alone and is_equality:
            self._at += 1
            return Text(_unquoted(token.text), doubled=True)
        right = self._sum()
        self._value(right, token.column)
        return right

    def _truths(self, tree: Compare, column: int) -> None:
        sides = (tree.left, tree.right)
        if not any(isinstance(side, TruthWord) for side in sides):
            return
        if tree.operator not in {"=", "!="} or not any(
            isinstance(side, Name) for side in sides
        ):
            raise Unreadable(
                "true and false are compared with a column, by = or !=.",
                fix="Write for instance paid = true.",
                column=column,
            )

    def _varying(self, tree: Tree, column: int) -> Tree:
        """A condition that reads a column: another one is the same for every row."""
        if columns_of(tree):
            return tree
        texts = [part.value for part in parts_of(tree) if isinstance(part, Text)]
        fix = f"Write the column as {in_backquotes(texts[0])}." if texts else ""
        raise Unreadable(
            "the condition is the same for every row: it reads no column.",
            fix=fix or "Name a column, or leave the condition out.",
            column=column,
        )

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
        if token.kind in {"text", "doubled"} and not minus:
            return Text(_unquoted(token.text), doubled=token.kind == "doubled")
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
        if token.kind == "text" or token.text == '""':
            return Text(_unquoted(token.text))
        if token.kind in {"quoted", "doubled"}:
            return Name(_unquoted(token.text))
        if token.word in {"true", "false"}:
            return TruthWord(token.word == "true")
        if token.kind == "name" and token.word not in RESERVED_WORDS:
            if self._here.text == "(":
                raise Unreadable(
                    f"functions such as '{token.text}' are not part of the language.",
                    fix="Compute the column in the data, or in a source's `sql`; a "
                    "column of such a name stands in backquotes.",
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
        if token.word in _OF_SQL:
            return Unreadable(
                f"'{token.text}' is not part of the language.",
                fix=_OF_SQL[token.word],
                column=token.column,
            )
        if token.kind == "end":
            return Unreadable(
                what or "the expression ends too early.", fix=fix, column=token.column
            )
        name = self._spread_name()
        if name and not what:
            return Unreadable(
                f"'{token.text}' has no place here: a column's name of several words "
                "stands in backquotes or double quotes.",
                fix=f"Write {in_backquotes(name)}.",
                column=token.column,
            )
        said = f"'{token.text}' has no place here"
        return Unreadable(
            f"{said}: {what}" if what else f"{said}.",
            fix=fix or _equals_fix(token),
            column=token.column,
        )

    def _spread_name(self) -> str:
        """The text of words that follow each other, as of a name with spaces."""
        at = self._at
        if not at or not all(map(_is_word, (self._tokens[at - 1], self._here))):
            return ""
        while at and _is_word(self._tokens[at - 1]):
            at -= 1
        rest = self._text[self._tokens[at].column :]
        return re.split(_AFTER_A_NAME, rest, maxsplit=1)[0].strip()

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
        if isinstance(node, Text | TruthWord):
            noun = "text" if isinstance(node, Text) else "true and false"
            raise Unreadable(f"{noun} cannot be computed with.", column=column)


_Compare: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
_Operator: TypeAlias = Literal["+", "-", "*", "/"]
_COMPARISONS: Final[dict[str, _Compare]] = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=",
    "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip
_ARITHMETIC: Final[dict[str, _Operator]] = {"+": "+", "-": "-", "*": "*", "/": "/"}


_LISTED = (
    "Texts are equal letter by letter: list those that are meant, "
    "status in ('paid', 'Paid'); or make a column in the data or in a source's `sql`."
)
_OF_SQL: Final = {
    "like": _LISTED, "ilike": _LISTED, "rlike": _LISTED, "regexp": _LISTED,
    "similar": _LISTED, "contains": _LISTED,
    "between": "Write total >= 5 and total <= 9.",
    "case": "Compute the column in the data, or in a source's `sql`.",
}  # fmt: skip
"""Words of SQL that the language does without, and what to write."""
_AFTER_A_NAME = re.compile(
    r"\s*[-+*/=<>!,'\"`]|\s+(?:and|or|not|in|is)\b", re.IGNORECASE
)


def _unquoted(text: str) -> str:
    return text[1:-1].replace(text[0] * 2, text[0])


def _is_word(token: _Token) -> bool:
    return token.kind in {"name", "number"} and token.word not in RESERVED_WORDS


def _quote_fix(token: _Token) -> str:
    return f"Quote it: '{token.text}'." if token.kind == "name" else ""


def _equals_fix(token: _Token) -> str:
    return "Text stands in 'single quotes'." if token.kind in {"text", "name"} else ""
