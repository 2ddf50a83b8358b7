"""Each tail of money's range where the treatment changes how spend is spread.

Both arms have the same mean, and log spend of other deviations: the true lift is 0,
and no re-split of the units has the shape of either arm. "Above" is the share of 95 %
ranges wholly above no lift, "below" wholly below it, promised 2.5 % each. A range
leaves out no lift on a side exactly where its reference gives that side at most 2.5 %
at a ratio of 1.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import numpy.typing as npt
import pytest
from scipy import optimize, special, stats

from holdback.stats.evidence.delta_method import estimate_rows
from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.permutation import Reference
from tests.calibration.shops import mean

LONG = pytest.mark.calibration
SIDE = 0.025
MOST = 0.04
"""Of a tail, in every setting."""
LEAST = 0.008
"""Where the outermost of two references decides, one side errs less than promised."""
DRAWS = 799

SIZES = {"90/10": (2_000, 18_000), "50/50": (2_000, 2_000), "95/5": (2_000, 38_000)}
SIGMAS = [(1.5, 1.0), (1.5, 1.2), (1.5, 1.3), (1.5, 1.5), (1.0, 1.15), (1.0, 1.5)]
SHORT = [("90/10", 1.5, 1.0), ("90/10", 1.5, 1.5), ("50/50", 1.0, 1.5)]


def spend(
    rng: np.random.Generator, n: int, sigma: float, law: str = "lognormal"
) -> Sample:
    """Units of whom 3 % spend, 1 on average, log spend with this deviation."""
    buyers = int(rng.binomial(n, 0.03))
    if law == "lognormal":
        values = np.exp(rng.normal(-(sigma**2) / 2, sigma, buyers))
    else:  # the gamma whose log has this deviation: ψ'(shape) = σ²
        shape = gamma_shape(sigma)
        values = rng.gamma(shape, 1 / shape, buyers)
    return Sample(columns=("y",), rows=values[:, None], n=n)


def gamma_shape(sigma: float) -> float:
    """Shape of the gamma law whose log has deviation `sigma`."""
    return float(
        optimize.brentq(lambda a: special.polygamma(1, a) - sigma**2, 0.05, 100.0)
    )


def tails(
    split: str, control: float, treated: float, runs: int, law: str = "lognormal"
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Shares above and below no lift: by the reference, and by log-delta."""
    rng = np.random.default_rng([2027, round(100 * control), round(100 * treated)])
    missed, plain = np.zeros(2), np.zeros(2)
    for _ in range(runs):
        sides = [
            spend(rng, n, sigma, law)
            for n, sigma in zip(SIZES[split], (control, treated), strict=True)
        ]
        samples = TwoSamples(control=sides[0], treatment=sides[1], formula=mean)
        missed += np.array(Reference.of(samples, draws=DRAWS).at(0.0)) <= SIDE
        c, t = (estimate_rows(side, mean) for side in sides)
        z = log(t.value / c.value) / sqrt((c.se / c.value) ** 2 + (t.se / t.value) ** 2)
        plain += z >= stats.norm.isf(SIDE), z <= -stats.norm.isf(SIDE)
    return missed / runs, plain / runs


def within(shares: npt.NDArray[np.float64], runs: int) -> bool:
    """Whether shares may come from tails between the least and the most, at 99.9 %."""
    low = stats.binom.ppf(0.0005, runs, LEAST) / runs
    high = stats.binom.ppf(0.9995, runs, MOST) / runs
    return bool(np.all((shares >= low) & (shares <= high)))


@pytest.mark.parametrize(("split", "control", "treated"), SHORT)
def test_tails_where_spreads_differ(split: str, control: float, treated: float) -> None:
    """250 tests a setting, 60 buyers in the smaller arm: each tail within its band."""
    found, _ = tails(split, control, treated, 250)
    assert within(found, 250)


def test_the_band_catches_an_interval_that_errs() -> None:
    """The planted mistake: each arm's own variance, and the normal's quantile."""
    _, plain = tails("90/10", 1.5, 1.0, 250)
    assert not within(plain, 250)


@LONG
@pytest.mark.parametrize("law", ["lognormal", "gamma"])
@pytest.mark.parametrize("split", list(SIZES))
@pytest.mark.parametrize(("control", "treated"), SIGMAS)
def test_tails_of_every_spread(
    split: str, control: float, treated: float, law: str
) -> None:
    """3,000 tests a setting: no tail above 4 %, none below 0.8 %."""
    found, _ = tails(split, control, treated, 3_000, law)
    assert within(found, 3_000)
