"""Where a change in money per unit came from: buyers, orders, their value, refunds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np

from holdback.analysis.comparison.comparison import Comparison, formula_columns
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.measure import Companion
from holdback.facts import Fact, fact
from holdback.results.quantity import Quantity
from holdback.results.sections.decomposition import (
    Concentration,
    Decomposition,
    PartRanges,
)
from holdback.stats.causal.revenue_decomposition import Factors, Parts, decomposed
from holdback.stats.methods.compare import LEAST_NONZERO
from holdback.stats.numeric import quantile

__all__ = ["concentration", "decomposition"]


@readers.register("decomposition")
def decomposition(basis: Basis) -> Iterator[Decomposition]:
    """The money's difference per unit: buyers × orders per buyer × order value.

    And × what is kept of it after refunds, as far as the rows tell these apart. The
    ranges of the parts hold together at `level` (Bonferroni). What an adjustment
    changes of the difference is a step of its own, so that the steps add up to the
    difference that is read.
    """
    experiment, cells = basis.experiment, basis.cells
    for orders in experiment.companions_for("orders"):
        metric = experiment.metrics[orders.of]
        if orders.name in cells.blocks:
            for arm in experiment.treatments:
                comparison = Comparison(
                    experiment=experiment,
                    cells=cells,
                    metric=metric,
                    arms=frozenset({arm.name}),
                )
                record = _of_arm(comparison, orders, arm.name, basis.stage.nominal)
                if record is not None:
                    yield record


def _of_arm(
    comparison: Comparison, orders: Companion, arm: str, level: float
) -> Decomposition | None:
    """One arm's; none where an arm has too few values for a range of the money."""
    seen, net = comparison.estimates, comparison.adjusted
    if seen is None or min(one.nonzero for one in seen) < LEAST_NONZERO:
        return None
    shown = seen if net is None else (net.control, net.treatment)
    record = Decomposition(
        arm=arm,
        metric=orders.of,
        revenue_per_unit=shown[1].value - shown[0].value,
        note=_note(comparison.experiment, orders),
    )
    experiment, cells = comparison.experiment, comparison.cells
    chains = [_factors(cells, orders, side) for side in (experiment.control.name, arm)]
    chains = _without_equal(chains) if len(orders.collected) == len(CHAIN) else chains
    if any(chain is None for chain in chains):
        return replace(record, note=fact("decomposition.not_above_zero"))
    control, treated = (chain for chain in chains if chain is not None)
    parts = decomposed(control, treated)
    names = _names(len(parts.values))
    values: dict[str, Any] = dict(zip(names, parts.values, strict=True))
    ranges = dict(zip(names, _ranges(parts, level), strict=True))
    left = record.revenue_per_unit - parts.total
    return replace(
        record,
        from_adjustment=None if net is None else left,
        ranges=PartRanges(**ranges),
        **values,
    )


CHAIN = (
    "from_conversion",
    "from_orders_per_buyer",
    "from_order_value",
    "from_refunds",
)


def _names(length: int) -> tuple[str, ...]:
    """The parts of a chain of so many measures."""
    return CHAIN[:length] if length > 2 else (CHAIN[0], "from_value_per_buyer")


def _ranges(parts: Parts, level: float) -> Iterator[Quantity]:
    z = quantile(1 - (1 - level) / (2 * len(parts.values)))
    for value, error in zip(parts.values, parts.errors, strict=True):
        yield Quantity(
            value=value, se=error, lower=value - z * error, upper=value + z * error
        )


def _note(experiment: Experiment, orders: Companion) -> Fact | None:
    """Why orders and their value do not stand apart, where they do not."""
    if len(orders.collected) > 2:
        return None
    (*_, money) = orders.collected
    own = money.source == experiment.assignment.source
    if own or money.aggregate != "sum":
        return fact("decomposition.value_of_unit")
    return fact("decomposition.rows_unknown", source=money.source)


def _factors(cells: Cells, orders: Companion, arm: str) -> Factors | None:
    """The chain's means in an arm; None where one of them is not above 0."""
    columns = formula_columns(cells.blocks[orders.name], capped=False)
    moments = cells.total(orders.name, {arm}, within=orders.within).select(columns)
    if moments.n < 2 or min(moments.mean) <= 0:
        return None
    return Factors(mean=moments.mean, cov=moments.cov, n=moments.n)


def _without_equal(chains: list[Factors | None]) -> list[Factors | None]:
    """Without the orders' value where nothing was taken off it in any arm."""
    kept = [chain for chain in chains if chain is not None]
    if len(kept) < len(chains) or any(c.mean[2] != c.mean[3] for c in kept):
        return chains
    at = [0, 1, 3]
    return [
        Factors(mean=chain.mean[at], cov=chain.cov[np.ix_(at, at)], n=chain.n)
        for chain in kept
    ]


TOP = 0.2
LEAST_SPENDERS = 50


@readers.register("concentration")
def concentration(basis: Basis) -> Iterator[Concentration]:
    """Share of the money that the top fifth of buyers brought, all arms together.

    None without a metric of money, where the rows of units were not listed (too many,
    or no method needed them), and for fewer than 50 buyers: a tenth of them would be
    a cell of single customers.
    """
    experiment, cells = basis.experiment, basis.cells
    economics = experiment.economics
    name = experiment.primary if economics is None else economics.value
    metric = experiment.metrics[name]
    if metric.unit != "money" or not metric.is_mean:
        return
    columns = formula_columns(cells.blocks[name], capped=False)
    arms = [arm.name for arm in experiment.arms]
    sample = cells.sample(name, columns, arms, within=metric.within)
    if sample is None:
        return
    spent = np.sort(sample.rows[:, 0][sample.rows[:, 0] > 0])[::-1]
    if len(spent) < LEAST_SPENDERS:
        return
    top = spent[: ceil(TOP * len(spent))]
    yield Concentration(
        metric=name,
        top=TOP,
        buyers=len(spent),
        share=float(top.sum() / spent.sum()),
    )
