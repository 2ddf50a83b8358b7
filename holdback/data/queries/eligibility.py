"""Who may take part, as a condition over the columns of a file of ids."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from holdback.assignment.files import Eligible
from holdback.data.engine import Table
from holdback.data.engine.columns import Reader, missing_column
from holdback.data.engine.dialects import DuckDB
from holdback.data.engine.duckdb import type_of
from holdback.data.engine.numeric_text import compared_columns
from holdback.data.engine.sql import col
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.expression import Expression

__all__ = ["eligible_in"]


def eligible_in(experiment: Experiment, file: str) -> Eligible | None:
    """Reads `assignment.where` over a file's columns; None where all may take part.

    The reading raises DataError with every column that the file lacks, and
    ConfigError for two columns of text that are compared with each other.
    """
    where = experiment.assignment.where
    if where is None:
        return None

    def condition(names: Sequence[str], types: Sequence[str]) -> str:
        _check(where, file, names, types)
        table = Table(
            source=file,
            relation=None,
            columns={n: type_of(t) for n, t in zip(names, types, strict=True)},
        )
        found = Reader(table=table, dialect=DuckDB()).condition(where.tree)
        placed = found.transform(
            lambda node: (
                col(f"c{names.index(node.name)}")
                if isinstance(node, exp.Column)
                else node
            )
        )
        return str(placed.sql(dialect="duckdb"))

    return condition


def _check(
    where: Expression, file: str, names: Sequence[str], types: Sequence[str]
) -> None:
    missing = [
        missing_column(file, column, names)
        for column in sorted(where.columns)
        if column not in names
    ]
    if missing:
        raise DataError(missing)
    texts = {n for n, t in zip(names, types, strict=True) if type_of(t) == "text"}
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
