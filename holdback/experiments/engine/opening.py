"""The engine that an experiment's data ask for, opened with all its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from holdback.errors import ConfigError, Problem
from holdback.experiments.engine import Engine, Table
from holdback.experiments.engine.duckdb import Embedded
from holdback.experiments.engine.reading import Store
from holdback.experiments.experiment import Experiment
from holdback.experiments.layout import layout

__all__ = ["Opened", "opened", "used_columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An engine with the experiment's tables; `sha256` waits for a source's hash."""

    engine: Engine
    tables: Mapping[str, Table]
    sha256: Callable[[str], str | None]


@contextmanager
def opened(experiment: Experiment, frames: Mapping[str, object]) -> Iterator[Opened]:
    """Open the engine and read every source that the experiment uses.

    The statement runs in the project's database when all sources live there, and
    otherwise in the embedded engine, into which they are read.
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
    names = _used_sources(experiment)
    with Embedded() as engine:
        store = Store(engine, experiment.root)
        try:
            tables = {}
            for name in names:
                if name in frames:
                    tables[name] = store.frame(name, frames[name])
                else:
                    source = experiment.sources[name]
                    tables[name] = source.attach(store, used_columns(experiment, name))
            yield Opened(engine=engine, tables=tables, sha256=store.sha256)
        finally:
            store.close()


def used_columns(experiment: Experiment, source: str) -> frozenset[str] | None:
    """Columns of a source that the analysis reads; None where all are needed.

    All are needed where an `id` says which rows are the same.
    """
    described = experiment.sources[source]
    roles = described.columns
    if roles.id is not None:
        return None
    found = {name for name in (roles.unit, roles.arm, roles.time) if name is not None}
    expressions = [described.where]
    for unit in layout(experiment).units.values():
        if unit.measure is not None and unit.measure.source == source:
            expressions += [unit.measure.value, unit.measure.where]
    if source == experiment.assignment.source:
        expressions.append(experiment.assignment.where)
        found |= {*experiment.analysis.segments, *experiment.analysis.covariates}
    found |= {name for one in expressions if one is not None for name in one.columns}
    return frozenset(found)


def _used_sources(experiment: Experiment) -> list[str]:
    names = [experiment.assignment.source]
    names += layout(experiment).sources()
    return list(dict.fromkeys(names))
