"""The hurdle's chance beside the permutation interval, under a flat prior.

Both are two readings of the same data where the treatment only multiplies amounts: one
knows how they are spread, the other does not. So they differ, within the limits that
are stated here. Where the treatment changes the spread the hurdle with one spread errs,
which is why it explains and never decides (tests/calibration/test_chance.py).
"""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt
import pytest
from calibration.shops import Shop, mean
from scipy import stats

from holdback.stats.evidence.resplits import TwoSamples, resplits
from holdback.stats.posterior.hurdle import Hurdle, LogSpend
from holdback.stats.posterior.posterior import LiftPrior

LONG = pytest.mark.calibration
FLAT = LiftPrior(name="none", sd=None)
EDGE = 1.96
LEAST_CORRELATION, MOST_SPREAD = 0.5, 1.1
"""Of both readings' z over tests of one setting; of their difference."""


def readings(
    n: int, lift: float, sigma: float, runs: int, *, told: float = 1.0
) -> npt.NDArray[np.float64]:
    """Both z of "there is a lift", (runs, 2): permutation, hurdle.

    90 % treated, 3 % buyers. `told`: a planted fault, the factor by which the hurdle is
    told a false spread of log spend.
    """
    rng, found = np.random.default_rng(4), []
    for _ in range(runs):
        control = Shop(n=n, sigma=sigma).sample(rng, 1)
        treated = Shop(n=9 * n, mu=log(1 + lift), sigma=sigma).sample(rng, 1)
        samples = TwoSamples(control=control, treatment=treated, formula=mean)
        splits = resplits(samples, draws=999)
        beyond = np.sum(splits.drawn(1.0) >= splits.observed(1.0))
        sides = [LogSpend.of(control), LogSpend.of(treated)]
        if told != 1.0:
            sides = [
                LogSpend(
                    n=one.n,
                    buyers=one.buyers,
                    log_mean=one.log_mean,
                    log_squares=told**2 * one.log_squares,
                )
                for one in sides
            ]
        model = Hurdle(control=sides[0], treatment=sides[1])
        chance = model.posterior(FLAT).probability_above(0.0)
        tails = np.array([(1 + beyond) / 1_000, 1 - chance])
        found.append(stats.norm.isf(np.clip(tails, 1e-9, 1 - 1e-9)))
    return np.array(found)


@pytest.mark.parametrize(
    ("n", "lift", "sigma", "runs"),
    [
        (2_000, 0.0, 1.5, 100),
        *(
            pytest.param(n, lift, sigma, 400, marks=LONG)
            for n in (2_000, 20_000)
            for lift in (0.0, 0.3)
            for sigma in (1.0, 1.5)
        ),
    ],
)
def test_the_two_readings_agree_within_limits(
    n: int, lift: float, sigma: float, runs: int
) -> None:
    """They go together, never claim opposite things, and without a lift do not lean."""
    z = readings(n, lift, sigma, runs)
    apart = z[:, 1] - z[:, 0]
    assert np.corrcoef(z.T)[0, 1] > LEAST_CORRELATION
    assert apart.std() < MOST_SPREAD
    assert not ((z.max(axis=1) > EDGE) & (z.min(axis=1) < -EDGE)).any()
    if lift == 0:
        assert abs(apart.mean()) < 4 * apart.std() / runs**0.5
    else:
        assert (z[:, 1] > EDGE).mean() > (z[:, 0] > EDGE).mean()


def test_a_false_spread_is_beyond_the_limits() -> None:
    """The planted fault: amounts told a third as spread as they are."""
    z = readings(2_000, 0.0, 1.5, 100, told=0.3)
    assert (z[:, 1] - z[:, 0]).std() > MOST_SPREAD
