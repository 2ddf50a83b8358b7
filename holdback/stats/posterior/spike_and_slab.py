"""The experiments of a program: some do nothing, the others differ, and how.

Model: b_j ~ N(β_j, s_j²); β_j is 0 with chance π, else N(μ, τ²). Nothing is plugged in:
all answers are means over a grid of (π, τ, μ), weighed by the likelihood of all
experiments and by a prior whose scale σ₀ is the program's own, the median error: tests
are built to see about that much. π is 0 with chance ½ (the normal–normal model), else
0.1 … 0.95; τ is half-Cauchy(σ₀), μ normal(0, σ₀²). A point mass and a slab: Mitchell &
Beauchamp (1988), Journal of the American Statistical Association 83: 1023–1032; for
many effects together Stephens (2017), Biostatistics 18: 275–294. Integrated where they
maximize, since a program has eight experiments or fifty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.random_effects import NormalMixture, cochran

__all__ = ["NIL_SD", "Program", "program"]

Vector = npt.NDArray[np.float64]

NIL_SD = 0.002
"""Spread of an effect that is nil, as a prior of the next one: a fifth of a percent."""
NIL_SHARES = np.linspace(0.10, 0.95, 10)
SPREADS = np.geomspace(0.002, 0.30, 24)
SPREAD_EDGES = np.concatenate([[0.001], (SPREADS[1:] + SPREADS[:-1]) / 2, [0.36]])
CENTRES = np.linspace(-3, 3, 25)
"""Values of μ, in σ₀."""
DRAWS = 4_000
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The posterior of all effects of J experiments over G points (π, τ, μ).

    values, ses: (j,); weights, nil_shares, spreads, centres: (g,); nil: (g, j), the
    chance of each experiment to do nothing; step: of the grid of centres. `q` and
    `p_value` are of Cochran's test that all effects are equal.
    """

    values: Vector
    ses: Vector
    weights: Vector
    nil_shares: Vector
    spreads: Vector
    centres: Vector
    nil: Vector
    step: float
    q: float
    p_value: float

    @property
    def n(self) -> int:
        """Number of experiments."""
        return len(self.values)

    @property
    def tau(self) -> float:
        """Posterior mean of τ, the spread of effects that are not nil."""
        return float(self.weights @ self.spreads)

    @property
    def nil_share(self) -> float:
        """Posterior mean of π, the share of experiments that do nothing."""
        return float(self.weights @ self.nil_shares)

    @property
    def nil_chances(self) -> Vector:
        """Chance of each experiment to do nothing, (j,)."""
        chances: Vector = self.weights @ self.nil
        return chances

    @property
    def mean(self) -> NormalMixture:
        """Posterior of (1 − π) μ, the mean of true effects."""
        real = 1 - self.nil_shares
        width = self.step / np.sqrt(12)
        return NormalMixture.of(self.weights, real * self.centres, real * width)

    @property
    def next(self) -> NormalMixture:
        """What the effect of another experiment of the kind will be: the prior.

        Its parts are the normal of an effect that is nil, and the slabs of the grid.
        """
        spike = self.nil_share
        weights, spreads, centres = self._by_slab(self.weights * (1 - self.nil_shares))
        return NormalMixture.of(
            np.concatenate([[spike], weights]),
            np.concatenate([[0.0], centres]),
            np.concatenate([[NIL_SD], spreads]),
        )

    @property
    def effects(self) -> tuple[NormalMixture, ...]:
        """Posterior of each experiment's effect; a part without spread is nil."""
        posteriors = []
        for j in range(self.n):
            real = self.weights * (1 - self.nil[:, j])
            weights, spreads, centres = self._by_slab(real)
            pull = spreads**2 / (spreads**2 + self.ses[j] ** 2)
            posteriors.append(
                NormalMixture.of(
                    np.concatenate([[self.nil_chances[j]], weights]),
                    np.concatenate(
                        [[0.0], centres + pull * (self.values[j] - centres)]
                    ),
                    np.concatenate([[0.0], np.sqrt(pull) * self.ses[j]]),
                )
            )
        return tuple(posteriors)

    def total(self, scale: Vector) -> NormalMixture:
        """Posterior of Σ scale_j β_j; scale: (j,). Its mean is exact."""
        means, variances = self._means, self._variances
        real = 1 - self.nil
        exact = float(self.weights @ ((real * means) @ scale))
        at, is_real = self._drawn
        return _summed(
            (is_real * means[at]) @ scale, (is_real * variances[at]) @ scale**2, exact
        )

    def money(self, treated: Vector) -> NormalMixture:
        """Posterior of Σ T_j (1 − exp(−β_j)); `treated` holds T (j,).

        Its mean is exact. Where it is known which experiments are nil the sum is taken
        as normal, with the variance of the delta method.
        """
        means, variances = self._means, self._variances
        kept = np.exp(-means)
        expected = 1 - np.exp(-means + variances / 2)
        real = 1 - self.nil
        exact = float(self.weights @ ((real * expected) @ treated))
        at, is_real = self._drawn
        return _summed(
            (is_real * (1 - kept[at])) @ treated,
            (is_real * variances[at] * kept[at] ** 2) @ treated**2,
            exact,
        )

    @property
    def _pulls(self) -> Vector:
        """(g, j): how much of the way from the centre to the estimate is believed."""
        square = self.spreads[:, None] ** 2
        pulls: Vector = square / (square + self.ses**2)
        return pulls

    @property
    def _means(self) -> Vector:
        """(g, j): mean of each effect that is not nil."""
        centres = self.centres[:, None]
        means: Vector = centres + self._pulls * (self.values - centres)
        return means

    @property
    def _variances(self) -> Vector:
        """(g, j): variance of each effect that is not nil."""
        variances: Vector = self._pulls * self.ses**2
        return variances

    @property
    def _drawn(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Points (d,) and which experiments are not nil (d, j), evenly drawn."""
        rng = np.random.default_rng(SEED)
        even = (np.arange(DRAWS) + 0.5) / DRAWS
        ends = np.cumsum(self.weights)
        at = np.minimum(np.searchsorted(ends, even * ends[-1]), len(ends) - 1)
        ranks = np.argsort(rng.random((self.n, DRAWS)), axis=1).T
        return at, (ranks + 0.5) / DRAWS >= self.nil[at]

    def _by_slab(self, weights: Vector) -> tuple[Vector, Vector, Vector]:
        """Weight, spread and centre of each slab, whatever the share of nil effects."""
        pairs = np.stack([self.spreads, self.centres], axis=1)
        slabs, place = np.unique(pairs, axis=0, return_inverse=True)
        summed = np.zeros(len(slabs))
        np.add.at(summed, place.ravel(), weights)
        return summed, slabs[:, 0], slabs[:, 1]


def _summed(means: Vector, variances: Vector, exact: float) -> NormalMixture:
    """A mixture with a part a draw; those that are not nil are moved to the mean."""
    real = variances > 0
    if real.any():
        means = means + real * (exact - means.mean()) / real.mean()
    share = np.full(len(means), 1 / len(means))
    return NormalMixture(weights=share, means=means, sds=np.sqrt(variances))


def program(groups: Sequence[LogRatio]) -> Program:
    """The posterior of a program's effects from their estimates, all that there are.

    Winners alone would teach effects that are too large: give all. Raises ValueError
    for fewer than 2 groups or an error that is not above 0.
    """
    if len(groups) < 2:
        raise ValueError(f"{len(groups)} effects cannot be put together.")
    b = np.array([group.value for group in groups])
    s = np.array([group.se for group in groups])
    if not (s > 0).all():
        raise ValueError("Every effect needs a standard error above 0.")
    scale = float(np.median(s))
    nil_shares, spreads, centres, log_prior = _grid(scale)
    wide = spreads[:, None] ** 2 + s**2
    real = _log_normal(b - centres[:, None], wide)
    zero = _log_normal(b, s**2)
    with np.errstate(divide="ignore"):
        as_nil = np.log(nil_shares)[:, None] + zero
    both = np.logaddexp(np.log1p(-nil_shares)[:, None] + real, as_nil)
    heights = both.sum(axis=1) + log_prior
    weights = np.exp(heights - heights.max())
    kept = weights > NEGLIGIBLE_POINT
    q, p_value = cochran(b, s)
    return Program(
        values=b,
        ses=s,
        weights=weights[kept] / weights[kept].sum(),
        nil_shares=nil_shares[kept],
        spreads=spreads[kept],
        centres=centres[kept],
        nil=np.exp(as_nil - both)[kept],
        step=scale * float(CENTRES[1] - CENTRES[0]),
        q=q,
        p_value=p_value,
    )


NEGLIGIBLE_POINT = 1e-9


def _grid(scale: float) -> tuple[Vector, Vector, Vector, Vector]:
    """π, τ, μ and the log prior at each point, (g,)."""
    shares = np.concatenate([[0.0], NIL_SHARES])
    by_share = np.concatenate([[0.5], np.full(len(NIL_SHARES), 0.5 / len(NIL_SHARES))])
    by_spread = np.diff(SPREAD_EDGES) / (1 + (SPREADS / scale) ** 2)
    by_centre = np.exp(-(CENTRES**2) / 2)
    axes = np.meshgrid(shares, SPREADS, CENTRES * scale, indexing="ij")
    priors = np.meshgrid(
        *(np.log(one / one.sum()) for one in (by_share, by_spread, by_centre)),
        indexing="ij",
    )
    nil_shares, spreads, centres = (axis.ravel() for axis in axes)
    log_prior: Vector = sum(prior.ravel() for prior in priors)
    return nil_shares, spreads, centres, log_prior


def _log_normal(away: Vector, variance: Vector) -> Vector:
    heights: Vector = -(away**2) / (2 * variance) - np.log(2 * np.pi * variance) / 2
    return heights
