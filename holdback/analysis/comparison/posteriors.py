"""What is believed of a lift under each prior, as the scorecard holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.analysis.comparison.comparison import Comparison
from holdback.errors import StatsError
from holdback.experiments.definition.experiment import Experiment, Prior
from holdback.experiments.kinds.metric import Metric
from holdback.facts import Fact, fact
from holdback.results.scorecard import Bayes
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.sample import Sample
from holdback.stats.posterior.counts import CountArm, CountModel
from holdback.stats.posterior.hurdle import Hurdle, LogSpend, log_spend
from holdback.stats.posterior.posterior import LiftPrior, Posterior
from holdback.stats.posterior.predictive_checks import (
    Predictive,
    check_counts,
    predictive_check,
)
from holdback.stats.posterior.rates import UNIFORM
from holdback.stats.posterior.spend_distributions import (
    Amounts,
    GammaSpend,
    StudentSpend,
    TwoSpreads,
)

__all__ = [
    "FLAT",
    "NO_MODEL",
    "SpendModel",
    "bayes_of",
    "lift_prior",
    "other_priors",
    "posterior_of",
    "spend_model",
    "why_none",
]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SpendModel:
    """The model where one may be used; `note` tells of it or why not."""

    model: Hurdle | CountModel | None = None
    note: Fact | None = None


NO_MODEL = SpendModel()


FLAT = LiftPrior(name="none", sd=None)
WIDTHS = {"weak": 0.30, "skeptical": 0.05, "none": None}
EQUIVALENCE = 0.01


def lift_prior(prior: Prior, metric: Metric | None = None) -> LiftPrior:
    """The prior that the file names, on the log ratio of a metric.

    ``past`` is what was learned of the metric; weak where nothing was.
    """
    if prior.name == "past":
        learned = prior.learned.get(metric.name) if metric is not None else None
        if learned is None:
            return LiftPrior(name="weak", sd=WIDTHS["weak"])
        return LiftPrior.of("past", learned.mixture)
    if prior.lift_sd is not None:
        return LiftPrior(name="custom", sd=float(prior.lift_sd))
    return LiftPrior(name=prior.name, sd=WIDTHS[prior.name])


def other_priors(
    prior: Prior, metric: Metric, chosen_method: str
) -> tuple[LiftPrior, ...]:
    """The named priors that were not chosen, to be shown beside the one that was.

    Beside it also the same half and twice as wide; uniform priors on two rates (as the
    method of the chosen posterior tells) and flat ones have no width.
    """
    chosen = lift_prior(prior, metric)
    widths = []
    uniform = chosen_method == UNIFORM
    if chosen.learned is not None:
        widths = [
            LiftPrior.of("past_half", chosen.learned.scaled(0.5)),
            LiftPrior.of("past_double", chosen.learned.scaled(2.0)),
        ]
    elif chosen.sd is not None and not uniform:
        widths = [
            LiftPrior(name="half_width", sd=chosen.sd / 2),
            LiftPrior(name="double_width", sd=chosen.sd * 2),
        ]
    return (
        *widths,
        *(
            LiftPrior(name=name, sd=sd)
            for name, sd in WIDTHS.items()
            if name != chosen.name
        ),
    )


def posterior_of(
    metric: Metric,
    inference: Inference,
    prior: LiftPrior,
    spend: SpendModel = NO_MODEL,
) -> Posterior | None:
    """Posterior of the lift; None where no honest one exists.

    It is that of the spend's own model where there is one and the lift has a range.
    """
    if spend.model is not None and inference.log_ratio is not None:
        with suppress(StatsError):
            return spend.model.posterior(prior)
    try:
        return metric.posterior(inference, prior)
    except StatsError:
        return None


def why_none(metric: Metric, inference: Inference, prior: LiftPrior) -> Fact | None:
    """Why a comparison that has a range has no posterior; None where it has one."""
    effect = inference.absolute
    if effect is None or effect.interval.lower == effect.interval.upper is None:
        return None
    try:
        metric.posterior(inference, prior)
    except StatsError as refusal:
        return fact("posterior.none", why=str(refusal))
    return None


def bayes_of(
    experiment: Experiment,
    metric: Metric,
    inference: Inference,
    prior: LiftPrior,
    spend: SpendModel = NO_MODEL,
) -> Bayes | None:
    """The posterior's summary as the scorecard holds it."""
    posterior = posterior_of(metric, inference, prior, spend)
    if posterior is None:
        return None
    interval = posterior.interval(float(experiment.analysis.level))
    if interval.lower is None or interval.upper is None:
        return None
    sign = 1 if metric.better == "higher" else -1
    minimum = sign * float(experiment.decision.minimum_lift)
    above = posterior.probability_above(minimum)
    edge = float(experiment.decision.minimum_lift) or EQUIVALENCE
    inside = posterior.probability_above(-edge) - posterior.probability_above(edge)
    shipped, held = posterior.expected_loss_if_shipped, posterior.expected_loss_if_held
    return Bayes(
        prior=prior.name,
        mean=posterior.mean,
        sd=posterior.sd,
        lower=interval.lower,
        upper=interval.upper,
        p_positive=posterior.probability_above(0.0),
        p_above_minimum=above if sign > 0 else 1 - above,
        expected_loss_if_shipped=shipped if sign > 0 else held,
        expected_loss_if_held=held if sign > 0 else shipped,
        method=posterior.method,
        equivalence=edge,
        p_equivalent=min(max(inside, 0.0), 1.0),
    )


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
        first, second = LogSpend.of(rows[0]), LogSpend.of(rows[1])
        plain = Hurdle(control=first, treatment=second)
        control, treated = log_spend(rows[0]), log_spend(rows[1])
        check = _checked(plain, control, treated, comparison.seed)
    except StatsError as refusal:
        return SpendModel(note=fact("posterior.model_unusable", why=str(refusal)))
    if check.passes:
        return SpendModel(model=plain, note=_passed(plain, check))
    refused = check
    for model in _others(first, second, control, treated):
        hurdle = Hurdle(control=first, treatment=second, amounts=model)
        check = _checked(hurdle, control, treated, comparison.seed)
        if check.passes:
            return SpendModel(model=hurdle, note=_passed(hurdle, check))
    return SpendModel(
        note=fact(
            "posterior.hurdle_refused", worst=refused.worst, p_value=refused.p_value
        )
    )


def _of_counts(rows: tuple[Sample, Sample], seed: tuple[int, int]) -> SpendModel:
    """The negative binomial, where counts look like it."""
    try:
        model = CountModel(control=CountArm.of(rows[0]), treatment=CountArm.of(rows[1]))
    except StatsError as refusal:
        return SpendModel(note=fact("posterior.model_unusable", why=str(refusal)))
    check = check_counts(model, seed)
    if check.passes:
        return SpendModel(
            model=model, note=fact("posterior.negative_binomial", p_value=check.p_value)
        )
    return SpendModel(
        note=fact(
            "posterior.negative_binomial_refused",
            worst=check.worst,
            p_value=check.p_value,
        )
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
    first: LogSpend, second: LogSpend, control: Vector, treated: Vector
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


def _passed(hurdle: Hurdle, check: Predictive) -> Fact:
    p = check.p_value
    match hurdle.spend:
        case GammaSpend():
            return fact("posterior.hurdle", spend="gamma", p_value=p)
        case StudentSpend():
            return fact("posterior.hurdle", spend="student_t", p_value=p)
        case TwoSpreads():
            return fact("posterior.hurdle", spend="lognormal_two_spreads", p_value=p)
    return fact("posterior.hurdle", spend="lognormal", p_value=p)
