"""Means and ratios: which method, its formula, and what is refused."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdback.facts import fact
from holdback.stats.evidence.delta_method import estimate, log_lean, skew_coefficient
from holdback.stats.evidence.effect import Estimate
from holdback.stats.evidence.moments import Moments
from holdback.stats.methods.compare import compare, compare_means
from holdback.stats.methods.difference import welch
from holdback.stats.methods.log_ratio import log_delta


def arm(
    n: int, total: float, squares: float, *, nonzero: int, third: float = 0.0
) -> Estimate:
    """An arm from published sums of a measure and of its squares."""
    variance = (squares - total**2 / n) / (n - 1)
    return Estimate(
        value=total / n, se=sqrt(variance / n), n=n, third=third, nonzero=nonzero
    )


TREATED = arm(18000, 32400, 1.9e6, nonzero=5000)
CONTROL = arm(2000, 3400, 1.7e5, nonzero=900)


def test_log_delta_against_worked_example() -> None:
    """Lift 0.0588235, s 0.1263624, interval [−0.1734604, 0.3563866]."""
    found = log_delta(CONTROL, TREATED, level=0.95)
    assert found.relative.value == pytest.approx(0.0588235, abs=5e-8)
    assert found.log_ratio.se == pytest.approx(0.1263624, abs=5e-8)
    assert found.relative.interval.lower == pytest.approx(-0.1734604, abs=5e-8)
    assert found.relative.interval.upper == pytest.approx(0.3563866, abs=5e-8)


def test_welch_against_worked_example() -> None:
    """Difference 0.1, SE 0.2162407, t 0.4624476 on 2585.0767 df, p 0.6437993."""
    found = welch(CONTROL, TREATED, level=0.95)
    assert found.absolute.value == pytest.approx(0.1, abs=1e-12)
    assert found.absolute.se == pytest.approx(0.2162407, abs=5e-8)
    assert found.p_value == pytest.approx(0.6437993, abs=5e-8)
    half = stats.t.ppf(0.975, 2585.0767) * 0.2162407
    assert found.absolute.interval.upper == pytest.approx(0.1 + half, rel=1e-6)


def test_welch_against_scipy() -> None:
    """Interval and p-value are those of scipy's unequal-variance t test."""
    rng = np.random.default_rng(12)
    rows = [rng.normal(-1, 3, 40), rng.normal(0.5, 1, 300)]
    sides = [Moments.of_rows(np.round(r, 6), ["x"], [6]) for r in rows]
    found = compare(
        *sides, formula=lambda m: m[0], columns=["x"], family="mean", level=0.9
    )
    test = stats.ttest_ind(rows[1], rows[0], equal_var=False)
    expected = test.confidence_interval(0.9)
    assert found.method == "welch"
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-4)
    assert found.absolute.interval.lower == pytest.approx(expected.low, rel=1e-5)
    assert found.absolute.interval.upper == pytest.approx(expected.high, rel=1e-5)


def test_ratios_of_means_against_published_sums() -> None:
    """AOV and revenue per user of statistics.md 1.10: log intervals of tea-tasting."""
    aov = [arm_of_ratio(*side) for side in (AOV_CONTROL, AOV_TREATED)]
    found = log_delta(*aov, level=0.95)
    assert found.relative.value == pytest.approx(-0.2424706, abs=5e-8)
    assert found.relative.interval.lower == pytest.approx(-0.501366, abs=5e-7)
    assert found.relative.interval.upper == pytest.approx(0.150846, abs=5e-7)
    per_user = [
        arm(n, r, rr, nonzero=100) for n, r, _, rr, _, _ in (AOV_CONTROL, AOV_TREATED)
    ]
    assert per_user[0].value == pytest.approx(1.2129108, abs=5e-8)
    assert per_user[1].value == pytest.approx(1.0867712, abs=5e-8)
    found = log_delta(*per_user, level=0.95)
    assert found.relative.value == pytest.approx(-0.1039974, abs=5e-8)
    assert found.relative.interval.lower == pytest.approx(-0.5211217, abs=5e-8)
    assert found.relative.interval.upper == pytest.approx(0.6764607, abs=5e-8)


AOV_CONTROL = (1000, 1212.910803557928, 31, 142459.18117193246, 1883.7366307069055, 45)
AOV_TREATED = (9000, 9780.940756623075, 330, 607837.5119063072, 14347.33606788367, 496)


def arm_of_ratio(
    n: int, r: float, count: int, rr: float, rc: float, cc: float
) -> Estimate:
    """A ratio's estimate by the textbook formula, from sums."""
    value, mean = r / count, count / n
    squares = rr - 2 * value * rc + value**2 * cc
    variance = squares / (n - 1)  # the residuals R − rN sum to 0
    return Estimate(
        value=value, se=sqrt(variance / n) / mean, n=n, third=0.0, nonzero=count
    )


def test_pooled_cv_against_worked_example() -> None:
    """The pooled-CV interval of the worked example is [−0.1822124, 0.3709028]."""
    inference = compare_means(CONTROL, TREATED, level=0.95)
    assert inference.method == "pooled_cv_log"
    assert inference.approximate
    assert inference.log_ratio.se == pytest.approx(0.1317938, abs=5e-8)
    assert inference.relative.interval.lower == pytest.approx(-0.1822124, abs=5e-8)
    assert inference.relative.interval.upper == pytest.approx(0.3709028, abs=5e-8)


def test_log_delta_is_chosen_with_many_units_and_no_skew() -> None:
    """Equal arms with 1,000 units and no skew get the plain delta interval."""
    rng = np.random.default_rng(5)
    sides = [
        Moments.of_rows(rng.normal(10, 2, size=(1500, 1)), ("x",), (2,))
        for _ in range(2)
    ]
    inference = compare(
        *sides, formula=lambda m: m[0], columns=["x"], family="mean", level=0.9
    )
    assert inference.method == "log_delta"
    assert not inference.approximate
    a, b = (s.cov[0, 0] / s.n / s.mean[0] ** 2 for s in sides)
    assert inference.log_ratio.se == pytest.approx(sqrt(a + b), rel=1e-12)


def test_few_units_choose_the_pooled_interval() -> None:
    """With fewer than 1,000 units that are not zero the interval is approximate."""
    few = Estimate(value=2.0, se=0.1, n=5000, third=0.0, nonzero=999)
    many = Estimate(value=2.0, se=0.1, n=5000, third=0.0, nonzero=5000)
    assert compare_means(few, many, level=0.95).method == "pooled_cv_log"
    assert compare_means(many, many, level=0.95).method == "log_delta"


def test_skew_chooses_the_pooled_interval() -> None:
    """A lopsided difference leaves the plain interval; both reasons are told."""
    plain = Estimate(value=2.0, se=0.1, n=5000, third=0.0, nonzero=5000)
    skewed = Estimate(value=2.0, se=0.1, n=5000, third=0.0005, nonzero=5000)
    assert skew_coefficient(plain, skewed) == pytest.approx(0.0005 / 0.02**1.5)
    inference = compare_means(plain, skewed, level=0.95)
    assert inference.method == "pooled_cv_log"
    assert inference.note == fact("methods.pooled_cv")


def test_skew_coefficient_against_bernoulli() -> None:
    """A = −0.183 for rates of 2 % at 9000/1000 (published)."""

    def bernoulli(n: int) -> Estimate:
        p = 0.02
        return Estimate(
            value=p,
            se=sqrt(p * (1 - p) / n),
            n=n,
            third=p * (1 - p) * (1 - 2 * p) / n**2,
            nonzero=int(p * n),
        )

    assert skew_coefficient(bernoulli(1000), bernoulli(9000)) == pytest.approx(
        -0.183, abs=5e-4
    )


@given(
    st.floats(0.5, 50), st.floats(0.5, 50), st.floats(0.01, 0.2), st.floats(0.01, 0.2)
)
def test_absolute_and_relative_agree(m: float, c: float, u: float, v: float) -> None:
    """Both intervals exclude no change together, and lie on the same side."""
    inference = compare_means(
        Estimate(value=c, se=c * u, n=4000, third=0.0, nonzero=3000),
        Estimate(value=m, se=m * v, n=4000, third=0.0, nonzero=3000),
        level=0.95,
    )
    low, high = inference.relative.interval.lower, inference.relative.interval.upper
    a, b = inference.absolute.interval.lower, inference.absolute.interval.upper
    assert np.sign(low) == np.sign(a)
    assert np.sign(high) == np.sign(b)
    assert a <= inference.absolute.value <= b


@given(st.floats(0.01, 1000))
def test_scale_invariance(scale: float) -> None:
    """Money in other units changes neither lift nor p-value."""

    def scaled(e: Estimate) -> Estimate:
        return Estimate(
            value=e.value * scale,
            se=e.se * scale,
            n=e.n,
            third=e.third * scale**3,
            nonzero=e.nonzero,
        )

    before = compare_means(CONTROL, TREATED, level=0.95)
    after = compare_means(scaled(CONTROL), scaled(TREATED), level=0.95)
    assert after.p_value == pytest.approx(before.p_value, rel=1e-9)
    assert after.relative.value == pytest.approx(before.relative.value, rel=1e-9)


def test_swapping_arms_inverts() -> None:
    """Ln R changes its sign, its standard error and the p-value stay."""
    there = compare_means(CONTROL, TREATED, level=0.95)
    back = compare_means(TREATED, CONTROL, level=0.95)
    assert back.log_ratio.value == pytest.approx(-there.log_ratio.value)
    assert back.log_ratio.se == pytest.approx(there.log_ratio.se)
    assert back.p_value == pytest.approx(there.p_value)


def test_below_twenty_units_there_is_no_interval() -> None:
    """19 buyers in an arm: no number, and the reason."""
    few = Estimate(value=1.0, se=0.3, n=2000, third=0.0, nonzero=19)
    inference = compare_means(few, TREATED, level=0.95)
    assert inference.relative is None
    assert inference.p_value is None
    assert inference.absolute.value == pytest.approx(TREATED.value - 1.0)
    assert inference.absolute.interval.lower is None
    assert inference.absolute.interval.upper is None
    assert inference.note == fact(
        "methods.few_values", units=19, side="control", least=20
    )


def test_no_variance_is_no_certainty() -> None:
    """Identical values everywhere give no p-value of 0, but the reason."""
    same = Estimate(value=5.0, se=0.0, n=100, third=0.0, nonzero=100)
    other = Estimate(value=6.0, se=0.0, n=100, third=0.0, nonzero=100)
    inference = compare_means(same, other, level=0.95)
    assert inference.p_value is None
    assert inference.note == fact("methods.no_spread", side="control")


def test_baseline_below_zero_has_a_difference_only() -> None:
    """More refunds than sales in control: no lift, but a difference."""
    loss = Estimate(value=-0.5, se=0.2, n=900, third=0.0, nonzero=300)
    gain = Estimate(value=0.4, se=0.1, n=900, third=0.0, nonzero=300)
    inference = compare_means(loss, gain, level=0.95)
    assert inference.relative is None
    assert inference.method == "welch"
    assert inference.approximate
    assert inference.note == fact("methods.welch")


def test_a_mean_within_its_error_of_zero_has_no_lift() -> None:
    """A mean below its own standard error could be anything: no ratio, no overflow."""
    faint = Estimate(value=1e-9, se=0.2, n=900, third=0.0, nonzero=300)
    gain = Estimate(value=0.4, se=0.1, n=900, third=0.0, nonzero=300)
    assert compare_means(faint, gain, level=0.95).method == "welch"
    assert compare_means(gain, faint, level=0.95).relative is None


@given(st.lists(st.integers(1, 10**9), min_size=20, max_size=60), st.integers(0, 10**6))
def test_amounts_of_at_least_zero_always_have_a_lift(
    amounts: list[int], zeros: int
) -> None:
    """The standard error of a mean of amounts ≥ 0 is below the mean."""
    n, s, q = len(amounts) + zeros, sum(amounts), sum(a * a for a in amounts)
    side = Moments(
        columns=("x",),
        digits=(0,),
        n=n,
        sums=(s,),
        products=(q,),
        thirds=(sum(a**3 for a in amounts),),
        nonzero=(len(amounts),),
        largest=(max(amounts),),
    )
    found = estimate(side, lambda m: m[0], ["x"])
    assert found.se < found.value


def test_the_logs_lean_chooses_the_pooled_interval() -> None:
    """Unequal relative variances alone move the tails: B above 0.02 is too much."""
    small = Estimate(value=1.0, se=0.05, n=2000, third=0.0, nonzero=2000)
    large = Estimate(value=1.0, se=0.0125, n=32000, third=0.0, nonzero=32000)
    lean = (0.05**2 - 0.0125**2) / (2 * sqrt(0.05**2 + 0.0125**2))
    assert log_lean(small, large) == pytest.approx(lean, rel=1e-12)
    assert 0.02 < lean < 0.053
    assert compare_means(small, large, level=0.95).method == "pooled_cv_log"


def test_one_unit_has_no_number() -> None:
    """An arm of one unit is told, not computed."""
    one = Moments.of_rows([[3.0]], ("x",), (2,))
    many = Moments.of_rows([[3.0], [4.0]], ("x",), (2,))
    inference = compare(
        one, many, formula=lambda m: m[0], columns=["x"], family="mean", level=0.95
    )
    assert inference.control is None
    assert inference.treatment is not None
    assert inference.note == fact("methods.few_units", units=1)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_impossible_level_is_refused(level: float) -> None:
    """A level outside (0, 1) is a mistake of the caller."""
    side = Moments.of_rows([[3.0], [4.0]], ("x",), (2,))
    with pytest.raises(ValueError, match="`level`"):
        compare(
            side,
            side,
            formula=lambda m: m[0],
            columns=["x"],
            family="mean",
            level=level,
        )


def test_log_ratio_is_the_log_of_the_lift() -> None:
    """ln(1 + lift) equals the log ratio."""
    inference = compare_means(CONTROL, TREATED, level=0.95)
    assert log(1 + inference.relative.value) == pytest.approx(inference.log_ratio.value)


def test_a_zero_denominator_is_told() -> None:
    """A ratio over nothing in one arm: no number, the other arm's value, the reason."""
    nobody = Moments.of_rows([[0.0, 0.0]] * 30, ("r", "n"), (2, 0))
    some = Moments.of_rows([[9.5, 1.0], [0.0, 1.0]] * 30, ("r", "n"), (2, 0))
    inference = compare(
        nobody,
        some,
        formula=lambda m: m[0] / m[1],
        columns=["r", "n"],
        family="mean",
        level=0.95,
    )
    assert inference.control is None
    assert inference.treatment is not None
    assert inference.absolute is None
    assert inference.method == "none"
    assert inference.note == fact("methods.zero_denominator")


def test_identical_prices_give_no_certainty() -> None:
    """Every order costs 10 in both arms: order value has no spread, so no p-value."""
    count = np.array([[0.0], [1.0], [2.0], [3.0]] * 200)
    side = Moments.of_rows(np.hstack([count * 10, count]), ("r", "n"), (2, 0))
    inference = compare(
        side,
        side,
        formula=lambda m: m[0] / m[1],
        columns=["r", "n"],
        family="mean",
        level=0.95,
    )
    assert inference.p_value is None
    assert inference.relative is None
    assert inference.note == fact("methods.no_spread", side="control")


@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 10**6))
def test_no_input_gives_nan_or_a_traceback(n: int, m: int, seed: int) -> None:
    """Any small samples, refunds included, give numbers that are finite or absent."""
    rng = np.random.default_rng(seed)
    sides = [
        Moments.of_rows(
            np.round(rng.normal(0, 10, (k, 1)) * rng.integers(0, 2, (k, 1)), 2),
            ("x",),
            (2,),
        )
        for k in (n, m)
    ]
    found = compare(
        *sides, formula=lambda mean: mean[0], columns=["x"], family="mean", level=0.95
    )
    for contrast in (found.absolute, found.relative):
        if contrast is not None:
            ends = (contrast.interval.lower, contrast.interval.upper)
            numbers = [contrast.value, *(v for v in ends if v is not None)]
            assert np.all(np.isfinite(numbers))
    assert found.p_value is None or 0 <= found.p_value <= 1
    assert found.note.code
