"""SRM, multiplicity, power, influence and adjustment, each against its oracle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

from holdback.errors import StatsError
from holdback.stats.adjust import compare_adjusted
from holdback.stats.influence import without_largest
from holdback.stats.moments import Moments
from holdback.stats.multiplicity import benjamini_hochberg, holm
from holdback.stats.power import MeanDesign, ProportionDesign
from holdback.stats.srm import srm

P_VALUES = (0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216)


def test_srm_against_worked_example() -> None:
    """10,500 of 100,000 at a planned 10 %: chi2 27.7778, p 1.36080e-7."""
    found = srm([10500, 89500], [1000, 9000])
    assert found.chi2 == pytest.approx(27.7778, abs=5e-5)
    assert found.p_value == pytest.approx(1.36080e-7, rel=1e-5)
    assert not found.exact


@pytest.mark.parametrize(("count", "total", "width"), [(10, 70, 1000), (3, 999, 3333), (0, 5, 5000)])
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
    ("units", "share"), [(1536718, 0.099), (384180, 0.098), (61469, 0.095), (15367, 0.09)]
)
def test_detectable_share_against_table(units: int, share: float) -> None:
    """The share found with 80 % power at .001 (published sample sizes)."""
    found = srm([units // 10, units - units // 10], [1, 9])
    assert found.detectable_share == pytest.approx(share, abs=2e-7)


def test_srm_of_nobody_is_refused() -> None:
    """No unit at all cannot be tested."""
    with pytest.raises(ValueError, match="cannot be tested"):
        srm([0, 0], [1, 9])


@pytest.mark.parametrize(("ours", "theirs"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
def test_multiplicity_against_statsmodels(ours, theirs: str) -> None:  # noqa: ANN001
    """Adjusted p-values agree with statsmodels, in any order."""
    shuffled = list(np.random.default_rng(1).permutation(P_VALUES))
    expected = multipletests(shuffled, method=theirs)[1]
    assert ours(shuffled) == pytest.approx(tuple(expected), rel=1e-12)


def test_holm_against_table() -> None:
    """The published adjusted values of the worked example."""
    expected = (0.01, 0.072, 0.312, 0.312, 0.312, 0.312, 0.312, 0.615, 0.615, 0.615)
    assert holm(P_VALUES) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(("control", "expected"), [(0.5, 161_274), (0.1, 447_985)])
def test_units_for_rates_against_table(control: float, expected: int) -> None:
    """2 % to 2.2 % at 80 % power: 161,274 units at 50/50, 447,985 at 90/10."""
    design = ProportionDesign(rate=0.02, control_share=control, treatment_share=1 - control)
    assert design.units_needed(lift=0.1, power=0.8) == pytest.approx(expected, abs=1.5)


def test_power_for_rates_against_statsmodels() -> None:
    """Power at 10/90 agrees with NormalIndPower."""
    design = ProportionDesign(rate=0.03, control_share=0.1, treatment_share=0.9)
    effect = proportion_effectsize(0.03 * 1.2, 0.03)
    expected = NormalIndPower().power(effect, nobs1=36000, alpha=0.05, ratio=4000 / 36000)
    assert design.power(lift=0.2, units=40000) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("design", [
    ProportionDesign(rate=0.03, control_share=0.1, treatment_share=0.9),
    MeanDesign(cv=8.0, control_share=0.1, treatment_share=0.9),
])
def test_power_functions_invert_each_other(design: ProportionDesign | MeanDesign) -> None:
    """The detectable lift at n units needs n units and has the power asked."""
    lift = design.detectable_lift(units=200_000, power=0.8)
    assert design.power(lift=lift, units=200_000) == pytest.approx(0.8, abs=1e-6)
    assert design.units_needed(lift=lift, power=0.8) == pytest.approx(200_000, abs=1.5)


def test_detectable_lift_of_money_against_closed_form() -> None:
    """CV 8 with 200,000 units at 90/10: 16.7 % on the log scale, e^0.167 − 1."""
    design = MeanDesign(cv=8.0, control_share=0.1, treatment_share=0.9)
    expected = np.expm1((1.959964 + 0.841621) * 8 * np.sqrt(1 / (200_000 * 0.09)))
    assert design.detectable_lift(units=200_000, power=0.8) == pytest.approx(
        expected, rel=1e-6
    )


def test_impossible_designs_are_refused() -> None:
    """Rates, shares and powers out of range are mistakes of the caller."""
    with pytest.raises(ValueError, match="`rate`"):
        ProportionDesign(rate=0.0, control_share=0.5, treatment_share=0.5)
    with pytest.raises(ValueError, match="shares"):
        MeanDesign(cv=1.0, control_share=0.0, treatment_share=1.0)
    with pytest.raises(ValueError, match="`cv`"):
        MeanDesign(cv=0.0, control_share=0.5, treatment_share=0.5)
    with pytest.raises(ValueError, match="`power`"):
        MeanDesign(cv=1.0, control_share=0.5, treatment_share=0.5).units_needed(
            lift=0.1, power=1.0
        )
    small = ProportionDesign(rate=0.5, control_share=0.5, treatment_share=0.5)
    with pytest.raises(ValueError, match="No rate"):
        small.detectable_lift(units=4, power=0.8)


def test_without_largest_against_rows() -> None:
    """Leaving out the largest unit equals the moments of the other rows."""
    rows = [[3.0], [0.0], [19.5], [2.25]]
    whole = Moments.of_rows(rows, ("x",), (2,))
    rest = Moments.of_rows([[3.0], [0.0], [2.25]], ("x",), (2,))
    found = without_largest(whole, "x")
    assert (found.n, found.sums, found.products, found.thirds, found.nonzero) == (
        rest.n,
        rest.sums,
        rest.products,
        rest.thirds,
        rest.nonzero,
    )
    with pytest.raises(ValueError, match="no value above 0"):
        without_largest(Moments.of_rows([[0.0]], ("x",), (2,)), "x")


def test_adjustment_against_row_regression() -> None:
    """The adjusted mean and its error equal those of y − θ(x − x̄) on the rows."""
    rng = np.random.default_rng(8)
    sides, rows = [], []
    for shift in (0.0, 0.3):
        x = np.round(rng.gamma(2, 5, 3000), 2)
        y = np.round(np.maximum(0, 5 + shift + 0.6 * x + rng.normal(0, 2, 3000)), 2)
        rows.append((y, x))
        sides.append(Moments.of_rows(np.column_stack([y, x]), ("y", "x"), (2, 2)))
    within = [np.cov(y, x, ddof=1) for y, x in rows]
    theta = sum(c[0, 1] for c in within) / sum(c[1, 1] for c in within)
    centre = np.mean(np.concatenate([x for _, x in rows]))
    found = compare_adjusted(
        *sides, formula=lambda m: m[0], columns=["y"], covariates=["x"], level=0.95
    )
    for estimate, (y, x) in zip(
        (found.inference.control, found.inference.treatment), rows, strict=True
    ):
        adjusted = y - theta * (x - centre)
        assert estimate.value == pytest.approx(adjusted.mean(), rel=1e-9)
        assert estimate.se == pytest.approx(
            adjusted.std(ddof=1) / np.sqrt(len(y)), rel=1e-9
        )
    correlation = np.corrcoef(*rows[0])[0, 1]
    assert found.variance_reduction == pytest.approx(correlation**2, abs=0.05)


def test_useless_covariates_are_refused() -> None:
    """A constant covariate, or the same one twice, adjusts nothing."""
    rng = np.random.default_rng(9)
    y = rng.gamma(2, 5, size=(50, 1))
    constant = Moments.of_rows(np.column_stack([y, np.ones(50)]), ("y", "x"), (2, 2))
    with pytest.raises(StatsError, match="does not vary"):
        compare_adjusted(
            constant, constant, formula=lambda m: m[0], columns=["y"], covariates=["x"], level=0.95
        )
    x = rng.normal(size=50)
    twice = Moments.of_rows(np.column_stack([y, x, x]), ("y", "x", "z"), (2, 6, 6))
    with pytest.raises(StatsError, match="repeat each other"):
        compare_adjusted(
            twice, twice, formula=lambda m: m[0], columns=["y"], covariates=["x", "z"], level=0.95
        )
