"""What is collected to see whether the arms can be compared at all.

Whatever an experiment measures by events is also counted before each unit's exposure,
over all that the source holds: arms that were drawn were alike then. Whether a unit
ever had such an event tells exposures of which all are buyers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from holdback.experiments.definition.experiment import Assignment
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import (
    EVER,
    Companion,
    CompanionReader,
    Measure,
)
from holdback.experiments.language.trees import Name

__all__ = ["former_of", "knowledge_of"]

ROUNDED_OFF = 2
"""Decimals of money that do not matter where arms are compared."""
SAME_MOMENT = timedelta(minutes=1)
"""What lies so near to an exposure came with it."""


def former_of(
    metrics: Mapping[str, Metric],
    primary: str,
    sources: Mapping[str, Source],
    assignment: Assignment,
) -> dict[str, Companion]:
    """Rows and amounts of each unit from before its exposure, and what it ever did.

    By source of events with times: how many rows, the amount that is summed first (the
    primary's before others'), and whether any row counts from the exposure on, or comes
    with it.
    """
    first = sorted(metrics.values(), key=lambda metric: metric.name != primary)
    companions: dict[str, Companion] = {}
    for name in dict.fromkeys(m.source for one in first for m in one.measures()):
        own = name == assignment.source or assignment.source not in sources
        if own or name not in sources or sources[name].columns.time is None:
            continue
        if sources[assignment.source].columns.time is None:
            continue
        for companion in _of_source(name, first):
            companions[companion.name] = companion
    return companions


def _of_source(source: str, metrics: Iterable[Metric]) -> Iterator[Companion]:
    """The companions of a source of events."""
    reading = [
        (one, measure)
        for one in metrics
        for measure in one.measures()
        if measure.source == source
    ]
    metric, measure = reading[0]
    value = None if measure.aggregate == "distinct" else measure.value
    happened = Measure(
        source=source,
        aggregate="any",
        value=value,
        where=measure.where,
        end=EVER,
        digits=0,
    )
    at_once, former = replace(happened, end=SAME_MOMENT), happened.before()
    yield _companion(f"ever: {source}", metric, "ever", happened, at_once, former)
    yield _companion(f"before: {source}: any", metric, "former", former)
    count = Measure(source=source, aggregate="count", digits=0)
    yield _companion(f"before: {source}: rows", metric, "former", count.before())
    summed = [one for one in reading if one[1].aggregate == "sum" and one[1].value]
    for one, amount in summed[:1]:
        rough = replace(amount, digits=max(0, amount.digits - ROUNDED_OFF)).before()
        yield _companion(f"before: {source}: amount", one, "former", rough)


def knowledge_of(
    metrics: Mapping[str, Metric],
    primary: str,
    covariates: Iterable[str],
    assignment: Assignment,
) -> dict[str, Companion]:
    """Whether units have each covariate, and the outcome: now, and before."""
    metric = metrics.get(primary)
    if metric is None or metric.outcome is None:
        return {}
    outcome = replace(metric.outcome, aggregate="any", digits=0, cap=None)
    if outcome.source == assignment.source or metric.outcome.aggregate == "distinct":
        return {}
    return {
        f"known: {column}": Companion(
            name=f"known: {column}",
            of=primary,
            reader="known",
            collected=(
                Measure(
                    source=assignment.source,
                    aggregate="any",
                    value=Expression(
                        text=column, tree=Name(column), columns=frozenset({column})
                    ),
                    digits=0,
                ),
                outcome,
                outcome.before(),
            ),
            within=metric.within,
            evidence="moments",
        )
        for column in covariates
    }


def _companion(
    name: str, metric: Metric, reader: CompanionReader, *measures: Measure
) -> Companion:
    return Companion(
        name=name,
        of=metric.name,
        reader=reader,
        collected=measures,
        evidence="moments",
    )
