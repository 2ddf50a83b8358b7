"""The money that the posterior of the lift leaves likely, beside that of the test."""

from __future__ import annotations

from collections.abc import Callable

from holdback.analysis.analyze import ValueComparison
from holdback.economics.incremental_value import Stake
from holdback.economics.payback import Repaid
from holdback.results.money_probabilities import BelievedMoney
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Money
from holdback.stats.posterior import Posterior

__all__ = ["believed_money"]

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
