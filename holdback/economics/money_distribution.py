"""Profit and ROPI where the costs are uncertain too: one range from both spreads.

With costs known the ends of the lift's interval give those of the money. Where costs
are uncertain, the lift's normal (whose central interval has those ends) and the
costs' are put together; the value at the middle stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from holdback.analysis.analyze import ValueComparison
from holdback.results.scorecard import Quantity
from holdback.stats.methods.uncertain_cost import Gain, UncertainCost
from holdback.stats.normal import quantile

__all__ = ["Worth"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A comparison's money against an uncertain cost, at a margin.

    With `baseline` the lift is applied to so much money that comes without it.
    """

    comparison: ValueComparison
    margin: float
    cost: UncertainCost
    baseline: float | None = None

    def net(self, known: Quantity) -> Quantity:
        """Profit net of costs, in place of what known costs would give."""
        return self._ranged(known, self.cost.net_quantile)

    def ropi(self, known: Quantity) -> Quantity:
        """The return, likewise."""
        return self._ranged(known, self.cost.return_quantile)

    def chance(self, known: float | None, *, above: float = 0.0) -> float | None:
        """P(ROPI > `above`), the lift's posterior and the cost's spread together."""
        gain = self._believed()
        if gain is None or known is None:
            return known
        return 1 - self.cost.return_below(above, gain)

    def believed_ropi(self, known: Quantity, level: float) -> Quantity:
        """Median and range of the return, the lift's posterior and the cost together.

        `known`: those of known costs, from where the search begins.
        """
        gain = self._believed()
        if gain is None:
            return known
        lower, value, upper = (
            self.cost.return_quantile(q, gain, start=known.value)
            for q in ((1 - level) / 2, 0.5, (1 + level) / 2)
        )
        return Quantity(value=value, lower=lower, upper=upper)

    def _believed(self) -> Gain | None:
        """P(profit before costs <= y) of the posterior."""
        posterior = self.comparison.posterior
        if posterior is None:
            return None

        return lambda y: posterior.below(self._ratio_at(y) - 1)

    def _ranged(self, known: Quantity, at: Callable[..., float]) -> Quantity:
        found = self._gain()
        if known.lower is None or known.upper is None or found is None:
            return known
        gain, level = found
        lower, upper = (
            at(q, gain, start=known.value) for q in ((1 - level) / 2, (1 + level) / 2)
        )
        return replace(known, lower=lower, upper=upper)

    def _gain(self) -> tuple[Gain, float] | None:
        """P(profit before costs <= y) as the interval at its level has it."""
        inference = self.comparison.inference
        if inference.log_ratio is not None and inference.relative is not None:
            centre, se = inference.log_ratio.value, inference.log_ratio.se

            def by_ratio(y: Vector) -> Vector:
                ratio = self._ratio_at(y)
                inside = np.where(ratio > 0, ratio, 1.0)
                share = ndtr((np.log(inside) - centre) / se)
                return np.where(ratio > 0, share, 0.0)

            return by_ratio, inference.relative.interval.level
        difference = inference.absolute
        if difference is None or difference.interval.lower is None:
            return None
        low, high = difference.interval.lower, difference.interval.upper
        if high is None:
            return None
        level, units = difference.interval.level, self.comparison.treated_units
        middle = (low + high) / 2
        spread = (high - low) / 2 / quantile((1 + level) / 2)
        scale = self.margin * units
        return lambda y: ndtr((y / scale - middle) / spread), level

    def _ratio_at(self, profit: Vector) -> Vector:
        """R at which g Rev (1 - 1/R) is each profit (m,); infinite where none is.

        With a baseline B it is g B (R - 1) that is the profit.
        """
        if self.baseline is not None:
            return 1 + profit / (self.margin * self.baseline)
        share = profit / (self.margin * self.comparison.treated_total)
        beyond = np.full(profit.shape, np.inf)
        ratio: Vector = np.divide(1, 1 - share, out=beyond, where=share < 1)
        return ratio
