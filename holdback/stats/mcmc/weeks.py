"""Effects by metric and week of joining: each pulled towards its metric's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.mcmc.model import Advance, Sampled, Wanted, draw
from holdback.stats.posterior.random_effects import SEGMENT_SPREAD

__all__ = ["pooled_weeks"]

WIDE = 1.0


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
    seen = np.array([[one.value for one in row] for row in effects])
    errors = np.array([[one.se for one in row] for row in effects])
    if seen.ndim != 2 or seen.shape[1] < 2:
        raise ValueError("Effects by week need two weeks or more.")
    unit = np.sqrt(1 / (1 / errors**2).sum(axis=1))
    centre = (seen / errors**2).sum(axis=1) * unit**2

    def build(pymc: Any) -> None:
        offset = pymc.Normal("offset", dims="metric")
        common = pymc.Deterministic("common", centre + unit * offset, dims="metric")
        # Drawn in units of what the data say; the prior on it is told by hand.
        pymc.Potential("prior", (-((common / WIDE) ** 2) / 2 + offset**2 / 2).sum())
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

    wanted = Wanted(
        parameters=("log_ratio", "common", "spread"),
        observed=("seen",),
        labels={"metric": list(metrics), "week": list(weeks)},
        dims={
            "log_ratio": ["metric", "week"],
            "common": ["metric"],
            "spread": ["metric"],
            "seen": ["metric", "week"],
        },
    )
    return draw(build, wanted, seed, advance)
