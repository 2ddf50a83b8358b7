"""Prior, likelihood and posterior of the primary's lift, as the picture needs them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from holdback.analysis.comparison.comparison import Comparison
from holdback.analysis.comparison.posteriors import (
    lift_prior,
    likelihood_of,
    posterior_of,
)
from holdback.analysis.preregistration.interim_looks import Stage
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment
from holdback.results.sections.prior_posterior import Belief
from holdback.stats.posterior.posterior import Posterior
from holdback.stats.posterior.prior import prior_lift, uniform_rates_density
from holdback.stats.posterior.rates import UNIFORM

__all__ = ["beliefs"]

POINTS = 61
EDGE = 0.001
BELIEF_DIGITS = 5


@readers.register("beliefs")
def beliefs(basis: Basis) -> tuple[Belief, ...]:
    """One picture for each treatment arm whose primary has a posterior."""
    experiment, cells = basis.experiment, basis.cells
    stage = basis.stage
    return tuple(
        belief
        for arm in experiment.treatments
        for belief in _of_arm(experiment, cells, stage, arm.name)
    )


def _of_arm(
    experiment: Experiment, cells: Cells, stage: Stage, arm: str
) -> Iterator[Belief]:
    metric = experiment.metrics[experiment.primary]
    comparison = Comparison.of(
        experiment,
        cells,
        metric,
        frozenset({arm}),
        capped=metric.cap is not None,
    )
    inference = comparison.inference(stage.level_of("primary"))
    prior = lift_prior(experiment.analysis.prior, metric)
    after = posterior_of(metric, inference, prior)
    data = likelihood_of(metric, inference)
    if after is None or data is None:
        return
    lifts = _lifts(after, data)
    uniform = after.method == UNIFORM
    before = None if uniform else prior_lift(prior)
    interval = before.interval(float(experiment.analysis.level)) if before else None
    yield Belief(
        metric=metric.name,
        arm=arm,
        prior=prior.name,
        lifts=_rounded(lifts),
        before=_rounded(uniform_rates_density(lifts))
        if uniform
        else _rounded(before.density(lifts))
        if before
        else (),
        data=_rounded(data.density(lifts)),
        after=_rounded(after.density(lifts)),
        data_median=data.quantile(0.5),
        after_median=after.quantile(0.5),
        before_median=before.quantile(0.5) if before else None,
        before_lower=interval.lower if interval else None,
        before_upper=interval.upper if interval else None,
        before_positive=before.probability_above(0.0) if before else None,
    )


def _lifts(*drawn: Posterior) -> npt.NDArray[np.float64]:
    """Even steps over what data and posterior hold possible, with no change in it."""
    low = min(0.0, *(one.quantile(EDGE) for one in drawn))
    high = max(0.0, *(one.quantile(1 - EDGE) for one in drawn))
    room = 0.03 * (high - low)
    return np.linspace(max(low - room, -0.999), high + room, POINTS)


def _rounded(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{value:.{BELIEF_DIGITS}g}") for value in values)
