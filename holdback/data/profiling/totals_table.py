"""Tables of totals in place of one row a unit."""

from __future__ import annotations

from holdback.data.engine import Table
from holdback.data.queries.exclusions import ExposureCounts
from holdback.data.queries.exposures import ROW_UNIT
from holdback.errors import DataError, Problem
from holdback.experiments.definition.experiment import Experiment

__all__ = ["refuse_totals"]

FEWEST_UNITS = 20
"""Rows below which an arm of single units could not be read anyway."""
COUNT_COLUMNS = frozenset(
    {
        "visitors", "users", "customers", "sessions", "visits", "impressions", "units",
        "participants", "subjects", "recipients", "sent", "n", "count", "sample_size",
        "besucher", "nutzer", "kunden", "sitzungen",
    }
)  # fmt: skip
"""Names of columns that hold how many a row stands for."""


def refuse_totals(experiment: Experiment, table: Table, counts: ExposureCounts) -> None:
    """Raise DataError where rows that are taken for units hold totals of many."""
    source = experiment.sources[experiment.assignment.source]
    if source.columns.unit != ROW_UNIT:
        return
    most = max((n for (why, _), n in counts.rows.items() if why == "kept"), default=0)
    named = [
        n for n in table.columns if n.strip().lower().replace(" ", "_") in COUNT_COLUMNS
    ]
    if most >= FEWEST_UNITS or not named:
        return
    raise DataError(
        Problem(
            where=f"source {source.name}",
            what=f"its {most} rows an arm seem to be totals: the column '{named[0]}' "
            "counts what a row stands for.",
            why="A range comes from how single units differ, and totals do not tell "
            "that: one row a unit is needed, such as one a visitor.",
            fix="Export one row for each unit, with what it did in columns.",
        )
    )
