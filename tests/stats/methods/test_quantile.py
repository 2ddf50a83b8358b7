"""Quantiles: ranks against tables, intervals against exact law and simulation."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from holdback.facts import fact
from holdback.stats.evidence.order_statistics import CountedValues
from holdback.stats.methods.quantile import compare_quantiles

LONG = pytest.mark.calibration


def units(values: npt.ArrayLike) -> CountedValues:
    """One unit a value."""
    return CountedValues.of(values, np.ones(len(np.asarray(values)), dtype=int))


@pytest.mark.parametrize(
    ("n", "q", "low", "high"), [(1_000, 0.9, 881, 919), (60, 0.5, 22, 39)]
)
def test_ranks_against_the_binomial_table(
    n: int, q: float, low: int, high: int
) -> None:
    """The middle 95 % of where the quantile lies has the exact interval's ranks."""
    placed = units(np.arange(1, n + 1)).placed(q)
    ends = np.quantile(placed, [0.025, 0.975], method="inverted_cdf")
    assert (stats.binom.ppf(0.025, n, q), stats.binom.ppf(0.975, n, q) + 1) == (
        low,
        high,
    )
    assert ends == pytest.approx([low, high], abs=1)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.75, 0.95])
def test_the_quantile_against_numpy(q: float) -> None:
    """Weighted values and repeated ones give numpy's inverted distribution function."""
    values = np.floor(np.random.default_rng(1).gamma(2, 20, 777))
    found, counts = np.unique(values, return_counts=True)
    expected = np.quantile(values, q, method="inverted_cdf")
    assert CountedValues.of(found, counts).quantile(q) == expected
    assert units(values).quantile(q) == expected


def test_ranks_against_fractions() -> None:
    """The rank is the ceiling of q n in whole fractions, also where q n is whole.

    0.07 × 100 is 7.000000000000001 in doubles, and still the seventh value.
    """
    for hundredths in range(1, 100):
        for n in (2, 10, 25, 40, 100, 300, 1000):
            expected = max(1, ceil(Fraction(hundredths, 100) * n))
            counted = units(np.arange(1, n + 1))
            assert counted.rank(hundredths / 100) == expected
            assert counted.quantile(hundredths / 100) == expected


@pytest.mark.parametrize("runs", [400, pytest.param(5_000, marks=LONG)])
@pytest.mark.parametrize(
    ("treated", "control", "q"),
    [(900, 100, 0.9), (900, 100, 0.5), (9_000, 1_000, 0.95), (500, 500, 0.75)],
)
def test_both_sides_of_the_interval(
    treated: int, control: int, q: float, runs: int
) -> None:
    """Heavy tails and no difference: neither side errs more often than its band."""
    rng = np.random.default_rng(2)
    above = below = 0
    for _ in range(runs):
        sides = (np.exp(1.5 * rng.standard_normal(n)) for n in (control, treated))
        found = compare_quantiles(*map(units, sides), q=q, level=0.95)
        assert found.absolute is not None
        low, high = found.absolute.interval.lower, found.absolute.interval.upper
        assert low is not None
        assert high is not None
        above += low > 0
        below += high < 0
    most = stats.binom.ppf(0.9995, runs, 0.025)
    assert above <= most
    assert below <= most
    assert above + below >= stats.binom.ppf(0.0005, runs, 0.02)


def test_a_true_difference_is_covered() -> None:
    """Medians 1 and 1.5: difference and ratio hold the truth 95 times in 100."""
    rng = np.random.default_rng(3)
    runs, missed, wrong = 400, 0, 0
    for _ in range(runs):
        control, treated = (np.exp(rng.standard_normal(n)) for n in (200, 800))
        found = compare_quantiles(
            units(control), units(1.5 * treated), q=0.5, level=0.95
        )
        assert found.absolute is not None
        assert found.relative is not None
        for truth, side in ((0.5, found.absolute), (0.5, found.relative)):
            ends = side.interval.lower, side.interval.upper
            assert ends[0] is not None
            assert ends[1] is not None
            missed += not ends[0] <= truth <= ends[1]
        wrong += abs(np.sign(found.absolute.value) - np.sign(found.relative.value)) > 0
    assert missed / 2 <= stats.binom.ppf(0.9995, runs, 0.05)
    assert wrong == 0


def test_difference_ratio_and_p_value_agree() -> None:
    """One excludes no change exactly where the others do."""
    rng = np.random.default_rng(4)
    for shift in np.linspace(0.0, 0.6, 25):
        sides = (
            np.exp(rng.standard_normal(150)),
            np.exp(shift + rng.standard_normal(400)),
        )
        found = compare_quantiles(*map(units, sides), q=0.75, level=0.95)
        assert found.absolute is not None
        assert found.relative is not None
        assert found.p_value is not None
        excluded = [
            not (side.interval.lower or -1) <= 0 <= (side.interval.upper or 1)
            for side in (found.absolute, found.relative)
        ]
        assert excluded[0] == excluded[1] == (found.p_value < 0.05)


def test_what_cannot_be_computed_is_said() -> None:
    """Too few beyond the quantile: a sentence, and no number."""
    few = compare_quantiles(units(range(50)), units(range(900)), q=0.9, level=0.95)
    assert few.absolute is None
    assert few.note == fact("quantile.few_units", fewest=50, needed=100)
    same = CountedValues.of([1.0, 2.0], [990, 10])
    with pytest.raises(ValueError, match="`q`"):
        compare_quantiles(same, same, q=1.0, level=0.95)


@pytest.mark.parametrize(("other", "step"), [(20.0, 0.0), (25.0, 5.0)])
def test_few_prices_give_a_number_against_the_binomial_law(
    other: float, step: float
) -> None:
    """70 of 100 units of either arm at one price: its median is sure, and so the step.

    Fewer than 50 of 100 at or above (or below) a price that 70 of 100 should have is a
    chance of a binomial law: below 1 in 10,000.
    """
    assert stats.binom.cdf(49, 100, 0.7) < 1e-4
    control = CountedValues.of([10.0, 20.0, 30.0], [15, 70, 15])
    treated = CountedValues.of([10.0, other, 30.0], [15, 70, 15])
    found = compare_quantiles(control, treated, q=0.5, level=0.95)
    interval = found.absolute.interval
    assert (interval.lower, found.absolute.value, interval.upper) == (step, step, step)
    assert found.relative.interval.lower == pytest.approx(step / 20)
    assert found.relative.se is found.log_ratio is None
    assert (found.p_value < 0.05) == (step > 0)
    codes = [part.code for part in found.note.numbers["parts"]]
    assert codes == ["methods.quantile", "quantile.steps"]


@pytest.mark.parametrize("q", [0.25, 0.5, 0.75])
def test_few_prices_are_covered(q: float) -> None:
    """Five prices, 150 units an arm, 1,000 tests: the range holds the true step."""
    rng = np.random.default_rng(10)
    prices = np.array([9.9, 14.9, 19.9, 29.9, 49.9])
    shares = (np.array([0.3, 0.3, 0.2, 0.1, 0.1]), np.array([0.2, 0.2, 0.3, 0.2, 0.1]))
    first, second = (prices[np.searchsorted(np.cumsum(s), q)] for s in shares)
    held = 0
    for _ in range(1_000):
        control, treated = (
            CountedValues.of(prices, np.maximum(rng.multinomial(150, s), 0))
            for s in shares
        )
        interval = compare_quantiles(
            control, treated, q=q, level=0.95
        ).absolute.interval
        held += interval.lower <= second - first <= interval.upper
    assert held >= stats.binom.ppf(0.0005, 1_000, 0.95)
