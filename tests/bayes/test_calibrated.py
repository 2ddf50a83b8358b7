"""Simulation-based calibration of the models that are drawn from (Talts et al. 2018).

Parameters from the prior, data from them, and the rank of each parameter among 99
draws of its posterior: uniform where the model is right. A flat prior on a location or
a log scale is met by any value of it, as the posterior moves along with the data.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from calibration.ranks import drawn, histogram, uniform_p

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.mcmc import (
    Sampled,
    hurdle_drawn,
    pooled_arms,
    pooled_groups,
    pooled_weeks,
)
from holdback.stats.mcmc.sampling import Wanted, draw
from holdback.stats.mcmc.spend import LAWS, LawName
from holdback.stats.posterior.hurdle import LogSpend

pytest.importorskip("pymc", reason="PyMC is not installed: run `make test-bayes`")
pytestmark = [pytest.mark.bayes, pytest.mark.calibration]
Vector = npt.NDArray[np.float64]
RUNS = int(os.environ.get("HOLDBACK_SBC_RUNS", "200"))
DRAWS, BINS = 99, 10
ERRORS = np.array([0.03, 0.05, 0.04, 0.08])
NAMES = ["a", "b", "c", "d"]
Simulated = tuple[Sampled, dict[str, Vector]]


def told(seen: Vector, errors: Vector) -> list[LogRatio]:
    """Effects as the models take them."""
    pairs = zip(seen, errors, strict=True)
    return [LogRatio(value=float(value), se=float(se)) for value, se in pairs]


def groups(rng: np.random.Generator, seed: int, *, factor: float = 1.0) -> Simulated:
    """Four groups; `factor` is a planted error: the model is told false errors."""
    spread = abs(rng.normal(0, 0.03))
    truth = 0.02 + spread * rng.standard_normal(4)
    seen = truth + ERRORS * rng.standard_normal(4)
    found = pooled_groups(told(seen, factor * ERRORS), NAMES, (seed,))
    return found, {"log_ratio": truth, "spread": np.array(spread)}


def arms(rng: np.random.Generator, seed: int) -> Simulated:
    """Three arms and the error of the control that they share."""
    spread = abs(rng.normal(0, 0.03))
    truth = 0.02 + spread * rng.standard_normal(3)
    shared = 0.02 * rng.standard_normal()
    own = np.sqrt(ERRORS[:3] ** 2 - 0.02**2)
    seen = truth + shared + own * rng.standard_normal(3)
    found = pooled_arms(told(seen, ERRORS[:3]), 0.02**2, NAMES[:3], (seed,))
    return found, {"log_ratio": truth, "spread": np.array(spread)}


def by_week(rng: np.random.Generator, seed: int) -> Simulated:
    """Two metrics in four weeks."""
    shared = abs(rng.normal(0, 0.03))
    spread = shared * np.exp(rng.standard_normal(2) / 2)
    common = rng.standard_normal(2)
    truth = common[:, None] + spread[:, None] * rng.standard_normal((2, 4))
    seen = truth + ERRORS * rng.standard_normal((2, 4))
    rows = [told(row, ERRORS) for row in seen]
    found = pooled_weeks(rows, ["m", "n"], NAMES, (seed,))
    return found, {"log_ratio": truth, "common": common, "spread": spread}


def spend(rng: np.random.Generator, seed: int) -> Simulated:
    """Shares from their prior; data with fewer than 20 buyers are drawn again."""
    sigma, mean = 1.3, np.array([3.0, 3.1])
    while True:
        share = rng.beta(0.5, 0.5, 2)
        buyers = rng.binomial([800, 4000], share)
        if buyers.min() >= 20:
            break
    logs = [mean[i] + sigma * rng.standard_normal(buyers[i]) for i in (0, 1)]
    sides = [
        LogSpend(
            n=(800, 4000)[i],
            buyers=len(one),
            log_mean=float(one.mean()),
            log_squares=float(np.sum((one - one.mean()) ** 2)),
        )
        for i, one in enumerate(logs)
    ]
    found = hurdle_drawn(sides[0], sides[1], (seed,))
    ratio = np.log(share[1] / share[0]) + mean[1] - mean[0]
    return found, {"log_ratio": np.array(ratio), "share": share, "log_mean": mean}


def law(name: LawName) -> Callable[[np.random.Generator, int], Simulated]:
    """Buyers' rows as the laws that leave-one-out compares have them, 30 and 90.

    Rows that a float does not hold (shapes near nought) are drawn again.
    """

    def simulate(rng: np.random.Generator, seed: int) -> Simulated:
        arm = np.repeat([0, 1], [30, 90])
        mean, log_sigma = np.array([3.0, 3.2]), 0.2
        while True:
            log_shape, freedom = rng.normal(0, 3), rng.gamma(2, 10)
            if name == "gamma":
                shape = np.exp(log_shape)
                with np.errstate(divide="ignore"):
                    size = np.log(rng.gamma(shape, 1 / shape, len(arm)))
            elif name == "student_t":
                size = np.exp(log_sigma) * rng.standard_t(freedom, len(arm))
            else:
                size = np.exp(log_sigma) * rng.standard_normal(len(arm))
            logs = mean[arm] + size
            if np.abs(logs).max() < 300:
                break
        truth = {
            "mean": mean,
            "log_sigma": np.array(log_sigma),
            "log_shape": np.array(log_shape),
            "freedom": np.array(freedom),
        }
        parameters = LAWS[name].parameters
        wanted = Wanted(parameters=parameters, observed=())
        found = draw(LAWS[name].build(logs, arm), wanted, (seed,))
        return found, {each: truth[each] for each in parameters}

    return simulate


MODELS = {
    "groups": groups,
    "arms": arms,
    "by_week": by_week,
    "spend": spend,
    "lognormal_rows": law("lognormal"),
    "gamma_rows": law("gamma"),
    "student_rows": law("student_t"),
}


def ranks(
    simulate: Callable[[np.random.Generator, int], Simulated], runs: int
) -> dict[str, list[float]]:
    """Rank of the first element of each parameter among thinned draws, by run.

    As shares of the draws, each in the middle of its place.
    """
    found: dict[str, list[float]] = {}
    for run in range(runs):
        rng = np.random.default_rng((2018, run))
        sampled, truth = simulate(rng, run)
        for name, value in truth.items():
            draws = sampled.draws[name]
            flat = draws.reshape(draws.shape[0] * draws.shape[1], -1)[:, 0]
            thinned = flat[:: len(flat) // DRAWS][:DRAWS]
            rank = int((thinned < value.reshape(-1)[0]).sum())
            found.setdefault(name, []).append((rank + 0.5) / (DRAWS + 1))
    return found


@pytest.mark.parametrize("name", MODELS)
def test_ranks_are_uniform(name: str) -> None:
    """All parameters, at p above 0.001."""
    found = {each: histogram(r, BINS) for each, r in ranks(MODELS[name], RUNS).items()}
    drawn(f"pymc_{name}", next(iter(found.values())))
    told = {each: counts for each, counts in found.items() if uniform_p(counts) <= 1e-3}
    assert told == {}


def test_a_planted_error_is_caught() -> None:
    """Errors told half as large as they are: effects leave the middle."""

    def misled(rng: np.random.Generator, seed: int) -> Simulated:
        return groups(rng, seed, factor=0.5)

    found = ranks(misled, RUNS)
    assert min(uniform_p(histogram(r, BINS)) for r in found.values()) < 1e-3
