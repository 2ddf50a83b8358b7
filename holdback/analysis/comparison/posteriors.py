"""What is believed of a lift under each prior, as the scorecard holds it."""

from __future__ import annotations

from dataclasses import replace

from holdback.errors import StatsError
from holdback.experiments.definition.experiment import Experiment, Prior
from holdback.experiments.kinds.metric import Metric
from holdback.facts import Fact, fact
from holdback.results.scorecard import Bayes
from holdback.stats.evidence.effect import Inference
from holdback.stats.posterior.confidence_distribution import (
    CONFIDENCE,
    confidence_distribution,
)
from holdback.stats.posterior.posterior import LiftPrior, Posterior
from holdback.stats.posterior.rates import UNIFORM

__all__ = [
    "FLAT",
    "bayes_of",
    "difference_of",
    "lift_prior",
    "likelihood_of",
    "other_priors",
    "posterior_of",
    "summary_of",
    "why_none",
]

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
    metric: Metric, inference: Inference, prior: LiftPrior
) -> Posterior | None:
    """Posterior of the lift; None where no honest one exists."""
    if inference.relative is None and inference.tails is not None:
        return None
    return _or_none(metric, inference, prior)


def likelihood_of(metric: Metric, inference: Inference) -> Posterior | None:
    """What a prior is multiplied with, as a posterior; None where there is none."""
    data = posterior_of(metric, inference, FLAT)
    if data is None or data.method != CONFIDENCE:
        return data
    return confidence_distribution(inference).smooth.posterior(FLAT)


def difference_of(metric: Metric, inference: Inference) -> Posterior | None:
    """Posterior of the difference, where there is no lift; None elsewhere.

    Its prior is flat: the named ones are on the log ratio.
    """
    if inference.relative is not None or inference.tails is None:
        return None
    return _or_none(metric, inference, FLAT)


def _or_none(
    metric: Metric, inference: Inference, prior: LiftPrior
) -> Posterior | None:
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
    experiment: Experiment, metric: Metric, inference: Inference, prior: LiftPrior
) -> Bayes | None:
    """The posterior's summary as the scorecard holds it; None without a posterior."""
    difference = difference_of(metric, inference)
    if difference is not None:
        summary = summary_of(experiment, metric, difference, FLAT, minimum=0.0)
        return replace(summary, scale="absolute", equivalence=None, p_equivalent=None)
    posterior = posterior_of(metric, inference, prior)
    if posterior is None:
        return None
    minimum = float(experiment.decision.minimum_lift)
    return summary_of(experiment, metric, posterior, prior, minimum=minimum)


def summary_of(
    experiment: Experiment,
    metric: Metric,
    posterior: Posterior,
    prior: LiftPrior,
    *,
    minimum: float,
) -> Bayes:
    """A posterior as the scorecard holds it; `minimum` is the least that counts."""
    level = float(experiment.analysis.level)
    lower, upper = (posterior.quantile(q) for q in ((1 - level) / 2, (1 + level) / 2))
    sign = 1 if metric.better == "higher" else -1
    above = posterior.probability_above(sign * minimum)
    edge = minimum or EQUIVALENCE
    inside = posterior.probability_above(-edge) - posterior.probability_above(edge)
    shipped, held = posterior.expected_loss_if_shipped, posterior.expected_loss_if_held
    return Bayes(
        prior=prior.name,
        mean=posterior.mean,
        sd=posterior.sd,
        lower=lower,
        upper=upper,
        p_positive=posterior.probability_above(0.0),
        p_above_minimum=above if sign > 0 else 1 - above,
        expected_loss_if_shipped=shipped if sign > 0 else held,
        expected_loss_if_held=held if sign > 0 else shipped,
        method=posterior.method,
        equivalence=edge,
        p_equivalent=min(max(inside, 0.0), 1.0),
    )
