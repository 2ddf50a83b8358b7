"""What is believed of a lift under each prior, as the scorecard holds it."""

from __future__ import annotations

from holdback.errors import StatsError
from holdback.experiments.experiment import Experiment, Prior
from holdback.experiments.metrics import Metric
from holdback.experiments.scorecard import Bayes
from holdback.stats.effect import Inference
from holdback.stats.posterior import LiftPrior, Posterior, posterior

__all__ = ["bayes_of", "lift_prior", "other_priors", "posterior_of"]

WIDTHS = {"weak": 0.30, "skeptical": 0.05, "none": None}


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


def other_priors(prior: Prior, metric: Metric) -> tuple[LiftPrior, ...]:
    """The named priors that were not chosen, to be shown beside the one that was.

    Beside a learned one also the same half and twice as wide.
    """
    chosen = lift_prior(prior, metric)
    widths = []
    if chosen.learned is not None:
        widths = [
            LiftPrior.of("past_half", chosen.learned.scaled(0.5)),
            LiftPrior.of("past_double", chosen.learned.scaled(2.0)),
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
    try:
        return posterior(inference, family=metric.family, prior=prior)
    except StatsError:
        return None


def bayes_of(
    experiment: Experiment, metric: Metric, inference: Inference, prior: LiftPrior
) -> Bayes | None:
    """The posterior's summary as the scorecard holds it."""
    found = posterior_of(metric, inference, prior)
    if found is None:
        return None
    interval = found.interval(float(experiment.analysis.level))
    if interval.lower is None or interval.upper is None:
        return None
    sign = 1 if metric.better == "higher" else -1
    minimum = sign * float(experiment.decision.minimum_lift)
    above = found.probability_above(minimum)
    shipped, held = found.expected_loss_if_shipped, found.expected_loss_if_held
    return Bayes(
        prior=prior.name,
        mean=found.mean,
        sd=found.sd,
        lower=interval.lower,
        upper=interval.upper,
        p_positive=found.probability_above(0.0),
        p_above_minimum=above if sign > 0 else 1 - above,
        expected_loss_if_shipped=shipped if sign > 0 else held,
        expected_loss_if_held=held if sign > 0 else shipped,
        method=found.method,
    )
