"""How much of the money comes from few buyers: the 80/20 line."""

from __future__ import annotations

from math import ceil

import numpy as np

from holdback.analysis.comparison.comparison import formula_columns
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment
from holdback.results.exploratory import Concentration

__all__ = ["concentration"]

TOP = 0.2
FEWEST = 50


def concentration(experiment: Experiment, cells: Cells) -> Concentration | None:
    """Share of the money that the top fifth of buyers brought, all arms together.

    None without a metric of money, where the rows of units were not listed (too many,
    or no method needed them), and for fewer than 50 buyers: a tenth of them would be
    a cell of single customers.
    """
    economics = experiment.economics
    name = experiment.primary if economics is None else economics.value
    metric = experiment.metrics[name]
    if metric.unit != "money" or not metric.is_mean:
        return None
    columns = formula_columns(cells.blocks[name], capped=False)
    arms = [arm.name for arm in experiment.arms]
    sample = cells.sample(name, columns, arms, within=metric.within)
    if sample is None:
        return None
    spent = np.sort(sample.rows[:, 0][sample.rows[:, 0] > 0])[::-1]
    if len(spent) < FEWEST:
        return None
    top = spent[: ceil(TOP * len(spent))]
    return Concentration(
        metric=name,
        top=TOP,
        buyers=len(spent),
        share=float(top.sum() / spent.sum()),
    )
