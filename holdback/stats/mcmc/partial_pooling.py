"""Effects of groups, or of arms with one control, pulled towards each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.mcmc.sampling import Advance, Sampled, Wanted, draw
from holdback.stats.posterior.random_effects import SEGMENT_SPREAD

__all__ = ["pooled_arms", "pooled_groups", "pooled_weeks"]

Vector = npt.NDArray[np.float64]


def pooled_groups(
    groups: Sequence[LogRatio],
    names: Sequence[str],
    seed: Sequence[int],
    *,
    spread: float = SEGMENT_SPREAD,
    advance: Advance | None = None,
) -> Sampled:
    """The model of `random_effects`, drawn from: log ratios β_j ~ N(μ, τ²).

    μ is flat, τ half-normal(`spread`), b_j ~ N(β_j, s_j²) (Gelman et al., Bayesian
    Data Analysis, 3rd ed., section 5.4; non-centred as in Betancourt & Girolami 2013,
    arXiv 1312.0906). Parameters: ``log_ratio`` (groups), ``common``, ``spread``.

    Raises ValueError for fewer than two groups.
    """
    errors = np.array([group.se for group in groups])
    return _pooled(groups, np.diag(errors**2), names, seed, spread, advance)


def pooled_arms(
    arms: Sequence[LogRatio],
    control_variance: float,
    names: Sequence[str],
    seed: Sequence[int],
    *,
    spread: float = SEGMENT_SPREAD,
    advance: Advance | None = None,
) -> Sampled:
    """The same for treatment arms, whose log ratios share the control's error.

    `control_variance` is the variance of ln(control's mean), which all of them hold;
    an arm's own variance is at least that. Parameters as in `pooled_groups`.

    Raises ValueError for fewer than two arms.
    """
    errors = np.array([arm.se for arm in arms])
    shared = min(control_variance, 0.99 * float(np.min(errors)) ** 2)
    covariance = np.full((len(arms), len(arms)), shared)
    np.fill_diagonal(covariance, errors**2)
    return _pooled(arms, covariance, names, seed, spread, advance)


def _pooled(  # the pieces of one model
    ratios: Sequence[LogRatio],
    covariance: Vector,
    names: Sequence[str],
    seed: Sequence[int],
    spread: float,
    advance: Advance | None,
) -> Sampled:
    if len(ratios) < 2:
        raise ValueError(f"{len(ratios)} groups cannot be compared.")
    seen = np.array([ratio.value for ratio in ratios])
    # In units of the smallest error, so that the sampler's first steps fit.
    unit = float(np.sqrt(np.min(np.diag(covariance))))
    independent = not np.any(covariance - np.diag(np.diag(covariance)))

    def build(pymc: Any) -> None:
        # Numbers of the data are inputs, not constants: code that was compiled for
        # one experiment then serves all.
        scaled = pymc.Data("unit", unit)
        middle = pymc.Flat("middle", initval=float(seen.mean()) / unit)
        scale = pymc.HalfNormal("scale", pymc.Data("prior", spread / unit))
        offset = pymc.Normal("offset", dims="group")
        pymc.Deterministic("common", scaled * middle)
        pymc.Deterministic("spread", scaled * scale)
        each = pymc.Deterministic(
            "log_ratio", scaled * (middle + scale * offset), dims="group"
        )
        if independent:
            errors = np.sqrt(np.diag(covariance))
            pymc.Normal("seen", each, errors, observed=seen, dims="group")
        else:
            chol = np.linalg.cholesky(covariance)
            pymc.MvNormal("seen", each, chol=chol, observed=seen, dims="group")

    def likelihood(draws: Mapping[str, Vector]) -> Mapping[str, Vector]:
        # Arms share the control's error: no datum stands for itself there.
        errors = np.sqrt(np.diag(covariance))
        return (
            {"seen": _normal(seen, draws["log_ratio"], errors)} if independent else {}
        )

    wanted = Wanted(
        parameters=("log_ratio", "common", "spread"),
        observed=("seen",),
        labels={"group": list(names), "other": list(names)},
        dims={name: ["group"] for name in ("log_ratio", "seen", "effect", "error")}
        | {"covariance": ["group", "other"]},
        constants={
            "effect": seen,
            "error": np.sqrt(np.diag(covariance)),
            "covariance": covariance,
        },
        likelihood=likelihood,
        prior=lambda rng, n: {"spread": np.abs(rng.normal(0, spread, n))},
    )
    return draw(build, wanted, seed, advance)


def _normal(seen: Vector, mean: Vector, errors: Vector) -> Vector:
    """Log density of each of `seen` (k,) at draws (chain, draw, k) of its mean."""
    z = (seen - mean) / errors
    density: Vector = -(z**2) / 2 - np.log(errors) - np.log(2 * np.pi) / 2
    return density


COMMON_SD = 1.0


def pooled_weeks(
    effects: Sequence[Sequence[LogRatio]],
    metrics: Sequence[str],
    weeks: Sequence[str],
    seed: Sequence[int],
    *,
    spread: float = SEGMENT_SPREAD,
    advance: Advance | None = None,
) -> Sampled:
    """Log ratios β_mw = μ_m + τ_m z_mw of metric m among those who joined in week w.

    τ_m = τ e^(η_m / 2) with τ half-normal(`spread`) and η_m standard normal: how far
    weeks lie apart is learned from all metrics together. μ_m ~ N(0, 1) has next to no
    pull, as metrics mean different things. Units of different weeks are different
    units, so errors of weeks are independent; those of two metrics in one week are
    not, and only τ is shared between metrics, which loses least by that.

    `effects`: one row a metric, one column a week. Parameters: ``log_ratio`` (metric,
    week), ``common`` (metric), ``spread`` (metric). Raises ValueError below two weeks.
    """
    seen = np.array([[ratio.value for ratio in row] for row in effects])
    errors = np.array([[ratio.se for ratio in row] for row in effects])
    if seen.ndim != 2 or seen.shape[1] < 2:
        raise ValueError("Effects by week need two weeks or more.")
    unit = np.sqrt(1 / (1 / errors**2).sum(axis=1))
    centre = (seen / errors**2).sum(axis=1) * unit**2

    def build(pymc: Any) -> None:
        offset = pymc.Normal("offset", dims="metric")
        common = pymc.Deterministic("common", centre + unit * offset, dims="metric")
        # Drawn in units of what the data say; the prior on it is told by hand.
        pymc.Potential(
            "prior", (-((common / COMMON_SD) ** 2) / 2 + offset**2 / 2).sum()
        )
        shared = pymc.HalfNormal("shared", spread)
        own = pymc.Normal("own", dims="metric")
        scale = pymc.Deterministic(
            "spread", shared * pymc.math.exp(own / 2), dims="metric"
        )
        step = pymc.Normal("step", dims=("metric", "week"))
        each = pymc.Deterministic(
            "log_ratio",
            common[:, None] + scale[:, None] * step,
            dims=("metric", "week"),
        )
        pymc.Normal("seen", each, errors, observed=seen, dims=("metric", "week"))

    def before(rng: np.random.Generator, n: int) -> Mapping[str, Vector]:
        common = rng.normal(0, COMMON_SD, (n, len(metrics)))
        shared = np.abs(rng.normal(0, spread, (n, 1)))
        scale = shared * np.exp(rng.standard_normal((n, len(metrics))) / 2)
        step = rng.standard_normal((n, *seen.shape))
        each = common[:, :, None] + scale[:, :, None] * step
        return {"common": common, "spread": scale, "log_ratio": each}

    wanted = Wanted(
        parameters=("log_ratio", "common", "spread"),
        observed=("seen",),
        labels={"metric": list(metrics), "week": list(weeks)},
        dims={
            "log_ratio": ["metric", "week"],
            "common": ["metric"],
            "spread": ["metric"],
            **{name: ["metric", "week"] for name in ("seen", "effect", "error")},
        },
        constants={"effect": seen, "error": errors},
        likelihood=lambda draws: {"seen": _normal(seen, draws["log_ratio"], errors)},
        prior=before,
    )
    return draw(build, wanted, seed, advance)
