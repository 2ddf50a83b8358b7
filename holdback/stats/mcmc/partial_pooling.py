"""Effects of groups, or of arms with one control, pulled towards each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.mcmc.model import Advance, Sampled, Wanted, draw
from holdback.stats.posterior.random_effects import SEGMENT_SPREAD

__all__ = ["pooled_arms", "pooled_groups"]

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
        one = pymc.Data("unit", unit)
        middle = pymc.Flat("middle", initval=float(seen.mean()) / unit)
        scale = pymc.HalfNormal("scale", pymc.Data("prior", spread / unit))
        offset = pymc.Normal("offset", dims="group")
        pymc.Deterministic("common", one * middle)
        pymc.Deterministic("spread", one * scale)
        each = pymc.Deterministic(
            "log_ratio", one * (middle + scale * offset), dims="group"
        )
        if independent:
            errors = np.sqrt(np.diag(covariance))
            pymc.Normal("seen", each, errors, observed=seen, dims="group")
        else:
            chol = np.linalg.cholesky(covariance)
            pymc.MvNormal("seen", each, chol=chol, observed=seen, dims="group")

    wanted = Wanted(
        parameters=("log_ratio", "common", "spread"),
        observed=("seen",),
        labels={"group": list(names)},
        dims={"log_ratio": ["group"], "seen": ["group"]},
    )
    return draw(build, wanted, seed, advance)
