"""Which model the spend of a comparison bears, and why."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.errors import StatsError
from holdback.experiments.comparison import Comparison
from holdback.stats.posterior.hurdle import Hurdle, Spend, log_spend
from holdback.stats.posterior.predictive import predictive_check

__all__ = ["NO_MODEL", "SpendModel", "spend_model"]

PASSED = (
    "Belief: a hurdle model, buyers by their share and spend as lognormal with one "
    "spread in both arms; data it would make look like the buyers' (p {p:.2g})."
)
REFUSED = (
    "Belief: the normal on the log ratio; a lognormal hurdle was refused, for buyers' "
    "spend is unlike it in its {worst} (p {p:.2g})."
)
UNUSABLE = "Belief: the normal on the log ratio. {why}"


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
        return SpendModel(note=UNUSABLE.format(why=refusal))
    if not found.passes:
        return SpendModel(note=REFUSED.format(worst=found.worst, p=found.p_value))
    return SpendModel(hurdle=hurdle, note=PASSED.format(p=found.p_value))
