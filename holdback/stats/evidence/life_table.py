"""Life tables in whole days: how long units stay when some are still being watched.

An event on day k (the k-th day of a unit's time) ends the unit's stay after k days; a
unit watched for c whole days without an event is at risk on days 1 to c. The product
limit is Kaplan & Meier 1958, Journal of the American Statistical Association 53:
457–481.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import Estimate

__all__ = ["LifeTable", "Lives", "StratifiedLifeTable", "life_table", "log_rank_z"]

Vector = npt.NDArray[np.float64]
WholeVector = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class LifeTable:
    """Events and units at risk on days 1 to h, both (h,), of `n` units."""

    events: WholeVector
    at_risk: WholeVector
    n: int

    @property
    def days(self) -> int:
        """The horizon h in days."""
        return len(self.events)

    @property
    def is_complete(self) -> bool:
        """Whether some unit was watched to the horizon, or none was left before it."""
        return bool(self.at_risk[-1] > 0 or self.survival[-1] == 0)

    @cached_property
    def survival(self) -> Vector:
        """Share still there after days 0 to h, (h + 1,): the product limit.

        Π (1 − d / r) over the days with events (Kaplan & Meier 1958).
        """
        risk = np.maximum(self.at_risk, 1)
        return np.concatenate([[1.0], np.cumprod(1 - self.events / risk)])

    def restricted_mean(self) -> Estimate:
        """Mean days stayed, up to the horizon, with its standard error.

        The area under the curve; its variance is Σ (area after day i)² · d / (r (r −
        d)) over the days with events (Klein & Moeschberger 2003, Survival Analysis,
        section 4.5). `nonzero` counts the events.
        """
        kept = self.survival[:-1]
        after = np.concatenate([np.cumsum(kept[::-1])[::-1][1:], [0.0]])
        left = self.at_risk - self.events
        counted = (self.events > 0) & (left > 0)
        spread = np.zeros(self.days)
        spread[counted] = (
            after[counted] ** 2
            * self.events[counted]
            / (self.at_risk[counted] * left[counted])
        )
        return Estimate(
            value=float(kept.sum()),
            se=sqrt(float(spread.sum())),
            n=self.n,
            third=0.0,
            nonzero=int(self.events.sum()),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class StratifiedLifeTable:
    """Life tables of strata, (s,), and the weights that they have in both arms, (s,).

    The mean time is Σ w μ, its variance Σ w² σ²: means of independent strata.
    """

    parts: tuple[LifeTable, ...]
    weights: tuple[float, ...]

    @property
    def n(self) -> int:
        """Units in all."""
        return sum(part.n for part in self.parts)

    @property
    def days(self) -> int:
        """The horizon h in days."""
        return self.parts[0].days

    @property
    def is_complete(self) -> bool:
        """Whether every stratum was watched to the horizon, or has nobody left."""
        return all(part.is_complete for part in self.parts)

    def restricted_mean(self) -> Estimate:
        """Mean days stayed, up to the horizon, with its standard error."""
        means = [part.restricted_mean() for part in self.parts]
        weighted = list(zip(self.weights, means, strict=True))
        return Estimate(
            value=sum(w * mean.value for w, mean in weighted),
            se=sqrt(sum((w * mean.se) ** 2 for w, mean in weighted)),
            n=self.n,
            third=0.0,
            nonzero=sum(mean.nonzero for mean in means),
        )


Lives = LifeTable | StratifiedLifeTable


def life_table(
    first_day: npt.ArrayLike, watched: npt.ArrayLike, units: npt.ArrayLike, days: int
) -> LifeTable:
    """The table of units counted by day of event (0: none) and days watched.

    first_day, watched, units: (k,), in days, days, and units that share them. An event
    on a day that was not watched to its end is left open: such units were watched up to
    the day before. Raises ValueError for a horizon below a day.
    """
    if days < 1:
        raise ValueError(f"`days` must be at least 1, got {days}.")
    first = np.asarray(first_day, dtype=np.int64)
    seen = np.clip(np.asarray(watched, dtype=np.int64), 0, days)
    count = np.asarray(units, dtype=np.int64)
    ended = (first > 0) & (first <= seen)
    exits = np.where(ended, first, seen)
    left = np.bincount(exits, weights=count, minlength=days + 1)
    at_risk = np.cumsum(left[::-1])[::-1][1:]
    events = np.bincount(first[ended], weights=count[ended], minlength=days + 1)[1:]
    return LifeTable(
        events=events.astype(np.int64),
        at_risk=at_risk.astype(np.int64),
        n=int(count.sum()),
    )


def log_rank_z(control: Lives, treatment: Lives) -> float | None:
    """Log-rank statistic of two tables, normal under equal hazards; None without one.

    Observed less expected events of the treatment over the hypergeometric standard
    deviation (Mantel 1966, Cancer Chemotherapy Reports 50: 163–170): positive where
    the treatment has more events than expected. Over strata both are summed, so that
    only units of one stratum are compared.
    """
    pairs = zip(_parts(control), _parts(treatment), strict=True)
    excess, variance = np.sum([_log_rank(*pair) for pair in pairs], axis=0)
    return float(excess / sqrt(variance)) if variance > 0 else None


def _parts(lives: Lives) -> tuple[LifeTable, ...]:
    return lives.parts if isinstance(lives, StratifiedLifeTable) else (lives,)


def _log_rank(control: LifeTable, treatment: LifeTable) -> tuple[float, float]:
    """Events of the treatment beyond those expected, and their variance."""
    d = control.events + treatment.events
    r = control.at_risk + treatment.at_risk
    both = (control.at_risk > 0) & (treatment.at_risk > 0) & (d > 0)
    d, r, treated = d[both], r[both], treatment.at_risk[both]
    expected = treated * d / r
    spread = expected * (1 - treated / r) * (r - d) / np.maximum(r - 1, 1)
    return float((treatment.events[both] - expected).sum()), float(spread.sum())
