"""Whether buyers' spend looks as the lognormal hurdle would have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError

__all__ = ["Predictive", "predictive_check"]

Vector = npt.NDArray[np.float64]

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NAMES = (
    *(f"quantile {100 * q:g}% of log spend" for q in QUANTILES),
    "largest spend",
    "Gini coefficient",
    "spread of the arms",
)
REPLICATES = 400
MOST = 2_000
LEAST_P = 0.01
NO_SPREAD = 1e-18


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictive:
    """P-value of the worst statistic among replicates, and which that was."""

    p_value: float
    worst: str

    @property
    def passes(self) -> bool:
        """Whether the model may be used."""
        return self.p_value >= LEAST_P


def predictive_check(
    control: Vector, treatment: Vector, seed: int | Sequence[int]
) -> Predictive:
    """The model's replicated data against what was seen, by ten statistics.

    control, treatment: ln(spend) of each buyer, (k,). The statistics are taken of
    residuals about each arm's mean over the shared deviation, so that under the model
    their distribution depends on no unknown parameter, and the p-value is that of a
    test: of the largest standardized distance among all statistics, against
    replicates. At most 2,000 buyers an arm are looked at, drawn without replacement.
    Raises StatsError where the logs have no spread.
    """
    rng = np.random.default_rng(seed)
    seen = [_thinned(rng, logs) for logs in (control, treatment)]
    found = _statistics(*(logs[None, :] for logs in seen))
    if found is None:
        raise StatsError("All buyers spend the same: there is no spread to judge.")
    sizes = [len(logs) for logs in seen]
    replicates = np.concatenate(
        [
            _drawn(rng.standard_normal((50, sizes[0])), rng, sizes[1])
            for _ in range(REPLICATES // 50)
        ]
    )
    centre, spread = replicates.mean(axis=0), replicates.std(axis=0)
    distance = np.abs(found[0] - centre) / spread
    usual = np.max(np.abs(replicates - centre) / spread, axis=1)
    exceeding = int(np.sum(usual >= distance.max()))
    return Predictive(
        p_value=(1 + exceeding) / (1 + REPLICATES), worst=NAMES[int(distance.argmax())]
    )


def _drawn(control: Vector, rng: np.random.Generator, size: int) -> Vector:
    found = _statistics(control, rng.standard_normal((len(control), size)))
    assert found is not None  # noqa: S101  # normal draws have spread
    return found


def _thinned(rng: np.random.Generator, logs: Vector) -> Vector:
    return logs if len(logs) <= MOST else rng.choice(logs, MOST, replace=False)


def _statistics(control: Vector, treatment: Vector) -> Vector | None:
    """(r, 10) statistics of (r, k) control and treatment logs; None without spread."""
    arms = [x - x.mean(axis=1, keepdims=True) for x in (control, treatment)]
    k, m = control.shape[1], treatment.shape[1]
    squares = [np.sum(x**2, axis=1) for x in arms]
    variance = (squares[0] + squares[1]) / (k + m - 2)
    if min(float(s.min()) for s in squares) <= NO_SPREAD * (k + m):
        return None
    z = np.sort(np.concatenate(arms, axis=1) / np.sqrt(variance)[:, None], axis=1)
    quantiles = np.quantile(z, QUANTILES, axis=1).T
    spend = np.exp(z - z[:, -1:])
    order = 2 * np.arange(1, k + m + 1) - (k + m) - 1
    gini = spend @ order / ((k + m) * spend.sum(axis=1))
    ratio = np.log(squares[0] / (k - 1)) - np.log(squares[1] / (m - 1))
    ratio = ratio / sqrt(2 / (k - 1) + 2 / (m - 1))
    return np.column_stack([quantiles, z[:, -1], gini, ratio])
