"""What to collect: the blocks of columns and the per-unit values behind them.

Metrics often share measures (orders count in two of them, say). The engine collects
each distinct per-unit value once, a `UnitColumn`, and sums each distinct product of
them once; the blocks name the same value as often as metrics use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from holdback.experiments.cells import Column
from holdback.experiments.experiment import Experiment
from holdback.experiments.measure import Cap, Measure
from holdback.experiments.metrics import Metric
from holdback.stats.moments import pairs, triples

__all__ = ["Capping", "Layout", "Monomial", "UnitColumn", "layout"]

Monomial = tuple[str, ...]
"""Names of unit columns multiplied; sorted, an indicator at most once."""

ATTRIBUTE_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Capping:
    """A unit column's twin, cut off at a pooled percentile over matured units."""

    of: str
    cap: Cap
    within: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitColumn:
    """One value per unit: a measure, a capped twin of one, or an attribute.

    `own` values stand in the assignment table itself. `indicator` values are 0 or 1.
    """

    name: str
    digits: int
    own: bool
    measure: Measure | None = None
    attribute: str | None = None
    capping: Capping | None = None

    @property
    def indicator(self) -> bool:
        """Whether the value is 0 or 1, so that its powers are itself."""
        return self.measure is not None and self.measure.aggregate == "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Blocks as the statistics see them, and the unit columns they are made of.

    `names` maps (block, column) to the unit column behind it.
    """

    blocks: Mapping[str, tuple[Column, ...]]
    units: Mapping[str, UnitColumn]
    names: Mapping[tuple[str, str], str]
    horizons: tuple[timedelta, ...]

    def block_units(self, block: str) -> tuple[str, ...]:
        """Unit columns of a block, in its order."""
        return tuple(self.names[block, column.name] for column in self.blocks[block])

    def monomial(self, *names: str) -> Monomial:
        """A product of unit columns in its one canonical spelling."""
        kept: list[str] = []
        for name in sorted(names):
            if not (self.units[name].indicator and name in kept):
                kept.append(name)
        return tuple(kept)

    def monomials(self) -> tuple[Monomial, ...]:
        """Every product that some block needs, each once, in a stable order."""
        found: dict[Monomial, None] = {}
        for block in self.blocks:
            units = self.block_units(block)
            for unit in units:
                found[self.monomial(unit)] = None
            for i, j in pairs(len(units)):
                found[self.monomial(units[i], units[j])] = None
            for i, j, k in triples(len(units)):
                found[self.monomial(units[i], units[j], units[k])] = None
        return tuple(found)

    def sources(self) -> tuple[str, ...]:
        """Sources whose rows are events, in a stable order."""
        return tuple(
            dict.fromkeys(
                unit.measure.source
                for unit in self.units.values()
                if unit.measure is not None and not unit.own
            )
        )


def layout(experiment: Experiment) -> Layout:
    """The columns of every metric of an experiment."""
    blocks: dict[str, tuple[Column, ...]] = {}
    units: dict[str, UnitColumn] = {}
    names: dict[tuple[str, str], str] = {}
    for metric in experiment.metrics.values():
        columns = _block(experiment, metric)
        blocks[metric.name] = columns
        for column in columns:
            unit = _unit(experiment, metric, column, units)
            names[metric.name, column.name] = unit
    ends = {
        unit.measure.end for unit in units.values() if unit.measure and not unit.own
    }
    ends |= {metric.within for metric in experiment.metrics.values()}
    horizons = sorted(e for e in ends if e is not None and e > timedelta(0))
    return Layout(blocks=blocks, units=units, names=names, horizons=tuple(horizons))


def _block(experiment: Experiment, metric: Metric) -> tuple[Column, ...]:
    """Outcomes, capped twins, measures before exposure, attributes: in this order."""
    measures = metric.measures()
    analysis = experiment.analysis
    columns = [
        Column(name=f"{metric.name}.{i}", role="outcome", digits=m.digits, measure=m)
        for i, m in enumerate(measures)
    ]
    if metric.cap is not None:
        top = replace(measures[0], cap=metric.cap)
        columns.append(
            Column(
                name=f"{metric.name}.0.capped",
                role="capped",
                digits=top.digits,
                measure=top,
            )
        )
    if analysis.lookback is not None:
        columns += [
            Column(
                name=f"{metric.name}.{i}.before",
                role="before",
                digits=m.digits,
                measure=replace(m, start=-analysis.lookback, end=timedelta(0)),
            )
            for i, m in enumerate(measures)
            if _has_before(experiment, m)
        ]
    columns += [
        Column(name=name, role="attribute", digits=ATTRIBUTE_DIGITS)
        for name in analysis.covariates
    ]
    return tuple(columns)


def _has_before(experiment: Experiment, measure: Measure) -> bool:
    exposures = experiment.sources[experiment.assignment.source].columns
    events = experiment.sources[measure.source].columns
    own = measure.source == experiment.assignment.source
    return not own and events.time is not None and exposures.time is not None


def _unit(
    experiment: Experiment,
    metric: Metric,
    column: Column,
    units: dict[str, UnitColumn],
) -> str:
    """Name of the unit column behind a column; made when it is new."""
    wanted = _described(experiment, metric, column, units)
    for name, unit in units.items():
        if replace(unit, name="") == wanted:
            return name
    name = f"u{len(units)}"
    units[name] = replace(wanted, name=name)
    return name


def _described(
    experiment: Experiment,
    metric: Metric,
    column: Column,
    units: dict[str, UnitColumn],
) -> UnitColumn:
    if column.measure is None:
        return UnitColumn(
            name="", digits=column.digits, own=True, attribute=column.name
        )
    own = column.measure.source == experiment.assignment.source
    plain = UnitColumn(
        name="",
        digits=column.digits,
        own=own,
        measure=replace(column.measure, cap=None),
    )
    if column.measure.cap is None:
        return plain
    base = next(n for n, u in units.items() if replace(u, name="") == plain)
    return UnitColumn(
        name="",
        digits=column.digits,
        own=own,
        measure=column.measure,
        capping=Capping(of=base, cap=column.measure.cap, within=metric.within),
    )
