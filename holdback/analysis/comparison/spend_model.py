"""Which model the spend or the counts of a comparison bear, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.analysis.comparison.comparison import Comparison
from holdback.errors import StatsError
from holdback.stats.evidence.sample import Sample
from holdback.stats.posterior.counts import CountArm, Counts
from holdback.stats.posterior.hurdle import Hurdle, Spend, log_spend
from holdback.stats.posterior.predictive import Predictive, predictive_check
from holdback.stats.posterior.predictive_counts import check_counts
from holdback.stats.posterior.spend import Amounts
from holdback.stats.posterior.spend_gamma import GammaSpend
from holdback.stats.posterior.spend_lognormal import TwoSpreads
from holdback.stats.posterior.spend_student import StudentSpend
from holdback.wording import say

__all__ = ["NO_MODEL", "SpendModel", "spend_model"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SpendModel:
    """The model where one may be used; `note` tells of it or why not."""

    model: Hurdle | Counts | None = None
    note: str = ""


NO_MODEL = SpendModel()


def spend_model(comparison: Comparison) -> SpendModel:
    """The model for money per unit, or for counts: raw values, no covariates.

    It needs the buyers' rows (they are listed where amounts are few or skewed, which
    is where it helps) and passes a check of what it predicts; otherwise the posterior
    is the normal on the log ratio with the method's own standard error.
    """
    metric = comparison.metric
    money = metric.is_mean and metric.unit == "money"
    counts = metric.is_mean and metric.measures()[0].aggregate == "count"
    if not (money or counts) or comparison.capped or comparison.adjusted is not None:
        return NO_MODEL
    rows = comparison.rows
    if rows is None:
        return NO_MODEL
    if counts:
        return _of_counts(rows, comparison.seed)
    try:
        first, second = Spend.of(rows[0]), Spend.of(rows[1])
        plain = Hurdle(control=first, treatment=second)
        control, treated = log_spend(rows[0]), log_spend(rows[1])
        found = _checked(plain, control, treated, comparison.seed)
    except StatsError as refusal:
        return SpendModel(note=say("spend_model.unusable", why=refusal))
    if found.passes:
        return SpendModel(model=plain, note=_passed(plain, found))
    refused = found
    for model in _others(first, second, control, treated):
        hurdle = Hurdle(control=first, treatment=second, amounts=model)
        found = _checked(hurdle, control, treated, comparison.seed)
        if found.passes:
            return SpendModel(model=hurdle, note=_passed(hurdle, found))
    return SpendModel(
        note=say("spend_model.refused", worst=refused.worst, p=refused.p_value)
    )


def _of_counts(rows: tuple[Sample, Sample], seed: tuple[int, int]) -> SpendModel:
    """The negative binomial, where counts look like it."""
    try:
        model = Counts(control=CountArm.of(rows[0]), treatment=CountArm.of(rows[1]))
    except StatsError as refusal:
        return SpendModel(note=say("spend_model.unusable", why=refusal))
    found = check_counts(model, seed)
    if found.passes:
        return SpendModel(
            model=model, note=say("spend_model.passed_counts", p=found.p_value)
        )
    return SpendModel(
        note=say("spend_model.refused_counts", worst=found.worst, p=found.p_value)
    )


def _checked(
    hurdle: Hurdle, control: Vector, treated: Vector, seed: tuple[int, int]
) -> Predictive:
    spend = hurdle.spend
    return predictive_check(
        control,
        treated,
        seed,
        residuals=spend.residuals,
        one_spread=not isinstance(spend, TwoSpreads),
    )


def _others(
    first: Spend, second: Spend, control: Vector, treated: Vector
) -> Iterator[Amounts]:
    """What is tried where one lognormal spread is refused, the narrowest first."""
    with suppress(StatsError):
        yield GammaSpend.of(control, treated)
    with suppress(StatsError):
        yield StudentSpend.of(control, treated)
    yield TwoSpreads(
        means=(first.log_mean, second.log_mean),
        squares=(first.log_squares, second.log_squares),
        buyers=(first.buyers, second.buyers),
    )


def _passed(hurdle: Hurdle, found: Predictive) -> str:
    p = found.p_value
    match hurdle.spend:
        case GammaSpend():
            return say("spend_model.passed_gamma", p=p)
        case StudentSpend():
            return say("spend_model.passed_student", p=p)
        case TwoSpreads():
            return say("spend_model.passed_two_spreads", p=p)
    return say("spend_model.passed", p=p)
