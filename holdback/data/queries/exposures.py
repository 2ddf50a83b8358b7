"""What the sources mean: exposures and events as expressions over their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sqlglot import exp

from holdback.assignment.sql import DIALECTS, decided
from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.placeholders import is_nobody, is_placeholder
from holdback.data.engine.sql import cast, col, finite, integer, when
from holdback.data.engine.times import IN_MOMENTS, Clock, DayForm, Dial, Zone
from holdback.data.evidence.cells import Reach, Returned, SourceProfile
from holdback.data.queries.exclusions import ExposureCounts
from holdback.data.queries.returns import at_purchase, count_returned
from holdback.data.queries.units import (
    Events,
    Exposures,
    Span,
    kept_rows,
    nested,
    select,
    widened,
)
from holdback.errors import ConfigError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import overrides_of, planned_split, split_of
from holdback.experiments.language.expression import Expression

__all__ = [
    "ARM",
    "PERSON",
    "REASON",
    "ROW_UNIT",
    "Dials",
    "Exposed",
    "clock_of",
    "events_of",
    "exposed_holdout",
    "exposures_of",
    "filters",
    "id_text",
    "is_held_out",
    "person_text",
    "returned_of",
    "unit_text",
    "with_arms",
]

ROW_UNIT = "row"
Dials = Mapping[str, Dial]
"""Source → how its times are read."""
MISSING = "(missing)"
OTHER_LEVEL = "(other)"
LEVELS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """The exposures within their span, and where the rows of every source went.

    `seen` is by source, `copies` counts rows that were dropped as copies, by source.
    `dials` say how the times of each source are read, `zone` is the project's; `ends`
    hold up to when each source of events is complete.
    """

    exposures: Exposures
    span: Span
    zone: Zone
    dials: Dials
    ends: Mapping[str, int]
    reaches: tuple[Reach, ...]
    seen: Mapping[str, SourceProfile]
    counts: ExposureCounts
    copies: Mapping[str, int]


def exposures_of(
    experiment: Experiment,
    readers: Mapping[str, Reader],
    dials: Dials,
    engine: Engine,
) -> Exposures:
    """The assignment table, read; `one_row` is settled later by a count.

    Raises ConfigError for computed arms where rows have no id.
    """
    name = experiment.assignment.source
    source, reader = experiment.sources[name], readers[name]
    clock = clock_of(experiment, readers, name, dials)
    plan, columns = experiment.assignment, source.columns
    unit = None if columns.unit == ROW_UNIT else unit_text(reader, columns.unit)
    reason = ineligible = held_out = None
    if columns.arm is not None:
        arm = _logged_arm(experiment, reader, columns.arm)
        where = filters(experiment, name)
        if plan.where is not None:
            ineligible = exp.Not(this=exp.Paren(this=reader.condition(plan.where.tree)))
        if unit is not None:
            held_out = is_held_out(experiment, reader, engine, unit)
    elif unit is not None:
        reader = with_arms(experiment, reader, engine, unit)
        arm, reason = col(ARM), col(REASON)
        where = () if source.where is None else (source.where,)
    else:
        raise ConfigError(_no_id(name))
    return Exposures(
        reader=reader,
        arm=arm,
        unit=None if unit is None else person_text(reader, columns.unit),
        time=None if clock is None else clock.utc(),
        where=tuple(reader.condition(formula.tree) for formula in where),
        arms=len(experiment.arms),
        segments={
            column: _segment(engine, reader, column)
            for column in experiment.analysis.logged
        },
        reason=reason,
        ineligible=ineligible,
        held_out=held_out,
        nobody=None
        if unit is None or reader.all_named
        else is_placeholder(reader, columns.unit),
        overridden=tuple(sorted(overrides_of(experiment))),
        keep_overridden=plan.include_overridden,
        keep_crossed=plan.crossovers == "first",
    )


def events_of(
    experiment: Experiment,
    readers: Mapping[str, Reader],
    name: str,
    dials: Dials,
    as_of: int | None,
) -> Events:
    """A source of events, read; rows without a unit id are left out.

    Returns count when their purchase did, where the source says which they are; those
    from `as_of` on are not known yet.
    """
    events = _as_written(experiment, readers, name, dials)
    rule = experiment.sources[name].returns
    return events if rule is None else at_purchase(events, rule, as_of)


def returned_of(
    experiment: Experiment,
    readers: Mapping[str, Reader],
    engine: Engine,
    dials: Dials,
    as_of: int | None,
) -> dict[str, Returned]:
    """How many returns found their purchase, by source with a rule for them."""
    rules = {name: experiment.sources[name].returns for name in readers}
    return {
        name: count_returned(
            engine, _as_written(experiment, readers, name, dials), rule, as_of
        )
        for name, rule in rules.items()
        if rule is not None
    }


def _as_written(
    experiment: Experiment,
    readers: Mapping[str, Reader],
    name: str,
    dials: Dials,
) -> Events:
    """A source of events, each row at its own time."""
    source, reader = experiment.sources[name], readers[name]
    clock = clock_of(experiment, readers, name, dials)
    named = exp.Not(this=exp.Paren(this=is_nobody(reader, source.columns.unit)))
    conditions = [
        reader.condition(formula.tree) for formula in filters(experiment, name)
    ]
    dial = dials[name]
    if clock is not None and dial.no_dates:
        conditions.append(exp.Not(this=exp.Paren(this=clock.means_none())))
    return Events(
        reader=reader,
        unit=person_text(reader, source.columns.unit),
        time=None if clock is None else clock.utc(),
        where=(*conditions, named),
        zone=dial.project,
        days=DAYS_AMONG[dial.days],
        tolerance=dial.tolerance,
    )


DAYS_AMONG: Mapping[DayForm, Literal["none", "some", "all"]] = {
    "none": "none",
    "some": "some",
    "written": "all",
    "local": "all",
}


def clock_of(
    experiment: Experiment,
    readers: Mapping[str, Reader],
    name: str,
    dials: Dials | None = None,
) -> Clock | None:
    """Reads the times of a source; None when it has none.

    Without `dials` it reads what is written, as moments in UTC.
    """
    time = experiment.sources[name].columns.time
    dial = IN_MOMENTS if dials is None else dials[name]
    return None if time is None else Clock(reader=readers[name], column=time, dial=dial)


def filters(experiment: Experiment, name: str) -> tuple[Expression, ...]:
    """The conditions that rows of a source must meet."""
    formulas = [experiment.sources[name].where]
    if name == experiment.assignment.source:
        formulas.append(experiment.assignment.where)
    return tuple(formula for formula in formulas if formula is not None)


def unit_text(reader: Reader, column: str) -> exp.Expression:
    """A unit id as text: whole numbers are written without a fraction."""
    kind = reader.kind(column)
    if kind == "text":
        return col(column)
    if kind == "float":
        return cast(cast(finite(cast(col(column), "DOUBLE")), "BIGINT"), "TEXT")
    if kind == "decimal":
        return cast(cast(col(column), "BIGINT"), "TEXT")
    return cast(col(column), "TEXT")


PERSON = "holdback person"
"""The column of the person that a row's unit is, where a map of ids says so."""


def person_text(reader: Reader, column: str) -> exp.Expression:
    """Who a row is of, as text: the person of its id, or else the id."""
    known = PERSON in reader.table.columns
    return col(PERSON) if known else unit_text(reader, column)


def _logged_arm(experiment: Experiment, reader: Reader, column: str) -> exp.Expression:
    """Number of the arm that a row names; null for a row that names none."""
    case = exp.Case()
    text = reader.kind(column) == "text"
    written = col(column) if text else reader.as_text(column)
    for i, arm in enumerate(experiment.arms):
        label = exp.Literal.string(arm.logged_as or arm.name)
        matches = exp.EQ(this=written.copy(), expression=label)
        case = case.when(matches, integer(i), copy=False)
    return case


def _no_id(source: str) -> Problem:
    return Problem(
        where=f"source {source}",
        what="arms cannot be computed for `unit: row`: there is no id.",
        fix="Name the column of the logged arms as `arm`.",
    )


def _segment(engine: Engine, reader: Reader, column: str) -> exp.Expression:
    """A segment's level; rare levels beyond the 50 largest are one."""
    level = exp.func("COALESCE", reader.as_text(column), exp.Literal.string(MISSING))
    counted = select({"level": level}, reader.table.relation.copy())
    query = select(
        {"level": col("level"), "n": exp.Count(this=exp.Star())},
        nested(counted, "q"),
        group=["level"],
    )
    rows = engine.run(query)
    if len(rows) <= LEVELS:
        return level
    ranked = sorted(rows, key=lambda row: (-int(row[1]), str(row[0])))
    kept = [exp.Literal.string(str(row[0])) for row in ranked[: LEVELS - 1]]
    known = exp.In(this=level.copy(), expressions=kept)
    return when(known, level.copy(), exp.Literal.string(OTHER_LEVEL))


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
