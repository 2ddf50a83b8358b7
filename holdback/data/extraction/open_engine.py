"""The engine that an experiment's data ask for, opened with all its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec

from holdback.data.engine import Engine, Table
from holdback.data.engine.by_url import database, embedded, runs_statement
from holdback.data.extraction.carried_answers import CarriedAnswers
from holdback.data.loaders.loader import loader_of
from holdback.data.loaders.store import WITH_LEVELS, Store
from holdback.data.profiling.currencies import RATE
from holdback.data.queries.arm_labels import with_variants
from holdback.data.queries.exposures import ROW_UNIT
from holdback.data.queries.unit_columns import Layout, layout
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.source import EMBEDDED, Source
from holdback.experiments.language.number_forms import NUMBER_FORMS
from holdback.experiments.sources.frame import FrameSource

__all__ = [
    "Opened",
    "all_declared",
    "check_one_row",
    "check_plan",
    "opened",
    "used_columns",
    "used_sources",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An engine with the experiment's tables; `sha256` waits for a source's hash.

    `lists_rows` says whether units may be listed one by one.
    """

    engine: Engine
    tables: Mapping[str, Table]
    sha256: Callable[[str], str | None]
    lists_rows: bool = True


@contextmanager
def opened(
    experiment: Experiment, frames: Mapping[str, object], *, whole: bool = False
) -> Iterator[Opened]:
    """Open the engine and read every source that the experiment uses.

    The statement runs in the project's database when all sources live there, and
    otherwise in the embedded engine, into which they are read: the columns that the
    analysis uses, or `whole` with every column.

    Raises ConfigError for a frame in place of no source and for databases that are not
    read, DataError and EnvironmentFault as the loaders do, and at the end DataError
    for a file that changed meanwhile.
    """
    unknown = sorted(set(frames) - set(experiment.sources))
    if unknown:
        known = ", ".join(sorted(experiment.sources))
        raise ConfigError(
            Problem(
                what=f"there is no source '{unknown[0]}' to put a frame in place of.",
                fix=f"The experiment's sources are: {known}.",
            )
        )
    names = used_sources(experiment)
    carried = next((f for f in frames.values() if isinstance(f, CarriedAnswers)), None)
    if carried is not None:
        with carried.opened(names) as (answering, given):
            yield Opened(
                engine=answering,
                tables=all_declared(answering, experiment, given),
                sha256=lambda _: None,
                lists_rows=carried.lists_rows,
            )
        return
    if not frames and _all_inside(experiment, names):
        home = database(experiment.database, experiment.root, names[0])
        with closing(home.server()) as server:
            tables = {
                name: as_declared(
                    server,
                    loader_of(experiment.sources[name]).inside(server),
                    experiment.sources[name],
                )
                for name in names
            }
            yield Opened(engine=server, tables=tables, sha256=lambda _: None)
        return
    with (
        closing(embedded()) as engine,
        closing(Store(engine, experiment.root, experiment.database)) as store,
    ):
        tables = {}
        for name in names:
            source = experiment.sources[name]
            if name in frames:
                source = FrameSource.replacing(source, frames[name])
            wanted = None if whole else used_columns(experiment, name)
            table = loader_of(source).load(store, wanted)
            tables[name] = as_declared(engine, table, source)
        try:
            yield Opened(engine=engine, tables=tables, sha256=store.sha256)
        finally:
            store.check_unchanged()  # the cause of what failed meanwhile, too


def all_declared(
    engine: Engine, experiment: Experiment, tables: Mapping[str, Table]
) -> dict[str, Table]:
    """Tables whose arms and numbers are read as their sources declare."""
    return {
        name: as_declared(engine, table, experiment.sources[name])
        for name, table in tables.items()
    }


def as_declared(engine: Engine, table: Table, source: Source) -> Table:
    """A table whose arms and numbers are read as its source declares."""
    table = with_variants(engine, table, source)
    if source.numbers is None:
        return table
    return replace(table, numbers=NUMBER_FORMS[source.numbers])


def _all_inside(experiment: Experiment, names: list[str]) -> bool:
    """Whether every source lives in the project's database, which can run queries."""
    url = experiment.database
    return (
        url != EMBEDDED
        and runs_statement(url)
        and all(experiment.sources[name].lives_in(url) for name in names)
    )


def used_columns(experiment: Experiment, source: str) -> frozenset[str] | None:
    """Columns of a source that the analysis reads; None where all are needed.

    All are needed where an `id` says which rows are the same.
    """
    described = experiment.sources[source]
    roles = described.columns
    if roles.id is not None:
        return None
    named = (roles.unit, roles.arm_column, roles.time, roles.currency)
    columns = set(named)
    expressions = [described.where]
    if described.returns is not None:
        expressions.append(described.returns.where)
        columns |= {*described.returns.match}
    for unit in layout(experiment).units.values():
        if unit.measure is not None and unit.measure.source == source:
            expressions += [unit.measure.value, unit.measure.where]
    if source == experiment.assignment.source:
        expressions.append(experiment.assignment.where)
        columns |= {*experiment.analysis.logged, *experiment.analysis.covariates}
        columns |= {one.column for one in experiment.analysis.grouped}
        columns.add(WITH_LEVELS)
    values = [s.value for s in experiment.analysis.grouped if s.source == source]
    expressions += values
    identities = experiment.identities
    if identities is not None and identities.source == source:
        columns |= {identities.columns.from_, identities.columns.to}
    for other in experiment.sources.values():
        if other.refunds is not None and other.refunds.source == source:
            columns |= {other.refunds.id or other.columns.id, other.refunds.time}
            expressions.append(other.refunds.value)
    gives_rates = source in rate_sources(experiment, experiment.sources)
    columns |= {RATE} if gives_rates else set()
    attribution = experiment.attribution
    if attribution is not None and attribution.source == source:
        columns.add(attribution.channel)
    columns |= {
        name
        for formula in expressions
        if formula is not None
        for name in formula.columns
    }
    return frozenset(name for name in columns if name is not None)


def used_sources(experiment: Experiment) -> list[str]:
    """Names of the sources that an analysis reads."""
    names = [experiment.assignment.source]
    names += layout(experiment).sources()
    names += [s.source for s in experiment.analysis.grouped if s.source is not None]
    if experiment.attribution is not None:
        names.append(experiment.attribution.source)
    if experiment.identities is not None:
        names.append(experiment.identities.source)
    refunds = [experiment.sources[name].refunds for name in names]
    names += [rule.source for rule in refunds if rule is not None]
    return list(dict.fromkeys([*names, *rate_sources(experiment, names)]))


def rate_sources(experiment: Experiment, names: Iterable[str]) -> list[str]:
    """The sources of rates by day of those sources."""
    rates = (experiment.sources[name].daily_rates for name in names)
    return [name for name in dict.fromkeys(rates) if name is not None]


def check_plan(experiment: Experiment, plan: Layout) -> None:
    """Refuse what no data could answer.

    Raises ConfigError.
    """
    exposures = experiment.sources[experiment.assignment.source].columns
    problems = []
    if experiment.analysis.predict and find_spec("sklearn") is None:
        problems.append(
            Problem(
                where="analysis.covariates",
                what="`predict` needs scikit-learn, which is not installed.",
                fix="Install it: pip install 'holdback[predict]'; or leave out "
                "`predict`.",
            )
        )
    for name in plan.sources():
        roles = experiment.sources[name].columns
        if ROW_UNIT in {exposures.unit, roles.unit}:
            problems.append(
                Problem(
                    where=f"source {name}",
                    what="rows cannot be joined: `unit: row` gives them no id.",
                    fix="Name the column of unit ids in both sources.",
                )
            )
        if roles.time is None or exposures.time is None:
            problems += _timeless(experiment, name)
    if problems:
        raise ConfigError(problems)


def check_one_row(experiment: Experiment) -> None:
    """Refuse time limits on values of the exposures, once units are seen to repeat.

    Raises DataError.
    """
    own = experiment.assignment.source
    limited = sorted(
        metric.name
        for metric in experiment.metrics.values()
        if metric.within is not None
        and not metric.hidden
        and any(measure.source == own for measure in metric.measures())
    )
    if limited:
        raise DataError(
            Problem(
                where=f"source {own}",
                what=f"units have several rows, and `within` of {', '.join(limited)} "
                "counts time after the first of them.",
                why="Values of the source of exposures are taken as the unit's own, "
                "whatever the time of the row.",
                fix="Name the same file or table a second time, as a source of events, "
                "and let the metric read that one.",
            )
        )


def _timeless(experiment: Experiment, name: str) -> list[Problem]:
    bounded = [
        metric.name
        for metric in experiment.metrics.values()
        for measure in metric.measures()
        if measure.source == name and measure.end is not None
    ]
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
