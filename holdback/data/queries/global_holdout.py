"""Units of the global holdout among the logged exposures."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.columns import Reader
from holdback.data.engine.sql import col, integer
from holdback.data.queries.computed_arms import id_text
from holdback.data.queries.units import Exposures, Span, kept_rows, nested, select
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import planned_split

__all__ = ["exposed_holdout", "is_held_out"]


def is_held_out(
    experiment: Experiment, reader: Reader, engine: Engine, unit: exp.Expression
) -> exp.Expression | None:
    """Whether a row's unit is of the holdout that the experiment names, if any.

    `unit` is the id as text.
    """
    if experiment.assignment.holdout is None:
        return None
    holdout = planned_split(experiment).holdout
    assert holdout is not None  # noqa: S101  # it is named
    gate = holdout.gate()
    number = engine.drawn(gate.draw, id_text(unit, reader.dialect.name))
    ((first, _),) = gate.ranges
    return exp.LT(this=exp.Var(this=f"({number})"), expression=integer(first))


def exposed_holdout(engine: Engine, exposures: Exposures, span: Span) -> int | None:
    """Units of the holdout with a logged arm; those placed by hand do not count.

    None where no holdout is named, or where arms are computed.
    """
    if exposures.held_out is None:
        return None
    where = (*exposures.where, exposures.held_out.copy())
    rows = kept_rows(replace(exposures, where=where, all_kept=False), span, ())
    by_hand = [exp.Literal.string(unit) for unit in exposures.overridden]
    placed = exp.In(this=col("unit"), expressions=by_hand)
    query = select(
        {"n": exp.Count(this=exp.Distinct(expressions=[col("unit")]))},
        nested(rows, "k"),
        where=[exp.Not(this=placed)] if by_hand else [],
    )
    ((count,),) = engine.run(query)
    return int(count)
