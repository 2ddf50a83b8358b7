"""The audit of an assignment: recomputed against logged arms, and why they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise

from sqlglot import exp

from holdback.analysis.comparison.small_groups import SMALLEST, hidden
from holdback.analysis.preregistration.plan_hash import plan_hash
from holdback.assignment.split import Split
from holdback.audit.causes import Ask, Days, Stretch, by_day, cause_of, stretches
from holdback.audit.hypotheses import Former, former_of, keys_of_hash
from holdback.audit.parts import cause_of_part
from holdback.audit.recomputed_arms import ArmCell, Counts, Rows, counts_of, rows_of
from holdback.audit.result import (
    Audit,
    AuditedDay,
    AuditedPeriod,
    Cause,
    Noted,
    Pair,
    compared,
)
from holdback.data.extraction.extract import Survey
from holdback.data.queries.exposures import ROW_UNIT, Exposed, unit_text
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import split_of
from holdback.stats.srm.agreement import Agreement

__all__ = ["audit"]

SAMPLE = 20_000
MOST_COLUMNS = 12


def audit(
    experiment: Experiment,
    *,
    as_of: date | datetime | None = None,
    frames: Mapping[str, object] | None = None,
) -> Audit:
    """Recompute each exposed unit's arm from its id, and compare it with the log.

    Units, days and the moments that bound them are those of the analysis. Where less
    than the plan can explain was logged, variations of the plan are tried on a sample
    of each stretch of days.

    Raises ConfigError where no arm is logged or rows are units, AssignmentError for a
    split that cannot be computed, and what reading the data raises.
    """
    from holdback.data.extraction.open_engine import opened

    split = split_of(experiment)
    _check(experiment)
    alone = replace(
        experiment,
        metrics={},
        companions={},
        identities=None,
        analysis=replace(experiment.analysis, segments=(), covariates=()),
    )
    with opened(alone, frames or {}, whole=True) as place:
        survey = Survey(alone, place)
        exposed = survey.exposed(as_of)
        counts = counts_of(place.engine, exposed, split, split.names)
        if not counts.cells:
            raise _nothing(experiment)
        parts = stretches(
            counts,
            *(
                _asking(search, experiment, survey, exposed, split)
                for search in (cause_of, cause_of_part)
            ),
        )
    return _told(experiment, split, counts, _periods(parts), _noted(exposed, counts))


def _check(experiment: Experiment) -> None:
    name = experiment.assignment.source
    columns = experiment.sources[name].columns
    if columns.arm is None:
        raise ConfigError(
            Problem(
                where=f"source {name}",
                what="no column of logged arms is named, so there is nothing to "
                "compare the recomputed ones with.",
                fix="Name it in the columns of the source: `arm: column`.",
            )
        )
    if columns.unit == ROW_UNIT:
        raise ConfigError(
            Problem(
                where=f"source {name}",
                what="arms cannot be recomputed for `unit: row`: there is no id.",
                fix="Name the column of the units' ids as `unit`.",
            )
        )


def _nothing(experiment: Experiment) -> DataError:
    return DataError(
        Problem(
            where=f"source {experiment.assignment.source}",
            what="no row names an arm on a day of the window.",
            fix="Check the window, the arms' `logged_as` and the column of times.",
        )
    )


def _asking(
    search: Callable[[Split, Rows, Former], Cause | None],
    experiment: Experiment,
    survey: Survey,
    exposed: Exposed,
    split: Split,
) -> Ask:
    """Searches a sample of a stretch's units for the cause of its differences."""
    former = former_of(experiment, tuple(keys_of_hash(split.scheme).values()))
    columns = _id_columns(experiment, survey)

    def ask(days: Days, side: Agreement) -> Cause | None:
        rows = rows_of(
            survey.engine,
            exposed,
            split.names,
            columns,
            days=(days[0], days[-1]),
            share=min(1.0, SAMPLE / side.n),
        )
        return search(split, rows, former)

    return ask


def _periods(parts: Sequence[Stretch]) -> tuple[AuditedPeriod, ...]:
    sides = [part.agreement for part in parts]
    shown = compared({i: (a.agreeing, a.n - a.agreeing) for i, a in enumerate(sides)})
    return tuple(
        AuditedPeriod(
            verdict=part.verdict,
            compared=shown[i],
            first=_iso(part.days[0]),
            last=_iso(part.days[-1]),
            cause=part.cause,
        )
        for i, part in enumerate(parts)
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _id_columns(experiment: Experiment, survey: Survey) -> dict[str, exp.Expression]:
    """The planned column of ids, and others of the table that could be one."""
    name = experiment.assignment.source
    roles, reader = experiment.sources[name].columns, survey.readers[name]
    others = [
        column
        for column, kind in reader.table.columns.items()
        if column not in {roles.unit, roles.arm, roles.time}
        and kind in {"text", "integer", "decimal", "float"}
    ]
    return {roles.unit: unit_text(reader, roles.unit)} | {
        column: reader.as_text(column) for column in others[:MOST_COLUMNS]
    }


def _noted(exposed: Exposed, counts: Counts) -> tuple[Noted, ...]:
    rows: Counter[str] = Counter()
    for (reason, _), n in exposed.counts.rows.items():
        rows[reason] += n
    rows["duplicate"] += sum(exposed.copies.values())
    del rows["kept"]
    noted = [(reason, "rows", n) for reason, n in sorted(rows.items()) if n]
    if counts.crossed:
        noted.append(("crossover", "units", counts.crossed))
    return tuple(
        Noted(
            reason=reason,
            what="units" if what == "units" else "rows",
            count=n if n >= SMALLEST else None,
            below_10=() if n >= SMALLEST else ("count",),
        )
        for reason, what, n in noted
    )


def _told(
    experiment: Experiment,
    split: Split,
    counts: Counts,
    periods: tuple[AuditedPeriod, ...],
    noted: tuple[Noted, ...],
) -> Audit:
    days = by_day(counts)
    total = tuple(map(sum, zip(*days.values(), strict=True)))
    shown = compared({day: pair for day, pair in days.items() if day is not None})
    return Audit(
        experiment=experiment.name,
        plan_hash=plan_hash(experiment),
        source=experiment.assignment.source,
        scheme=split.scheme.kind,
        salt=split.hashed_salt,
        params=keys_of_hash(split.scheme) or None,
        agrees=all(cell.agrees for cell in counts.cells),
        compared=compared({"all": (total[0], total[1])})["all"],
        pairs=_pairs(counts, split),
        days=tuple(
            AuditedDay(day=day.isoformat(), compared=one) for day, one in shown.items()
        ),
        changes=_changes(periods),
        periods=periods,
        noted=noted,
    )


def _changes(periods: Sequence[AuditedPeriod]) -> tuple[str, ...]:
    """First days of the stretches; after a day of change, that day is enough."""
    return tuple(
        period.first
        for before, period in pairwise(periods)
        if period.first is not None and before.verdict != "changing"
    )


def _pairs(counts: Counts, split: Split) -> tuple[Pair, ...]:
    units: Counter[tuple[str | None, str, str]] = Counter()
    for cell, n in counts.cells.items():
        units[cell.planned, cell.logged, _why(cell)] += n
    covered = hidden(units)
    order = [*split.names, None]
    keys = sorted(units, key=lambda k: (order.index(k[0]), k[2], order.index(k[1])))
    return tuple(
        Pair(
            planned=key[0],
            logged=key[1],
            reason=key[2],
            units=None if key in covered else units[key],
            below_10=("units",) if units[key] < SMALLEST else (),
        )
        for key in keys
    )


def _why(cell: ArmCell) -> str:
    return cell.reason if cell.planned is None else ""
