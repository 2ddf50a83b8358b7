"""The rest of the battery: ratios, lifts, covariates, power, families, money.

Bands are where 99.9 % of honest runs lie. Each check has a planted error beside it
that falls out of its band, so that it is known to be able to fail.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.special import ndtr

from holdback.economics.money import incremental
from holdback.stats.design.power import MeanDesign, ProportionDesign
from holdback.stats.evidence.delta_method import estimate_rows
from holdback.stats.evidence.effect import Contrast, Estimate, Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.compare import compare_means
from holdback.stats.methods.proportion import compare_proportions
from holdback.stats.methods.uncertain_cost import UncertainCost
from holdback.stats.multiplicity.p_value_adjustment import benjamini_hochberg, holm
from holdback.stats.variance_reduction.cuped import adjust
from tests.calibration.shops import Shop, mean, ratio

LONG = pytest.mark.calibration
Vector = npt.NDArray[np.float64]


def band(runs: int, share: float) -> tuple[float, float]:
    """Where 99.9 % of the runs lie that err so often."""
    low, high = stats.binom.ppf((0.0005, 0.9995), runs, share) / runs
    return float(low), float(high)


def inside(count: float, runs: int, share: float = 0.05) -> bool:
    """Whether a count of errors lies in its band."""
    low, high = band(runs, share)
    return low <= count / runs <= high


def browsers(rng: np.random.Generator, n: int) -> Sample:
    """Clicks and impressions of n users: 0 to 50 impressions, each with a taste."""
    shown = np.minimum(rng.geometric(0.12, n) - 1, 50)
    taste = rng.beta(0.5, 4.5, n)
    clicks = rng.binomial(shown, taste)
    return Sample(
        columns=("clicks", "shown"), rows=np.column_stack([clicks, shown]) * 1.0, n=n
    )


@pytest.mark.parametrize("runs", [1_000, pytest.param(5_000, marks=LONG)])
def test_click_through_by_user_and_by_row(runs: int) -> None:
    """Randomized by user, a rate over impressions is read by user; by row it fails."""
    rng = np.random.default_rng(100)
    by_user = by_row = 0
    for _ in range(runs):
        sides = [browsers(rng, 1_500) for _ in range(2)]
        control, treated = (estimate_rows(side, ratio) for side in sides)
        found = compare_means(control, treated, level=0.95)
        assert found.p_value is not None
        by_user += found.p_value < 0.05
        (x, n), (y, m) = (side.rows.sum(axis=0) for side in sides)
        pooled = (x + y) / (n + m)
        z = (x / n - y / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        by_row += abs(z) > 1.96
    assert inside(by_user, runs)
    assert by_row / runs > 2 * band(runs, 0.05)[1]


def rate(rng: np.random.Generator, n: int, p: float) -> Estimate:
    """A conversion rate of n units."""
    k = int(rng.binomial(n, p))
    share = k / n
    return Estimate(
        value=share,
        se=float(np.sqrt(share * (1 - share) / n)),
        n=n,
        third=0.0,
        nonzero=k,
    )


@pytest.mark.parametrize("runs", [2_000, pytest.param(20_000, marks=LONG)])
@pytest.mark.parametrize("lift", [-0.2, 0.0, 0.05, 0.25])
def test_lifts_of_rates_are_covered(lift: float, runs: int) -> None:
    """2 % conversion, 90/10: the score interval holds the lift, whatever it is."""
    rng = np.random.default_rng(101)
    missed = 0
    for _ in range(runs):
        found = compare_proportions(
            rate(rng, 2_000, 0.02), rate(rng, 18_000, 0.02 * (1 + lift)), level=0.95
        ).relative
        assert found is not None
        low, high = found.interval.lower, found.interval.upper
        missed += (low is not None and low > lift) or (high is not None and high < lift)
    assert inside(missed, runs)


def read(control: Sample, treated: Sample) -> Inference:
    """The product's rule on two samples of revenue."""
    samples = TwoSamples(control=control, treatment=treated, formula=mean)
    estimates = (estimate_rows(side, mean) for side in (control, treated))
    return compare_means(*estimates, level=0.95, samples=samples)


@pytest.mark.parametrize("runs", [150, pytest.param(4_000, marks=LONG)])
@pytest.mark.parametrize("lift", [-0.2, 0.25])
def test_lifts_of_money_are_covered(lift: float, runs: int) -> None:
    """Heavy tails, 90/10: the interval that the rule chooses holds the lift."""
    rng = np.random.default_rng(102)
    missed = 0
    for _ in range(runs):
        control = Shop(n=2_000).sample(rng, 1)
        treated = Shop(n=18_000, mu=float(np.log1p(lift))).sample(rng, 1)
        found = read(control, treated).relative
        assert found is not None
        low, high = found.interval.lower, found.interval.upper
        missed += (low is not None and low > lift) or (high is not None and high < lift)
    assert inside(missed, runs)


def linked(rng: np.random.Generator, n: int, rho: float, shift: float) -> Moments:
    """An outcome and a covariate of correlation rho."""
    x = rng.standard_normal(n)
    y = 20 + shift + rho * x + np.sqrt(1 - rho**2) * rng.standard_normal(n)
    return Moments.of_rows(np.column_stack([y, x]), ["y", "x"], [3, 3])


@pytest.mark.parametrize("runs", [400, pytest.param(4_000, marks=LONG)])
@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_covariates_save_what_they_promise(rho: float, runs: int) -> None:
    """The mean is unmoved, the variance falls by ρ², A/A errors stay in their band."""
    rng = np.random.default_rng(103)
    wrong, plain, net = 0, [], []
    for _ in range(runs):
        control, treated = linked(rng, 100, rho, 0.0), linked(rng, 400, rho, 0.0)
        found = adjust(control, treated, formula=mean, columns=["y"], covariates=["x"])
        p_value = found.compared(level=0.95).p_value
        assert p_value is not None
        wrong += p_value < 0.05
        plain.append(treated.mean[0] - control.mean[0])
        net.append(found.treatment.value - found.control.value)
    assert inside(wrong, runs)
    assert abs(np.mean(net)) < 4 * np.std(net) / np.sqrt(runs)
    saved = np.var(net) / np.var(plain)
    assert saved == pytest.approx(1 - rho**2, abs=0.15 if runs < 1_000 else 0.05)


def test_a_covariate_from_after_exposure_is_caught() -> None:
    """What the treatment has moved is no covariate: the adjusted lift is wrong."""
    rng = np.random.default_rng(104)
    sides = []
    for shift in (0.0, 0.5):
        x = rng.standard_normal(4_000) + shift
        y = 20 + x + rng.standard_normal(4_000)
        sides.append(Moments.of_rows(np.column_stack([y, x]), ["y", "x"], [3, 3]))
    found = adjust(*sides, formula=mean, columns=["y"], covariates=["x"])
    effect = found.treatment.value - found.control.value
    assert abs(effect) < 0.1
    shifted = (sides[1].mean[1] - sides[0].mean[1]) / np.sqrt(2 / 4_000)
    assert shifted > 10


@pytest.mark.parametrize(
    ("control", "lift", "share", "units", "close"),
    [
        (0.02, 0.25, 0.5, 27_618, 0.01),
        (0.10, 0.10, 0.5, 30_000, 0.01),
        (0.50, 0.05, 0.5, 12_000, 0.01),
        (0.05, 0.20, 0.4, 30_000, 0.01),
        (0.10, -0.15, 0.2, 25_000, 0.01),
        (0.02, 0.25, 0.1, 60_000, 0.01),
    ],
)
def test_power_of_rates(
    control: float, lift: float, share: float, units: int, close: float
) -> None:
    """The formula's power is the pooled z test's, within a point at any split."""
    rng = np.random.default_rng(105)
    n, runs = round(units * share), 200_000
    m = units - n
    y, x = rng.binomial(n, control, runs), rng.binomial(m, control * (1 + lift), runs)
    pooled = (x + y) / units
    z = (x / m - y / n) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    design = ProportionDesign(
        rate=control, control_share=share, treatment_share=1 - share
    )
    found = design.power(lift=lift, units=units)
    assert found == pytest.approx(np.mean(np.abs(z) > 1.959964), abs=close)


@pytest.mark.parametrize(
    ("cv", "lift", "share", "units"),
    [
        (4.0, 0.12, 0.1, 100_000),
        (4.0, -0.12, 0.1, 100_000),
        (8.0, 0.17, 0.1, 200_000),
        (2.0, 0.05, 0.5, 50_000),
        (3.0, 0.20, 0.05, 60_000),
        (1.0, 0.03, 0.3, 40_000),
    ],
)
def test_power_of_means(cv: float, lift: float, share: float, units: int) -> None:
    """The formula's power is that of the log-ratio test on gamma values."""
    rng = np.random.default_rng(106)
    n, runs = round(units * share), 200_000
    m = units - n
    shape = 1 / cv**2
    control = rng.gamma(shape * n, 1 / (shape * n), runs)
    treated = (1 + lift) * rng.gamma(shape * m, 1 / (shape * m), runs)
    z = np.log(treated / control) / (cv * np.sqrt(1 / n + 1 / m))
    design = MeanDesign(cv=cv, control_share=share, treatment_share=1 - share)
    found = design.power(lift=lift, units=units)
    assert found == pytest.approx(np.mean(np.abs(z) > 1.959964), abs=0.012)


@pytest.mark.parametrize("runs", [3_000, pytest.param(20_000, marks=LONG)])
def test_families_keep_their_error(runs: int) -> None:
    """Twenty metrics: Holm's family error, and false discoveries with ten true."""
    rng = np.random.default_rng(107)
    family = naive = 0
    discoveries = []
    for _ in range(runs):
        null = stats.norm.sf(np.abs(rng.standard_normal(20))) * 2
        family += min(holm(null.tolist())) < 0.05
        naive += null.min() < 0.05
        shifted = rng.standard_normal(20) + np.repeat([0.0, 3.0], 10)
        p_values = 2 * stats.norm.sf(np.abs(shifted))
        found = np.array(benjamini_hochberg(p_values.tolist())) < 0.1
        discoveries.append(found[:10].sum() / max(found.sum(), 1))
    assert family / runs <= band(runs, 0.05)[1]
    assert naive / runs > 0.5
    assert np.mean(discoveries) <= 0.1


def missed_return(
    rng: np.random.Generator, lift: Contrast, total: float, profit: float
) -> list[bool]:
    """Whether ROPI's range lies above or below the truth, the cost being a guess.

    What was really paid is 50; the plan guesses it with a deviation of 10.
    """
    paid, sd = 50.0, 10.0
    guess = max(float(rng.normal(paid, sd)), sd)
    low, high = lift.interval.lower, lift.interval.upper
    assert low is not None
    assert high is not None
    ends = np.log([1 + low, 1 + high])
    centre, se = ends.mean(), (ends[1] - ends[0]) / 2 / 1.959964
    cost = UncertainCost(mean=guess, sd=sd)

    def gain(y: Vector) -> Vector:
        share = y / (0.4 * total)
        log_ratio = -np.log1p(-np.where(share < 1, share, 0.0))
        return np.where(share < 1, ndtr((log_ratio - centre) / se), 1.0)

    below, above = (cost.return_quantile(q, gain, start=0.0) for q in (0.025, 0.975))
    truth = profit / paid - 1
    return [below > truth, above < truth]


@pytest.mark.parametrize("runs", [100, pytest.param(4_000, marks=LONG)])
def test_money_is_covered(runs: int) -> None:
    """+10 % on amounts: what the treated really brought lies in the money's range.

    The truth is what the treated spent less what the same spending without the
    effect would have been. ROPI at a known cost is a straight image of it.
    """
    rng = np.random.default_rng(108)
    lift, cost, margin = 0.1, 50.0, 0.4
    missed, uncertain = np.zeros(2), np.zeros(2)
    ropi_missed = 0
    for _ in range(runs):
        control = Shop(n=4_000, sigma=1.0).sample(rng, 1)
        treated = Shop(n=36_000, sigma=1.0, mu=float(np.log1p(lift))).sample(rng, 1)
        total = float(treated.rows.sum())
        truth = total * (1 - 1 / (1 + lift))
        found = read(control, treated).relative
        assert found is not None
        low, high = found.interval.lower, found.interval.upper
        assert low is not None
        assert high is not None
        ends = [incremental(total, 1 + end) for end in (low, high)]
        missed += [ends[0] > truth, ends[1] < truth]
        ropi = [(margin * end - cost) / cost for end in ends]
        ropi_missed += not ropi[0] <= (margin * truth - cost) / cost <= ropi[1]
        uncertain += missed_return(rng, found, total, margin * truth)
    assert inside(missed.sum(), runs)
    assert inside(uncertain.sum(), runs)
    assert max(uncertain) / runs <= band(runs, 0.0375)[1]
    assert ropi_missed == missed.sum()
    assert max(missed) / runs <= band(runs, 0.0375)[1]


def test_a_guess_taken_for_the_cost_is_caught() -> None:
    """Planted: a cost known to a fifth, read as if it had been paid to the cent."""
    rng = np.random.default_rng(110)
    runs, paid, sd, gained, se = 200, 50.0, 10.0, 150.0, 5.0
    missed = honest = 0
    for _ in range(runs):
        guess = max(float(rng.normal(paid, sd)), sd)
        profit = float(rng.normal(gained, se))
        cost = UncertainCost(mean=guess, sd=sd)

        def gain(y: Vector, profit: float = profit) -> Vector:
            return ndtr((y - profit) / se)

        low, high = (cost.return_quantile(q, gain, start=0.0) for q in (0.025, 0.975))
        honest += not low <= gained / paid - 1 <= high
        ends = [(profit + side * 1.959964 * se) / guess - 1 for side in (-1, 1)]
        missed += not ends[0] <= gained / paid - 1 <= ends[1]
    assert inside(honest, runs)
    assert not inside(missed, runs)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("control", [1_000, 2_000, 4_000, 10_000])
@pytest.mark.calibration
def test_amounts_grid(control: int, sigma: float) -> None:
    """2,000 A/A tests of each tail and split of 20,000: both sides in their band."""
    rng = np.random.default_rng(109)
    missed = np.zeros(2)
    for _ in range(2_000):
        sides = [
            Shop(n=n, sigma=sigma).sample(rng, 1) for n in (control, 20_000 - control)
        ]
        found = read(sides[0], sides[1]).relative
        assert found is not None
        low, high = found.interval.lower, found.interval.upper
        missed += [low is not None and low > 0, high is not None and high < 0]
    for side in missed:
        assert inside(side, 2_000, 0.025)
