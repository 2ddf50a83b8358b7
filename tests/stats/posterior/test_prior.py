"""A likelihood on a coarse grid under narrow priors, against closed forms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import norm

from holdback.errors import StatsError
from holdback.stats.posterior.counts import CountArm, CountModel
from holdback.stats.posterior.hurdle import Hurdle, LogSpend
from holdback.stats.posterior.prior import LiftPrior, combined
from holdback.stats.posterior.random_effects import NormalMixture

Vector = npt.NDArray[np.float64]
CENTRE, SE = 0.25, 0.2
AT = np.arange(-3_000, 3_500) * (SE / 60)
NORMAL = norm.pdf(AT, CENTRE, SE)


def mixture(*parts: tuple[float, float, float]) -> LiftPrior:
    """A learned prior of weights, means and deviations."""
    weights, means, sds = np.array(parts).T
    return LiftPrior.of("past", NormalMixture.of(weights, means, sds))


def exact_above(prior: LiftPrior, at: float) -> float:
    """P(log ratio > at): each part is a normal prior, weighed by its evidence."""
    learned = prior.learned
    parts = [(1.0, 0.0, prior.sd or 1.0)]
    if learned is not None:
        parts = list(zip(learned.weights, learned.means, learned.sds, strict=True))
    total = share = 0.0
    for weight, mean, sd in parts:
        evidence = weight * norm.pdf(CENTRE, mean, np.hypot(SE, sd))
        pull = sd**2 / (sd**2 + SE**2)
        middle = mean + pull * (CENTRE - mean)
        total += evidence
        share += evidence * norm.sf(at, middle, np.sqrt(pull) * SE)
    return float(share / total)


@pytest.mark.parametrize(
    "prior",
    [
        *(LiftPrior(name="x", sd=sd) for sd in (1e-4, 1e-3, 5e-3, 0.05, 0.3, 3.0)),
        mixture((0.5, 0.0, 0.001), (0.5, 0.02, 0.08)),
        mixture((0.9, -0.01, 0.002), (0.1, 0.0, 0.3)),
    ],
    ids=lambda one: f"{one.name} {one.sd:.2g}",
)
def test_normal_likelihood(prior: LiftPrior) -> None:
    """The grid has steps of 0.0033, the narrowest prior a deviation of 0.0001."""
    found = combined(AT, NORMAL, prior, "x")
    for lift in (-0.001, 0.0, 0.0005, 0.02, 0.1):
        exact = exact_above(prior, float(np.log1p(lift)))
        assert found.probability_above(lift) == pytest.approx(exact, abs=2e-5)


def shop() -> Hurdle:
    """60 buyers held back."""
    control = LogSpend(n=2_000, buyers=60, log_mean=3.1, log_squares=60 * 1.4**2)
    treated = LogSpend(n=18_000, buyers=640, log_mean=3.05, log_squares=640 * 1.5**2)
    return Hurdle(control=control, treatment=treated)


def visits() -> CountModel:
    """Counts of 300 and 2,700 units."""
    rng = np.random.default_rng(3)
    arms = []
    for n in (300, 2_700):
        values, units = np.unique(rng.poisson(rng.gamma(0.7, 2, n)), return_counts=True)
        kept = values > 0
        arms.append(
            CountArm(
                values=values[kept].astype(float),
                units=units[kept].astype(float),
                n=n,
            )
        )
    return CountModel(control=arms[0], treatment=arms[1])


@pytest.mark.parametrize("model", [shop(), visits()], ids=["hurdle", "counts"])
@pytest.mark.parametrize("sd", [0.0001, 0.001, 0.01])
def test_a_narrow_prior_stays_what_it_is(model: Hurdle | CountModel, sd: float) -> None:
    """The likelihood hardly bends over so little: the prior, leaning by its slope."""
    found = model.posterior(LiftPrior(name="x", sd=sd))
    assert found.sd == pytest.approx(sd, rel=0.02)
    flat = model.posterior(LiftPrior(name="none", sd=None))
    here = flat.density(np.array([-1e-3, 0.0, 1e-3])) * np.array([0.999, 1, 1.001])
    slope = (here[2] - here[0]) / 2e-3 / here[1]
    lean = 0.5 + sd * slope / np.sqrt(2 * np.pi)
    assert found.probability_above(0.0) == pytest.approx(lean, abs=0.05 * sd + 2e-4)


def test_far_apart_is_refused() -> None:
    """Sixty times the buyers, and a prior of 5 %: what lies between is not known."""
    control = LogSpend(n=2_000, buyers=40, log_mean=3.0, log_squares=40.0)
    treated = LogSpend(n=18_000, buyers=16_200, log_mean=3.7, log_squares=16_200.0)
    hurdle = Hurdle(control=control, treatment=treated)
    with pytest.raises(StatsError, match="too far from the data"):
        hurdle.posterior(LiftPrior(name="skeptical", sd=0.05))
    flat = hurdle.posterior(LiftPrior(name="none", sd=None))
    assert flat.quantile(0.5) == pytest.approx(0.9 / 0.02 * np.exp(0.7) - 1, rel=0.1)
