"""Expressions of the YAML as SQL trees, node by node.

No text of a user ever becomes SQL text: names become quoted identifiers, and only
those that the source has; values become quoted literals.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from sqlglot import exp

from holdback.data.engine import Engine, Table
from holdback.data.engine.protocol import EngineDialect
from holdback.data.engine.sql import (
    all_of,
    any_of,
    cast,
    coalesce,
    col,
    count_where,
    double,
    finite,
    integer,
    is_finite,
    when,
)
from holdback.data.engine.written_numbers import as_written
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.language.expression import (
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
)
from holdback.experiments.language.measure import Measure
from holdback.experiments.language.trees import in_backquotes

__all__ = [
    "DailyRates",
    "Reader",
    "compared_columns",
    "is_no_truth",
    "missing_column",
    "numeric_columns",
]

COMPARE: Mapping[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
ARITHMETIC: Mapping[str, type[exp.Binary]] = {
    "+": exp.Add,
    "-": exp.Sub,
    "*": exp.Mul,
    "/": exp.Div,
}
NUMERIC = {"integer", "decimal", "float", "boolean"}
YES = ("true", "t", "yes", "y", "1")
NO = ("false", "f", "no", "n", "0")
"""What text says for true and false, in small letters."""
STAMPS = {"date", "local", "instant"}


DailyRates = tuple[tuple[int, Fraction], ...]
"""Moments in µs, ascending, and the rate from each on."""


@dataclass(slots=True)
class Reader:
    """Reads expressions over one table; remembers which text it reads as what.

    `numbers` are the text columns that were read as numbers: their rows must be
    checked for text that is none; so are `truths`, compared with true and false.
    `numeric` are text columns known to hold numbers only, which compare with each other
    as numbers. `counts_from_zero` says that 0 is the id of a unit like any other,
    `all_named` that no unit's id is a placeholder. Values whose text is in `money` are
    multiplied by the one of `rates` that the text of the column `currency` has, or by
    the only one where there is no such column; rates that change by day hold each from
    a moment on, in the µs that `moment` reads of a row. Of the values in `steps`, by
    their text, sums take another column: what each row adds to a total that runs on.
    """

    table: Table
    dialect: EngineDialect
    numbers: set[str] = field(default_factory=set)
    truths: set[str] = field(default_factory=set)
    numeric: frozenset[str] = frozenset()
    currency: str | None = None
    rates: Mapping[str, Fraction | DailyRates] = field(default_factory=dict)
    moment: exp.Expression | None = None
    money: frozenset[str] = frozenset()
    steps: Mapping[str, str] = field(default_factory=dict)
    counts_from_zero: bool = False
    all_named: bool = False

    def number(self, tree: Tree) -> exp.Expression:
        """The DOUBLE value of an expression; conditions count 1 or 0.

        Raises DataError for a column that is not there or holds no number, ConfigError
        for text in place of one.
        """
        match tree:
            case Number(value):
                return double(str(value))
            case Name(column):
                return self.as_number(column)
            case Negation(operand):
                return exp.Neg(this=exp.Paren(this=self.number(operand)))
            case Arithmetic(operator, left, right):
                return self._arithmetic(operator, left, right)
            case Text(value):
                raise ConfigError(
                    Problem(
                        where=f"source {self.table.source}",
                        what=f"text '{value}' stands where a number is needed.",
                        fix="Write a number without quotes, or compare text with text.",
                    )
                )
        return when(self.condition(tree), double("1"), double("0"))

    def counted(self, measure: Measure) -> exp.Expression:
        """A measure's value of a row: text where distinct texts are counted.

        Raises DataError for a column that is not there or holds no number, ConfigError
        for text in place of one.
        """
        assert measure.value is not None  # noqa: S101  # asked for values only
        tree = measure.value.tree
        if measure.aggregate != "distinct":
            step = self.steps.get(measure.value.text)
            if step is not None and measure.aggregate == "sum":
                tree = Name(step)
            value = self.number(tree)
            return value if measure.value.text not in self.money else self._worth(value)
        return (
            self.as_text(tree.column) if isinstance(tree, Name) else self.number(tree)
        )

    def _worth(self, value: exp.Expression) -> exp.Expression:
        """An amount in the project's currency."""
        rates = {text: self._rate(rate) for text, rate in self.rates.items()}
        if self.currency is None:
            (rate,) = rates.values()
            return exp.Mul(this=exp.Paren(this=value), expression=rate)
        case = exp.Case()
        for text, rate in rates.items():
            is_it = exp.EQ(
                this=self.as_text(self.currency), expression=exp.Literal.string(text)
            )
            case = case.when(is_it, rate, copy=False)
        return exp.Mul(
            this=exp.Paren(this=value), expression=case.else_(double("1"), copy=False)
        )

    def _rate(self, rate: Fraction | DailyRates) -> exp.Expression:
        """A rate, or that of the row's moment."""
        if isinstance(rate, Fraction):
            return double(str(float(rate)))
        assert self.moment is not None  # noqa: S101  # it comes with rates by day
        case = exp.Case()
        for (_, value), (until, _) in pairwise(rate):
            before = exp.LT(this=self.moment.copy(), expression=integer(until))
            case = case.when(before, double(str(float(value))), copy=False)
        last = double(str(float(rate[-1][1])))
        return case.else_(last, copy=False) if len(rate) > 1 else last

    def condition(self, tree: Tree) -> exp.Expression:
        """The truth of an expression, never null; a number is true unless 0.

        Raises DataError for a column that is not there, ConfigError for text beside
        numbers.
        """
        match tree:
            case Compare(operator, Name(column), TruthWord(value)) | Compare(
                operator, TruthWord(value), Name(column)
            ):
                return self._is(column, value == (operator == "="))
            case Compare("=" | "!=" as operator, Name(column), Text(value)) if (
                self.kind(column) == "boolean" and value.strip().lower() in {*YES, *NO}
            ):
                truth = value.strip().lower() in YES
                return self._is(column, truth == (operator == "="))
            case Compare(operator, left, right):
                a, b = self._sides(left, right)
                return _sure(COMPARE[operator](this=a, expression=b))
            case Junction(operator, left, right):
                both = (self.condition(left), self.condition(right))
                return exp.Paren(
                    this=all_of(both) if operator == "and" else any_of(both)
                )
            case Not(operand):
                return exp.Not(this=exp.Paren(this=self.condition(operand)))
            case Member():
                return self._member(tree)
            case IsNull(operand, negated):
                empty = exp.Is(
                    this=exp.Paren(this=self._any(operand)), expression=exp.null()
                )
                return exp.Not(this=exp.Paren(this=empty)) if negated else empty
        return _sure(
            exp.NEQ(this=exp.Paren(this=self.number(tree)), expression=double("0"))
        )

    def _is(self, column: str, truth: bool) -> exp.Expression:  # noqa: FBT001  # is or not
        """Whether a column says true, or false; text says it by one of some words."""
        kind = self.kind(column)
        if kind != "text":
            zero = exp.EQ(
                this=exp.Paren(this=self.as_number(column)), expression=double("0")
            )
            return _sure(exp.Not(this=zero) if truth else zero)
        self.truths.add(column)
        words = YES if truth else NO
        return _sure(exp.In(this=truth_word(column), expressions=_literals(words)))

    def as_number(self, column: str) -> exp.Expression:
        """A column as DOUBLE.

        Raises DataError for a column that is not there or holds no number.
        """
        kind = self.kind(column)
        if kind == "boolean":
            return _truth(col(column))
        if kind == "float":
            return finite(cast(col(column), "DOUBLE"))
        if kind in NUMERIC:
            return cast(col(column), "DOUBLE")
        if kind == "text":
            self.numbers.add(column)
            return self.text_number(column)
        raise DataError(
            Problem(
                where=f"source {self.table.source}, column {column}",
                what=f"'{column}' holds {_noun(kind)}, and a number is needed.",
                fix="Name a column of numbers.",
            )
        )

    def text_number(self, column: str) -> exp.Expression:
        """Text as a number, in the source's way to write decimals, or null.

        ``true`` and ``false`` count 1 and 0.
        """
        text: exp.Expression = col(column)
        form = self.table.numbers
        if form is not None:
            parsed = as_written(self.dialect, text, form)
        elif self.table.decimal_comma:
            swapped = exp.Anonymous(
                this="replace",
                expressions=[text, exp.Literal.string(","), exp.Literal.string(".")],
            )
            dotted = exp.Like(this=text.copy(), expression=exp.Literal.string("%.%"))
            parsed = when(dotted, exp.null(), self.dialect.number(swapped))
        else:
            parsed = self.dialect.number(text)
        lowered = exp.Lower(this=col(column))
        return exp.func(
            "COALESCE",
            parsed,
            when(
                exp.EQ(this=lowered, expression=exp.Literal.string("true")),
                double("1"),
                when(
                    exp.EQ(this=lowered.copy(), expression=exp.Literal.string("false")),
                    double("0"),
                    None,
                ),
            ),
        )

    def as_text(self, column: str) -> exp.Expression:
        """A column as text; empty text is null.

        Raises DataError for a column that is not there.
        """
        kind = self.kind(column)
        if kind == "text":
            return exp.func("NULLIF", col(column), exp.Literal.string(""))
        if kind in {"float", "decimal"}:
            return self._decimal_text(column)
        return cast(col(column), "TEXT")

    def kind(self, column: str) -> str:
        """Type of a column that the table has; raises DataError otherwise."""
        if column not in self.table.columns:
            raise DataError(self.missing(column))
        return self.table.columns[column]

    def missing(self, column: str) -> Problem:
        """The problem that a column is not there."""
        return missing_column(self.table.source, column, list(self.table.columns))

    def _decimal_text(self, column: str) -> exp.Expression:
        """Integral numbers written without a fraction, so that 3.0 reads ``3``."""
        value = cast(col(column), "DOUBLE")
        whole = exp.EQ(this=exp.Floor(this=value), expression=value.copy())
        return (
            exp.Case()
            .when(exp.Not(this=exp.Paren(this=is_finite(value.copy()))), exp.null())
            .when(whole, cast(cast(col(column), "BIGINT"), "TEXT"))
            .else_(cast(col(column), "TEXT"))
        )

    def _arithmetic(self, operator: str, left: Tree, right: Tree) -> exp.Expression:
        a = exp.Paren(this=self.number(left))
        b: exp.Expression = exp.Paren(this=self.number(right))
        if operator == "/":
            b = exp.func("NULLIF", b, double("0"))
        return ARITHMETIC[operator](this=a, expression=b)

    def _sides(self, left: Tree, right: Tree) -> tuple[exp.Expression, exp.Expression]:
        kinds = (self._kind(left), self._kind(right))
        names = [side.column for side in (left, right) if isinstance(side, Name)]
        numeric = len(names) == len(kinds) and self.numeric.issuperset(names)
        if "literal" in kinds or (kinds == ("text", "text") and not numeric):
            return self._text(left), self._text(right)
        if kinds == ("stamp", "stamp"):
            return self._stamp(left), self._stamp(right)
        return exp.Paren(this=self.number(left)), exp.Paren(this=self.number(right))

    def _kind(self, tree: Tree) -> str:
        match tree:
            case Text():
                return "literal"
            case Name(column):
                kind = self.kind(column)
                return (
                    "stamp"
                    if kind in STAMPS
                    else "text"
                    if kind == "text"
                    else "number"
                )
        return "number"

    def _text(self, tree: Tree) -> exp.Expression:
        match tree:
            case Text(value, doubled=True) if value in self.table.columns:
                raise ConfigError(
                    Problem(
                        where=f"source {self.table.source}",
                        what=f'"{value}" may be a text or the column of that name.',
                        fix=f"Write {in_backquotes(value)} for the column, or "
                        f"'{value}' for the text.",
                    )
                )
            case Text(value):
                return self.dialect.bytewise(exp.Literal.string(value))
            case Name(column):
                return self.as_text(column)
        raise ConfigError(
            Problem(
                where=f"source {self.table.source}",
                what="a calculated number is compared with text.",
                fix="Compare numbers with numbers (without quotes).",
            )
        )

    def _stamp(self, tree: Tree) -> exp.Expression:
        assert isinstance(tree, Name)  # noqa: S101  # _kind says so
        kind = self.table.columns[tree.column]
        return self.dialect.microseconds(col(tree.column), kind)

    def _any(self, tree: Tree) -> exp.Expression:
        if isinstance(tree, Name):
            return self.as_text(tree.column)
        return self.number(tree)

    def _member(self, tree: Member) -> exp.Expression:
        texts = [isinstance(option, Text) for option in tree.options]
        if all(texts):
            inside = exp.In(
                this=self._text(tree.operand),
                expressions=[exp.Literal.string(str(o.value)) for o in tree.options],
            )
        elif any(texts):
            raise ConfigError(
                Problem(
                    where=f"source {self.table.source}",
                    what="a list mixes numbers and text.",
                    fix="Write all of them with quotes, or none.",
                )
            )
        else:
            inside = exp.In(
                this=exp.Paren(this=self.number(tree.operand)),
                expressions=[double(str(o.value)) for o in tree.options],
            )
        return _sure(exp.Not(this=inside) if tree.negated else inside)


def missing_column(
    source: str, name: str, known: Sequence[str], *, noun: str = "column"
) -> Problem:
    """The problem that a column (or table) is not there, with the nearest name."""
    plain = [other for other in known if other.strip().casefold() == name.casefold()]
    near = plain[:1] or difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    near = near or [other for other in known if name in re.findall(r"\w+", other)][:1]
    listed = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    return Problem(
        where=f"source {source}",
        what=f"there is no {noun} '{name}'.",
        why=f"The {noun}s are: {listed}." if known else f"There is no {noun} at all.",
        fix=_nearest(near[0]) if near else "Correct the name in the YAML.",
    )


def _nearest(name: str) -> str:
    plain = re.fullmatch(r"[^\W\d]\w*", name)
    quoted = "" if plain else f" In an expression it is written {in_backquotes(name)}."
    return f"Did you mean '{name}'?{quoted}"


def truth_word(column: str) -> exp.Expression:
    """A column's text as it is compared with true and false."""
    return exp.Lower(this=exp.Trim(this=col(column)))


def is_no_truth(column: str) -> exp.Expression:
    """Whether a column's text is there and neither true nor false."""
    word = truth_word(column)
    known = exp.In(this=word, expressions=_literals((*YES, *NO, "")))
    return exp.Not(this=exp.Paren(this=coalesce(known, exp.true())))


def _literals(texts: Iterable[str]) -> list[exp.Expression]:
    return [exp.Literal.string(text) for text in texts]


def _sure(condition: exp.Expression) -> exp.Expression:
    """A condition whose null counts as false."""
    return coalesce(exp.Paren(this=condition), exp.false())


def _truth(value: exp.Expression) -> exp.Expression:
    return (
        exp.Case()
        .when(value, double("1"))
        .when(exp.Not(this=value.copy()), double("0"))
    )


def _noun(kind: str) -> str:
    return "times" if kind in STAMPS else "values of another kind"


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
            sums.append(count_where(condition))  # noqa: PERF401
    query = exp.Select(expressions=sums).from_(reader.table.relation.copy())
    (counts,) = engine.run(query)
    return frozenset(
        name
        for name, some, bad in zip(asked, counts[::2], counts[1::2], strict=True)
        if some and not bad
    )


def _compared(tree: object) -> Iterator[str]:
    if isinstance(tree, Compare):
        left, right = tree.left, tree.right
        if isinstance(left, Name) and isinstance(right, Name):
            yield from (left.column, right.column)
    for slot in getattr(type(tree), "__slots__", ()):
        part = getattr(tree, slot)
        if hasattr(type(part), "__slots__") and not isinstance(part, str):
            yield from _compared(part)


def blank(reader: Reader, column: str) -> exp.Expression:
    """Whether a unit id is null or holds nothing but spaces."""
    value = col(column)
    null = exp.Is(this=value, expression=exp.null())
    if reader.kind(column) == "float":
        finite_id = exp.Paren(this=is_finite(cast(value.copy(), "DOUBLE")))
        return any_of([null, exp.Not(this=finite_id)])
    if reader.kind(column) != "text":
        return null
    first = exp.LT(
        this=reader.dialect.bytewise(value.copy()), expression=exp.Literal.string("!")
    )
    spaces = exp.EQ(this=exp.Trim(this=value.copy()), expression=exp.Literal.string(""))
    both = all_of([first, spaces])
    return exp.Paren(this=exp.Or(this=null, expression=exp.Paren(this=both)))
