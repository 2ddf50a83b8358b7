"""Whether buyers' spend looks as a model of it would have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.posterior.counts import CountArm, CountModel
from holdback.stats.posterior.spend_distributions import NO_SPREAD

__all__ = ["Predictive", "check_counts", "predictive_check"]

Vector = npt.NDArray[np.float64]

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
SPEND_STATISTICS = (
    *(f"quantile {100 * q:g}% of log spend" for q in QUANTILES),
    "largest spend",
    "Gini coefficient",
    "spread of the arms",
)
Residuals = Callable[[np.random.Generator, tuple[int, int]], Vector]
REPLICATES = 400
REPLICATES_AT_ONCE = 50
MOST_BUYERS = 2_000
LEAST_P = 0.01


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
    control: Vector,
    treatment: Vector,
    seed: int | Sequence[int],
    *,
    residuals: Residuals = np.random.Generator.standard_normal,
    one_spread: bool = True,
) -> Predictive:
    """The model's replicated data against what was seen, by ten statistics.

    After Gelman et al., Bayesian Data Analysis, 3rd ed., on model checking.

    control, treatment: ln(spend) of each buyer, (k,). The statistics are taken of
    residuals about each arm's mean over the shared deviation, so that under the model
    their distribution depends on no unknown parameter, and the p-value is that of a
    test: of the largest standardized distance among all statistics, against
    replicates. `residuals` draws log spend of the model, normal unless another is
    given (then with fitted shapes, so that its p-values err on the high side); without
    `one_spread` each arm is seen by its own deviation. At most 2,000 buyers an arm are
    looked at, drawn without replacement.
    Raises StatsError where the logs of an arm have no spread.
    """
    rng = np.random.default_rng(seed)
    seen = [_thinned(rng, logs) for logs in (control, treatment)]
    observed = _statistics(*(logs[None, :] for logs in seen), one_spread=one_spread)
    if observed is None:
        raise StatsError(
            "In an arm all buyers spend the same: there is no spread to judge."
        )
    sizes = [len(logs) for logs in seen]
    drawn = []
    for _ in range(REPLICATES // REPLICATES_AT_ONCE):
        arms = [residuals(rng, (REPLICATES_AT_ONCE, size)) for size in sizes]
        replicate = _statistics(arms[0], arms[1], one_spread=one_spread)
        assert replicate is not None  # noqa: S101  # draws have spread
        drawn.append(replicate)
    replicates = np.concatenate(drawn)
    centre, spread = replicates.mean(axis=0), replicates.std(axis=0)
    distance = np.abs(observed[0] - centre) / spread
    usual = np.max(np.abs(replicates - centre) / spread, axis=1)
    exceeding = int(np.sum(usual >= distance.max()))
    return Predictive(
        p_value=(1 + exceeding) / (1 + REPLICATES),
        worst=SPEND_STATISTICS[int(distance.argmax())],
    )


def _thinned(rng: np.random.Generator, logs: Vector) -> Vector:
    return (
        logs
        if len(logs) <= MOST_BUYERS
        else rng.choice(logs, MOST_BUYERS, replace=False)
    )


def _statistics(
    control: Vector, treatment: Vector, *, one_spread: bool
) -> Vector | None:
    """Statistics (r, 10) of (r, k) control and treatment logs; None without spread.

    Without `one_spread` there are 9: the spreads of the arms are not compared.
    """
    arms = [x - x.mean(axis=1, keepdims=True) for x in (control, treatment)]
    k, m = control.shape[1], treatment.shape[1]
    squares = [np.sum(x**2, axis=1) for x in arms]
    variance = (squares[0] + squares[1]) / (k + m - 2)
    if min(float(s.min()) for s in squares) <= NO_SPREAD * (k + m):
        return None
    own = [square / (x.shape[1] - 1) for square, x in zip(squares, arms, strict=True)]
    by = [variance, variance] if one_spread else own
    scaled = [x / np.sqrt(v)[:, None] for x, v in zip(arms, by, strict=True)]
    z = np.sort(np.concatenate(scaled, axis=1), axis=1)
    quantiles = np.quantile(z, QUANTILES, axis=1).T
    spend = np.exp(z - z[:, -1:])
    order = 2 * np.arange(1, k + m + 1) - (k + m) - 1
    gini = spend @ order / ((k + m) * spend.sum(axis=1))
    statistics = [quantiles, z[:, -1], gini]
    if not one_spread:
        return np.column_stack(statistics)
    ratio = np.log(squares[0] / (k - 1)) - np.log(squares[1] / (m - 1))
    ratio = ratio / sqrt(2 / (k - 1) + 2 / (m - 1))
    return np.column_stack([*statistics, ratio])


COUNT_STATISTICS = (
    "share of zeros",
    "spread",
    "largest count",
    "99% quantile",
    "arms' spreads",
)
COUNT_REPLICATES = 200
MOST_UNITS = 2_000


def check_counts(model: CountModel, seed: int | Sequence[int]) -> Predictive:
    """The fitted model's replicated counts against what was seen, by five statistics.

    The p-value is that of the largest standardized distance, against 200 replicates of
    at most 2,000 units an arm. Shape and means are the likeliest, so it errs on the
    high side.
    """
    rng = np.random.default_rng(seed)
    arms = (model.control, model.treatment)
    observed = _count_statistics([_thinned_counts(rng, arm)[None, :] for arm in arms])[
        0
    ]
    drawn = []
    for arm in arms:
        mean = max(arm.total, 0.5) / arm.n
        size = (COUNT_REPLICATES, min(arm.n, MOST_UNITS))
        drawn.append(rng.poisson(rng.gamma(model.shape, mean / model.shape, size)))
    replicates = _count_statistics(drawn)
    centre, spread = replicates.mean(axis=0), replicates.std(axis=0)
    known = spread > 0
    distance = np.abs(observed - centre)[known] / spread[known]
    usual = np.max(np.abs(replicates - centre)[:, known] / spread[known], axis=1)
    exceeding = int(np.sum(usual >= distance.max()))
    worst = np.array(COUNT_STATISTICS)[known][int(distance.argmax())]
    return Predictive(
        p_value=(1 + exceeding) / (1 + COUNT_REPLICATES), worst=str(worst)
    )


def _thinned_counts(rng: np.random.Generator, arm: CountArm) -> Vector:
    """Counts of at most 2,000 units, zeros included, drawn without replacement."""
    units = np.append(arm.units, arm.n - arm.units.sum()).astype(np.int64)
    values = np.append(arm.values, 0.0)
    size = min(arm.n, MOST_UNITS)
    kept = rng.multivariate_hypergeometric(units, size, method="marginals")
    return np.repeat(values, kept)


def _count_statistics(arms: Sequence[npt.NDArray[np.generic]]) -> Vector:
    """Rows (r, 5) of replicates of two arms, each (r, units)."""
    control, treated = (arm.astype(float) for arm in arms)
    both = np.concatenate([control, treated], axis=1)
    spreads = [arm.std(axis=1) + 1e-9 for arm in (control, treated)]
    return np.column_stack(
        [
            (both == 0).mean(axis=1),
            np.log(both.std(axis=1) + 1e-9),
            np.log1p(both.max(axis=1)),
            np.quantile(both, 0.99, axis=1),
            np.log(spreads[1] / spreads[0]),
        ]
    )
