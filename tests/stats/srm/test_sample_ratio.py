"""Sample-ratio mismatch against scipy, tables and enumeration."""

from __future__ import annotations

from itertools import product
from math import factorial

import numpy as np
import pytest
from scipy import stats

from holdback.stats.srm.sample_ratio import _exact, srm


def test_srm_against_worked_example() -> None:
    """10,500 of 100,000 at a planned 10 %: chi2 27.7778, p 1.36080e-7."""
    found = srm([10500, 89500], [1000, 9000])
    assert found.chi2 == pytest.approx(27.7778, abs=5e-5)
    assert found.p_value == pytest.approx(1.36080e-7, rel=1e-5)
    assert not found.exact


@pytest.mark.parametrize(
    ("count", "total", "width"), [(10, 70, 1000), (3, 999, 3333), (0, 5, 5000)]
)
def test_small_srm_against_scipy(count: int, total: int, width: int) -> None:
    """Below 1,000 units the p-value is scipy's exact binomial one."""
    found = srm([count, total - count], [width, 10000 - width])
    assert found.exact
    expected = stats.binomtest(count, total, width / 10000).pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-6)


def test_srm_of_three_arms_against_scipy() -> None:
    """Three arms: Pearson's chi-square on the integer widths."""
    counts, widths = [3300, 3400, 3200], [3333, 3333, 3334]
    expected = stats.chisquare(counts, np.array(widths) / 10000 * sum(counts))
    found = srm(counts, widths)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


@pytest.mark.parametrize(
    ("units", "share"),
    [(1536718, 0.099), (384180, 0.098), (61469, 0.095), (15367, 0.09)],
)
def test_detectable_share_against_table(units: int, share: float) -> None:
    """The share found with 80 % power at .001 (published sample sizes)."""
    found = srm([units // 10, units - units // 10], [1, 9])
    assert found.detectable_share == pytest.approx(share, abs=2e-7)


def test_srm_of_nobody_is_refused() -> None:
    """No unit at all cannot be tested."""
    with pytest.raises(ValueError, match="cannot be tested"):
        srm([0, 0], [1, 9])


def test_exact_srm_against_worked_example() -> None:
    """89,500/10,500 against .9/.1: minimum likelihood 1.66025e-7, as scipy."""
    assert _exact([89_500, 10_500], [0.9, 0.1]) == pytest.approx(1.66025e-7, rel=1e-5)
    found = srm([895, 104], [9, 1])
    expected = stats.binomtest(895, 999, 0.9).pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_small_srm_of_three_arms_against_enumeration() -> None:
    """With three arms the exact p sums the outcomes no likelier than the one seen."""
    counts, widths = (2, 9, 4), (1, 2, 2)

    def chance(k: tuple[int, ...]) -> float:
        ways = factorial(15)
        value = 1.0
        for count, width in zip(k, widths, strict=True):
            ways //= factorial(count)
            value *= (width / 5) ** count
        return ways * value

    outcomes = [k for k in product(range(16), repeat=3) if sum(k) == 15]
    expected = sum(
        chance(k) for k in outcomes if chance(k) <= chance(counts) * (1 + 1e-9)
    )
    found = srm(counts, widths)
    assert found.exact
    assert found.p_value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("arms", [2, 3, 5])
def test_detectable_share_against_noncentral_chi_square(arms: int) -> None:
    """At the detectable share, scipy's noncentral chi-square has power 80 %."""
    units, widths = 50_000, [1000] + [9000 // (arms - 1)] * (arms - 1)
    counts = [units * w // sum(widths) for w in widths]
    share = srm(counts, widths).detectable_share
    assert share is not None
    planned = np.array(widths) / sum(widths)
    true = np.concatenate([[share], planned[1:] * (1 - share) / planned[1:].sum()])
    noncentrality = sum(counts) * ((true - planned) ** 2 / planned).sum()
    critical = stats.chi2.isf(0.001, arms - 1)
    power = stats.ncx2.sf(critical, arms - 1, noncentrality)
    assert power == pytest.approx(0.8, abs=1e-9)


def test_nothing_is_detectable_in_a_handful() -> None:
    """With ten units no share below 10 % would be found."""
    assert srm([1, 9], [1, 9]).detectable_share is None


@pytest.mark.parametrize(
    ("counts", "widths"),
    [([1, 2], [1, 2, 3]), ([5], [1]), ([-1, 5], [1, 1]), ([1, 1], [0, 1])],
)
def test_impossible_arms_are_refused(counts: list[int], widths: list[int]) -> None:
    """Arms without a width, or counts without an arm, are mistakes of the caller."""
    with pytest.raises(ValueError, match="cannot be tested"):
        srm(counts, widths)


@pytest.mark.parametrize("units", [200, 999, 1_000, 4_000, 20_000])
@pytest.mark.parametrize("share", [0.5, 0.1, 0.05])
def test_false_alarms_exactly(share: float, units: int) -> None:
    """With the planned shares p is below .001 in at most 0.13 % of all counts."""
    width = round(1_000 * share)
    counts = np.arange(units + 1)
    chances = stats.binom.pmf(counts, units, share)
    failed = sum(
        chances[k]
        for k in counts[chances > 1e-9]
        if srm([int(k), units - int(k)], [width, 1_000 - width]).p_value < 0.001
    )
    assert failed < 0.0013
