"""Which model the spend of a comparison bears, and why."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.errors import StatsError
from holdback.experiments.comparison import Comparison
from holdback.stats.posterior.hurdle import Hurdle, Spend, log_spend
from holdback.stats.posterior.predictive import predictive_check
from holdback.wording import say

__all__ = ["NO_MODEL", "SpendModel", "spend_model"]


@dataclass(frozen=True, kw_only=True)
class SpendModel:
    """The hurdle model where it may be used; `note` tells of it or why not."""

    hurdle: Hurdle | None = None
    note: str = ""


NO_MODEL = SpendModel()


def spend_model(comparison: Comparison) -> SpendModel:
    """The model for money per unit: raw amounts of at least 0, no covariates.

    It needs the buyers' rows (they are listed where amounts are few or skewed, which
    is where it helps) and passes a check of what it predicts; otherwise the posterior
    is the normal on the log ratio with the method's own standard error.
    """
    metric = comparison.metric
    money = metric.is_mean and metric.unit == "money"
    if not money or comparison.capped or comparison.adjusted is not None:
        return NO_MODEL
    rows = comparison.rows
    if rows is None:
        return NO_MODEL
    control, treated = rows
    try:
        hurdle = Hurdle(control=Spend.of(control), treatment=Spend.of(treated))
        found = predictive_check(
            log_spend(control), log_spend(treated), comparison.seed
        )
    except StatsError as refusal:
        return SpendModel(note=say("spend_model.unusable", why=refusal))
    if not found.passes:
        return SpendModel(
            note=say("spend_model.refused", worst=found.worst, p=found.p_value)
        )
    return SpendModel(hurdle=hurdle, note=say("spend_model.passed", p=found.p_value))
