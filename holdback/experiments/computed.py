"""Arms that follow from the unit ids: the split over the rows of the exposures."""

from __future__ import annotations

from sqlglot import exp

from holdback.assignment.sql import DIALECTS, decided
from holdback.experiments.engine import Engine
from holdback.experiments.engine.reader import Reader
from holdback.experiments.engine.sql import integer
from holdback.experiments.experiment import Experiment
from holdback.experiments.splits import split_of

__all__ = ["arms_and_reasons", "id_text"]


def arms_and_reasons(
    experiment: Experiment, reader: Reader, engine: Engine, unit: exp.Expression
) -> tuple[exp.Expression, exp.Expression]:
    """Number of each row's arm, null without one, and the reason of its assignment.

    `unit` is the id as text. Raises AssignmentError where the engine lacks a hash.
    """
    split = split_of(experiment)
    dialect = reader.dialect.name
    text = id_text(unit, dialect)
    where = experiment.assignment.where
    columns = decided(
        split,
        dialect,
        unit=text,
        numbers=[engine.drawn(draw, text) for draw in split.draws],
        eligible=None
        if where is None
        else reader.condition(where.tree).sql(dialect=dialect),
    )
    arm = exp.Case(this=exp.Var(this=f"({columns.arm})"))
    for i, name in enumerate(split.names):
        arm = arm.when(exp.Literal.string(name), integer(i), copy=False)
    return arm, exp.Var(this=f"({columns.reason})")


def id_text(unit: exp.Expression, dialect: str) -> str:
    """SQL of an id as the text that is hashed."""
    return DIALECTS[dialect].text.format(text=unit.sql(dialect=dialect))
