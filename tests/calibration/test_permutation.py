"""Each tail of the permutation interval where other intervals fail.

"Above" is the share of intervals wholly above the truth (too much lift claimed),
"below" the share wholly below it; nominal 2.5 % each. An interval misses the truth
on a side exactly when the reference at the true ratio leaves that side at most 2.5 %,
so one trial of the truth stands for the whole interval.

The settings are those of published comparisons of intervals for small holdbacks: a
plain log-delta interval misses up to 11.3 % on one side there, Fieller's 11.6 %.
"""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from holdback.stats.evidence.delta_method import Formula
from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.permutation import Reference
from tests.calibration.shops import Shop, estimated, mean, ratio

LONG = pytest.mark.calibration
SIDE = 0.025
ORDERS = 0.45

SETTINGS = {
    "90/10": (Shop(n=2_000), Shop(n=18_000)),
    "50/50": (Shop(n=10_000), Shop(n=10_000)),
    "milder tail": (Shop(n=2_000, sigma=1.0), Shop(n=18_000, sigma=1.0)),
    "95/5": (Shop(n=1_000), Shop(n=19_000)),
    "gamma": (Shop(n=2_000, gamma=0.5), Shop(n=18_000, gamma=0.5)),
    "order value": (Shop(n=2_000, orders=ORDERS), Shop(n=18_000, orders=ORDERS)),
    "order value, milder tail": (
        Shop(n=2_000, orders=ORDERS, sigma=1.0),
        Shop(n=18_000, orders=ORDERS, sigma=1.0),
    ),
    "conversion +20 %": (Shop(n=2_000), Shop(n=18_000, share=0.036)),
    "conversion -20 %": (Shop(n=2_000), Shop(n=18_000, share=0.024)),
    "lighter tail when treated": (Shop(n=2_000), Shop(n=18_000, sigma=1.4)),
    "heavier tail when treated": (Shop(n=2_000), Shop(n=18_000, sigma=1.6)),
    "amounts +10 %": (Shop(n=2_000), Shop(n=18_000, mu=log(1.1))),
    "order value +10 %, conversion +20 %": (
        Shop(n=2_000, orders=ORDERS),
        Shop(n=18_000, orders=ORDERS, mu=log(1.1), share=0.036),
    ),
}
SHORT = {"90/10", "order value", "conversion +20 %"}
SHAPES = {"lighter tail when treated", "heavier tail when treated"}
"""Where the treatment changes the shape, no permutation is exact; see the docs."""


def tails(name: str, runs: int) -> npt.NDArray[np.float64]:
    """Shares of intervals above and below the truth."""
    control, treated = SETTINGS[name]
    columns = 2 if control.orders else 1
    formula: Formula = ratio if control.orders else mean
    truth = treated.amount / control.amount
    if columns == 1:
        truth = treated.mean / control.mean
    rng = np.random.default_rng(2026)
    missed = np.zeros(2)
    for _ in range(runs):
        samples = TwoSamples(
            control=control.sample(rng, columns),
            treatment=treated.sample(rng, columns),
            formula=formula,
        )
        missed += np.array(Reference.of(samples, draws=399).at(log(truth))) <= SIDE
    return missed / runs


def band(runs: int) -> tuple[float, float]:
    """Where 99.9 % of the runs of an honest 2.5 % tail lie."""
    return tuple(stats.binom.ppf((0.0005, 0.9995), runs, SIDE) / runs)  # type: ignore[return-value]


@pytest.mark.parametrize("name", sorted(SHORT))
def test_tails_stay_in_their_band(name: str) -> None:
    """300 tests of a setting: each side within the 99.9 % band of 2.5 %."""
    low, high = band(300)
    for side in tails(name, 300):
        assert low <= side <= high


@pytest.mark.calibration
@pytest.mark.parametrize("name", list(SETTINGS))
def test_tails_of_every_setting(name: str) -> None:
    """20,000 tests: each side 1.7–3.2 %; up to 4.0 % where the shape itself changes.

    Where the outermost of two references decides, the other side errs less: 1.7 % of
    4,000 tests at 50/50.
    """
    for side in tails(name, 20_000):
        assert 0.017 <= side <= (0.040 if name in SHAPES else 0.032)


@pytest.mark.parametrize("runs", [600, pytest.param(20_000, marks=LONG)])
def test_the_band_catches_the_plain_interval(runs: int) -> None:
    """The same check fails for Welch's interval: it can fail."""
    control, treated = SETTINGS["90/10"]
    rng = np.random.default_rng(7)
    wins = losses = 0
    for _ in range(runs):
        c, t = (estimated(shop.sample(rng, 1), mean) for shop in (control, treated))
        z = (t.value - c.value) / np.sqrt(c.se**2 + t.se**2)
        wins, losses = wins + (z > 1.96), losses + (z < -1.96)
    low, high = band(runs)
    assert wins / runs > high
    assert losses / runs < low


def covaried(shop: Shop, rng: np.random.Generator, loyalty: float) -> Sample:
    """Revenue and revenue before: a share of buyers had bought before, alike."""
    bought = shop.sample(rng, 1).rows[:, 0]
    before = shop.sample(rng, 1).rows[:, 0]
    both = int(rng.binomial(min(len(bought), len(before)), loyalty))
    rows = np.zeros((len(bought) + len(before) - both, 2))
    rows[: len(bought), 0] = bought
    start = len(bought) - both
    rows[start:, 1] = before[: len(rows) - start]
    rows[start : len(bought), 1] = bought[start:] * np.exp(
        0.5 * rng.standard_normal(both)
    )
    return Sample(columns=("revenue", "before"), rows=rows, n=shop.n)


def adjusted_tails(runs: int) -> npt.NDArray[np.float64]:
    """Shares above and below no lift, net of revenue before, 90/10."""
    from holdback.stats.evidence.resplits import Adjustment

    control, treated = SETTINGS["90/10"]
    rng = np.random.default_rng(11)
    missed = np.zeros(2)
    for _ in range(runs):
        sides = [covaried(shop, rng, 0.6) for shop in (control, treated)]
        n = sum(side.n for side in sides)
        rows = np.concatenate([side.rows for side in sides])
        capped = np.minimum(rows, np.quantile(rows[rows[:, 0] > 0], 0.97, axis=0))
        mean_of = capped.sum(axis=0) / n
        cov = (capped.T @ capped) / n - np.outer(mean_of, mean_of)
        theta = cov[:1, 1] / cov[1, 1]
        samples = TwoSamples(
            control=sides[0],
            treatment=sides[1],
            formula=mean,
            adjustment=Adjustment(theta=theta, centre=rows.sum(axis=0)[1:] / n),
        )
        missed += np.array(Reference.of(samples, draws=999).at(0.0)) <= SIDE
    return missed / runs


@pytest.mark.parametrize("runs", [250, pytest.param(10_000, marks=LONG)])
def test_tails_net_of_a_covariate(runs: int) -> None:
    """Permuted together with their time before, units keep both tails as well."""
    low, high = band(runs)
    for side in adjusted_tails(runs):
        assert low <= side <= high
