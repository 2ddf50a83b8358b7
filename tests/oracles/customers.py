"""Customers drawn one order at a time, and what they are worth on average."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import integrate, special

from holdback.data.evidence.purchase_histories import ArmHistories

Vector = npt.NDArray[np.float64]
MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """Rates are gamma(r, 1/alpha) a week, stops beta(a, b), amounts gamma–gamma."""

    r: float = 0.243
    alpha: float = 4.414
    a: float = 0.793
    b: float = 2.426
    p: float = 6.25
    q: float = 3.74
    gamma: float = 15.44

    def expected_orders(self, weeks: float) -> float:
        """E[(1 − e^(−λpt)) / p], by quadrature over the chance of stopping."""

        def told(p: float) -> float:
            stop = max(p, 1e-12)
            grown = -np.expm1(-self.r * np.log1p(stop * weeks / self.alpha))
            return float(grown / stop)

        found, _ = integrate.quad(
            told, 0, 1, weight="alg", wvar=(self.a - 1, self.b - 1), limit=200
        )
        return float(found) / float(special.beta(self.a, self.b))

    def worth(self, weeks: float) -> float:
        """Money per unit until then."""
        return self.expected_orders(weeks) * self.p * self.gamma / (self.q - 1)

    def treated(
        self,
        rate: float = 0.0,
        stop: float = 0.0,
        unlike: float = 0.0,
        spend: float = 0,
    ) -> Customers:
        """The same with ln alpha, logit a/(a+b), ln (a+b) and ln gamma moved."""
        share = special.expit(special.logit(self.a / (self.a + self.b)) + stop)
        size = (self.a + self.b) * np.exp(unlike)
        return replace(
            self,
            alpha=float(self.alpha * np.exp(rate)),
            a=float(share * size),
            b=float((1 - share) * size),
            gamma=float(self.gamma * np.exp(spend)),
        )

    def orders(
        self, rng: np.random.Generator, *, weeks: float
    ) -> tuple[list[float], list[float]]:
        """One customer's order times up to `weeks`, and their amounts."""
        rate = max(rng.gamma(self.r, 1 / self.alpha), 1e-9)
        stop = rng.beta(self.a, self.b)
        own = rng.gamma(self.q, 1 / self.gamma)
        times: list[float] = []
        now = rng.exponential(1 / rate)
        while now < weeks:
            times.append(float(now))
            if rng.random() < stop:
                break
            now += rng.exponential(1 / rate)
        return times, [float(rng.gamma(self.p) / own) + 0.01 for _ in times]

    def arm(self, rng: np.random.Generator, watched: Vector) -> ArmHistories:
        """Units (n,) watched for so many weeks, one a row."""
        n = len(watched)
        rate = rng.gamma(self.r, 1 / self.alpha, n)
        stop = rng.beta(self.a, self.b, n)
        orders, last, now = np.zeros(n), np.zeros(n), np.zeros(n)
        active = np.arange(n)
        for _ in range(MOST):
            now[active] += rng.exponential(1 / np.maximum(rate[active], 1e-12))
            active = active[now[active] <= watched[active]]
            orders[active] += 1
            last[active] = now[active]
            active = active[rng.random(len(active)) >= stop[active]]
            if not len(active):
                break
        scale = rng.gamma(self.q, 1 / self.gamma, n)
        shape = self.p * np.maximum(orders, 1)
        gross = np.where(orders > 0, rng.gamma(shape) / scale, 0.0)
        return ArmHistories(
            orders=orders,
            last=7 * last,
            watched=7 * watched,
            gross=gross,
            net=gross,
            units=np.ones(n),
            early=None,
        )
