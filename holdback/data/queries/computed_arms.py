"""Arms that follow from the unit ids: the split over the rows of the exposures.

Each hash is a column of a query below the one that decides, and the decision is kept
where the engine may store it: hashing would be most of the work if every query of a
reading did it again.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from holdback.assignment.sql import DIALECTS, decided
from holdback.data.engine import Engine
from holdback.data.engine.columns import Reader
from holdback.data.engine.sql import col, integer
from holdback.data.queries.units import nested, widened
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import split_of

__all__ = ["ARM", "REASON", "id_text", "with_arms"]

ARM, REASON = "holdback:arm", "holdback:reason"


def with_arms(
    experiment: Experiment, reader: Reader, engine: Engine, unit: exp.Expression
) -> Reader:
    """The reader over the same rows with two columns more.

    `ARM` is the number of the row's arm, null without one; `REASON` is the reason of
    its assignment. `unit` is the id as text. Raises AssignmentError where the engine
    lacks a hash.
    """
    split = split_of(experiment)
    dialect = reader.dialect.name
    text = id_text(unit, dialect)
    draws = [engine.drawn(draw, text) for draw in split.draws]
    numbers = [f"holdback:{i}" for i in range(len(draws))]
    drawn = widened(
        dict(zip(numbers, map(_raw, draws), strict=True)),
        reader.table.relation.copy(),
    )
    where = experiment.assignment.where
    columns = decided(
        split,
        dialect,
        unit=text,
        numbers=[col(number).sql(dialect=dialect) for number in numbers],
        eligible=None
        if where is None
        else reader.condition(where.tree).sql(dialect=dialect),
    )
    arm = exp.Case(this=_raw(columns.arm))
    for i, name in enumerate(split.names):
        arm = arm.when(exp.Literal.string(name), integer(i), copy=False)
    decisions = {ARM: arm, REASON: _raw(columns.reason)}
    relation = engine.kept(widened(decisions, nested(drawn, "drawn")))
    return replace(reader, table=replace(reader.table, relation=relation))


def id_text(unit: exp.Expression, dialect: str) -> str:
    """SQL of an id as the text that is hashed."""
    return DIALECTS[dialect].text.format(text=unit.sql(dialect=dialect))


def _raw(sql: str) -> exp.Expression:
    return exp.Var(this=f"({sql})")
