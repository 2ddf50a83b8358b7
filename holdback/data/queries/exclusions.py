"""What becomes of each exposure row: kept, or left out for a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import all_of, col, integer, when
from holdback.data.queries.arm_labels import refuse_unknown_arms
from holdback.data.queries.units import (
    Exposures,
    Span,
    nested,
    select,
)
from holdback.experiments.definition.experiment import Experiment

__all__ = ["SHOWN_EXAMPLES", "ExposureCounts", "count_exposures"]

SHOWN_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureCounts:
    """What became of the exposures.

    `rows` counts by (reason, arm number); the reason of rows that count is ``kept``.
    `units` counts those that were given no arm, by the reason of their assignment.
    """

    rows: Mapping[tuple[str, int | None], int]
    units: Mapping[str, int]


def count_exposures(
    engine: Engine, experiment: Experiment, exposures: Exposures, span: Span
) -> ExposureCounts:
    """Exposure rows by what becomes of them and by arm.

    Raises DataError for arms that the experiment does not have.
    """
    refuse_unknown_arms(engine, experiment, exposures)
    columns: dict[str, exp.Expression] = {"arm": exposures.arm.copy()}
    columns["kept"] = all_of(condition.copy() for condition in exposures.where)
    if exposures.time is not None:
        columns["t"] = exposures.time.copy()
    if exposures.nobody is not None:
        columns["nobody"] = exposures.nobody.copy()
    if exposures.ineligible is not None:
        columns["ineligible"] = exposures.ineligible.copy()
    if exposures.reason is not None and exposures.unit is not None:
        columns |= {"why": exposures.reason.copy(), "unit": exposures.unit.copy()}
    rows = select(columns, exposures.reader.table.relation.copy())
    placed = {"reason": _reason(exposures, span), "arm": col("arm")}
    unplaced: exp.Expression = exp.null()
    if exposures.reason is not None:
        placed |= {"why": col("why"), "unit": col("unit")}
        own = exp.EQ(this=col("reason"), expression=col("why"))
        unplaced = when(own, col("unit"), None)
    counted = select(
        {
            "reason": col("reason"),
            "arm": col("arm"),
            "n": exp.Count(this=exp.Star()),
            "units": exp.Count(this=exp.Distinct(expressions=[unplaced])),
        },
        nested(select(placed, nested(rows, "r")), "q"),
        group=["reason", "arm"],
    )
    answers = engine.run(counted)
    return ExposureCounts(
        rows={
            (str(why), None if arm is None else int(arm)): int(n)
            for why, arm, n, _ in answers
        },
        units={str(why): int(units) for why, _, _, units in answers if units},
    )


def _reason(exposures: Exposures, span: Span) -> exp.Expression:
    """Why a row does not count, else ``kept``.

    A computed arm is asked for last: units that the split turns away are those that
    would count otherwise.
    """
    reason = exp.Case()
    if exposures.ineligible is not None:
        why = exp.Literal.string("not_eligible")
        reason = reason.when(col("ineligible"), why, copy=False)
    reason = reason.when(
        exp.Not(this=col("kept")), exp.Literal.string("where"), copy=False
    )
    if exposures.nobody is not None:
        nobody = exp.Literal.string("placeholder")
        reason = reason.when(col("nobody"), nobody, copy=False)
    no_arm = exp.Is(this=col("arm"), expression=exp.null())
    if exposures.reason is None:
        reason = reason.when(no_arm, exp.Literal.string("no_arm"), copy=False)
    if exposures.time is not None:
        reason = _time_reasons(reason, span)
    if exposures.reason is not None:
        reason = reason.when(no_arm, col("why"), copy=False)
    return reason.else_(exp.Literal.string("kept"))


def _time_reasons(reason: exp.Case, span: Span) -> exp.Case:
    reason = reason.when(
        exp.Is(this=col("t"), expression=exp.null()),
        exp.Literal.string("no_time"),
        copy=False,
    )
    if span.start is not None and span.end is not None:
        outside = exp.Or(
            this=exp.LT(this=col("t"), expression=integer(span.start)),
            expression=exp.GTE(this=col("t"), expression=integer(span.end)),
        )
        reason = reason.when(outside, exp.Literal.string("outside_window"), copy=False)
    if span.as_of is not None:
        late = exp.GTE(this=col("t"), expression=integer(span.as_of))
        reason = reason.when(late, exp.Literal.string("after_as_of"), copy=False)
    return reason
