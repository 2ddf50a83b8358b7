"""What conditions leave out without saying so: blanks, and texts written otherwise.

A comparison with an empty value is false, also ``!=`` and ``not in``: whoever writes
``status != 'refunded'`` may not mean to lose the orders without a status. And a text
is equal only letter by letter: 'Paid' is not 'paid'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import all_of, col, count_where
from holdback.data.evidence.cells import Spelling
from holdback.data.queries.exclusions import SHOWN_EXAMPLES
from holdback.data.queries.units import nested, select
from holdback.errors import Problem
from holdback.experiments.language.expression import Expression, parse
from holdback.experiments.language.trees import (
    Compare,
    IsNull,
    Junction,
    Member,
    Name,
    Text,
    Tree,
    columns_of,
    parts_of,
    written,
)

__all__ = [
    "Blanks",
    "blanks_of",
    "no_row_left",
    "remedy_of",
    "spellings_of",
    "with_blanks",
]

Blanks = Mapping[str, int]
"""Condition as it is written → rows that it leaves out for an empty value alone."""


def with_blanks(tree: Tree) -> Tree:
    """The condition as if an empty value were none of those that it excludes.

    Below a `not` nothing changes: there an empty value counts already.
    """
    match tree:
        case Junction(operator, left, right):
            return Junction(operator, with_blanks(left), with_blanks(right))
        case Compare("!="):
            return _or_blank(tree, columns_of(tree))
        case Member(negated=True):
            return _or_blank(tree, columns_of(tree.operand))
    return tree


def remedy_of(condition: str) -> str:
    """The condition written so that empty values count.

    >>> remedy_of("status != 'refunded'")
    "status != 'refunded' or status is null"
    >>> remedy_of("total > 0 and status != 'refunded'")
    "((total > 0) and ((status != 'refunded') or status is null))"
    """
    tree = parse(condition).tree
    lenient = with_blanks(tree)
    if isinstance(lenient, Junction) and lenient.left == tree:
        return f"{condition} or {written(lenient.right)}"
    return written(lenient)


def _or_blank(tree: Tree, columns: Iterable[str]) -> Tree:
    empty: list[Tree] = [IsNull(Name(column)) for column in sorted(columns)]
    return reduce(lambda a, b: Junction("or", a, b), empty, tree)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Condition:
    """A condition with those that a row must meet before it is asked."""

    text: str
    tree: Tree
    first: tuple[Tree, ...]


def _asked(
    filters: Sequence[Expression], wheres: Iterable[Expression]
) -> Iterator[_Condition]:
    """Every condition on a source's rows, each once: its own, then the measures'."""
    for i, formula in enumerate(filters):
        others = tuple(f.tree for k, f in enumerate(filters) if k != i)
        yield _Condition(text=formula.text, tree=formula.tree, first=others)
    kept = tuple(formula.tree for formula in filters)
    for text, tree in {formula.text: formula.tree for formula in wheres}.items():
        yield _Condition(text=text, tree=tree, first=kept)


def blanks_of(
    engine: Engine,
    reader: Reader,
    filters: Sequence[Expression],
    wheres: Iterable[Expression],
) -> dict[str, int]:
    """Rows that a condition leaves out only because a value is empty, by condition."""
    asked = [c for c in _asked(filters, wheres) if with_blanks(c.tree) != c.tree]
    if not asked:
        return {}
    columns: dict[str, exp.Expression] = {}
    for i, condition in enumerate(asked):
        lenient = reader.condition(with_blanks(condition.tree))
        strict = exp.Not(this=exp.Paren(this=reader.condition(condition.tree)))
        first = [reader.condition(tree) for tree in condition.first]
        columns[f"n{i}"] = count_where(all_of([*first, lenient, strict]))
    (row,) = engine.run(select(columns, reader.table.relation.copy()))
    counts = {c.text: int(n) for c, n in zip(asked, row, strict=True)}
    return {text: rows for text, rows in counts.items() if rows}


def spellings_of(
    engine: Engine,
    reader: Reader,
    filters: Sequence[Expression],
    wheres: Iterable[Expression],
) -> tuple[Spelling, ...]:
    """Values that differ from a condition's texts only by case or outer spaces."""
    texts: dict[str, set[str]] = {}
    for condition in _asked(filters, wheres):
        for column, values in _compared_texts(condition.tree):
            if reader.table.columns.get(column) == "text":
                texts.setdefault(column, set()).update(values)
    return tuple(
        spelling
        for column, values in sorted(texts.items())
        for spelling in _spellings(engine, reader, column, values)
    )


def _compared_texts(tree: Tree) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Columns and the texts that they are compared with for being equal."""
    for part in parts_of(tree):
        match part:
            case Compare("=" | "!=", Name(column), Text(value)) | Compare(
                "=" | "!=", Text(value), Name(column)
            ):
                yield column, (value,)
            case Member(Name(column), options):
                yield column, tuple(o.value for o in options if isinstance(o, Text))


OUTER_SPACES = " \t\r\n\u00a0\u200b\ufeff"


def _plain(text: str) -> str:
    return text.strip(OUTER_SPACES).lower()


def _trimmed(column: str) -> exp.Expression:
    return exp.Trim(this=col(column), expression=exp.Literal.string(OUTER_SPACES))


def _spellings(
    engine: Engine, reader: Reader, column: str, values: set[str]
) -> Iterator[Spelling]:
    meant = {_plain(value): value for value in sorted(values)}
    bytewise = reader.dialect.bytewise
    value = bytewise(reader.as_text(column))
    alike = exp.In(
        this=exp.Lower(this=_trimmed(column)),
        expressions=[exp.Literal.string(text) for text in meant],
    )
    same = exp.In(
        this=value.copy(),
        expressions=[exp.Literal.string(text) for text in sorted(values)],
    )
    rows = select(
        {"value": value},
        reader.table.relation.copy(),
        where=[alike, exp.Not(this=exp.Paren(this=same))],
    )
    counted = select(
        {"value": col("value"), "n": exp.Count(this=exp.Star())},
        nested(rows, "v"),
        group=["value"],
    )
    for value_written, count in sorted(
        engine.run(counted), key=lambda r: (-r[1], r[0])
    ):
        if value_written is not None and _plain(str(value_written)) in meant:
            yield Spelling(
                column=column,
                meant=meant[_plain(str(value_written))],
                written=str(value_written),
                rows=int(count),
            )


def no_row_left(
    engine: Engine, reader: Reader, filters: Sequence[Expression], rows: int
) -> Problem:
    """The problem that no row meets the conditions, with the values that there are."""
    said = " and ".join(formula.text for formula in filters)
    columns = sorted({column for formula in filters for column in formula.columns})
    values = [
        _values(engine, reader, column)
        if reader.table.columns.get(column) in {"text", "boolean"}
        and column not in reader.numbers
        else _range(engine, reader, column)
        for column in columns
    ]
    near = spellings_of(engine, reader, filters, ())
    fix = "Correct the condition, or take it out."
    if near:
        name = written(Name(near[0].column))
        fix = f"Did you mean {name} = '{near[0].written}'?"
    return Problem(
        where=f"source {reader.table.source}, where",
        what=f"no row of {rows:,} meets `{said}`.",
        why=" ".join(values),
        fix=fix,
    )


def _range(engine: Engine, reader: Reader, column: str) -> str:
    """The least and the largest value of a column, as a sentence."""
    stamps = reader.table.columns.get(column) in {"date", "local", "instant", "other"}
    value = reader.as_text(column) if stamps else reader.as_number(column)
    rows = select({"value": value}, reader.table.relation.copy())
    ends = {
        "low": exp.Min(this=col("value")),
        "high": exp.Max(this=col("value")),
    }
    ((low, high),) = engine.run(select(ends, nested(rows, "v")))
    if low is None:
        return f"{column} is empty in every row."
    ends_shown = [
        str(n) if isinstance(n, str) else f"{float(n):.10g}" for n in (low, high)
    ]
    return f"The values of {column} go from {ends_shown[0]} to {ends_shown[1]}."


def _values(engine: Engine, reader: Reader, column: str) -> str:
    """The most frequent values of a column, as a sentence."""
    rows = select(
        {"value": reader.dialect.bytewise(reader.as_text(column))},
        reader.table.relation.copy(),
    )
    counted = select(
        {"value": col("value"), "n": exp.Count(this=exp.Star())},
        nested(rows, "v"),
        group=["value"],
    )
    ranked = sorted(engine.run(counted), key=lambda r: (-int(r[1]), str(r[0])))
    shown = ", ".join(
        f"'{value}' ({int(n):,})" if value is not None else f"empty ({int(n):,})"
        for value, n in ranked[:SHOWN_EXAMPLES]
    )
    more = ", …" if len(ranked) > SHOWN_EXAMPLES else ""
    return f"The values of {column} are {shown}{more}."
