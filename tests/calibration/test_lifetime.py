"""Coverage of the lift in lifetime value, by customers drawn one order at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from oracles.customers import Customers
from scipy import special, stats

from holdback.analysis.exploratory.lifetime_value import project
from holdback.data.evidence.purchase_histories import ArmHistories
from holdback.experiments.language.expression import parse
from holdback.experiments.metrics.clv import Clv
from holdback.stats.lifetime.lifetime_value import carried_on

LONG = pytest.mark.calibration
HORIZON = 78
METRIC = Clv(
    name="worth",
    source="orders",
    value=parse("total"),
    horizon=timedelta(weeks=HORIZON),
    discount=Fraction(0),
)
CONTROL = Customers()
Vector = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator], Customers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Of each run: the truth, its rank among the draws, and the interval's ends."""

    truth: npt.NDArray[np.float64]
    rank: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    scaled: npt.NDArray[np.bool_]

    @property
    def covered(self) -> float:
        """Share of 95 % intervals that hold the truth."""
        return float(((self.low <= self.truth) & (self.truth <= self.high)).mean())


def runs(
    draw: Draw, *, units: int, weeks: tuple[float, float], count: int, seed: int
) -> Results:
    """So many experiments of two equal arms watched for `weeks`."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        treated = draw(rng)
        watched = rng.uniform(*weeks, units)
        sides = (
            CONTROL.arm(rng, watched),
            treated.arm(rng, rng.permutation(watched)),
        )
        found = project(METRIC, sides, (seed, i), draws=1000).worth.total
        more = found[:, 1] - found[:, 0]
        truth = treated.worth(HORIZON) - CONTROL.worth(HORIZON)
        low, high = np.quantile(more, [0.025, 0.975])
        rows.append((truth, (more < truth).mean(), low, high, scaled(sides, truth)))
    columns = [np.array(one) for one in zip(*rows, strict=True)]
    return Results(
        truth=columns[0],
        rank=columns[1],
        low=columns[2],
        high=columns[3],
        scaled=columns[4],
    )


def scaled(sides: tuple[ArmHistories, ArmHistories], truth: float) -> bool:
    """Whether the window's difference, scaled to the horizon, holds the truth."""
    values, errors = zip(
        *(
            carried_on(side.net, side.watched / 7, side.units, until=HORIZON)
            for side in sides
        ),
        strict=True,
    )
    return bool(abs(values[1] - values[0] - truth) <= 1.96 * np.hypot(*errors))


def from_the_prior(rng: np.random.Generator) -> Customers:
    """Effects as the model believes in them."""
    return CONTROL.treated(*rng.normal(0, 0.2, 4))


@pytest.mark.parametrize("count", [30, pytest.param(600, marks=LONG)])
def test_ranks_of_the_truth_are_uniform(count: int) -> None:
    """Simulation-based calibration, averaged over effects drawn from the prior."""
    found = runs(from_the_prior, units=2000, weeks=(27, 39), count=count, seed=5)
    assert stats.kstest(found.rank, "uniform").pvalue > 0.01
    spread = 3 * np.sqrt(0.95 * 0.05 / count)
    assert found.covered == pytest.approx(0.95, abs=spread)


@LONG
@pytest.mark.parametrize(
    ("effects", "units", "weeks", "least"),
    [
        ((0.0, 0.0, 0.0, 0.0), 2_000, (27, 39), 0.95),
        ((-0.1398, 0.0, 0.0, 0.0), 2_000, (27, 39), 0.93),
        ((-0.1398, -0.1, 0.0, 0.0), 10_000, (27, 39), 0.93),
        ((0.0, 0.0, 0.0, 0.0), 2_000, (6, 12), 0.95),
        ((-0.1398, 0.0, 0.0, 0.0), 10_000, (6, 12), 0.93),
    ],
)
def test_coverage_at_fixed_effects(
    effects: tuple[float, float, float, float],
    units: int,
    weeks: tuple[float, float],
    least: float,
) -> None:
    """At effects well inside the prior the interval covers at least about 95 %."""
    found = runs(
        lambda _: CONTROL.treated(*effects),
        units=units,
        weeks=weeks,
        count=200,
        seed=11,
    )
    assert found.covered >= least - 3 * np.sqrt(0.95 * 0.05 / 200)


@LONG
def test_scaling_a_short_window_fails() -> None:
    """15 % more orders, 6 to 12 weeks seen: scaled to 78 weeks, most miss the truth."""
    found = runs(
        lambda _: CONTROL.treated(-0.1398),
        units=10_000,
        weeks=(6, 12),
        count=200,
        seed=12,
    )
    assert found.scaled.mean() < 0.8
    assert found.covered >= 0.9


SUBSCRIBED = Clv(
    name="worth",
    source="payments",
    value=parse("fee"),
    horizon=timedelta(days=720),
    renews=timedelta(days=30),
    discount=Fraction(0),
)


def subscribers(
    rng: np.random.Generator, shapes: tuple[float, float], watched: Vector
) -> ArmHistories:
    """Units that pay 20 every 30 days until they leave."""
    leaves = rng.geometric(rng.beta(*shapes, len(watched)))
    payments = np.minimum(leaves, 1 + np.floor(watched / 30))
    return ArmHistories(
        orders=payments,
        last=30 * (payments - 1) + 0.5,
        watched=watched,
        gross=20 * payments,
        net=20 * payments,
        units=np.ones(len(watched)),
        early=None,
    )


def paid_until_horizon(alpha: float, beta: float) -> float:
    """20 × the sum of the shares that renew 0, 1, … 23 times."""
    months = np.arange(24)
    return 20 * float(
        np.exp(special.betaln(alpha, beta + months) - special.betaln(alpha, beta)).sum()
    )


@pytest.mark.parametrize("count", [40, pytest.param(600, marks=LONG)])
def test_ranks_of_subscribers_are_uniform(count: int) -> None:
    """Effects drawn from the prior on the mean chance to leave and its spread."""
    rng = np.random.default_rng(21)
    ranks, covered = [], []
    for i in range(count):
        share = special.expit(special.logit(1 / 6) + rng.normal(0, 0.2))
        size = 6 * np.exp(rng.normal(0, 0.2))
        arms = (1.0, 5.0), (share * size, (1 - share) * size)
        control, treated = (
            subscribers(rng, shapes, rng.uniform(60, 210, 2000)) for shapes in arms
        )
        total = project(SUBSCRIBED, (control, treated), (21, i), draws=1000).worth.total
        more = total[:, 1] - total[:, 0]
        truth = paid_until_horizon(*arms[1]) - paid_until_horizon(*arms[0])
        low, high = np.quantile(more, [0.025, 0.975])
        ranks.append((more < truth).mean())
        covered.append(low <= truth <= high)
    assert stats.kstest(ranks, "uniform").pvalue > 0.01
    spread = 3 * np.sqrt(0.95 * 0.05 / count)
    assert np.mean(covered) == pytest.approx(0.95, abs=spread)
