"""Who buys, and how much: the hurdle model from its sufficient statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from holdback.stats.mcmc.model import Advance, Sampled, Wanted, draw
from holdback.stats.posterior.hurdle import JEFFREYS, Spend
from holdback.stats.posterior.prior import LiftPrior

__all__ = ["hurdle_drawn"]

ARMS = ("control", "treatment")


def hurdle_drawn(
    control: Spend,
    treatment: Spend,
    seed: Sequence[int],
    *,
    prior: LiftPrior | None = None,
    advance: Advance | None = None,
) -> Sampled:
    """The hurdle with one lognormal spread, whose density `Hurdle` has on a grid.

    Shares of buyers p_a ~ Beta(½, ½), k_a ~ Binomial(n_a, p_a); mean log spend
    ȳ_a ~ N(μ_a, σ²/k_a) and squares about it SS ~ σ² χ² with Σ k − 2 degrees, which
    are all that ln(spend) ~ N(μ_a, σ²) needs of the rows; flat on μ and ln σ. A `prior`
    multiplies the density by its own of the log ratio, flat where it is left out.
    Parameters: ``log_ratio`` of revenue per unit, ``share`` (arm), ``log_mean`` (arm),
    ``sigma``.
    """
    arms = (control, treatment)
    units = np.array([arm.n for arm in arms])
    buyers = np.array([arm.buyers for arm in arms])
    means = np.array([arm.log_mean for arm in arms])
    squares = sum(arm.log_squares for arm in arms)
    freedom = int(buyers.sum()) - 2
    centre = float(np.sqrt(squares / freedom))

    def build(pymc: Any) -> None:
        share = pymc.Beta("share", JEFFREYS, JEFFREYS, dims="arm")
        pymc.Binomial("buyers", units, share, observed=buyers, dims="arm")
        # Numbers of the data are inputs, not constants, as in `pooling`.
        half = pymc.Data("half_freedom", freedom / 2)
        log_sigma = pymc.Flat("log_sigma", initval=float(np.log(centre)))
        sigma = pymc.Deterministic("sigma", pymc.math.exp(log_sigma))
        offset = pymc.Flat("offset", shape=2, initval=np.zeros(2))
        error = centre / np.sqrt(buyers)
        mean = pymc.Deterministic("log_mean", means + error * offset, dims="arm")
        pymc.Normal("mean", mean, sigma / np.sqrt(buyers), observed=means, dims="arm")
        # SS / σ² ~ χ²: a gamma with half the degrees as shape and rate 1 / 2σ².
        pymc.Gamma(
            "squares",
            half,
            1 / (2 * sigma**2),
            observed=pymc.Data("seen_squares", squares),
        )
        ratio = pymc.math.log(share[1]) - pymc.math.log(share[0]) + mean[1] - mean[0]
        pymc.Deterministic("log_ratio", ratio)
        if prior is not None and prior.sd is not None:
            pymc.Potential("prior", _log_prior(pymc, prior, ratio))

    wanted = Wanted(
        parameters=("log_ratio", "share", "log_mean", "sigma"),
        observed=("buyers", "mean", "squares"),
        labels={"arm": ARMS},
        dims={name: ["arm"] for name in ("share", "log_mean", "buyers", "mean")},
    )
    return draw(build, wanted, seed, advance)


def _log_prior(pymc: Any, prior: LiftPrior, ratio: Any) -> Any:
    """`LiftPrior.log_density` of what is drawn, up to a constant."""
    learned = prior.learned
    if learned is None:
        return -((ratio / pymc.Data("prior_sd", prior.sd)) ** 2) / 2
    parts = np.log(learned.weights) - np.log(learned.sds)
    return pymc.math.logsumexp(parts - ((ratio - learned.means) / learned.sds) ** 2 / 2)
