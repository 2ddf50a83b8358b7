"""Units by the weeks in which they came: how they return, told by pairs of weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlglot import exp

from holdback.data.engine.sql import cast, col, integer
from holdback.data.engine.times import IN_UTC
from holdback.data.evidence.unit_rows import EPOCH_DAY
from holdback.data.extraction.extract import Survey
from holdback.data.extraction.open_engine import opened
from holdback.data.queries.units import kept_rows, nested, select
from holdback.experiments.definition.experiment import Experiment, Window

__all__ = ["WeekPairs", "week_pairs"]

WEEKDAYS = 7
WEEKS_REMEMBERED = 104
"""Weeks of the past that are looked at: returning later than that is coming anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekPairs:
    """How often a unit's active week follows another: (before, week) → units.

    Weeks are numbered from 0, `weeks` of them up to the last day; before a unit's first
    week stands −1.
    """

    weeks: int
    pairs: Mapping[tuple[int, int], int]


def week_pairs(
    experiment: Experiment, frames: Mapping[str, object], *, last: date
) -> WeekPairs | None:
    """The whole weeks up to `last` in which units would have joined.

    None where the exposures' rows have no times or are no whole week. Raises what
    reading the data raises.
    """
    first = last - timedelta(days=WEEKDAYS * WEEKS_REMEMBERED - 1)
    alone = replace(
        experiment,
        window=Window(start=first, end=last),
        metrics={},
        companions={},
        attribution=None,
        analysis=replace(experiment.analysis, segments=(), covariates=()),
    )
    with opened(alone, frames) as place:
        exposed = Survey(alone, place).exposed(None)
        if exposed.exposures.unit is None or exposed.exposures.time is None:
            return None
        day = (exposed.zone or IN_UTC).day(col("t"), place.engine.dialect)
        rows = kept_rows(exposed.exposures, exposed.span, ())
        back = exp.Sub(
            this=integer((last - EPOCH_DAY).days),
            expression=exp.Paren(this=cast(day, "INT")),
        )
        days = select({"unit": col("unit"), "back": back}, nested(rows, "k"))
        ((oldest,),) = place.engine.run(
            select({"oldest": exp.Max(this=col("back"))}, nested(days, "d"))
        )
        weeks = 0 if oldest is None else (int(oldest) + 1) // WEEKDAYS
        if not weeks:
            return None
        week = exp.Sub(
            this=integer(weeks - 1),
            expression=exp.Paren(
                this=place.engine.dialect.quotient(col("back"), integer(WEEKDAYS))
            ),
        )
        answers = place.engine.run(_pairs(days, week, weeks))
    return WeekPairs(
        weeks=weeks,
        pairs={(int(before), int(week)): int(n) for before, week, n in answers},
    )


def _pairs(days: exp.Select, week: exp.Expression, weeks: int) -> exp.Select:
    """Before, week, and how many units have them one after the other."""
    inside = exp.LT(this=col("back"), expression=integer(WEEKDAYS * weeks))
    named = select(
        {"unit": col("unit"), "week": cast(week, "INT")},
        nested(days, "d"),
        where=[inside],
    )
    active = select(
        {"unit": col("unit"), "week": col("week")},
        nested(named, "n"),
        group=["unit", "week"],
    )
    before = exp.Window(
        this=exp.Lag(this=col("week")),
        partition_by=[col("unit")],
        order=exp.Order(expressions=[exp.Ordered(this=col("week"))]),
    )
    followed = select(
        {
            "week": col("week"),
            "before": exp.func("COALESCE", before, integer(-1)),
        },
        nested(active, "a"),
    )
    return select(
        {
            "before": col("before"),
            "week": col("week"),
            "n": exp.Count(this=exp.Star()),
        },
        nested(followed, "f"),
        group=["before", "week"],
    )
