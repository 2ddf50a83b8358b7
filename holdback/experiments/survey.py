"""The reading of one experiment's data, step by step."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlglot import exp

from holdback.errors import ConfigError, DataError, Problem, StatsError
from holdback.experiments.assembly import Row, cells_of, rows_of
from holdback.experiments.cube import Cube, statement
from holdback.experiments.duplicates import without_copies
from holdback.experiments.engine import TooLarge
from holdback.experiments.engine.clock import Clock
from holdback.experiments.engine.dialects import cast
from holdback.experiments.engine.opening import Opened
from holdback.experiments.engine.sql import Reader, all_of, col, integer, when
from holdback.experiments.engine.zones import Zone, from_microseconds, microseconds
from holdback.experiments.evidence import Evidence, Quality
from holdback.experiments.experiment import Experiment
from holdback.experiments.expression import Expression
from holdback.experiments.layout import Layout, layout
from holdback.experiments.probe import Look, Seen, blank, look_at
from holdback.experiments.scorecard import Accounting, Excluded, Input
from holdback.experiments.similar_ids import similar_ids
from holdback.experiments.units import (
    CROSSED,
    KEPT_CROSSED,
    OVERRIDDEN,
    USED,
    Events,
    Exposures,
    Span,
    exposed_units,
    kept_rows,
    nested,
    select,
)

__all__ = ["Survey"]

ROW = "row"
MISSING = "(missing)"
OTHER = "(other)"
LEVELS = 50
COMPARED_IDS = 300_000
DAY = timedelta(days=1)


class Survey:
    """Asks an opened engine what an experiment wants to know."""

    def __init__(self, experiment: Experiment, place: Opened) -> None:
        self.experiment = experiment
        self.engine = place.engine
        self.tables = place.tables
        self.sha256 = place.sha256
        self.layout: Layout = layout(experiment)
        self.readers = {
            name: Reader(table=table, dialect=place.engine.dialect)
            for name, table in place.tables.items()
        }

    def evidence(self, as_of: date | datetime | None) -> Evidence:
        """All of it."""
        _check_plan(self.experiment, self.layout)
        seen = {name: self._look(name) for name in self.tables}
        copies = self._drop_copies(seen)
        zone = self._zone(seen)
        span = self._span(seen, zone, as_of)
        exposures = self._exposures(zone)
        told = self._rows_told(exposures, span)
        exposures = self._counted(exposures, span)
        cube = Cube(
            layout=self.layout,
            exposures=exposures,
            events={n: self._events(n, zone) for n in self.layout.sources()},
            span=span,
            zone=zone or Zone(name="UTC", first=0, transitions=()),
            dialect=self.engine.dialect,
        )
        self._stop_at_crossovers(cube)
        rows = self._run(cube)
        return self._assembled(cube, rows, seen, told, copies)

    def _run(self, cube: Cube) -> list[Row]:
        """The one statement; a sum beyond exact arithmetic is told by metric."""
        try:
            return rows_of(cube, self.engine.run(statement(cube)))
        except TooLarge as error:
            names = [m for m in self.experiment.metrics if self._overflows(cube, m)]
            raise DataError(_too_large(names, error)) from error

    def _overflows(self, cube: Cube, metric: str) -> bool:
        alone = replace(
            self.experiment, metrics={metric: self.experiment.metrics[metric]}
        )
        smaller = layout(alone)
        events = {n: e for n, e in cube.events.items() if n in smaller.sources()}
        try:
            one = replace(cube, layout=smaller, events=events)
            rows_of(one, self.engine.run(statement(one)))
        except TooLarge:
            return True
        return False

    def _drop_copies(self, seen: dict[str, Seen]) -> dict[str, int]:
        """Rows dropped because they stand in a source twice; looks again if so."""
        dropped = {}
        for name, reader in self.readers.items():
            found = without_copies(self.engine, reader, self.experiment.sources[name])
            if found.dropped:
                dropped[name] = found.dropped
                reader.table = found.table
                seen[name] = replace(self._look(name), rows=seen[name].rows)
        return dropped

    # -- what each source holds -------------------------------------------------

    def _look(self, name: str) -> Seen:
        source = self.experiment.sources[name]
        reader = self.readers[name]
        roles = source.columns
        problems = [
            reader.missing(column)
            for column in (roles.unit, roles.arm, roles.time, roles.id)
            if column is not None and column != ROW and column not in reader.table.columns
        ]
        if problems:
            raise DataError(problems)
        own = name == self.experiment.assignment.source
        values: dict[str, Expression] = {}
        for unit in self.layout.units.values():
            measure = unit.measure
            if measure is not None and measure.source == name:
                if measure.where is not None:
                    reader.condition(measure.where.tree)
                if measure.value is not None and measure.aggregate != "distinct":
                    values[measure.value.text] = measure.value
        return look_at(
            self.engine,
            Look(
                reader=reader,
                unit=None if roles.unit == ROW else roles.unit,
                needs_unit=own,
                clock=self._clock(name),
                where=self._where(name),
                values=tuple(values.values()),
                numbers=self.experiment.analysis.covariates if own else (),
            ),
        )

    def _clock(self, name: str) -> Clock | None:
        time = self.experiment.sources[name].columns.time
        return None if time is None else Clock(reader=self.readers[name], column=time)

    def _where(self, name: str) -> tuple[Expression, ...]:
        found = [self.experiment.sources[name].where]
        if name == self.experiment.assignment.source:
            found.append(self.experiment.assignment.where)
        return tuple(one for one in found if one is not None)

    # -- times ---------------------------------------------------------------------

    def _zone(self, seen: Mapping[str, Seen]) -> Zone | None:
        """Offsets over the range of the data; None without times or when UTC."""
        ranges = [r for s in seen.values() for r in (s.wall, s.moments) if r]
        if not ranges:
            return None
        window = self.experiment.window
        bounds = [moment for pair in ranges for moment in pair]
        if window is not None:
            for day in (window.start, window.end + DAY):
                bounds.append(
                    microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
                )
        zone = Zone.between(self.experiment.timezone, min(bounds), max(bounds))
        return None if zone.first == 0 and not zone.transitions else zone

    def _span(
        self, seen: Mapping[str, Seen], zone: Zone | None, as_of: date | datetime | None
    ) -> Span:
        flat = zone or Zone(name="UTC", first=0, transitions=())
        last = [self._last(one, flat) for one in seen.values()]
        known = [moment for moment in last if moment is not None]
        window = self.experiment.window
        if not known:
            return Span(as_of=None, start=None, end=None)
        end = max(known) if as_of is None else _moment(as_of, self.experiment.timezone)
        return Span(
            as_of=end,
            start=None if window is None else flat.midnight(window.start),
            end=None if window is None else flat.midnight(window.end + DAY),
        )

    @staticmethod
    def _last(seen: Seen, zone: Zone) -> int | None:
        """Just after a source's last time; a source of days lasts to the day's end."""
        found = []
        if seen.wall is not None:
            local = seen.wall[1]
            step = 24 * 3600 * 1_000_000 if seen.whole_days else 1
            found.append(zone.utc(local + step) if seen.whole_days else zone.utc(local) + 1)
        if seen.moments is not None:
            found.append(seen.moments[1] + 1)
        return max(found, default=None)

    # -- exposures and events --------------------------------------------------------

    def _exposures(self, zone: Zone | None) -> Exposures:
        name = self.experiment.assignment.source
        source, reader = self.experiment.sources[name], self.readers[name]
        clock = self._clock(name)
        overrides = self.experiment.assignment.overrides
        unit = source.columns.unit
        return Exposures(
            reader=reader,
            arm=self._arm(reader),
            unit=None if unit == ROW else self._unit(reader, unit),
            time=None if clock is None else clock.utc(zone),
            where=tuple(reader.condition(one.tree) for one in self._where(name)),
            arms=len(self.experiment.arms),
            segments={
                column: self._segment(reader, column)
                for column in self.experiment.analysis.segments
            },
            overridden=tuple(sorted(overrides)),
            keep_crossed=self.experiment.assignment.crossovers == "first",
        )

    def _events(self, name: str, zone: Zone | None) -> Events:
        source, reader = self.experiment.sources[name], self.readers[name]
        clock = self._clock(name)
        missing = exp.Not(this=blank(reader, source.columns.unit))
        conditions = [reader.condition(one.tree) for one in self._where(name)]
        return Events(
            reader=reader,
            unit=self._unit(reader, source.columns.unit),
            time=None if clock is None else clock.utc(zone),
            where=(*conditions, missing),
        )

    @staticmethod
    def _unit(reader: Reader, column: str) -> exp.Expression:
        kind = reader.kind(column)
        if kind == "text":
            return col(column)
        if kind in {"float", "decimal"}:
            return cast(cast(col(column), "BIGINT"), "TEXT")
        return cast(col(column), "TEXT")

    def _arm(self, reader: Reader) -> exp.Expression:
        """Number of the arm that a row names; null for a row that names none."""
        source = self.experiment.sources[self.experiment.assignment.source]
        column = source.columns.arm
        if column is None:
            return self._computed_arm(reader, source.columns.unit)
        case = exp.Case()
        for i, arm in enumerate(self.experiment.arms):
            label = exp.Literal.string(arm.logged_as or arm.name)
            matches = exp.EQ(this=reader.as_text(column), expression=label)
            case = case.when(matches, integer(i), copy=False)
        return case

    def _computed_arm(self, reader: Reader, unit: str) -> exp.Expression:
        from holdback.experiments.splits import split_of

        if unit == ROW:
            raise ConfigError(
                Problem(
                    where=f"source {reader.table.source}",
                    what="arms cannot be computed for `unit: row`: there is no id.",
                    fix="Name the column of the logged arms as `arm`.",
                )
            )
        dialect = self.engine.dialect.name
        written = self._unit(reader, unit).sql(dialect=dialect)
        text = split_of(self.experiment).sql(written, dialect).arm
        case = exp.Case()
        for i, arm in enumerate(self.experiment.arms):
            matches = exp.EQ(
                this=exp.Var(this=f"({text})"), expression=exp.Literal.string(arm.name)
            )
            case = case.when(matches, integer(i), copy=False)
        return case

    def _segment(self, reader: Reader, column: str) -> exp.Expression:
        """A segment's level; rare levels beyond the 50 largest are one."""
        level = exp.func(
            "COALESCE", reader.as_text(column), exp.Literal.string(MISSING)
        )
        counted = select({"level": level}, reader.table.relation.copy())
        query = select(
            {"level": col("level"), "n": exp.Count(this=exp.Star())},
            nested(counted, "q"),
            group=["level"],
        )
        rows = self.engine.run(query)
        if len(rows) <= LEVELS:
            return level
        ranked = sorted(rows, key=lambda row: (-int(row[1]), str(row[0])))
        kept = [exp.Literal.string(str(row[0])) for row in ranked[: LEVELS - 1]]
        known = exp.In(this=level.copy(), expressions=kept)
        return when(known, level.copy(), exp.Literal.string(OTHER))

    def _rows_told(
        self, exposures: Exposures, span: Span
    ) -> Mapping[tuple[str, int | None], int]:
        """Exposure rows by what becomes of them and by arm."""
        self._refuse_unknown_arms(exposures)
        columns: dict[str, exp.Expression] = {"arm": exposures.arm.copy()}
        columns["kept"] = all_of(one.copy() for one in exposures.where)
        if exposures.time is not None:
            columns["t"] = exposures.time.copy()
        rows = select(columns, exposures.reader.table.relation.copy())
        reason = exp.Case().when(
            exp.Not(this=col("kept")), exp.Literal.string("where"), copy=False
        )
        reason = reason.when(
            exp.Is(this=col("arm"), expression=exp.null()),
            exp.Literal.string("no_arm"),
            copy=False,
        )
        if exposures.time is not None:
            reason = self._time_reasons(reason, span)
        told = {"reason": reason.else_(exp.Literal.string("kept")), "arm": col("arm")}
        counted = select(
            {"reason": col("reason"), "arm": col("arm"), "n": exp.Count(this=exp.Star())},
            nested(select(told, nested(rows, "r")), "q"),
            group=["reason", "arm"],
        )
        return {
            (str(why), None if arm is None else int(arm)): int(n)
            for why, arm, n in self.engine.run(counted)
        }

    @staticmethod
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

    def _refuse_unknown_arms(self, exposures: Exposures) -> None:
        source = self.experiment.sources[self.experiment.assignment.source]
        column = source.columns.arm
        if column is None:
            return
        reader = exposures.reader
        rows = self.engine.run(
            select(
                {"label": col("label"), "n": exp.Count(this=exp.Star())},
                nested(
                    select(
                        {"label": reader.as_text(column)},
                        reader.table.relation.copy(),
                        where=[one.copy() for one in exposures.where],
                    ),
                    "q",
                ),
                group=["label"],
            )
        )
        labels = {arm.logged_as or arm.name for arm in self.experiment.arms}
        unknown = {str(r[0]): int(r[1]) for r in rows if r[0] is not None} | {}
        unknown = {label: n for label, n in unknown.items() if label not in labels}
        if unknown:
            raise DataError(
                [_unknown_arm(reader, column, label, n, labels) for label, n in sorted(unknown.items())[:5]]
            )

    def _counted(self, exposures: Exposures, span: Span) -> Exposures:
        """Exposures with `one_row` settled by a count."""
        if exposures.unit is None:
            return exposures
        rows = kept_rows(exposures, span, ())
        units = select({"unit": col("unit")}, nested(rows, "k"))
        return replace(exposures, one_row=self.engine.repeats(units) == 0)

    def _stop_at_crossovers(self, cube: Cube) -> None:
        exposures = cube.exposures
        if exposures.one_row:
            return
        policy = self.experiment.assignment.crossovers
        if policy == "exclude" or (policy == "first" and exposures.time is not None):
            return
        units = exposed_units(exposures, cube.span, ())
        crossed = [integer(CROSSED), integer(KEPT_CROSSED)]
        query = select(
            {"n": exp.Count(this=exp.Star())},
            nested(units, "u"),
            where=[exp.In(this=col("status"), expressions=crossed)],
        )
        ((count,),) = self.engine.run(query)
        if not count:
            return
        told = f"{int(count):,} unit was" if count == 1 else f"{int(count):,} units were"
        if policy == "first":
            raise StatsError(
                Problem(
                    where="assignment.crossovers",
                    what=f"{told} seen in two arms, and no time says "
                    "which was first.",
                    fix="Name the time of exposure as `time`, or use `exclude`.",
                )
            )
        raise StatsError(
            Problem(
                where="assignment.crossovers",
                what=f"{told} seen in two arms.",
                why="The file says to stop at crossovers.",
                fix="Find out why, or use `exclude` or `first`.",
            )
        )

    # -- results ------------------------------------------------------------------

    def _assembled(
        self,
        cube: Cube,
        rows: Sequence[Row],
        seen: Mapping[str, Seen],
        told: Mapping[tuple[str, int | None], int],
        copies: Mapping[str, int],
    ) -> Evidence:
        arms = [arm.name for arm in self.experiment.arms]
        everyone = [row for row in rows if row.dimension == 0]
        cells = cells_of(cube, rows, arms)
        as_of = cube.span.as_of
        return Evidence(
            cells=cells,
            accounting=self._accounting(everyone, seen, told, copies),
            inputs=tuple(
                Input(source=name, rows=one.rows, sha256=self.sha256(name))
                for name, one in seen.items()
            ),
            assigned={
                arm: _units(everyone, i, {USED, CROSSED, KEPT_CROSSED})
                for i, arm in enumerate(arms)
            },
            quality=replace(
                self._quality(cube, everyone, seen, told),
                duplicates=copies,
                nonexistent_times=self._skipped(seen, cube.zone),
                similar_ids=similar_ids(
                    self.engine,
                    {
                        name: (
                            reader,
                            self._unit(reader, self.experiment.sources[name].columns.unit),
                        )
                        for name, reader in self.readers.items()
                    },
                )
                if self._is_small(seen)
                else 0,
            ),
            as_of=None if as_of is None else from_microseconds(as_of),
        )

    def _accounting(
        self,
        everyone: Sequence[Row],
        seen: Mapping[str, Seen],
        told: Mapping[tuple[str, int | None], int],
        copies: Mapping[str, int],
    ) -> Accounting:
        arms = [arm.name for arm in self.experiment.arms]
        excluded = [
            Excluded(
                reason=reason,
                arm=None if arm is None or reason == "where" else arms[arm],
                count=count,
                what="rows",
            )
            for (reason, arm), count in _summed(told).items()
            if reason != "kept" and count
        ]
        for status, reason in ((CROSSED, "crossover"), (OVERRIDDEN, "override")):
            for i, arm in enumerate(arms):
                count = _units(everyone, i, {status})
                if count:
                    excluded.append(Excluded(reason=reason, arm=arm, count=count))
        own = copies.get(self.experiment.assignment.source, 0)
        if own:
            excluded.append(Excluded(reason="duplicate", count=own, what="rows"))
        repeated = self._repeated(everyone, told)
        if repeated:
            excluded.append(
                Excluded(reason="repeated_exposure", count=repeated, what="rows")
            )
        return Accounting(
            rows_read=seen[self.experiment.assignment.source].rows,
            units_used=sum(_units(everyone, i, {USED, KEPT_CROSSED}) for i in range(len(arms))),
            excluded=tuple(excluded),
        )

    def _is_small(self, seen: Mapping[str, Seen]) -> bool:
        unit = self.experiment.sources[self.experiment.assignment.source].columns.unit
        return unit != ROW and sum(one.rows for one in seen.values()) <= COMPARED_IDS

    def _skipped(self, seen: Mapping[str, Seen], zone: Zone) -> dict[str, int]:
        """Rows by source whose local time daylight saving skips."""
        found = {}
        for name, one in seen.items():
            clock = self._clock(name)
            if clock is None or one.wall is None or not zone.skips(*one.wall):
                continue
            kept = [
                self.readers[name].condition(where.tree) for where in self._where(name)
            ]
            query = select(
                {"n": exp.Count(this=exp.Star())},
                self.readers[name].table.relation.copy(),
                where=[*kept, clock.skipped(zone)],
            )
            ((count,),) = self.engine.run(query)
            if count:
                found[name] = int(count)
        return found

    @staticmethod
    def _repeated(
        everyone: Sequence[Row], told: Mapping[tuple[str, int | None], int]
    ) -> int:
        kept = sum(count for (reason, _), count in told.items() if reason == "kept")
        return kept - sum(row.n or 0 for row in everyone)

    def _quality(
        self,
        cube: Cube,
        everyone: Sequence[Row],
        seen: Mapping[str, Seen],
        told: Mapping[tuple[str, int | None], int],
    ) -> Quality:
        arms = [arm.name for arm in self.experiment.arms]
        sources = list(cube.events)
        counts = {
            kind: {
                name: sum(row.told[f"{kind}_{i}"] for row in everyone)
                for i, name in enumerate(sources)
            }
            for kind in ("rows", "before", "late")
        }
        crossed = {
            arm: _units(everyone, i, {CROSSED, KEPT_CROSSED}) for i, arm in enumerate(arms)
        }
        return Quality(
            crossovers={arm: n for arm, n in crossed.items() if n},
            repeated_exposures=self._repeated(everyone, told),
            missing_ids={n: s.missing_ids for n, s in seen.items() if s.missing_ids},
            unassigned={
                name: seen[name].kept - seen[name].missing_ids - counts["rows"][name]
                for name in sources
            },
            before=counts["before"],
            late=counts["late"],
            null_values={n: s.null_values for n, s in seen.items() if s.null_values},
            float_ids={n: s.float_ids for n, s in seen.items() if s.float_ids},
        )


def _too_large(names: Sequence[str], error: TooLarge) -> list[Problem]:
    return [
        Problem(
            where=f"metric {name}" if name else "",
            what="its sums are too large for exact arithmetic (38 digits).",
            why=error.problems[0].why,
            fix="Look for values that cannot be right, or measure in larger units.",
        )
        for name in names or [""]
    ]


def _units(rows: Sequence[Row], arm: int, statuses: set[int]) -> int:
    return sum(row.n or 0 for row in rows if row.arm == arm and row.status in statuses)


def _summed(
    told: Mapping[tuple[str, int | None], int],
) -> dict[tuple[str, int | None], int]:
    """Counts by reason and arm; rows left out by `where` belong to no arm."""
    found: dict[tuple[str, int | None], int] = {}
    for (reason, arm), count in sorted(told.items(), key=lambda i: (i[0][0], i[0][1] or 0)):
        key = (reason, None if reason == "where" else arm)
        found[key] = found.get(key, 0) + count
    return found


def _unknown_arm(
    reader: Reader, column: str, label: str, count: int, labels: set[str]
) -> Problem:
    near = difflib.get_close_matches(label.strip(), labels, n=1, cutoff=0.6)
    return Problem(
        where=f"source {reader.table.source}, column {column}",
        what=f"'{label}' is no arm of the experiment ({count:,} rows).",
        why=f"The arms are: {', '.join(sorted(labels))}.",
        fix=f"Did you mean '{near[0]}'? Set `logged_as: '{label}'` at the arm."
        if near
        else "Set `logged_as` at the arm, or leave such rows out with `where`.",
    )


def _moment(as_of: date | datetime, timezone: str) -> int:
    """As-of as µs of UTC: a date means the end of that day."""
    zone = ZoneInfo(timezone)
    if isinstance(as_of, datetime):
        return microseconds(as_of if as_of.tzinfo else as_of.replace(tzinfo=zone))
    after = as_of + DAY
    return microseconds(datetime(after.year, after.month, after.day, tzinfo=zone))


def _check_plan(experiment: Experiment, plan: Layout) -> None:
    """Refuse what no data could answer."""
    exposures = experiment.sources[experiment.assignment.source].columns
    problems = []
    for name in plan.sources():
        roles = experiment.sources[name].columns
        if exposures.unit == ROW or roles.unit == ROW:
            problems.append(
                Problem(
                    where=f"source {name}",
                    what="rows cannot be joined: `unit: row` gives them no id.",
                    fix="Name the column of unit ids in both sources.",
                )
            )
        if roles.time is None or exposures.time is None:
            problems += _timeless(experiment, plan, name)
    if problems:
        raise ConfigError(problems)


def _timeless(experiment: Experiment, plan: Layout, name: str) -> list[Problem]:
    bounded = [
        metric.name
        for metric in experiment.metrics.values()
        for measure in metric.measures()
        if measure.source == name and measure.end is not None
    ]
    del plan
    if not bounded:
        return []
    return [
        Problem(
            where=f"metric {bounded[0]}",
            what="`within` needs the time of exposure and of the events.",
            fix=f"Name the `time` columns of '{name}' and of "
            f"'{experiment.assignment.source}', or leave out `within`.",
        )
    ]
