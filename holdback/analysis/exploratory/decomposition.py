"""Where a change in revenue per unit came from: buyers, orders, or order value."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import numpy as np

from holdback.analysis.comparison.comparison import formula_columns, moments_of
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.kinds.metric import Metric
from holdback.results.quantity import Quantity
from holdback.results.sections.decomposition import (
    Concentration,
    Decomposition,
    PartRanges,
)
from holdback.stats.causal.revenue_decomposition import Factors, decomposed
from holdback.stats.numeric import quantile

__all__ = ["concentration", "decomposition"]


@readers.register("decomposition")
def decomposition(basis: Basis) -> tuple[Decomposition, ...]:
    """Revenue per unit = share of buyers × orders per buyer × order value.

    Needs a ratio metric of a money value per order. The ranges of the three parts
    hold together at `level` (Bonferroni).
    """
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.nominal
    metric = next((m for m in experiment.metrics.values() if _is_order_value(m)), None)
    if metric is None or metric.name not in cells.blocks:
        return ()
    control = _factors(cells, metric, experiment.control.name)
    records = []
    for arm in experiment.treatments:
        treated = _factors(cells, metric, arm.name)
        if control is None or treated is None:
            continue
        parts = decomposed(control, treated)
        z = quantile(1 - (1 - level) / 6)
        conversion, orders, value = (
            Quantity(value=v, se=e, lower=v - z * e, upper=v + z * e)
            for v, e in zip(parts.values, parts.errors, strict=True)
        )
        records.append(
            Decomposition(
                arm=arm.name,
                revenue_per_unit=parts.total,
                from_conversion=parts.values[0],
                from_orders_per_buyer=parts.values[1],
                from_order_value=parts.values[2],
                ranges=PartRanges(
                    from_conversion=conversion,
                    from_orders_per_buyer=orders,
                    from_order_value=value,
                ),
            )
        )
    return tuple(records)


def _is_order_value(metric: Metric) -> bool:
    measures = metric.measures()
    return (
        metric.unit == "money"
        and len(measures) == 2
        and measures[0].aggregate == "sum"
        and measures[1].aggregate == "count"
        and measures[0].source == measures[1].source
    )


def _factors(cells: Cells, metric: Metric, arm: str) -> Factors | None:
    """Buyers, orders and revenue per unit of an arm; None where one of them is 0.

    A buyer is a unit with orders, so its products with orders and revenue are those.
    """
    columns = formula_columns(cells.blocks[metric.name], capped=False)
    moments = moments_of(cells, metric, {arm}).select(columns)
    n, buyers = moments.n, moments.nonzero[1]
    if n < 2 or buyers == 0 or moments.sums[0] <= 0:
        return None
    revenue, orders = moments.mean
    share = buyers / n
    cov = np.empty((3, 3))
    cov[1:, 1:] = moments.cov[::-1, ::-1]
    cov[0, 1:] = cov[1:, 0] = np.array([orders, revenue]) * (1 - share) * n / (n - 1)
    cov[0, 0] = share * (1 - share) * n / (n - 1)
    return Factors(mean=np.array([share, orders, revenue]), cov=cov, n=n)


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
