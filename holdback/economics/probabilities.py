"""The posterior of a lift in money: losses of a wrong choice, worth of more data."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.analysis.analyze import ValueComparison
from holdback.economics.money_distribution import Worth
from holdback.results.money_probabilities import Chances
from holdback.results.scorecard import Money
from holdback.stats.design.value_of_information import value_of_more_data
from holdback.stats.methods.uncertain_cost import UncertainCost
from holdback.stats.posterior import Posterior, log_deviation

__all__ = ["chances_of"]

Vector = npt.NDArray[np.float64]
Worths = Callable[[Vector], Vector]

WEEK = 7
THREEFOLD = 2.0
"""The ROPI at which gain and savings are three times the cost."""


def chances_of(
    record: Money, comparison: ValueComparison, margin: float
) -> Chances | None:
    """What the posterior says of this money; None where there is no posterior.

    The worth of treating is g Rev_T (1 − 1/R) + savings − cost; of not treating, 0.
    """
    posterior, total = comparison.posterior, comparison.treated_total
    if posterior is None or total <= 0 or margin <= 0:
        return None
    scale, savings = margin * total, record.savings
    cost = _cost(record)

    def worth_at(amount: float) -> Worths:
        return lambda x: scale * -np.expm1(-x) + savings - amount

    def mean_of(part: Callable[[Vector], Vector]) -> float:
        def at(amount: float) -> float:
            worth = worth_at(amount)
            return posterior.expect(lambda x: part(worth(x)))

        return at(0.0) if cost is None else cost.expected(at)

    threefold = None
    if cost is not None:
        worth = Worth(comparison=comparison, margin=margin, cost=cost)
        threefold = worth.chance(0.0, above=THREEFOLD)
    return Chances(
        expected_loss_if_shipped=max(0.0, mean_of(lambda w: np.maximum(0.0, -w))),
        expected_loss_if_held=max(0.0, mean_of(lambda w: np.maximum(0.0, w))),
        p_threefold=threefold,
        week_of_data=_week(
            posterior,
            comparison,
            record.period_days,
            worth_at(0.0 if cost is None else cost.mean),
        ),
    )


def _cost(record: Money) -> UncertainCost | None:
    if record.cost is None or record.cost.total <= 0:
        return None
    return UncertainCost(
        mean=record.cost.total, sd=record.cost.se or 0.0, savings=record.savings
    )


def _week(
    posterior: Posterior,
    comparison: ValueComparison,
    days: int | None,
    worth: Worths,
) -> float | None:
    """Worth of a week of data as informative per day as those seen.

    To the model of the posterior, which may learn more from them than the interval.
    """
    seen = comparison.data_sd
    if days is None or days <= 0 or seen is None or seen <= 0:
        return None
    return value_of_more_data(
        mean=posterior.expect(lambda x: x),
        sd=log_deviation(posterior),
        se=seen * sqrt(days / WEEK),
        worth=worth,
    )
