"""What to collect: the blocks of columns and the per-unit values behind them.

Metrics often share measures (orders count in two of them, say). The engine collects
each distinct per-unit value once, a `UnitColumn`, and sums each distinct product of
them once; the blocks name the same value as often as metrics use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from holdback.data.evidence.cells import Column
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.language.measure import EVER, Cap, Companion, Measure
from holdback.stats.evidence.moments import pairs, triples

__all__ = [
    "ROW_COUNTS",
    "Capping",
    "Layout",
    "Monomial",
    "UnitColumn",
    "lagging",
    "layout",
]

ROW_COUNTS = (
    "rows", "before", "late", "earlier",
    "skewed", "nearby", "half_day", "day_before", "own_day",
)  # fmt: skip
"""What is counted of each source's rows for the reader of the report."""

Monomial = tuple[str, ...]
"""Names of unit columns multiplied; sorted, an indicator at most once."""

ATTRIBUTE_DIGITS = 6
WINSORIZED = Cap(share=Fraction(999, 1000))
"""Where amounts are cut off for slopes and for the capped line beside the raw one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capping:
    """A unit column's twin, cut off at a pooled percentile over matured units.

    An `optional` cap that lies at 0 or below cuts nothing; another is an error.
    """

    of: str
    cap: Cap
    within: timedelta | None
    optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitColumn:
    """One value per unit: a measure, a capped twin of one, or an attribute.

    `own` values stand in the assignment table itself. `indicator` values are 0 or 1.
    `after` names the column of what the measure comes after.
    """

    name: str
    digits: int
    own: bool
    measure: Measure | None = None
    attribute: str | None = None
    capping: Capping | None = None
    after: str | None = None

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
        distinct: dict[Monomial, None] = {}
        for block in self.blocks:
            units = self.block_units(block)
            for unit in units:
                distinct[self.monomial(unit)] = None
            for i, j in pairs(len(units)):
                distinct[self.monomial(units[i], units[j])] = None
            for i, j, k in triples(len(units)):
                distinct[self.monomial(units[i], units[j], units[k])] = None
        return tuple(distinct)

    def sources_of(self, block: str) -> tuple[str, ...]:
        """Sources of events that a block's outcomes are measured by."""
        measures = (
            column.measure
            for column in self.blocks[block]
            if column.role == "outcome" and column.measure is not None
        )
        events = set(self.sources())
        return tuple(sorted({m.source for m in measures} & events))

    def sources(self) -> tuple[str, ...]:
        """Sources whose rows are events, in a stable order."""
        return tuple(
            dict.fromkeys(
                unit.measure.source
                for unit in self.units.values()
                if unit.measure is not None and not unit.own
            )
        )


def lagging(plan: Layout, lags: Iterable[timedelta]) -> Layout:
    """The layout with the horizons of metrics whose sources end before as-of."""
    horizons = {end + lag for end in plan.horizons for lag in (timedelta(0), *lags)}
    return replace(plan, horizons=tuple(sorted(horizons)))


def layout(experiment: Experiment, history: timedelta | None = None) -> Layout:
    """The columns of everything that an experiment collects.

    With `history`, also each measure over so long a time before exposure.
    """
    blocks: dict[str, tuple[Column, ...]] = {}
    units: dict[str, UnitColumn] = {}
    names: dict[tuple[str, str], str] = {}
    for metric in experiment.collected.values():
        columns = _block(experiment, metric, history)
        blocks[metric.name] = columns
        for column in columns:
            unit = _unit(experiment, metric, column, units)
            names[metric.name, column.name] = unit
    ends = {
        unit.measure.end for unit in units.values() if unit.measure and not unit.own
    }
    ends |= {collected.within for collected in experiment.collected.values()}
    horizons = sorted(e for e in ends if e is not None and timedelta(0) < e < EVER)
    return Layout(blocks=blocks, units=units, names=names, horizons=tuple(horizons))


def _block(
    experiment: Experiment, metric: Metric | Companion, history: timedelta | None
) -> tuple[Column, ...]:
    """Outcomes, capped twins, measures before exposure, attributes: in this order.

    A hidden metric or a companion has its outcomes alone.
    """
    measures = metric.measures()
    columns = [
        Column(
            name=f"{metric.name}.{i}",
            role="before" if m.is_former else "outcome",
            digits=m.digits,
            measure=m,
        )
        for i, m in enumerate(measures)
    ]
    if isinstance(metric, Companion) or metric.hidden:
        return tuple(columns)
    top = replace(measures[0], cap=metric.cap or WINSORIZED)
    if metric.cap is not None:
        columns.append(_column(f"{metric.name}.0.capped", "capped", top))
    elif metric.unit == "money" and measures[0].value is not None:
        columns.append(_column(f"{metric.name}.0.winsorized", "winsorized", top))
    for i, measure in enumerate(measures):
        if not metric.is_function_of_means:
            continue
        if history is not None and _has_before(experiment, measure):
            earlier = measure.moved(-_span(measure, history), timedelta(0))
            columns.append(_column(f"{metric.name}.{i}.history", "history", earlier))
        columns += _before(experiment, f"{metric.name}.{i}", measure)
    if metric.name == experiment.primary:
        columns += _early(experiment, metric, measures)
    columns += [
        Column(name=name, role="attribute", digits=ATTRIBUTE_DIGITS)
        for name in experiment.analysis.covariates
    ]
    return tuple(columns)


def _early(
    experiment: Experiment, metric: Metric, measures: Sequence[Measure]
) -> list[Column]:
    """The first half of the time that counts, to see whether the lift fades."""
    if not metric.is_function_of_means:
        return []
    (first, *others) = measures
    days = metric.within.days // 2 if metric.within is not None else 0
    if others or not days or not _has_before(experiment, first):
        return []
    early = replace(first, end=first.start + timedelta(days=days))
    return [_column(f"{metric.name}.0.early", "early", early)]


def _column(name: str, role: str, measure: Measure) -> Column:
    return Column(name=name, role=role, digits=measure.digits, measure=measure)


def _before(experiment: Experiment, name: str, measure: Measure) -> list[Column]:
    """The measure over the lookback, amounts cut off; and whether it had any rows."""
    lookback = experiment.analysis.lookback
    if lookback is None or not _has_before(experiment, measure):
        return []
    earlier = replace(measure, start=-lookback, end=timedelta(0), after=None)
    if measure.aggregate == "any":
        return [_column(f"{name}.before", "before", earlier)]
    if measure.value is not None:
        earlier = replace(earlier, cap=WINSORIZED)
    had = replace(earlier, aggregate="any", value=None, digits=0, cap=None)
    return [
        _column(f"{name}.before", "before", earlier),
        _column(f"{name}.had", "before", had),
    ]


def _span(measure: Measure, history: timedelta) -> timedelta:
    """How long a measure runs: as long before exposure as it does after it."""
    return history if measure.end is None else measure.end - measure.start


def _has_before(experiment: Experiment, measure: Measure) -> bool:
    exposures = experiment.sources[experiment.assignment.source].columns
    events = experiment.sources[measure.source].columns
    own = measure.source == experiment.assignment.source
    return not own and events.time is not None and exposures.time is not None


def _unit(
    experiment: Experiment,
    metric: Metric | Companion,
    column: Column,
    units: dict[str, UnitColumn],
) -> str:
    """Name of the unit column behind a column; made when it is new."""
    if column.measure is None:
        return _named(
            UnitColumn(name="", digits=column.digits, own=True, attribute=column.name),
            units,
        )
    plain = _plain(experiment, column.measure, column.digits, units)
    base = _named(plain, units)
    if column.measure.cap is None:
        return base
    capping = Capping(
        of=base,
        cap=column.measure.cap,
        within=metric.within,
        optional=column.role != "capped",
    )
    return _named(replace(plain, measure=column.measure, capping=capping), units)


def _plain(
    experiment: Experiment, measure: Measure, digits: int, units: dict[str, UnitColumn]
) -> UnitColumn:
    """An uncapped measure's column; what it comes after is made before it."""
    after = None
    if measure.after is not None:
        before = measure.after
        after = _named(_plain(experiment, before, before.digits, units), units)
    return UnitColumn(
        name="",
        digits=digits,
        own=measure.source == experiment.assignment.source,
        measure=replace(measure, cap=None),
        after=after,
    )


def _named(wanted: UnitColumn, units: dict[str, UnitColumn]) -> str:
    """Name of an equal unit column, or of the wanted one, added."""
    for name, unit in units.items():
        if replace(unit, name="") == wanted:
            return name
    name = f"u{len(units)}"
    units[name] = replace(wanted, name=name)
    return name
