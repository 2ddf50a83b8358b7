"""Which law of spend predicts the buyers best: leave-one-out, by ArviZ."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from holdback.stats.mcmc.diagnostics import Diagnostics, with_likelihood
from holdback.stats.mcmc.sampling import Advance, Sampled, Wanted, draw
from holdback.stats.posterior.hurdle import LogSpend
from holdback.stats.posterior.prior import JEFFREYS, LiftPrior

__all__ = ["Law", "hurdle_drawn", "laws_compared"]

Vector = npt.NDArray[np.float64]
LawName = Literal["lognormal", "gamma", "student_t"]
MOST_ROWS = 4_000
LEAST_SIGMA = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """How well a law predicts a buyer that it has not seen.

    `elpd` is the expected log predictive density of all buyers' log spend, `behind`
    how far it lies behind the best law's, with the standard error of that difference.
    `worst_k`: the largest Pareto k of the importance weights; above 0.7 the number is
    not to be trusted.
    """

    name: LawName
    elpd: float
    behind: float
    behind_se: float
    worst_k: float
    diagnostics: Diagnostics


def laws_compared(
    control: Vector,
    treated: Vector,
    seed: Sequence[int],
    advance: Advance | None = None,
) -> tuple[Law, ...]:
    """Lognormal, gamma and Student t on the log, the best first.

    `control`, `treated`: log spend of the buyers, (k,). Each law has a location of its
    own in each arm and one shape, as the hurdle does. Pareto-smoothed importance
    sampling, leave one buyer out (Vehtari, Gelman & Gabry 2017, Statistics and
    Computing 27: 1413–1432). Densities are of the log in all laws, so that they
    compare. At most 4,000 buyers are taken, drawn with the seed.
    """
    logs = np.concatenate([control, treated])
    arm = np.repeat([0, 1], [len(control), len(treated)])
    if len(logs) > MOST_ROWS:
        kept = np.sort(
            np.random.default_rng(list(seed)).choice(
                len(logs), MOST_ROWS, replace=False
            )
        )
        logs, arm = logs[kept], arm[kept]
    pointwise: dict[LawName, Vector] = {}
    fitted: dict[LawName, tuple[float, float, Diagnostics]] = {}
    for at, (name, law) in enumerate(LAWS.items()):
        sampled = draw(
            law.build(logs, arm),
            Wanted(parameters=law.parameters, observed=()),
            (*seed, at),
            _part(advance, at),
        )
        each, worst = _left_out(sampled, law.density(sampled, logs, arm))
        pointwise[name] = each
        fitted[name] = (float(each.sum()), worst, sampled.diagnostics)
    best: LawName = max(fitted, key=lambda name: fitted[name][0])
    laws = []
    for name, (elpd, worst, diagnostics) in fitted.items():
        apart = pointwise[best] - pointwise[name]
        laws.append(
            Law(
                name=name,
                elpd=elpd,
                behind=float(apart.sum()),
                behind_se=float(np.sqrt(len(apart) * apart.var(ddof=1))),
                worst_k=worst,
                diagnostics=diagnostics,
            )
        )
    return tuple(sorted(laws, key=lambda law: law.behind))


def _part(advance: Advance | None, at: int) -> Advance | None:
    return None if advance is None else lambda share: advance((at + share) / len(LAWS))


def _left_out(sampled: Sampled, density: Vector) -> tuple[Vector, float]:
    """Log predictive density of each buyer left out (k,), and the largest Pareto k."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz

        loo = arviz.loo(with_likelihood(sampled.draws, density), pointwise=True)
    each = loo.loo_i if hasattr(loo, "loo_i") else loo.elpd_i
    return np.asarray(each, dtype=float), float(np.max(np.asarray(loo.pareto_k)))


@dataclass(frozen=True, kw_only=True)
class _Law:
    """A law of log spend: its model, and its density (chain, draw, k) at draws."""

    parameters: tuple[str, ...]
    build: Callable[[Vector, npt.NDArray[np.int_]], Callable[[Any], None]]
    density: Callable[[Sampled, Vector, npt.NDArray[np.int_]], Vector]


def _lognormal(logs: Vector, arm: npt.NDArray[np.int_]) -> Callable[[Any], None]:
    def build(pymc: Any) -> None:
        mean = pymc.Flat("mean", shape=2, initval=_means(logs, arm))
        log_sigma = pymc.Flat("log_sigma", initval=_log_spread(logs))
        pymc.Normal("logs", mean[arm], pymc.math.exp(log_sigma), observed=logs)

    return build


def _lognormal_density(
    sampled: Sampled, logs: Vector, arm: npt.NDArray[np.int_]
) -> Vector:
    from scipy.stats import norm

    sigma = np.exp(sampled.draws["log_sigma"])[..., None]
    return np.asarray(norm.logpdf(logs, sampled.draws["mean"][..., arm], sigma))


def _gamma(logs: Vector, arm: npt.NDArray[np.int_]) -> Callable[[Any], None]:
    def build(pymc: Any) -> None:
        mean = pymc.Flat("mean", shape=2, initval=_means(np.exp(logs), arm, log=True))
        log_shape = pymc.Normal("log_shape", 0, 3)
        shape = pymc.math.exp(log_shape)
        rate = shape / pymc.math.exp(mean[arm])
        pymc.Gamma("spend", shape, rate, observed=np.exp(logs))

    return build


def _gamma_density(sampled: Sampled, logs: Vector, arm: npt.NDArray[np.int_]) -> Vector:
    from scipy.stats import gamma

    shape = np.exp(sampled.draws["log_shape"])[..., None]
    scale = np.exp(sampled.draws["mean"][..., arm]) / shape
    # The density of the log is that of the spend times the spend.
    return np.asarray(gamma.logpdf(np.exp(logs), shape, scale=scale) + logs)


def _student(logs: Vector, arm: npt.NDArray[np.int_]) -> Callable[[Any], None]:
    def build(pymc: Any) -> None:
        mean = pymc.Flat("mean", shape=2, initval=_means(logs, arm))
        log_sigma = pymc.Flat("log_sigma", initval=_log_spread(logs))
        freedom = pymc.Gamma("freedom", 2, 0.1)
        pymc.StudentT(
            "logs", freedom, mean[arm], sigma=pymc.math.exp(log_sigma), observed=logs
        )

    return build


def _student_density(
    sampled: Sampled, logs: Vector, arm: npt.NDArray[np.int_]
) -> Vector:
    from scipy.stats import t

    freedom = sampled.draws["freedom"][..., None]
    sigma = np.exp(sampled.draws["log_sigma"])[..., None]
    return np.asarray(t.logpdf(logs, freedom, sampled.draws["mean"][..., arm], sigma))


def _means(values: Vector, arm: npt.NDArray[np.int_], *, log: bool = False) -> Vector:
    means = np.array([values[arm == side].mean() for side in (0, 1)])
    return np.log(means) if log else means


def _log_spread(logs: Vector) -> float:
    return float(np.log(max(logs.std(), LEAST_SIGMA)))


LAWS: Mapping[LawName, _Law] = {
    "lognormal": _Law(
        parameters=("mean", "log_sigma"),
        build=_lognormal,
        density=_lognormal_density,
    ),
    "gamma": _Law(
        parameters=("mean", "log_shape"), build=_gamma, density=_gamma_density
    ),
    "student_t": _Law(
        parameters=("mean", "log_sigma", "freedom"),
        build=_student,
        density=_student_density,
    ),
}


ARMS = ("control", "treatment")


def hurdle_drawn(
    control: LogSpend,
    treatment: LogSpend,
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
        dims={
            name: ["arm"] for name in ("share", "log_mean", "buyers", "mean", "units")
        },
        constants={"units": units},
        likelihood=lambda draws: _hurdle_density(arms, draws),
        prior=lambda rng, n: _hurdle_prior(prior, rng, n),
    )
    return draw(build, wanted, seed, advance)


def _hurdle_density(
    arms: Sequence[LogSpend], draws: Mapping[str, Vector]
) -> Mapping[str, Vector]:
    """Log density of buyers and of mean log spend in each arm, and of the squares."""
    from scipy.stats import binom, gamma, norm

    units, buyers = (np.array([getattr(a, k) for a in arms]) for k in ("n", "buyers"))
    sigma = draws["sigma"]
    errors = sigma[..., None] / np.sqrt(buyers)
    means = np.array([arm.log_mean for arm in arms])
    squares = sum(arm.log_squares for arm in arms)
    half = (int(buyers.sum()) - 2) / 2
    return {
        "buyers": np.asarray(binom.logpmf(buyers, units, draws["share"])),
        "mean": np.asarray(norm.logpdf(means, draws["log_mean"], errors)),
        "squares": np.asarray(gamma.logpdf(squares, half, scale=2 * sigma**2)),
    }


def _hurdle_prior(
    prior: LiftPrior | None, rng: np.random.Generator, n: int
) -> Mapping[str, Vector]:
    """Shares of buyers, and the log ratio where its prior is not flat."""
    drawn = {"share": rng.beta(JEFFREYS, JEFFREYS, (n, 2))}
    if prior is not None and prior.learned is not None:
        part = rng.choice(len(prior.learned.weights), n, p=prior.learned.weights)
        drawn["log_ratio"] = rng.normal(
            prior.learned.means[part], prior.learned.sds[part]
        )
    elif prior is not None and prior.sd is not None:
        drawn["log_ratio"] = rng.normal(0, prior.sd, n)
    return drawn


def _log_prior(pymc: Any, prior: LiftPrior, ratio: Any) -> Any:
    """`LiftPrior.log_density` of what is drawn, up to a constant."""
    learned = prior.learned
    if learned is None:
        return -((ratio / pymc.Data("prior_sd", prior.sd)) ** 2) / 2
    parts = np.log(learned.weights) - np.log(learned.sds)
    return pymc.math.logsumexp(parts - ((ratio - learned.means) / learned.sds) ** 2 / 2)
