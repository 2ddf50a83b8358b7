"""Simulated shops, buyer by buyer: few buyers, heavy-tailed amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.delta_method import Formula, estimate
from holdback.stats.evidence.effect import Estimate
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.sample import Sample

Vector = npt.NDArray[np.float64]


def mean(m: Vector) -> float:
    """Revenue per unit."""
    return m[0]


def ratio(m: Vector) -> float:
    """Order value: revenue over orders."""
    return m[0] / m[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """n units; a share buys; an order's ln(amount) ~ Normal(mu, sigma), or gamma.

    With `orders` above 0 a buyer has 1 + Poisson(`orders`) of them.
    """

    n: int
    share: float = 0.03
    sigma: float = 1.5
    mu: float = 0.0
    gamma: float | None = None
    orders: float = 0.0

    @property
    def amount(self) -> float:
        """Mean of one order."""
        spread = 0.0 if self.gamma is not None else self.sigma**2 / 2
        return float(np.exp(self.mu + spread))

    @property
    def mean(self) -> float:
        """Revenue per unit."""
        return self.share * self.amount * (1 + self.orders)

    def amounts(self, rng: np.random.Generator, size: int) -> Vector:
        """Amounts of so many orders."""
        if self.gamma is not None:
            scale = np.exp(self.mu) / self.gamma
            return rng.gamma(self.gamma, scale, size)
        return np.exp(self.mu + self.sigma * rng.standard_normal(size))

    def sample(self, rng: np.random.Generator, columns: int) -> Sample:
        """One arm: revenue, and orders where `columns` is 2."""
        buyers = int(rng.binomial(self.n, self.share))
        orders = 1 + rng.poisson(self.orders, buyers)
        amounts = self.amounts(rng, int(orders.sum()))
        starts = np.concatenate([[0], np.cumsum(orders)[:-1]]).astype(int)
        revenue = np.add.reduceat(amounts, starts) if buyers else np.empty(0)
        rows = np.column_stack([revenue, orders])[:, :columns]
        names = ("revenue", "orders")[:columns]
        return Sample(columns=names, rows=rows, n=self.n)


def estimated(sample: Sample, formula: Formula) -> Estimate:
    """What the delta method says of a sample, from float sums of its rows."""
    k, m = sample.rows.shape
    padded = sample.rows
    means = padded.sum(axis=0) / sample.n
    centred = padded - means
    zeros = sample.n - k
    cov = (centred.T @ centred + zeros * np.outer(means, means)) / (sample.n - 1)
    value = formula(means)
    g = np.array([1.0]) if m == 1 else np.array([1 / means[1], -value / means[1]])
    linear = centred @ g
    at_zero = -float(means @ g)
    third = (np.sum(linear**3) + zeros * at_zero**3) / sample.n
    return Estimate(
        value=float(value),
        se=float(np.sqrt(g @ cov @ g / sample.n)),
        n=sample.n,
        third=float(third) / sample.n**2,
        nonzero=int(np.count_nonzero(padded[:, 0])),
    )


def exact(sample: Sample, formula: Formula) -> Estimate:
    """The same through the product's exact integer moments."""
    rows = np.zeros((sample.n, len(sample.columns)))
    rows[: len(sample.rows)] = sample.rows
    digits = [6] * len(sample.columns)
    moments = Moments.of_rows(rows, sample.columns, digits)
    return estimate(moments, formula, sample.columns)
