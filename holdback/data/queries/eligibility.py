"""Who may take part, as SQL text of a database whose columns are not known here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from sqlglot import exp

from holdback.assignment.files import Eligible
from holdback.data.engine import Table, Type
from holdback.data.engine.by_url import embedded_dialect, spelling
from holdback.data.engine.expressions import Reader, compared_columns, missing_column
from holdback.data.engine.sql import col
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.expression import (
    Arithmetic,
    Compare,
    Expression,
    IsNull,
    Junction,
    Member,
    Name,
    Negation,
    Not,
    Text,
    Tree,
    TruthWord,
)

__all__ = ["eligible_in", "eligible_sql"]

Taken: TypeAlias = Literal["text", "number", "any"]
COLUMN_TYPES: Mapping[Taken, Type] = {"text": "text", "number": "float", "any": "other"}


def eligible_sql(experiment: Experiment, dialect: str) -> tuple[str | None, str]:
    """Condition of `assignment.where` in a dialect, never null, and a note on it.

    A column counts as text where it is compared with quoted text, as a number where it
    stands in arithmetic or beside a number. None and "" where all may take part.
    Raises ConfigError for a column that is taken as both, or only compared with
    another column: what that means depends on its type.
    """
    where = experiment.assignment.where
    if where is None:
        return None, ""
    taken: dict[str, set[Taken]] = {}
    for column, kind in _uses(where.tree, "number"):
        taken.setdefault(column, set()).add(kind)
    unclear = [
        column
        for column in sorted(taken)
        if {"text", "number"} <= taken[column]
        or column in compared_columns([where.tree])
    ]
    if unclear:
        raise ConfigError(
            Problem(
                where=experiment.file,
                what=f"`where: {where.text}` cannot be printed as SQL.",
                why="Its meaning depends on the type of "
                f"{', '.join(unclear)}, which SQL text alone does not know.",
                fix="Compare each column with numbers or with quoted text, or assign a "
                "file of ids that has these columns.",
            )
        )
    kinds: dict[str, Taken] = {
        column: next((k for k in ("text", "number") if k in uses), "any")
        for column, uses in taken.items()
    }
    table = Table(
        source="where",
        relation=None,
        columns={column: COLUMN_TYPES[kind] for column, kind in kinds.items()},
    )
    condition = Reader(table=table, dialect=spelling(dialect)).condition(where.tree)
    written = "mysql" if dialect == "mariadb" else dialect  # as sqlglot calls it
    return str(condition.sql(dialect=written)), _note(kinds)


def _note(kinds: Mapping[str, Taken]) -> str:
    parts = [
        f"{', '.join(columns)} as {noun}"
        for kind, noun in (("text", "text"), ("number", "numbers"))
        if (columns := sorted(c for c, taken in kinds.items() if taken == kind))
    ]
    return f"the condition takes {' and '.join(parts)}" if parts else ""


def _uses(tree: Tree, asked: Taken) -> Iterator[tuple[str, Taken]]:
    """Each column with how it is taken where the expression's value is `asked`."""
    match tree:
        case Name(column):
            yield column, asked
        case Negation(operand) | Not(operand):
            yield from _uses(operand, "number")
        case IsNull(operand):
            yield from _uses(operand, "any" if isinstance(operand, Name) else "number")
        case Member(operand, options):
            text = any(isinstance(option, Text) for option in options)
            yield from _uses(operand, "text" if text else "number")
        case Compare(_, left, right):
            text = any(isinstance(side, Text | TruthWord) for side in (left, right))
            for side in (left, right):
                yield from _uses(side, "text" if text else "number")
        case Arithmetic(_, left, right) | Junction(_, left, right):
            yield from _uses(left, "number")
            yield from _uses(right, "number")


def eligible_in(experiment: Experiment, file: str) -> Eligible | None:
    """Reads `assignment.where` over a file's columns; None where all may take part.

    The reading raises DataError with every column that the file lacks, and
    ConfigError for two columns of text that are compared with each other.
    """
    where = experiment.assignment.where
    if where is None:
        return None

    dialect = embedded_dialect()

    def condition(names: Sequence[str], types: Sequence[str]) -> str:
        kinds = {n: dialect.type_of(t) for n, t in zip(names, types, strict=True)}
        _check(where, file, kinds)
        table = Table(source=file, relation=None, columns=kinds)
        named = Reader(table=table, dialect=dialect).condition(where.tree)
        placed = named.transform(
            lambda node: (
                col(f"c{names.index(node.name)}")
                if isinstance(node, exp.Column)
                else node
            )
        )
        return str(placed.sql(dialect=dialect.name))

    return condition


def _check(where: Expression, file: str, columns: Mapping[str, Type]) -> None:
    missing = [
        missing_column(file, column, list(columns))
        for column in sorted(where.columns)
        if column not in columns
    ]
    if missing:
        raise DataError(missing)
    texts = {name for name, kind in columns.items() if kind == "text"}
    unclear = sorted(compared_columns([where.tree]) & texts)
    if unclear:
        raise ConfigError(
            Problem(
                where=f"source {file}",
                what=f"`where` compares the columns {', '.join(unclear)}, which the "
                "file holds as text.",
                why="Whether they are numbers is known only at the end of the file, "
                "and 9 lies after 10 as text.",
                fix="Write a Parquet file, whose columns have types.",
            )
        )
