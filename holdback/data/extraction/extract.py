"""The reading of one experiment's data, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlglot import exp

from holdback.data.engine import TooLarge
from holdback.data.engine.expressions import (
    DailyRates,
    Reader,
    compared_columns,
    numeric_columns,
)
from holdback.data.engine.sql import col, integer
from holdback.data.engine.times import Clock, Dial, from_microseconds, microseconds
from holdback.data.evidence.amounts import OddScale, Statuses
from holdback.data.evidence.cells import (
    Cells,
    Currencies,
    Evidence,
    IdSpelling,
    Quality,
    ReadDates,
    Returned,
    RunningTotals,
    SourceProfile,
    Spelling,
    UnitedIds,
)
from holdback.data.evidence.near_exposure import is_piled
from holdback.data.extraction.accounting import accounting, quality, units_of
from holdback.data.extraction.answers import answers, lend, settle
from holdback.data.extraction.crossovers import (
    former_arms,
    stop_at_crossovers,
    switches_of,
)
from holdback.data.extraction.open_engine import (
    Opened,
    check_one_row,
    check_plan,
    opened,
    rate_sources,
)
from holdback.data.extraction.other_readings import (
    alone,
    other_readings,
    quarters_before,
)
from holdback.data.extraction.timing import Timing, timing_of
from holdback.data.extraction.unit_rows import (
    RowRequests,
    no_rows,
    unit_table,
    with_rows,
)
from holdback.data.extraction.value_counts import with_value_counts
from holdback.data.profiling.amount_scale import odd_scales
from holdback.data.profiling.conditions import Blanks, blanks_of, spellings_of
from holdback.data.profiling.currencies import (
    currencies_of,
    daily_rates,
    money_rows,
)
from holdback.data.profiling.date_reading import dated
from holdback.data.profiling.duplicates import (
    repeated_amounts,
    similar_ids,
    surplus,
    without_copies,
)
from holdback.data.profiling.id_spellings import id_spellings
from holdback.data.profiling.money_scale import finer, money_values
from holdback.data.profiling.placeholder_words import counts_from_zero, words_of
from holdback.data.profiling.running_totals import differenced, running_totals
from holdback.data.profiling.source_profile import ProfileRequest, profile_source
from holdback.data.profiling.statuses import money_measures, statuses_of
from holdback.data.profiling.totals_table import refuse_totals
from holdback.data.queries.arm_labels import experiments_of
from holdback.data.queries.cells_query import Cube
from holdback.data.queries.cells_result import Row, cells_of
from holdback.data.queries.exclusions import (
    ExposureCounts,
    count_exposures,
)
from holdback.data.queries.exposures import (
    ROW_UNIT,
    Exposed,
    clock_of,
    events_of,
    exposed_holdout,
    exposures_of,
    filters,
    person_text,
    returned_of,
    unit_text,
)
from holdback.data.queries.history_segments import Cuts, with_history
from holdback.data.queries.levels import level_counts
from holdback.data.queries.persons import Persons
from holdback.data.queries.refund_files import RefundsOf, without_refunds_yet
from holdback.data.queries.refund_rows import (
    overdrawn_condition,
    refund_condition,
    without_refunds,
)
from holdback.data.queries.touch_paths import paths_of
from holdback.data.queries.unit_columns import Layout, layout
from holdback.data.queries.units import (
    CROSSED,
    KEPT_CROSSED,
    USED,
    Exposures,
    Span,
    kept_rows,
    nested,
    select,
)
from holdback.errors import DataError, Problem, StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.expression import Expression
from holdback.results.scorecard import Input
from holdback.results.unit_table import UnitTable

__all__ = ["Survey", "extract"]

COMPARED_IDS = 300_000
DAYS_ONLY = frozenset({"written", "local"})


class Survey:
    """Asks an opened engine what an experiment wants to know."""

    def __init__(
        self,
        experiment: Experiment,
        place: Opened,
        history: timedelta | None = None,
        rows: RowRequests = no_rows,
    ) -> None:
        self.rows = rows if place.lists_rows else no_rows
        self.experiment = experiment
        self.history = history
        self.engine = place.engine
        ids = experiment.identities
        rules = [experiment.sources[name].refunds for name in place.tables]
        beside = {rule.source for rule in rules if rule is not None}
        beside |= set(rate_sources(experiment, place.tables))
        beside |= set() if ids is None else {ids.source}
        self.beside = {n: t for n, t in place.tables.items() if n in beside}
        self.tables = {n: t for n, t in place.tables.items() if n not in beside}
        self.sha256 = place.sha256
        self.layout: Layout = layout(experiment, history)
        self.idless: dict[str, int] = {}
        self.shared_ids: dict[str, int] = {}
        self.filtered: dict[str, int] = {}
        self.refunds: dict[str, int] = {}
        self.repeated_amounts: dict[str, int] = {}
        self.running_totals: dict[str, RunningTotals] = {}
        self.united: UnitedIds | None = None
        self.returned: dict[str, Returned] = {}
        self.statuses: dict[str, tuple[Statuses, ...]] = {}
        self.odd_scales: dict[str, tuple[OddScale, ...]] = {}
        self.dates: dict[str, ReadDates] = {}
        self.currencies: dict[str, Currencies] = {}
        self.blanks: dict[str, Blanks] = {}
        self.spellings: dict[str, tuple[Spelling, ...]] = {}
        self.readers = {
            name: Reader(table=table, dialect=place.engine.dialect)
            for name, table in self.tables.items()
        }

    def evidence(self, as_of: date | datetime | None) -> Evidence:
        """All of it.

        Raises what `extract` raises.
        """
        check_plan(self.experiment, self.layout)
        exposed, tiers = self._grouped(self.exposed(as_of))
        cube = self._cube(exposed)
        rows = self._run(cube)
        return replace(self._assembled(cube, rows, exposed), tiers=tiers)

    def units(self, as_of: date | datetime | None, *, ids: bool) -> UnitTable:
        """The units one by one, with their `ids` or a keyed hash of them.

        Raises what `extract` raises.
        """
        check_plan(self.experiment, self.layout)
        exposed, _ = self._grouped(self.exposed(as_of))
        cube = self._cube(exposed)
        rows = self._run(cube)
        cells = cells_of(cube, rows, [arm.name for arm in self.experiment.arms])
        return unit_table(self.experiment, self.engine, cube, cells, ids=ids)

    def _cube(self, exposed: Exposed) -> Cube:
        cube = Cube(
            layout=self.layout,
            exposures=exposed.exposures,
            events={
                n: events_of(
                    self.experiment, self.readers, n, exposed.dials, exposed.span.as_of
                )
                for n in self.layout.sources()
            },
            span=exposed.span,
            zone=exposed.zone,
            dialect=self.engine.dialect,
            ends=exposed.ends,
        ).with_lags()
        stop_at_crossovers(self.experiment, self.engine, cube.exposures, cube.span)
        return cube

    def _grouped(self, exposed: Exposed) -> tuple[Exposed, Cuts]:
        """The exposures with segments that are made of what was known before."""
        segments = self.experiment.analysis.grouped
        sources = dict.fromkeys(one.source for one in segments if one.source)
        exposures, tiers = with_history(
            segments,
            exposed.exposures,
            exposed.span,
            {
                name: events_of(
                    self.experiment,
                    self.readers,
                    name,
                    exposed.dials,
                    exposed.span.as_of,
                )
                for name in sources
            },
            self.engine,
        )
        return replace(exposed, exposures=exposures), tiers

    def exposed(self, as_of: date | datetime | None) -> Exposed:
        """Who was exposed, and what became of every other row of the table.

        Raises DataError for rows that cannot be used, ConfigError for arms that are
        computed where rows have no id.
        """
        self._settle_dates()
        for name, reader in self.readers.items():
            if self.experiment.sources[name].refunds is not None:
                without_refunds_yet(reader)
        self._settle_zero()
        seen = {name: self._look(name) for name in self.tables}
        for name, reader in self.readers.items():
            reader.all_named = seen[name].placeholders == 0
        self.filtered = {
            name: profile.rows - profile.kept
            for name, profile in seen.items()
            if name != self.experiment.assignment.source
        }
        self._settle_scale(seen)
        timing = timing_of(
            self.experiment, self.engine, self.readers, self.layout, seen, as_of
        )
        copies = self._drop_copies(seen, timing)
        self._unite_ids()
        self._take_refunds(seen, timing)
        self._ask_totals(seen, timing)
        self._ask_conditions()
        self._ask_currencies(timing)
        self._ask_amounts(seen)
        self._ask_statuses()
        self._ask_scales(timing)
        self._leave_refunds(seen)
        dials, span = timing.dials, timing.span
        exposures = exposures_of(self.experiment, self.readers, dials, self.engine)
        counts = count_exposures(self.engine, self.experiment, exposures, span)
        refuse_totals(self.experiment, exposures.reader.table, counts)
        return Exposed(
            exposures=self._counted(exposures, span, counts),
            span=span,
            zone=timing.zone,
            dials=dials,
            ends=timing.ends,
            reaches=timing.reaches,
            seen=seen,
            counts=counts,
            copies=copies,
        )

    def _run(self, cube: Cube) -> list[Row]:
        """The one statement; a sum beyond exact arithmetic is told by metric."""
        try:
            return answers(self.engine, cube)
        except TooLarge as error:
            names = [m for m in self.experiment.collected if self._overflows(cube, m)]
            raise DataError(
                _too_large(names, self.engine.dialect.digits, error)
            ) from error

    def _overflows(self, cube: Cube, metric: str) -> bool:
        smaller = alone(self.experiment, cube, metric)
        try:
            answers(self.engine, smaller)
        except TooLarge:
            return True
        return False

    def _drop_copies(
        self, seen: dict[str, SourceProfile], timing: Timing
    ) -> dict[str, int]:
        """Rows dropped because they stand in a source twice; looks again if so."""
        dropped = {}
        for name, reader in self.readers.items():
            clock = clock_of(self.experiment, self.readers, name, timing.dials)
            copies = without_copies(
                self.engine,
                reader,
                self.experiment.sources[name],
                time=None if clock is None else clock.utc(),
                as_of=timing.span.as_of,
            )
            self.idless |= {name: copies.idless} if copies.idless else {}
            self.shared_ids |= {name: copies.shared} if copies.shared else {}
            if copies.dropped:
                dropped[name] = copies.dropped
                reader.table = copies.table
                seen[name] = replace(self._look(name), rows=seen[name].rows)
        return dropped

    def _settle_scale(self, seen: Mapping[str, SourceProfile]) -> None:
        """Money in millionths where amounts are finer than coins."""
        fine = {name: profile.fine_values for name, profile in seen.items()}
        refined = finer(self.experiment, fine)
        if refined is not self.experiment:
            self.experiment = refined
            self.layout = layout(refined, self.history)

    def _settle_dates(self) -> None:
        """Times that people wrote in their own form, as text of ISO 8601."""
        for name, reader in self.readers.items():
            read = dated(self.engine, reader, self.experiment.sources[name])
            if read is not None:
                reader.table = read.table
                self.dates[name] = read.dates

    def _settle_zero(self) -> None:
        """Whether 0 is a unit's id or stands for those without one."""
        units = {
            name: (reader, self.experiment.sources[name].columns.unit)
            for name, reader in self.readers.items()
            if self.experiment.sources[name].columns.unit in reader.table.columns
        }
        exposures = self.experiment.assignment.source
        real = exposures in units and counts_from_zero(self.engine, units, exposures)
        for reader in self.readers.values():
            reader.counts_from_zero = real

    def _leave_refunds(self, seen: Mapping[str, SourceProfile]) -> None:
        """Rows that give money back make nobody a buyer, unless most of them do so."""
        self.refunds = {
            name: profile.refunds
            for name, profile in seen.items()
            if 0 < 2 * profile.refunds < profile.kept
        }
        self.layout = without_refunds(self.experiment, self.layout, self.refunds)

    def _ask_currencies(self, timing: Timing) -> None:
        """In which currency amounts are, and what they are multiplied with."""
        own = self.experiment.currency
        if own is None:
            return
        for name, money in money_rows(self.experiment).items():
            if name not in self.readers:
                continue
            currencies = currencies_of(
                self.engine,
                self.readers[name],
                self.experiment.sources[name],
                money,
                filters(self.experiment, name),
                own,
                self._daily_rates(name, timing),
            )
            if currencies is not None:
                self.currencies[name] = currencies

    def _daily_rates(self, name: str, timing: Timing) -> dict[str, DailyRates]:
        """The rates by day that a source names; settles the day of its rows."""
        rates = self.experiment.sources[name].daily_rates
        if rates is None:
            return {}
        clock = clock_of(self.experiment, self.readers, name, timing.dials)
        if clock is None:
            raise DataError(
                Problem(
                    where=f"source {name}, daily_rates",
                    what="rows without a time have no day to take the rate of.",
                    fix="Name the column of the time: `columns: {time: …}`.",
                )
            )
        self.readers[name].moment = timing.zone.to_local(clock.utc())
        source = self.experiment.sources[rates]
        reader = self._reader_beside(rates)
        days = clock_of(self.experiment, {rates: reader}, rates)
        return daily_rates(self.engine, reader, source, days)

    def _ask_amounts(self, seen: Mapping[str, SourceProfile]) -> None:
        """Amounts that stand on several rows of a unit at one moment."""
        for name, money in money_rows(self.experiment).items():
            if name not in self.readers or seen[name].days != "none":
                continue
            if name == self.experiment.assignment.source:
                continue
            rows = repeated_amounts(
                self.engine,
                self.readers[name],
                self.experiment.sources[name],
                money,
                filters(self.experiment, name),
            )
            if rows:
                self.repeated_amounts[name] = rows

    def _unite_ids(self) -> None:
        """Whose the ids are, where a map says which are of one person."""
        identities = self.experiment.identities
        if identities is None:
            return
        reader = self._reader_beside(identities.source)
        rows = filters(self.experiment, identities.source)
        persons = Persons(self.engine, reader, identities, rows)
        own = self.experiment.assignment.source
        units = {n: self.experiment.sources[n].columns.unit for n in self.readers}
        self.united = persons.counted(self.readers[own], units[own])
        for name, of_events in self.readers.items():
            persons.join(of_events, units[name])

    def _rows_read(self, seen: Mapping[str, SourceProfile]) -> dict[str, int]:
        """Rows of every source, those without units among them."""
        rows = {name: profile.rows for name, profile in seen.items()}
        for name, table in self.beside.items():
            counted = {"n": exp.Count(this=exp.Star())}
            ((n,),) = self.engine.run(select(counted, table.relation.copy()))
            rows[name] = int(n)
        return rows

    def _reader_beside(self, name: str) -> Reader:
        """What reads a source without units."""
        return Reader(table=self.beside[name], dialect=self.engine.dialect)

    def _take_refunds(self, seen: dict[str, SourceProfile], timing: Timing) -> None:
        """What was given back of each order, from the source that holds it."""
        for name, orders in self.readers.items():
            source = self.experiment.sources[name]
            rule, order_id = source.refunds, source.columns.id
            if rule is None or order_id is None:
                continue
            reader = self._reader_beside(rule.source)
            rows = filters(self.experiment, rule.source)
            profile_source(
                self.engine,
                ProfileRequest(
                    reader=reader,
                    unit=None,
                    needs_unit=False,
                    clock=None,
                    resolution=None,
                    where=rows,
                    values=(rule.value,),
                ),
            )
            dial = Dial(wall=timing.zone, project=timing.zone)
            clock = (
                None
                if rule.time is None
                else Clock(reader=reader, column=rule.time, dial=dial)
            )
            refunds = RefundsOf(reader, rule, order_id, rows, clock, timing.span.as_of)
            self.returned[rule.source] = refunds.counted(self.engine, orders)
            refunds.join(self.engine, orders)
            seen[name] = replace(self._look(name), rows=seen[name].rows)

    def _ask_totals(self, seen: dict[str, SourceProfile], timing: Timing) -> None:
        """Amounts that are a unit's total up to each row; differenced where said."""
        for name, reader in self.readers.items():
            source = self.experiment.sources[name]
            clock = clock_of(self.experiment, self.readers, name, timing.dials)
            sums = self._summed(name)
            own = name == self.experiment.assignment.source
            if own or clock is None or not sums or source.snapshots == "separate":
                continue
            of = (self.engine, reader, person_text(reader, source.columns.unit))
            rows = filters(self.experiment, name)
            if source.snapshots == "cumulative":
                values = tuple({v.text: v for v, _ in sums}.values())
                differenced(*of, clock.utc(), values, rows)
                seen[name] = replace(self._look(name), rows=seen[name].rows)
                continue
            metrics = self.experiment.metrics.values()
            asked = {m.value for metric in metrics for m in metric.measures()}
            for value, where in sums:
                if value not in asked:
                    continue
                wheres = rows if where is None else (*rows, where)
                totals = running_totals(*of, clock.utc(), value, wheres)
                if totals is not None:
                    self.running_totals[name] = totals
                    break

    def _summed(self, source: str) -> list[tuple[Expression, Expression | None]]:
        """What is summed of a source, each with its own condition."""
        measures = [u.measure for u in self.layout.units.values() if u.measure]
        sums = {
            (m.value.text, "" if m.where is None else m.where.text): (m.value, m.where)
            for m in measures
            if m.source == source and m.aggregate == "sum" and m.value is not None
        }
        return [pair for pair in sums.values() if pair[0].columns]

    def _ask_statuses(self) -> None:
        """What columns of states say that no condition of the money reads."""
        for name, reader in self.readers.items():
            measures = money_measures(self.experiment, name)
            if measures and name != self.experiment.assignment.source:
                told = statuses_of(
                    self.engine,
                    reader,
                    self.experiment.sources[name],
                    measures,
                    filters(self.experiment, name),
                )
                self.statuses |= {name: told} if told else {}

    def _ask_scales(self, timing: Timing) -> None:
        """Whether amounts are in the currency's own unit."""
        currency = self.experiment.currency
        own = self.experiment.assignment.source
        starts = [microseconds(r.first) for r in timing.reaches if r.source == own]
        if self.engine.careful and starts and timing.span.start is not None:
            starts = [timing.span.start]  # what is known before the rows are
        for name, reader in self.readers.items():
            measures = money_measures(self.experiment, name)
            if currency is None or not measures:
                continue
            clock = clock_of(self.experiment, self.readers, name, timing.dials)
            before = None
            if clock is not None and starts and name != own:
                before = exp.LT(this=clock.utc(), expression=integer(starts[0]))
            asked = {m.value.text: m for m in reversed(measures) if m.value is not None}
            told = tuple(
                odd
                for measure in asked.values()
                for odd in odd_scales(
                    self.engine,
                    reader,
                    measure,
                    filters(self.experiment, name),
                    None if before is None else before.copy(),
                    currency,
                )
            )
            self.odd_scales |= {name: told} if told else {}

    def _ask_conditions(self) -> None:
        """What the conditions leave out for an empty value or another spelling."""
        for name, reader in self.readers.items():
            measures = [u.measure for u in self.layout.units.values() if u.measure]
            wheres = [m.where for m in measures if m.source == name and m.where]
            asked = (self.engine, reader, filters(self.experiment, name), wheres)
            if blanks := blanks_of(*asked):
                self.blanks[name] = blanks
            if spellings := spellings_of(*asked):
                self.spellings[name] = spellings

    def _settle_types(self, name: str) -> None:
        """Which text columns compare with each other as numbers."""
        rule = self.experiment.sources[name].returns
        trees = [formula.tree for formula in filters(self.experiment, name)]
        trees += [] if rule is None else [rule.where.tree]
        for unit in self.layout.units.values():
            if unit.measure is not None and unit.measure.source == name:
                parts = (unit.measure.value, unit.measure.where)
                trees += [formula.tree for formula in parts if formula is not None]
        reader = self.readers[name]
        reader.numeric = numeric_columns(self.engine, reader, compared_columns(trees))

    def _look(self, name: str) -> SourceProfile:
        source = self.experiment.sources[name]
        reader = self.readers[name]
        roles, rule = source.columns, source.returns
        matched = () if rule is None else rule.match
        problems = [
            reader.missing(column)
            for column in (
                roles.unit,
                roles.arm,
                roles.time,
                roles.id,
                roles.currency,
                *matched,
            )
            if column is not None
            and column != ROW_UNIT
            and column not in reader.table.columns
        ]
        if problems:
            raise DataError(problems)
        self._settle_types(name)
        if rule is not None:
            reader.condition(rule.where.tree)
        own = name == self.experiment.assignment.source
        values: dict[str, Expression] = {}
        for unit in self.layout.units.values():
            measure = unit.measure
            if measure is not None and measure.source == name:
                if measure.where is not None:
                    reader.condition(measure.where.tree)
                if measure.value is not None and measure.aggregate != "distinct":
                    values[measure.value.text] = measure.value
        for one in self.experiment.analysis.grouped:
            if one.source == name and one.value is not None:
                values[one.value.text] = one.value
        limits = [
            limit
            for metric in self.experiment.metrics.values()
            for limit in metric.limits()
            if limit.source == name
        ]
        values |= {limit.value.text: limit.value for limit in limits}
        return profile_source(
            self.engine,
            ProfileRequest(
                reader=reader,
                unit=None if roles.unit == ROW_UNIT else roles.unit,
                needs_unit=own,
                clock=clock_of(self.experiment, self.readers, name),
                resolution=source.resolution,
                where=filters(self.experiment, name),
                values=tuple(values.values()),
                numbers=self._numbers() if own else (),
                limits=tuple(limits),
                refund=refund_condition(self.experiment, name),
                overdrawn=overdrawn_condition(self.experiment, name),
                coins=money_values(self.experiment, name),
            ),
        )

    def _numbers(self) -> tuple[str, ...]:
        """Columns of the exposures that are read as numbers."""
        analysis = self.experiment.analysis
        tiered = [one.column for one in analysis.grouped if one.column is not None]
        return tuple(dict.fromkeys([*analysis.covariates, *tiered]))

    def _counted(
        self, exposures: Exposures, span: Span, counts: ExposureCounts
    ) -> Exposures:
        """Exposures with `all_kept` and `one_row` settled by counts."""
        careful = self.engine.careful
        exposures = replace(
            exposures,
            all_kept=not careful and {why for why, _ in counts.rows} == {"kept"},
        )
        if exposures.unit is None:
            return exposures
        rows = kept_rows(exposures, span, ())
        units = select({"unit": col("unit")}, nested(rows, "k"))
        one_row = self.engine.repeats(units) == 0
        if not one_row and surplus(
            self.engine, select({"id": col("unit")}, nested(rows.copy(), "k"))
        ):
            check_one_row(self.experiment)
        return replace(exposures, one_row=one_row and not careful)

    def _crossed_otherwise(
        self, cube: Cube, rows: Sequence[Row], arms: Sequence[str]
    ) -> Cells | None:
        """The cells with units seen in two arms treated the other way; None without."""
        crossed = {CROSSED, KEPT_CROSSED}
        timed = cube.exposures.time is not None
        if not timed or all(row.status not in crossed for row in rows):
            return None
        flipped = replace(cube.exposures, keep_crossed=not cube.exposures.keep_crossed)
        status = KEPT_CROSSED if flipped.keep_crossed else CROSSED
        other = replace(cube, exposures=flipped)
        lend(cube, other)
        if any(metric.cap is not None for metric in self.experiment.metrics.values()):
            again = self._run(other)  # a cap is a percentile of the units that count
        else:
            again = [
                replace(row, status=status) if row.status in crossed else row
                for row in rows
            ]
        settle(self.engine, other)
        try:
            cells = cells_of(other, again, arms)
        except StatsError:  # a cap that has no place among the other units
            return None
        cells = with_rows(self.experiment, self.engine, other, cells, self.rows)
        return with_value_counts(self.experiment, self.engine, other, cells)

    def _assembled(self, cube: Cube, rows: Sequence[Row], exposed: Exposed) -> Evidence:
        seen, counts, copies = exposed.seen, exposed.counts, exposed.copies
        arms = [arm.name for arm in self.experiment.arms]
        everyone = [row for row in rows if row.dimension == 0]
        plain = cells_of(cube, rows, arms)
        cells = with_rows(self.experiment, self.engine, cube, plain, self.rows)
        cells = with_value_counts(self.experiment, self.engine, cube, cells)
        crossed_otherwise = self._crossed_otherwise(cube, rows, arms)
        as_of = cube.span.as_of
        returns = returned_of(
            self.experiment, self.readers, self.engine, exposed.dials, as_of
        )
        counted = quality(self.experiment, cube, everyone, seen, counts, returns)
        assigned = {
            arm: units_of(everyone, i, {USED, CROSSED, KEPT_CROSSED})
            for i, arm in enumerate(arms)
        }
        switches = switches_of(self.experiment, self.engine, cube, counts, assigned)
        counted = replace(
            counted,
            switches=switches,
            refunds=self.refunds,
            returns={**returns, **self.returned},
        )
        return Evidence(
            cells=cells,
            variants=other_readings(self.experiment, self.engine, cube, counted),
            crossed_otherwise=crossed_otherwise,
            accounting=accounting(self.experiment, everyone, seen, counts, copies),
            inputs=tuple(
                Input(source=name, rows=rows_read, sha256=self.sha256(name))
                for name, rows_read in self._rows_read(seen).items()
            ),
            assigned=assigned,
            quality=replace(
                counted,
                quarters=self._quarters(exposed, cube, counted),
                duplicates=copies,
                read_past={
                    name: table.read_past
                    for name, table in self.tables.items()
                    if table.read_past
                },
                placeholders={
                    name: words_of(
                        self.engine,
                        self.readers[name],
                        self.experiment.sources[name].columns.unit,
                        filters(self.experiment, name),
                    )
                    for name, profile in seen.items()
                    if profile.placeholders
                },
                filtered=self.filtered,
                currencies=self.currencies,
                refunds=self.refunds,
                repeated_amounts=self.repeated_amounts,
                running_totals=self.running_totals,
                united=self.united,
                statuses=self.statuses,
                odd_scales=self.odd_scales,
                experiments=experiments_of(
                    self.engine,
                    cube.exposures.reader,
                    filters(self.experiment, self.experiment.assignment.source),
                ),
                dates=self.dates,
                id_spellings=self._id_spellings(seen),
                blanks=self.blanks,
                spellings=self.spellings,
                idless=self.idless,
                shared_ids=self.shared_ids,
                former=former_arms(
                    self.experiment,
                    self.readers,
                    self.engine,
                    exposed.dials,
                    cube.exposures,
                    cube.span,
                ),
                levels=level_counts(
                    self.engine,
                    self.experiment.sources[self.experiment.assignment.source],
                    cube.exposures,
                    cube.span,
                ),
                exposed_holdout=exposed_holdout(self.engine, cube.exposures, cube.span),
                nonexistent_times=self._at_changes(exposed, Clock.skipped),
                repeated_times=self._at_changes(exposed, Clock.repeated),
                stray_times={r.source: r.stray for r in exposed.reaches if r.stray},
                similar_ids=similar_ids(
                    self.engine,
                    {
                        name: (
                            reader,
                            unit_text(
                                reader, self.experiment.sources[name].columns.unit
                            ),
                        )
                        for name, reader in self.readers.items()
                    },
                )
                if self._is_small(seen)
                else 0,
            ),
            as_of=None if as_of is None else from_microseconds(as_of),
            reaches=exposed.reaches,
            paths=paths_of(
                self.experiment,
                self.engine,
                cube,
                self.readers,
                exposed.dials,
                self.refunds,
            ),
        )

    def _id_spellings(self, seen: Mapping[str, SourceProfile]) -> dict[str, IdSpelling]:
        """Sources whose ids are written otherwise than those of the exposures."""
        if not self._is_small(seen):
            return {}
        units = {
            name: (reader, self.experiment.sources[name].columns.unit)
            for name, reader in self.readers.items()
        }
        return id_spellings(self.engine, units, self.experiment.assignment.source)

    def _is_small(self, seen: Mapping[str, SourceProfile]) -> bool:
        unit = self.experiment.sources[self.experiment.assignment.source].columns.unit
        return (
            unit != ROW_UNIT
            and sum(profile.rows for profile in seen.values()) <= COMPARED_IDS
        )

    def _quarters(
        self, exposed: Exposed, cube: Cube, counted: Quality
    ) -> dict[str, tuple[int, ...]]:
        """Rows in the hours before exposure, of sources that may be of another zone."""
        own = exposed.seen[self.experiment.assignment.source]
        if own.offsets != "none" or own.days != "none":
            return {}
        return {
            name: quarters_before(self.engine, cube, name)
            for name in cube.events
            if exposed.seen[name].offsets == "none"
            and exposed.seen[name].days == "none"
            and is_piled(counted.half_day.get(name, 0), counted.day_before[name], 1)
        }

    def _at_changes(
        self, exposed: Exposed, odd: Callable[[Clock], exp.Expression]
    ) -> dict[str, int]:
        """Rows by source whose local time is odd where clocks change."""
        counts = {}
        for name, profile in exposed.seen.items():
            dial = exposed.dials[name]
            clock = clock_of(self.experiment, self.readers, name, exposed.dials)
            if clock is None or profile.wall is None or dial.days in DAYS_ONLY:
                continue
            changes = dial.wall.skips(*profile.wall) or dial.wall.repeats(*profile.wall)
            if not (changes or self.engine.careful):
                continue
            kept = [
                self.readers[name].condition(where.tree)
                for where in filters(self.experiment, name)
            ]
            query = select(
                {"n": exp.Count(this=exp.Star())},
                self.readers[name].table.relation.copy(),
                where=[*kept, odd(clock)],
            )
            ((count,),) = self.engine.run(query)
            if count:
                counts[name] = int(count)
        return counts


def _too_large(names: Sequence[str], digits: int, error: TooLarge) -> list[Problem]:
    return [
        Problem(
            where=f"metric {name}" if name else "",
            what=f"its sums are too large for exact arithmetic ({digits} digits).",
            why=error.problems[0].why,
            fix="Look for values that cannot be right, or measure in larger units.",
        )
        for name in names or [""]
    ]


def extract(
    experiment: Experiment,
    *,
    as_of: date | datetime | None = None,
    frames: Mapping[str, object] | None = None,
    history: timedelta | None = None,
    rows: RowRequests = no_rows,
) -> Evidence:
    """The evidence that the experiment's sources hold.

    `as_of` defaults to just after the last time found in the data; a date means the
    end of that day in the project's timezone, and a datetime without offset is in
    that timezone. `frames` replaces sources by name. `history` adds each measure as it
    was over so long a time before exposure, for planning. `rows` is asked, once the
    cells are known, which units' rows are needed beside them.

    Raises ConfigError, DataError, StatsError (crossovers under `stop`, a cap at 0)
    or EnvironmentFault.
    """
    with opened(experiment, frames or {}) as place:
        return Survey(experiment, place, history, rows).evidence(as_of)


def units(
    experiment: Experiment,
    *,
    as_of: date | datetime | None = None,
    frames: Mapping[str, object] | None = None,
    ids: bool = False,
) -> UnitTable:
    """The units that `extract` reads, one by one.

    `ids` tells them by name; otherwise each has a hash that is the same in all sources.
    Raises what `extract` raises.
    """
    with opened(experiment, frames or {}) as place:
        return Survey(experiment, place, None, no_rows).units(as_of, ids=ids)
