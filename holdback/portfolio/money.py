"""Money of many experiments: the plain sum, and the sum pulled towards the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from holdback.portfolio.effects import Counted, Paid
from holdback.portfolio.result import Total
from holdback.results.scorecard import Quantity, Return
from holdback.stats.posterior.normal_mixture import NormalMixture
from holdback.stats.posterior.random_effects import RandomEffects

__all__ = ["totals_of"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Both sums of some experiments' money, each weighed by (j,) weights."""

    paid: Sequence[Paid]
    effects: RandomEffects | None

    @property
    def treated(self) -> Vector:
        """What the treated units brought in each experiment."""
        return np.array([one.basis.treated_total for one in self.paid])

    def plain(self, weights: Vector) -> NormalMixture:
        """Σ w T (1 − exp(−b)): the figures as reported, errors independent."""
        b = np.array([one.basis.log_lift.value for one in self.paid])
        s = np.array([one.basis.log_lift.se for one in self.paid])
        slopes = weights * self.treated * np.exp(-b)
        told = np.array([one.money.incremental_revenue.value for one in self.paid])
        return NormalMixture(
            weights=np.ones(1),
            means=np.array([weights @ told]),
            sds=np.array([np.sqrt(np.sum((slopes * s) ** 2))]),
        )

    def shrunk(self, weights: Vector) -> NormalMixture | None:
        """The same from the posterior of all effects."""
        if self.effects is None:
            return None
        return self.effects.money(weights * self.treated)


def totals_of(
    counted: Sequence[Counted], effects: RandomEffects | None, level: float
) -> tuple[Total, ...]:
    """Of all finished experiments, and of those that were kept on.

    Every one of `counted` has money, and `effects` are theirs, in the same order.
    """
    paid = [one.paid for one in counted if one.paid is not None]
    sums = _Sums(paid=paid, effects=effects)
    kept = np.array([float(one.kept) for one in counted])
    found = [_total("all", sums, np.ones(len(paid)), level)]
    if kept.any():
        found.append(_total("kept", sums, kept, level))
    return tuple(found)


def _total(which: str, sums: _Sums, taken: Vector, level: float) -> Total:
    margins = taken * np.array([one.basis.margin for one in sums.paid])
    total = Total(
        which=which,
        experiments=int(taken.sum()),
        revenue=_quantity(sums.plain(taken), level),
        profit=_quantity(sums.plain(margins), level),
        revenue_shrunk=_maybe(sums.shrunk(taken), level),
        profit_shrunk=_maybe(sums.shrunk(margins), level),
    )
    costs = np.array([one.cost for one in sums.paid])
    costly = taken * (costs > 0)
    if not costly.any():
        return total
    spread = np.array([one.cost_se for one in sums.paid])
    bill = _Bill(
        cost=float(costly @ costs),
        savings=float(costly @ np.array([one.money.savings for one in sums.paid])),
        se=float(np.sqrt(costly @ spread**2)),
    )
    shrunk = sums.shrunk(margins * costly)
    return replace(
        total,
        with_costs=int(costly.sum()),
        cost=bill.cost,
        savings=bill.savings or None,
        ropi=_return(sums.plain(margins * costly), bill, level),
        ropi_shrunk=None if shrunk is None else _return(shrunk, bill, level),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bill:
    """Costs and savings of several experiments, and the costs' error."""

    cost: float
    savings: float
    se: float


def _return(gain: NormalMixture, bill: _Bill, level: float) -> Return:
    """(gain + savings − cost) / cost; the cost's error adds by the delta method."""
    back = gain.means + bill.savings
    ropi = NormalMixture(
        weights=gain.weights,
        means=back / bill.cost - 1,
        sds=np.hypot(gain.sds / bill.cost, back / bill.cost**2 * bill.se),
    )
    interval = ropi.interval(level)
    return Return(
        value=ropi.mean,
        lower=interval.lower,
        upper=interval.upper,
        p_positive=1 - ropi.below(0.0),
    )


def _quantity(found: NormalMixture, level: float) -> Quantity:
    interval = found.interval(level)
    return Quantity(value=found.mean, lower=interval.lower, upper=interval.upper)


def _maybe(found: NormalMixture | None, level: float) -> Quantity | None:
    return None if found is None else _quantity(found, level)
