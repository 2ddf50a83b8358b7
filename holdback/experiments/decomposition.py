"""Where a change in revenue per unit came from: buyers, orders, or order value."""

from __future__ import annotations

from math import isclose, log

from holdback.experiments.cells import Cells
from holdback.experiments.comparison import formula_columns, moments_of
from holdback.experiments.experiment import Experiment
from holdback.experiments.metrics import Metric
from holdback.experiments.scorecard import Decomposition

__all__ = ["decomposition", "logarithmic_mean"]


def decomposition(experiment: Experiment, cells: Cells) -> tuple[Decomposition, ...]:
    """Revenue per unit = share of buyers × orders per buyer × order value.

    Needs a ratio metric of a money value per order. The difference between the arms
    is split by the logarithmic mean Divisia method (Ang 2004, Energy Policy 32:
    1131–1139): each factor's part is the logarithmic mean of the two revenues times
    the log of the factor's ratio, so the parts add up exactly and none is left over.
    """
    metric = next((m for m in experiment.metrics.values() if _is_order_value(m)), None)
    if metric is None or metric.name not in cells.blocks:
        return ()
    control = _factors(cells, metric, experiment.control.name)
    found = []
    for arm in experiment.treatments:
        treated = _factors(cells, metric, arm.name)
        if control is None or treated is None:
            continue
        weight = logarithmic_mean(treated[3], control[3])
        parts = [
            weight * log(t / c) for t, c in zip(treated[:3], control[:3], strict=True)
        ]
        found.append(
            Decomposition(
                arm=arm.name,
                revenue_per_unit=treated[3] - control[3],
                from_conversion=parts[0],
                from_orders_per_buyer=parts[1],
                from_order_value=parts[2],
            )
        )
    return tuple(found)


def logarithmic_mean(a: float, b: float) -> float:
    """(a − b) / (ln a − ln b), and a where both are equal.

    >>> logarithmic_mean(2.0, 2.0)
    2.0
    """
    return a if isclose(a, b, rel_tol=1e-12) else (a - b) / log(a / b)


def _is_order_value(metric: Metric) -> bool:
    measures = metric.measures()
    return (
        metric.unit == "money"
        and len(measures) == 2
        and measures[0].aggregate == "sum"
        and measures[1].aggregate == "count"
        and measures[0].source == measures[1].source
    )


def _factors(
    cells: Cells, metric: Metric, arm: str
) -> tuple[float, float, float, float] | None:
    """Share of buyers, orders per buyer, order value, revenue per unit of an arm."""
    columns = formula_columns(cells.blocks[metric.name], capped=False)
    moments = moments_of(cells, metric, {arm}).select(columns)
    revenue, orders = moments.total
    buyers = moments.nonzero[1]
    if moments.n == 0 or buyers == 0 or revenue <= 0:
        return None
    return (
        buyers / moments.n,
        float(orders) / buyers,
        float(revenue / orders),
        float(revenue) / moments.n,
    )
