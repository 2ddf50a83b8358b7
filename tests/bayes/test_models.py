"""Models that are drawn from, against integrals over a grid: within four errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.mcmc import (
    Sampled,
    hurdle_drawn,
    laws_compared,
    pooled_arms,
    pooled_groups,
    pooled_weeks,
)
from holdback.stats.posterior.hurdle import Hurdle, LogSpend
from holdback.stats.posterior.prior import LiftPrior
from holdback.stats.posterior.random_effects import NormalMixture, random_effects

pytest.importorskip("pymc", reason="PyMC is not installed: run `make test-bayes`")
pytestmark = pytest.mark.bayes
Vector = npt.NDArray[np.float64]
FOUR = 4.0


def effects(count: int, seed: int) -> list[LogRatio]:
    """Log ratios with errors of every size."""
    rng = np.random.default_rng(seed)
    return [
        LogRatio(value=float(rng.normal(0.03, 0.05)), se=float(rng.uniform(0.02, 0.1)))
        for _ in range(count)
    ]


def errors_of(found: Sampled, name: str) -> tuple[Vector, Vector]:
    """Monte-Carlo errors of the means and standard deviations of a parameter.

    sd / √ESS, and sd √(kurtosis − 1) / (2 √ESS of the squares) by the delta method.
    """
    from arviz import ess

    draws = found.draws[name]
    flat = draws.reshape(*draws.shape[:2], -1)
    mean, sd = flat.mean(axis=(0, 1)), flat.std(axis=(0, 1))
    squares = (flat - mean) ** 2
    count = range(flat.shape[2])
    own = np.array([float(ess(flat[:, :, i])) for i in count])
    wide = np.array([float(ess(squares[:, :, i])) for i in count])
    return sd / np.sqrt(own), squares.std(axis=(0, 1)) / np.sqrt(wide) / (2 * sd)


def agrees(found: Sampled, name: str, mean: Vector, sd: Vector) -> None:
    """Means and standard deviations lie within four Monte-Carlo errors."""
    assert found.diagnostics.faults == ()
    by_mean, by_sd = errors_of(found, name)
    assert np.abs((found.mean(name).reshape(-1) - mean) / by_mean).max() < FOUR
    assert np.abs((found.sd(name).reshape(-1) - sd) / by_sd).max() < FOUR


def test_twenty_segments_against_the_exact_integral() -> None:
    """The default's one-dimensional integral and the sampler are one model."""
    groups = effects(20, 5)
    found = pooled_groups(groups, [f"s{i}" for i in range(20)], (1, 2))
    exact = random_effects(groups, spread=0.03).effects
    agrees(
        found,
        "log_ratio",
        np.array([one.mean for one in exact]),
        np.array([one.sd for one in exact]),
    )


def test_a_file_stands_alone_against_scipy() -> None:
    """Effects, errors, priors and densities of a container, and ArviZ' own loo."""
    import arviz

    groups = [LogRatio(value=0.01 * i, se=0.1 + 0.01 * i) for i in range(6)]
    data = pooled_groups(groups, list("abcdef"), (4,)).inference_data
    effect, error = (
        np.asarray(data["constant_data"][name]) for name in ("effect", "error")
    )
    assert effect == pytest.approx([one.value for one in groups], rel=1e-12)
    assert error == pytest.approx([one.se for one in groups], rel=1e-12)
    density = stats.norm.logpdf(effect, data["posterior"]["log_ratio"], error)
    seen = data["log_likelihood"]["seen"]
    assert seen.dims == ("chain", "draw", "group")
    assert np.asarray(seen) == pytest.approx(density, rel=1e-9)
    tau = np.asarray(data["prior"]["spread"]).ravel()
    assert stats.kstest(tau, stats.halfnorm(scale=0.03).cdf).pvalue > 1e-3
    assert np.isfinite(np.asarray(arviz.loo(data).elpd_loo, dtype=float))


def test_the_hurdle_s_densities_against_scipy() -> None:
    """Of buyers, their mean log spend and its squares; priors where they are proper."""
    rng = np.random.default_rng(8)
    logs = rng.normal(3, 1, 80), rng.normal(3, 1, 700)
    sides = [
        LogSpend(
            n=n,
            buyers=len(x),
            log_mean=float(x.mean()),
            log_squares=float(((x - x.mean()) ** 2).sum()),
        )
        for n, x in zip((800, 6_000), logs, strict=True)
    ]
    found = hurdle_drawn(*sides, (9,), prior=LiftPrior(name="weak", sd=0.4))
    share, sigma = found.draws["share"], found.draws["sigma"]
    seen = found.log_likelihood
    expected = stats.binom.logpmf([80, 700], [800, 6_000], share)
    assert seen["buyers"] == pytest.approx(expected, rel=1e-9)
    squares = sum(side.log_squares for side in sides)
    chi2 = stats.chi2.logpdf(squares / sigma**2, 778) - np.log(sigma**2)
    assert seen["squares"] == pytest.approx(chi2, rel=1e-9)
    normal = stats.norm(0, 0.4).cdf
    assert stats.kstest(found.prior["log_ratio"].ravel(), normal).pvalue > 1e-3
    assert found.inference_data["constant_data"]["units"].values.tolist() == [800, 6000]


def over_scales(
    seen: Vector,
    covariance: Vector,
    log_prior: Callable[[Vector], Vector],
    *,
    precision: float = 0.0,
    most: float = 0.6,
) -> tuple[Vector, Vector]:
    """Means and deviations of effects N(μ, τ²) seen with a covariance, over all τ.

    μ ~ N(0, 1 / `precision`); given τ everything is normal, written out in matrices.
    """
    scales = (np.arange(3000) + 0.5) / 3000 * most
    count = len(seen)
    ones = np.ones(count)
    weights, means, seconds = [], [], []
    for tau, log_density in zip(scales, log_prior(scales), strict=True):
        total = covariance + tau**2 * np.eye(count)
        inverse = np.linalg.inv(total)
        held = ones @ inverse @ ones + precision
        middle = ones @ inverse @ seen / held
        rest = seen @ inverse @ seen - middle**2 * held
        weights.append(
            log_density - np.linalg.slogdet(total)[1] / 2 - np.log(held) / 2 - rest / 2
        )
        pull = tau**2 * inverse
        mean = middle + pull @ (seen - middle)
        loss = (np.eye(count) - pull) @ ones
        own = tau**2 * np.eye(count) - tau**2 * pull + np.outer(loss, loss) / held
        means.append(mean)
        seconds.append(np.diag(own) + mean**2)
    weight = np.exp(np.array(weights) - max(weights))
    weight /= weight.sum()
    centre = weight @ np.array(means)
    return centre, np.sqrt(weight @ np.array(seconds) - centre**2)


def half_normal(spread: float) -> Callable[[Vector], Vector]:
    """Log density of τ."""
    return lambda tau: -((tau / spread) ** 2) / 2


def test_arms_with_one_control_against_matrices() -> None:
    """Three arms whose errors share the control's."""
    told = ((0.02, 0.03), (0.09, 0.04), (0.05, 0.035))
    arms = [LogRatio(value=value, se=se) for value, se in told]
    shared = 0.02**2
    found = pooled_arms(arms, shared, ["a", "b", "c"], (3, 4))
    covariance = np.full((3, 3), shared)
    np.fill_diagonal(covariance, [one.se**2 for one in arms])
    seen = np.array([one.value for one in arms])
    agrees(found, "log_ratio", *over_scales(seen, covariance, half_normal(0.03)))


def test_weeks_of_one_metric_against_a_double_integral() -> None:
    """τ is half-normal times e^(η / 2): its density by summing over η."""
    weeks = effects(6, 9)
    found = pooled_weeks([weeks], ["revenue"], [f"w{i}" for i in range(6)], (5, 6))
    eta = np.linspace(-6, 6, 1201)

    def log_prior(tau: Vector) -> Vector:
        scale = 0.03 * np.exp(eta / 2)
        each = np.exp(-((tau[:, None] / scale) ** 2) / 2 - eta**2 / 2) / scale
        return np.asarray(np.log(each.sum(axis=1)))

    seen = np.array([one.value for one in weeks])
    covariance = np.diag([one.se**2 for one in weeks])
    exact = over_scales(seen, covariance, log_prior, precision=1.0)
    agrees(found, "log_ratio", *exact)


LEARNED = NormalMixture.of(
    np.array([0.3, 0.7]), np.array([0.02, 0.04]), np.array([0.01, 0.06])
)


@pytest.mark.parametrize(
    "prior",
    [
        LiftPrior(name="none", sd=None),
        LiftPrior(name="weak", sd=0.3),
        LiftPrior.of("past", LEARNED),
    ],
    ids=lambda one: one.name,
)
def test_hurdle_against_its_density_on_a_grid(prior: LiftPrior) -> None:
    """60 buyers held back and 640 treated, under the prior of the exact posterior."""
    control = LogSpend(n=2_000, buyers=60, log_mean=3.1, log_squares=60 * 1.4**2)
    treated = LogSpend(n=18_000, buyers=640, log_mean=3.05, log_squares=640 * 1.5**2)
    found = hurdle_drawn(control, treated, (7, 8), prior=prior)
    exact = Hurdle(control=control, treatment=treated).posterior(prior)
    mean = exact.expect(lambda ratio: ratio)
    square = exact.expect(lambda ratio: ratio**2)
    agrees(found, "log_ratio", np.array([mean]), np.array([np.sqrt(square - mean**2)]))


def test_the_same_seed_gives_the_same_draws() -> None:
    """And another seed others."""
    groups, names = effects(3, 1), ["a", "b", "c"]
    first = pooled_groups(groups, names, (1,)).draws["log_ratio"]
    assert (first == pooled_groups(groups, names, (1,)).draws["log_ratio"]).all()
    assert (first != pooled_groups(groups, names, (2,)).draws["log_ratio"]).any()


def test_one_alone_cannot_be_pooled() -> None:
    """A group, an arm or a week alone is told to be one."""
    alone = effects(1, 1)
    with pytest.raises(ValueError, match="1 groups cannot be compared"):
        pooled_groups(alone, ["a"], (1,))
    with pytest.raises(ValueError, match="1 groups cannot be compared"):
        pooled_arms(alone, 0.0001, ["a"], (1,))
    with pytest.raises(ValueError, match="two weeks or more"):
        pooled_weeks([alone], ["m"], ["w"], (1,))


LAWS = {
    "lognormal": lambda rng, n: rng.normal(3, 1, n),
    "gamma": lambda rng, n: np.log(rng.gamma(0.6, 40, n)),
    "student_t": lambda rng, n: 3 + 0.7 * rng.standard_t(3, n),
}


@pytest.mark.parametrize("true", LAWS)
def test_the_law_that_made_the_buyers_predicts_them(true: str) -> None:
    """Its density of buyers left out is the best, and near that of fresh buyers.

    The oracle is scipy's density of the true law on 200,000 fresh values: leaving one
    out costs about half a unit a parameter of the sum, and the sample's own noise.
    """
    from scipy import stats

    density = {
        "lognormal": lambda x: stats.norm.logpdf(x, 3, 1),
        "gamma": lambda x: stats.gamma.logpdf(np.exp(x), 0.6, scale=40) + x,
        "student_t": lambda x: stats.t.logpdf(x, 3, 3, 0.7),
    }[true]
    rng = np.random.default_rng(3)
    control, treated = LAWS[true](rng, 150), LAWS[true](rng, 1_200)
    found = laws_compared(control, treated, (1, 2))
    assert found[0].name == true
    assert found[0].behind == 0
    assert found[0].worst_k < 0.7
    assert all(law.diagnostics.faults == () for law in found)
    fresh = density(LAWS[true](rng, 200_000))
    seen = np.concatenate([density(control), density(treated)])
    assert found[0].elpd == pytest.approx(seen.sum() - 3, abs=5)
    noise = fresh.std() * np.sqrt(1_350)
    assert abs(found[0].elpd - 1_350 * fresh.mean()) < 4 * noise


def test_laws_against_leaving_each_buyer_out() -> None:
    """30 buyers an arm, lognormal: refitted without each, in closed form.

    Flat on the means and on ln σ, a new log is Student t about its arm's mean with
    n − 2 degrees (Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.2).
    """
    from scipy import stats

    rng = np.random.default_rng(8)
    arms = [rng.normal(3, 1, 30), rng.normal(3.2, 1, 30)]
    exact = 0.0
    for side in (0, 1):
        for at, left in enumerate(arms[side]):
            rest = [
                np.delete(arms[0], at) if side == 0 else arms[0],
                np.delete(arms[1], at) if side == 1 else arms[1],
            ]
            freedom = len(rest[0]) + len(rest[1]) - 2
            squares = sum(((one - one.mean()) ** 2).sum() for one in rest)
            scale = np.sqrt(squares / freedom * (1 + 1 / len(rest[side])))
            exact += stats.t.logpdf(left, freedom, rest[side].mean(), scale)
    (found,) = [law for law in laws_compared(*arms, (4,)) if law.name == "lognormal"]
    assert found.elpd == pytest.approx(exact, abs=0.3)
