"""Events → one row per exposed unit that has some."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlglot import exp

from holdback.data.engine.sql import all_of, col, count_where, integer, when
from holdback.data.engine.times import (
    DAY_MICROSECONDS,
    MICROSECOND,
    QUARTER,
    since_midnight,
)
from holdback.data.evidence.near_exposure import BEFORE_THAT, QUARTERS
from holdback.data.queries.aggregates import (
    aggregate,
    has,
    quanta,
    row_values,
)
from holdback.data.queries.step_order import StepOrder
from holdback.data.queries.unit_columns import ROW_COUNTS, UnitColumn
from holdback.data.queries.units import (
    Events,
    Exposures,
    Span,
    nested,
    select,
    unit_keys,
)
from holdback.experiments.language.measure import Measure

__all__ = [
    "BEFORE_THAT",
    "SUSPECTED",
    "elapsed",
    "event_units",
    "placed",
    "since",
    "window",
]

SUSPECTED = timedelta(minutes=5)
"""How long before its exposure an event is suspected of a clock that runs apart."""
FURTHEST_ZONES = QUARTERS * QUARTER
"""How far timezones lie apart, in µs."""


def event_units(
    events: Events,
    exposures: Exposures,
    span: Span,
    wanted: Sequence[UnitColumn],
    *,
    order: StepOrder,
    carried: Sequence[str] = (),
) -> exp.Select:
    """One row per exposed unit that has events: its keys and its values.

    The units' own values `carried` come along. Beside the values it counts the unit's
    rows, as `ROW_COUNTS` names them: ``n_rows``, those before exposure that no measure
    collects (``n_before``), those at or after as-of (``n_late``), all before exposure
    (``n_earlier``), those shortly before it (``n_skewed``) and in the time before that
    (``n_nearby``), likewise those in 14 hours (``n_half_day``, ``n_day_before``), and
    days that are the exposure's own (``n_own_day``).
    """
    keys = unit_keys(exposures)
    columns: dict[str, exp.Expression] = {"unit": col("unit", "u")}
    dialect = events.reader.dialect
    for key in keys:
        value: exp.Expression = col(key, "u")
        if key.startswith("s") and key != "status":
            value = dialect.bytewise(value)
        columns[key] = exp.Min(this=value)
    columns |= {name: exp.Min(this=col(name, "u")) for name in carried}
    columns |= _row_counts(events, exposures, span, wanted)
    waited = None if exposures.time is None else elapsed(events)
    for unit in wanted:
        inside = window(unit.measure, events, exposures, span) if unit.measure else []
        inside += order.late_enough(unit, events)
        time = col("t", "e") if events.time is not None else None
        columns[unit.name] = aggregate(
            dialect, unit, inside=inside, time=time, table="e", since=waited
        )
    query = select(columns, nested(_event_rows(events, wanted), "e"))
    return _of_units(query, order, wanted)


def since(
    events: Events,
    exposures: Exposures,
    span: Span,
    unit: UnitColumn,
    *,
    order: StepOrder,
) -> exp.Select:
    """The units that have a column that others come after, and since when."""
    assert unit.measure is not None  # noqa: S101  # awaited ones have measures
    inside = window(unit.measure, events, exposures, span) + order.late_enough(
        unit, events
    )
    counts = has(unit, inside, "e")
    columns: dict[str, exp.Expression] = {
        "unit": col("unit", "u"),
        "t": exp.Min(this=col("t", "e")),
    }
    query = select(columns, nested(_event_rows(events, [unit]), "e"), where=[counts])
    return _of_units(query, order, [unit])


def _of_units(
    query: exp.Select, order: StepOrder, wanted: Sequence[UnitColumn]
) -> exp.Select:
    """A query of events ``e`` for each exposed unit ``u``."""
    query = query.join(
        exp.alias_(
            exp.table_(order.exposed, quoted=True), "u", quoted=True, table=True
        ),
        on=exp.EQ(this=col("unit", "e"), expression=col("unit", "u")),
        copy=False,
    )
    return order.joined(query, wanted).group_by(col("unit", "u"), copy=False)


def window(
    measure: Measure, events: Events, exposures: Exposures, span: Span
) -> list[exp.Expression]:
    """Conditions that an event lies in a measure's window; none without times.

    The events are the relation `e` with the columns of `placed`, the units are `u`.
    """
    if events.time is None:
        return []
    time = col("t", "e")
    conditions: list[exp.Expression] = []
    if exposures.time is not None:
        conditions.append(_from(events, measure.start))
        if measure.end is not None:
            end = measure.end / 2 if measure.half else measure.end
            conditions.append(exp.Not(this=exp.Paren(this=_from(events, end))))
        if measure.half and span.as_of is not None:
            conditions.append(_before_the_middle(time.copy(), span.as_of))
    elif span.start is not None:
        conditions.append(exp.GTE(this=time, expression=integer(span.start)))
    last = span.last if measure.end is None else span.as_of
    if last is not None:
        conditions.append(exp.LT(this=time.copy(), expression=integer(last)))
    return conditions


def placed(events: Events) -> dict[str, exp.Expression]:
    """Columns of an event's time: ``t`` in UTC, and where days count, ``w`` and ``d``.

    ``w`` is the wall clock of the project's timezone in µs, at a day's midnight where
    the event is a day; ``d`` says whether it is, where only some are.
    """
    if events.time is None:
        return {}
    columns = {"t": events.time}
    if events.days == "all":
        columns["w"] = events.zone.day_start(events.time.copy())
    elif events.days == "some":
        local = events.zone.to_local(events.time.copy())
        columns["w"] = local
        midnight = since_midnight(local.copy())
        columns["d"] = exp.EQ(this=midnight, expression=integer(0))
    return columns


def _from(events: Events, offset: timedelta) -> exp.Expression:
    """Whether an event lies at or after the unit's exposure, moved by a duration.

    A day is compared with the day of the exposure.
    """
    shift = offset // MICROSECOND
    at_exposure = shift == 0
    moment = exp.GTE(
        this=col("t", "e"),
        expression=_moved(
            col("t", "u"), shift - events.tolerance if at_exposure else shift
        ),
    )
    if events.days == "none":
        return moment
    later = DAY_MICROSECONDS if at_exposure and not events.own_day else 0
    own_day = events.zone.day_start(col("t", "u"))
    day = exp.GTE(this=col("w", "e"), expression=_moved(own_day, shift + later))
    return day if events.days == "all" else when(col("d", "e"), day, moment)


def elapsed(events: Events) -> exp.Expression:
    """Microseconds from the unit's exposure to an event, by days for a day."""
    moment = exp.Paren(this=exp.Sub(this=col("t", "e"), expression=col("t", "u")))
    if events.days == "none":
        return moment
    own_day = events.zone.day_start(col("t", "u"))
    day = exp.Paren(
        this=exp.Sub(this=col("w", "e"), expression=exp.Paren(this=own_day))
    )
    return day if events.days == "all" else when(col("d", "e"), day, moment)


def _event_rows(events: Events, wanted: Sequence[UnitColumn]) -> exp.Select:
    base: dict[str, exp.Expression] = {"unit": events.unit} | placed(events)
    base |= row_values(events.reader, wanted)
    rows = select(base, events.reader.table.relation.copy(), where=events.where)
    passed = {name: col(name) for name in base if not name.startswith("v_")}
    return select(passed | quanta(wanted), nested(rows, "r"))


def _row_counts(
    events: Events, exposures: Exposures, span: Span, wanted: Sequence[UnitColumn]
) -> dict[str, exp.Expression]:
    """Counts of a unit's rows for the reader of the report."""
    counts: dict[str, exp.Expression] = {"n_rows": exp.Count(this=exp.Star())}
    told = dict.fromkeys(ROW_COUNTS[1:], exp.false())
    if events.time is not None:
        if span.as_of is not None:
            told["late"] = exp.GTE(this=col("t", "e"), expression=integer(span.as_of))
        if exposures.time is not None:
            collected = [u.measure for u in wanted if u.measure is not None]
            starts = [one.start for one in collected if not one.is_former]
            earliest = min([timedelta(0), *starts])
            told["before"] = exp.Not(this=exp.Paren(this=_from(events, earliest)))
            told["earlier"] = exp.Not(this=exp.Paren(this=_from(events, timedelta(0))))
            told |= _around_exposure(events)
    for kind, condition in told.items():
        counts[f"n_{kind}"] = count_where(condition)
    return counts


def _around_exposure(events: Events) -> dict[str, exp.Expression]:
    """Rows logged shortly before the exposure, before that, and on its day."""
    moments = [] if events.days == "none" else [exp.Not(this=col("d", "e"))]
    days = [] if events.days == "all" else [col("d", "e")]
    around: dict[str, exp.Expression] = {}
    if events.days != "all":
        reach = events.tolerance or SUSPECTED // MICROSECOND
        for kind, start, end in (
            ("skewed", reach, 0),
            ("nearby", (1 + BEFORE_THAT) * reach, reach),
            ("half_day", FURTHEST_ZONES, 0),
            ("day_before", 2 * FURTHEST_ZONES, FURTHEST_ZONES),
        ):
            exposed = col("t", "u")
            around[kind] = all_of(
                [
                    *(moment.copy() for moment in moments),
                    exp.LT(this=col("t", "e"), expression=_moved(exposed, -end)),
                    exp.GTE(
                        this=col("t", "e"), expression=_moved(exposed.copy(), -start)
                    ),
                ]
            )
    if events.days != "none":
        own_day = events.zone.day_start(col("t", "u"))
        same = exp.EQ(this=col("w", "e"), expression=exp.Paren(this=own_day))
        around["own_day"] = all_of([*days, same])
    return around


def _before_the_middle(time: exp.Expression, as_of: int) -> exp.Expression:
    """Before the middle of exposure and as-of: 2 t < exposure + as-of, in integers."""
    twice = exp.Mul(this=integer(2), expression=time)
    return exp.LT(
        this=twice, expression=exp.Add(this=col("t", "u"), expression=integer(as_of))
    )


def _moved(time: exp.Expression, by: int) -> exp.Expression:
    """A time, moved by microseconds."""
    if by == 0:
        return time
    return exp.Paren(this=exp.Add(this=exp.Paren(this=time), expression=integer(by)))
