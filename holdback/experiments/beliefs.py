"""What the prior did: other widths, a region of no consequence, and the picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from holdback.experiments.beliefs_record import Beliefs, UnderWidth
from holdback.experiments.experiment import Experiment
from holdback.experiments.metrics import Metric
from holdback.experiments.posteriors import lift_prior, posterior_of
from holdback.experiments.spend_model import NO_MODEL, SpendModel
from holdback.stats.effect import Inference
from holdback.stats.posterior import LiftPrior, Posterior

__all__ = ["beliefs_of"]

Vector = npt.NDArray[np.float64]

EQUIVALENCE = 0.01
POINTS = 61
TAIL = 0.001
FLAT = LiftPrior(name="none", sd=None)


def beliefs_of(
    experiment: Experiment,
    metric: Metric,
    inference: Inference,
    spend: SpendModel = NO_MODEL,
) -> Beliefs | None:
    """What is told beside the posterior; None where there is none.

    Lifts within the file's minimum lift (1 % where it names none) of 0 count as
    equivalent. Uniform priors on two rates have no width to halve or double.
    """
    prior = lift_prior(experiment.analysis.prior)
    found = posterior_of(metric, inference, prior, spend)
    if found is None:
        return None
    edge = float(experiment.decision.minimum_lift) or EQUIVALENCE
    inside = found.probability_above(-edge) - found.probability_above(edge)
    width = _width(metric, prior)
    flat = posterior_of(metric, inference, FLAT, spend)
    lifts = _lifts([one for one in (found, flat) if one is not None])
    curves = {"posterior": found.density(lifts)}
    if flat is not None:
        curves["likelihood"] = flat.density(lifts)
    if width is not None:
        z = np.log1p(lifts) / width
        curves["prior"] = np.exp(-(z**2) / 2) / (
            width * np.sqrt(2 * np.pi) * (1 + lifts)
        )
    top = max(float(curve.max()) for curve in curves.values())
    return Beliefs(
        equivalence=edge,
        p_equivalent=min(max(inside, 0.0), 1.0),
        by_width=_by_width(experiment, metric, inference, spend),
        lifts=_told(lifts),
        **{name: _told(curve / top) for name, curve in curves.items()},
    )


def _width(metric: Metric, prior: LiftPrior) -> float | None:
    """Width of the normal prior; None where the prior on two rates is uniform."""
    uniform = metric.family == "proportion" and prior.name in {"weak", "none"}
    return None if uniform else prior.sd


def _by_width(
    experiment: Experiment, metric: Metric, inference: Inference, spend: SpendModel
) -> tuple[UnderWidth, ...]:
    width = _width(metric, lift_prior(experiment.analysis.prior))
    rows = []
    for sd in () if width is None else (width / 2, width * 2):
        prior = LiftPrior(name="custom", sd=sd)
        found = posterior_of(metric, inference, prior, spend)
        if found is None:
            continue
        interval = found.interval(float(experiment.analysis.level))
        if interval.lower is None or interval.upper is None:
            continue
        rows.append(
            UnderWidth(
                lift_sd=sd,
                mean=found.mean,
                lower=interval.lower,
                upper=interval.upper,
                p_positive=found.probability_above(0.0),
            )
        )
    return tuple(rows)


def _lifts(found: list[Posterior]) -> Vector:
    """Even steps over nearly all of the posterior and the likelihood, and over 0."""
    low = min(0.0, *(one.quantile(TAIL) for one in found))
    high = max(0.0, *(one.quantile(1 - TAIL) for one in found))
    return np.linspace(low, high, POINTS)


def _told(values: Vector) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in values)
