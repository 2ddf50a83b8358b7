"""Orders of customers who may silently stop: the BG/NBD model.

While active, a customer orders at random at a rate of their own; after each order they
stop for good with a probability of their own. Rates are gamma with shape r and scale
1/alpha, probabilities beta with a and b (Fader, Hardie & Lee 2005, "Counting your
customers" the easy way, Marketing Science 24: 275–284; likelihood and expectations as
published there).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, expit, gammaln, hyp2f1, psi

from holdback.errors import Problem, StatsError
from holdback.stats.lifetime.lifetime_value import (
    SHAPES,
    WEAK_PRIOR_SD,
    YEARS,
    by_shapes,
    discounts,
    log_prior,
    shapes_of,
)
from holdback.stats.posterior.laplace import GRADIENT_TOLERANCE, Mode, mode_of

__all__ = ["NEAR_ONE", "BgNbd", "OrderHistories", "Orders", "expected", "likelihood"]

Vector = npt.NDArray[np.float64]
NEAR_ONE = 1e-6
"""How far a stays from 1, where the expectations are limits."""
START_PARAMETERS = (0.5, 5.0, 1.0, 2.0)
LOG_EDGE = 20.0
"""Logs of parameters beyond which nothing changes any more."""
LARGE_SHAPES = 1e5
"""From where a + b costs scipy's hypergeometric function its digits."""
LEAST_DROPOUT = 1e-12
LOGIT_NODES = 400
"""Steps over the logit of the chance to stop."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderHistories:
    """Customers grouped by their history, each array (k,).

    `orders` since the start, time of the `last` one (0 without any), time `watched`,
    in one unit of time, and how many `units` share the history.
    """

    orders: Vector
    last: Vector
    watched: Vector
    units: Vector

    @classmethod
    def of(
        cls,
        orders: npt.ArrayLike,
        last: npt.ArrayLike,
        watched: npt.ArrayLike,
        units: npt.ArrayLike | None = None,
    ) -> Self:
        """From sequences; units default to one each.

        orders: (k,); last, watched: (k,), times; units: (k,). Raises StatsError for a
        time below 0, or an order after the time watched.
        """
        x, at, end = (
            np.asarray(times, dtype=float) for times in (orders, last, watched)
        )
        if (at < 0).any() or (end < at).any() or (x < 0).any():
            raise StatsError(
                Problem(
                    where="the orders",
                    what="a history has an order before its start or after its end.",
                    why="Times run from 0, the start, to the time watched.",
                )
            )
        return cls(
            orders=x,
            last=at,
            watched=end,
            units=np.ones_like(x) if units is None else np.asarray(units, dtype=float),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BgNbd:
    """The four parameters; `alpha` is in the histories' unit of time."""

    r: float
    alpha: float
    a: float
    b: float

    def expected(self, t: npt.ArrayLike) -> Vector:
        """Orders that a new customer is expected to place by time t (n,), (n,)."""
        return expected(
            np.asarray(t, dtype=float), self.r, self.alpha, _apart(self.a), self.b
        )

    def alive(self, histories: OrderHistories) -> Vector:
        """Chance that customers of each history are still active, (k,).

        The part of the likelihood in which they are (Fader, Hardie & Lee 2008,
        Computing P(alive) using the BG/NBD model).
        """
        x = histories.orders
        since = np.log(self.alpha + histories.watched) - np.log(
            self.alpha + histories.last
        )
        log_odds = np.log(self.a) - np.log(np.where(x > 0, self.b + x - 1, 1.0))
        stopped = expit(log_odds + (self.r + x) * since)
        return np.where(x > 0, 1 - stopped, 1.0)

    def ahead(self, histories: OrderHistories, t: npt.ArrayLike) -> Vector:
        """Orders expected within the next t (k,) after what was watched, (k,).

        Fader, Hardie & Lee 2005, equation 10, as a product (derived here): those who
        are still active are like new customers whose parameters have learned from what
        was seen: r + x, alpha + T, a, b + x.
        """
        x = histories.orders
        known = self.r + x, self.alpha + histories.watched, _apart(self.a), self.b + x
        return np.asarray(expected(t, *known) * self.alive(histories))

    @classmethod
    def fit(cls, histories: OrderHistories) -> Self:
        """Maximum likelihood, by its gradient on the log scale.

        Raises StatsError where nobody ordered, or where no maximum is found.
        """
        from scipy.optimize import minimize

        if not (histories.orders > 0).any():
            raise StatsError(
                Problem(
                    where="the orders",
                    what="nobody ordered.",
                    why="How often customers order cannot be learned from none.",
                )
            )
        n = histories.units.sum()

        def loss(theta: Vector) -> tuple[float, Vector]:
            with np.errstate(over="ignore"):
                at = np.exp(np.clip(theta, -LOG_EDGE, LOG_EDGE))
            value, scores = likelihood(at, histories)
            weight = histories.units / n
            return -float(weight @ value), -(weight @ scores) * at

        best = minimize(
            loss,
            np.log(START_PARAMETERS),
            jac=True,
            method="BFGS",
            options={"gtol": GRADIENT_TOLERANCE},
        )
        if not np.isfinite(best.fun) or np.abs(best.jac).max() > 1e-3:
            raise StatsError(
                Problem(
                    where="the orders",
                    what="no customer model fits them.",
                    why="Orders are too few, or hardly anyone orders twice.",
                )
            )
        known = np.exp(np.clip(best.x, -LOG_EDGE, LOG_EDGE))
        return cls(
            **dict(zip(("r", "alpha", "a", "b"), map(float, known), strict=True))
        )

    def log_likelihood(self, histories: OrderHistories) -> float:
        """Of all units together."""
        at = np.array([self.r, self.alpha, self.a, self.b])
        return float(histories.units @ likelihood(at, histories)[0])


def expected(
    t: npt.ArrayLike,
    r: npt.ArrayLike,
    alpha: npt.ArrayLike,
    a: npt.ArrayLike,
    b: npt.ArrayLike,
) -> Vector:
    """Expected orders by time t of a new customer, (n,).

    t, r, alpha, a, b: (n,) each, or of shapes that broadcast. Fader, Hardie & Lee 2005,
    equation 9. Where the hypergeometric function of scipy overflows (many orders in
    next to no time) or loses its digits (customers who are all alike: a + b above
    100,000), the expectation over the dropout's beta is taken by the trapezoid rule.
    """
    t, r, alpha, a, b = np.broadcast_arrays(
        *(np.asarray(argument, dtype=float) for argument in (t, r, alpha, a, b))
    )
    with np.errstate(all="ignore"):
        share = hyp2f1(r, b, a + b - 1, t / (alpha + t))
        orders = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * share)
    orders = np.asarray(orders)
    lost = ~np.isfinite(orders) | (a + b > LARGE_SHAPES)
    if lost.any():
        orders[lost] = _by_quadrature(t[lost], r[lost], alpha[lost], a[lost], b[lost])
    return orders


def _by_quadrature(t: Vector, r: Vector, alpha: Vector, a: Vector, b: Vector) -> Vector:
    """E[(1 − (1 + p t / alpha)^(−r)) / p] over p ~ Beta(a, b), all (k,).

    That is E[X(t)] before p is integrated out: (1 − e^(−λ p t)) / p orders for given
    λ and p, over λ ~ Gamma(r, alpha). In the logit of p the integrand is analytic
    and its tails are exponential, so that equal steps converge geometrically.
    """
    peak = 8.5 * np.sqrt(1 / a + 1 / b)
    lower = np.log(a / b) - peak - 37 / a
    upper = np.log(a / b) + peak + 37 / b
    logit = lower + (upper - lower) * np.linspace(0, 1, LOGIT_NODES)[:, None]
    p = expit(logit)
    log_weight = a * logit - (a + b) * np.logaddexp(0, logit)
    weight = np.exp(log_weight - log_weight.max(axis=0))
    some = np.maximum(p, LEAST_DROPOUT)  # below, orders are r t / alpha
    orders = -np.expm1(-r * np.log1p(some * t / alpha)) / some
    return np.asarray((weight * orders).sum(axis=0) / weight.sum(axis=0))


def likelihood(at: Vector, histories: OrderHistories) -> tuple[Vector, Vector]:
    """Log-likelihood (k,) of each history and its gradient (k, 4) in r, alpha, a, b.

    at: (4,), these four. The likelihood of Fader, Hardie & Lee 2005; the gradient is
    derived here.
    """
    r, alpha, a, b = at
    x, last, watched = histories.orders, histories.last, histories.watched
    again = x > 0
    going = -(r + x) * np.log(alpha + watched)
    before = np.where(again, b + x - 1, 1.0)
    over = np.where(
        again, np.log(a) - np.log(before) - (r + x) * np.log(alpha + last), -np.inf
    )
    both = np.logaddexp(going, over)
    w_going, w_over = np.exp(going - both), np.exp(over - both)
    value = (
        gammaln(r + x)
        - gammaln(r)
        + r * np.log(alpha)
        + betaln(a, b + x)
        - betaln(a, b)
        + both
    )
    # B(a, b + x) Γ… : Γ(a + b) Γ(b + x) / (Γ(b) Γ(a + b + x)) = B(a, b + x) / B(a, b).
    by_r = psi(r + x) - psi(r) + np.log(alpha)
    by_r -= w_going * np.log(alpha + watched) + w_over * np.log(alpha + last)
    by_alpha = r / alpha
    by_alpha = by_alpha - (r + x) * (
        w_going / (alpha + watched) + w_over / (alpha + last)
    )
    common = psi(a + b) - psi(a + b + x)
    by_a = common + w_over / a
    by_b = common + psi(b + x) - psi(b) - w_over / before
    return value, np.column_stack([by_r, by_alpha, by_a, by_b])


def _apart(a: float) -> float:
    """The expectations divide by a − 1, where they have a limit."""
    return a if abs(a - 1) > NEAR_ONE else 1 + NEAR_ONE


HORIZON_STEPS = 40
"""How finely the time to the horizon is cut."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Orders:
    """Orders of a shop: BG/NBD in both arms, in weeks.

    Parameters: ln r, ln alpha, logit a/(a + b), ln(a + b) of control, and the
    treatment's effects on the last three.
    """

    arms: tuple[OrderHistories, OrderHistories]
    horizon: float
    discount: float
    mode: Mode

    @classmethod
    def fit(
        cls,
        arms: tuple[OrderHistories, OrderHistories],
        *,
        horizon: float,
        discount: float,
    ) -> Orders:
        """The posterior of both arms; raises StatsError where it has no mode."""
        watched = np.average(arms[0].watched, weights=arms[0].units)
        middle = np.array([0.0, np.log(max(watched, 1.0)), SHAPES[0][0], SHAPES[1][0]])
        spread = np.array([WEAK_PRIOR_SD, WEAK_PRIOR_SD, SHAPES[0][1], SHAPES[1][1]])

        def loss(theta: Vector) -> tuple[float, Vector]:
            value, slope = log_prior(theta, middle, spread)
            for arm, histories in enumerate(arms):
                log_likelihood, scores = _order_scores(theta, arm, histories)
                value -= float(histories.units @ log_likelihood)
                slope = slope - histories.units @ scores
            return value, slope

        units = sum(float(histories.units.sum()) for histories in arms)
        start = np.concatenate([middle, np.zeros(3)])
        mode = mode_of(loss, start, scale=units)
        return cls(arms=arms, horizon=horizon, discount=discount, mode=mode)

    @property
    def control(self) -> dict[str, float]:
        """r, alpha, a and b of control."""
        parameters = _orders_of(self.mode.at[None, :], 0)
        names = ("r", "alpha", "a", "b")
        return {name: float(v[0]) for name, v in zip(names, parameters, strict=True)}

    def ahead(self, draws: Vector) -> Vector:
        """Both arms' orders from the end of watching to the horizon, (n, 2).

        draws: (n, 7), of the parameters. Discounted to the end of watching, as the
        discounted expected residual transactions of Fader, Hardie & Lee 2005 are.
        """
        watched = np.concatenate([histories.watched for histories in self.arms])
        units = np.concatenate([histories.units for histories in self.arms])
        times, group = np.unique(np.minimum(watched, self.horizon), return_inverse=True)
        share = np.bincount(group, weights=units) / units.sum()
        share = share / discounts(self.discount, times * YEARS)
        steps = _steps(times[0], self.horizon)
        weight = discounts(self.discount, (steps[1:] + steps[:-1]) / 2 * YEARS)
        kept = _later(steps, times, share) * weight
        values = []
        for arm in (0, 1):
            r, alpha, a, b = (
                parameter[:, None] for parameter in _orders_of(draws, arm)
            )
            a = np.where(np.abs(a - 1) > NEAR_ONE, a, 1 + NEAR_ONE)
            known = expected(steps[None, :], r, alpha, a, b)
            values.append(np.diff(known, axis=1) @ kept)
        return np.column_stack(values)

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's gradient of its log-likelihood at the mode, (k, p)."""
        first, second = (
            _order_scores(self.mode.at, arm, histories)[1]
            for arm, histories in enumerate(self.arms)
        )
        return first, second


def _orders_of(draws: Vector, arm: int) -> tuple[Vector, Vector, Vector, Vector]:
    alpha = np.exp(draws[:, 1] + (draws[:, 4] if arm else 0.0))
    return np.exp(draws[:, 0]), alpha, *shapes_of(draws, arm, 2)


def _order_scores(
    theta: Vector, arm: int, histories: OrderHistories
) -> tuple[Vector, Vector]:
    r, alpha, a, b = (float(score[0]) for score in _orders_of(theta[None, :], arm))
    log_likelihood, by = likelihood(np.array([r, alpha, a, b]), histories)
    logit, log = by_shapes(a, b, by[:, 2:])
    common = [r * by[:, 0], alpha * by[:, 1], logit, log]
    return log_likelihood, np.column_stack(
        [*common, *(arm * score for score in common[1:])]
    )


def _steps(first: float, last: float) -> Vector:
    """Times from one to the other, closer together where orders grow fastest."""
    return np.asarray(
        first + (last - first) * np.linspace(0, 1, HORIZON_STEPS + 1) ** 1.5
    )


def _later(steps: Vector, times: Vector, share: Vector) -> Vector:
    """The share of units for whom each step (g,) lies ahead; in part where it ends."""
    place = np.clip(
        np.searchsorted(steps, times, side="right") - 1, 0, HORIZON_STEPS - 1
    )
    gone = (times - steps[place]) / (steps[place + 1] - steps[place])
    before = np.bincount(place, weights=share, minlength=HORIZON_STEPS)
    inside = np.bincount(place, weights=share * gone, minlength=HORIZON_STEPS)
    return np.asarray(np.cumsum(before) - inside)
