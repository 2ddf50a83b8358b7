"""The posterior of a lift in money: losses of a wrong choice, worth of more data."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.analysis.value_metric import ValueComparison
from holdback.economics.incremental_value import Stake, Worth
from holdback.economics.rollout import Repaid
from holdback.experiments.language.quantities import WEEK
from holdback.results.money import BelievedMoney, Chances, Money
from holdback.results.quantity import Quantity
from holdback.stats.design.optimal_holdback import value_of_more_data
from holdback.stats.methods.uncertain_cost import UncertainCost
from holdback.stats.posterior.posterior import Posterior, log_deviation

__all__ = ["believed_money", "chances_of"]

Vector = npt.NDArray[np.float64]
Worths = Callable[[Vector], Vector]

THREEFOLD = 2.0
"""The ROPI at which gain and savings are three times the cost."""


def chances_of(
    record: Money, comparison: ValueComparison, margin: float
) -> Chances | None:
    """What the posterior says of this money; None where there is no posterior.

    The worth of treating is g Rev_T (1 − 1/R) + savings − cost, or where there is no
    lift g n_T times the difference in place of the first; of not treating, 0.
    """
    posterior = comparison.posterior or comparison.difference
    earned = _earned(comparison)
    if posterior is None or earned is None or margin <= 0:
        return None
    savings, cost = record.savings, _cost(record)

    def worth_at(amount: float) -> Worths:
        return lambda x: margin * earned(x) + savings - amount

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


def _earned(comparison: ValueComparison) -> Worths | None:
    """Money at each log ratio, or difference; None where neither is money."""
    total, units = comparison.treated_total, comparison.treated_units
    if comparison.difference is not None:
        return lambda x: units * x
    if total <= 0:
        return None
    return lambda x: total * -np.expm1(-x)


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
        se=seen * sqrt(days / WEEK.days),
        worth=worth,
    )


Rising = Callable[[float], float]


def believed_money(
    record: Money,
    comparison: ValueComparison,
    stake: Stake,
    asked: Repaid | None,
) -> BelievedMoney | None:
    """Medians and central ranges of the posterior's money; None without a posterior.

    Money rises with the lift, so quantiles of the lift are quantiles of the money: the
    whole joint posterior: given the lift, the rest is known. In the return uncertain
    costs are integrated over. At the level of the test's own range, which looks and
    several arms widen, so that both compare. `comparison` is the revenue's, `stake`
    that of what is earned.
    """
    posterior, lift = stake.comparison.posterior, stake.comparison.inference.relative
    if posterior is None or lift is None or stake.comparison.treated_total <= 0:
        return None
    level = lift.interval.level
    profit = _image(posterior, stake.profit_of, level)
    revenue = None
    if comparison.posterior is not None and comparison.treated_total > 0:
        plain = Stake(comparison=comparison, margin=1.0, cost=None)
        revenue = _image(comparison.posterior, plain.profit_of, level)
    return BelievedMoney(
        level=level,
        incremental_revenue=revenue,
        incremental_profit=profit,
        ropi=stake.believed_ropi(profit, level) if record.ropi is not None else None,
        payback_days=None if asked is None else _paid_back(asked, profit),
    )


def _image(posterior: Posterior, rising: Rising, level: float) -> Quantity:
    lower, value, upper = (
        rising(posterior.quantile(q)) for q in ((1 - level) / 2, 0.5, (1 + level) / 2)
    )
    return Quantity(value=value, lower=lower, upper=upper)


def _paid_back(asked: Repaid, profit: Quantity) -> Quantity | None:
    """Days fall as the profit rises; without an end where it may never be back."""
    days = asked.after(profit.value)
    if days is None:
        return None
    upper = asked.after(profit.lower)
    return Quantity(
        value=days,
        lower=asked.after(profit.upper),
        upper=upper,
        unbounded="upper" if upper is None else None,
    )
