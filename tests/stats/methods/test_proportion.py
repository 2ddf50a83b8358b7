"""Score intervals for rates, against tables, statsmodels, bisection and enumeration."""

from __future__ import annotations

from math import inf, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.proportion import proportions_ztest

from holdback.facts import fact
from holdback.stats.evidence.moments import Moments
from holdback.stats.methods import proportion
from holdback.stats.methods.compare import compare

Z = NormalDist().inv_cdf(0.975)


def ratio_interval(x: int, n: int, y: int, m: int, *, z: float) -> tuple[float, float]:
    """The interval of the ratio from the four counts."""
    return proportion.ratio_interval(
        proportion.ConversionCounts(x=x, n=n, y=y, m=m), z=z
    )


def difference_interval(
    x: int, n: int, y: int, m: int, *, z: float
) -> tuple[float, float]:
    """The score interval of the difference from the four counts."""
    return proportion.difference_interval(
        proportion.ConversionCounts(x=x, n=n, y=y, m=m), z=z
    )


def moments(x: int, n: int) -> Moments:
    """Moments of n units of which x converted."""
    return Moments(
        columns=("x",),
        digits=(0,),
        n=n,
        sums=(x,),
        products=(x,),
        thirds=(x,),
        nonzero=(x,),
        largest=(min(x, 1),),
    )


def compared(x: int, n: int, y: int, m: int):  # noqa: ANN201
    """Treatment x of n against control y of m."""
    return compare(
        moments(y, m),
        moments(x, n),
        formula=lambda mean: mean[0],
        columns=["x"],
        family="proportion",
        level=0.95,
    )


TABLES = [
    ((207, 9000, 20, 1000), 0.74535, 1.85623),
    ((18, 9000, 2, 1000), 0.27460, 5.93733),
    ((35, 9000, 2, 1000), 0.56324, 11.23498),
    ((891, 900, 97, 100), 0.99585, 1.07509),
    ((5, 60, 1, 60), 0.77314, 97.396),
    ((3, 60, 0, 60), 0.73285, inf),
]
"""Ends by an implementation of Laud's (2017) formulas that shares no line with this."""


def test_from_how_many_on_rates_are_adjusted() -> None:
    """20 that converted and 40 that did not, in each arm: one fewer is too few."""
    enough = (20.0, 60.0)
    assert proportion.too_few_to_adjust(enough, enough) is None
    few = proportion.too_few_to_adjust(enough, (19.0, 60.0))
    assert few is not None
    assert (few.numbers["least"], few.numbers["side"]) == (20, "treatment")
    others = proportion.too_few_to_adjust((21.0, 60.0), enough)
    assert others is not None
    assert (others.numbers["least"], others.numbers["side"]) == (40, "control")


@pytest.mark.parametrize("table", [(60, 100, 45, 90), (3, 200, 5, 40)])
def test_log_ratio_against_katz(table: tuple[int, int, int, int]) -> None:
    """√(1/x − 1/n + 1/y − 1/m) (Katz, Baptista, Azen & Pike 1978)."""
    x, n, y, m = table
    found = compared(*table).log_ratio
    assert found.value == pytest.approx(np.log((x / n) / (y / m)), rel=1e-12)
    assert found.se == pytest.approx(sqrt(1 / x - 1 / n + 1 / y - 1 / m), rel=1e-12)


@pytest.mark.parametrize(("table", "low", "high"), TABLES)
def test_ratio_against_table(
    table: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Intervals of six tables, few and many conversions and nearly all converted."""
    found = ratio_interval(*table, z=Z)
    assert found[0] == pytest.approx(low, abs=6e-6)
    assert found[1] == pytest.approx(high, rel=6e-6)


def corrected(distance: float, variance: float, third: float) -> float:
    """The x of w = x + k (x² − 1) by a root finder on the branch through 0."""
    w, k = distance / sqrt(variance), third / variance**1.5 / 6
    vertex = 1e3 if k == 0 else min(1 / abs(2 * k), 1e3)
    low, high = (-vertex, 1e3) if k >= 0 else (-1e3, vertex)
    return float(optimize.brentq(lambda x: x + k * (x * x - 1) - w, low, high))


@pytest.mark.parametrize(
    "table", [(30, 400, 50, 500), (7, 90, 3, 60), (5, 30, 0, 40), (12, 20, 3, 25)]
)
def test_difference_against_brute_force(table: tuple[int, int, int, int]) -> None:
    """At each end the score, with rates of numerically greatest likelihood, is ±z."""
    x, n, y, m = table
    for end, sign in zip(difference_interval(*table, z=Z), (1, -1), strict=True):

        def negative(p: float, end: float = end) -> float:
            q = p + end
            terms = [(x, q), (n - x, 1 - q), (y, p), (m - y, 1 - p)]
            return -sum(k * np.log(v) for k, v in terms if k)

        bounds = (max(0.0, -end) + 1e-12, min(1.0, 1 - end) - 1e-12)
        found = optimize.minimize_scalar(
            negative, bounds=bounds, method="bounded", options={"xatol": 1e-13}
        )
        p = found.x
        q = p + end
        score = corrected(
            x / n - y / m - end,
            (q * (1 - q) / n + p * (1 - p) / m) * (n + m) / (n + m - 1),
            q * (1 - q) * (1 - 2 * q) / n**2 - p * (1 - p) * (1 - 2 * p) / m**2,
        )
        assert score == pytest.approx(sign * Z, abs=1e-4)


def test_p_value_against_pooled_z_test() -> None:
    """In even arms the p-value is the pooled z test's, but for N / (N − 1)."""
    inference = compared(189, 21387, 122, 21387)
    z, _ = proportions_ztest([189, 122], [21387, 21387])
    expected = 2 * stats.norm.sf(abs(z) * sqrt(1 - 1 / 42774))
    assert inference.p_value == pytest.approx(expected, rel=1e-9)


def test_p_value_against_closed_form_in_uneven_arms() -> None:
    """207/9000 against 20/1000: z = .585501 (the plain one is .604249)."""
    inference = compared(207, 9000, 20, 1000)
    assert inference.p_value == pytest.approx(2 * stats.norm.sf(0.585501), abs=1e-6)


@given(
    st.integers(0, 60), st.integers(60, 400), st.integers(0, 60), st.integers(60, 400)
)
def test_intervals_and_p_value_agree(x: int, n: int, y: int, m: int) -> None:
    """Lift, difference and p-value find an effect together or not at all."""
    inference = compared(x, n, y, m)
    if inference.absolute is None or inference.p_value is None:
        assert x + y == 0 or x + y == n + m
        return
    if abs(inference.p_value - 0.05) < 1e-6:
        return
    found = inference.p_value < 0.05
    low, high = inference.absolute.interval.lower, inference.absolute.interval.upper
    assert (low > 0 or high < 0) == found
    if inference.relative is not None:
        low = inference.relative.interval.lower
        high = inference.relative.interval.upper
        assert (low > 0 or (high is not None and high < 0)) == found


@given(
    st.integers(1, 50), st.integers(60, 400), st.integers(1, 50), st.integers(60, 400)
)
def test_swapping_arms_inverts(x: int, n: int, y: int, m: int) -> None:
    """The ratio's interval inverts and the difference's negates when arms swap."""
    low, high = ratio_interval(x, n, y, m, z=Z)
    back = ratio_interval(y, m, x, n, z=Z)
    assert back == pytest.approx((1 / high, 1 / low), rel=1e-6)
    low, high = difference_interval(x, n, y, m, z=Z)
    assert difference_interval(y, m, x, n, z=Z) == pytest.approx(
        (-high, -low), abs=1e-8
    )


def test_no_conversion_in_one_arm_leaves_a_side_open() -> None:
    """0 in control: no lift but a difference; 0 in treatment: lift of −100 %."""
    none_in_control = compared(5, 100, 0, 100)
    assert none_in_control.relative is None
    assert none_in_control.absolute is not None
    assert ratio_interval(5, 100, 0, 100, z=Z)[1] == inf
    none_in_treatment = compared(0, 100, 5, 100)
    assert none_in_treatment.relative is not None
    assert none_in_treatment.relative.value == -1
    assert none_in_treatment.relative.se is None
    assert none_in_treatment.log_ratio is None
    assert none_in_treatment.relative.interval.lower == -1


@pytest.mark.parametrize(
    ("table", "unprovable"),
    [
        ((9, 9000, 2, 1000), "rise"),  # all eleven treated: 10 are expected there
        ((100, 1000, 8970, 9000), None),
        ((899, 900, 100, 100), "change"),
        ((40, 9000, 4, 1000), None),
        ((2, 1000, 9, 9000), "fall"),
    ],
)
def test_what_cannot_be_proven_against_extreme_tables(
    table: tuple[int, int, int, int], unprovable: str | None
) -> None:
    """Whether the same conversions, all in one arm, would have been told apart."""
    x, n, y, m = table
    total = x + y
    rise = (min(total, n), n, total - min(total, n), m)
    fall = (total - min(total, m), n, min(total, m), m)
    none = [ratio_interval(*rise, z=Z)[0] <= 1, ratio_interval(*fall, z=Z)[1] >= 1]
    expected = {(True, False): "rise", (False, True): "fall", (True, True): "change"}
    assert expected.get(tuple(none)) == unprovable
    assert compared(*table).note.numbers.get("unprovable") == unprovable


def test_one_conversion_bounds_no_strict_interval() -> None:
    """At 99.9 % one conversion leaves a side open: told as None, not as 1e15."""
    assert ratio_interval(1, 500, 20, 500, z=3.3)[0] == 0
    open_above = compare(
        moments(1, 500),
        moments(20, 500),
        formula=lambda mean: mean[0],
        columns=["x"],
        family="proportion",
        level=0.999,
    )
    assert open_above.relative.interval.upper is None


@pytest.mark.parametrize(("x", "y"), [(0, 0), (50, 60)])
def test_nothing_to_compare_is_said(x: int, y: int) -> None:
    """No conversion at all, or everybody: no number, and the reason."""
    inference = compared(x, 50, y, 60)
    assert inference.p_value is None
    assert inference.absolute is None
    assert inference.note == fact(
        "proportion.all_converted" if x else "proportion.none_converted"
    )


def test_standard_error_against_closed_form() -> None:
    """The difference's standard error is the unpooled one."""
    inference = compared(189, 21387, 122, 21306)
    p, q = 189 / 21387, 122 / 21306
    expected = sqrt(p * (1 - p) / 21387 + q * (1 - q) / 21306)
    assert inference.absolute.se == pytest.approx(expected, rel=1e-12)


def bisected(x: int, n: int, y: int, m: int) -> tuple[float, float]:
    """The corrected interval by plain bisection on log R, its rates by maximization."""

    def score(log_ratio: float) -> float:
        r = np.exp(log_ratio)
        low, high = 0.0, min(1.0, 1 / r)
        for _ in range(200):  # the likelihood's slope falls in the control rate
            p = (low + high) / 2
            slope = (x + y) / p - (m - y) / (1 - p) - r * (n - x) / (1 - r * p)
            low, high = (p, high) if slope > 0 else (low, p)
        t = r * p
        variance = (t * (1 - t) / n + r**2 * p * (1 - p) / m) * (n + m) / (n + m - 1)
        third = t * (1 - t) * (1 - 2 * t) / n**2
        third -= r**3 * p * (1 - p) * (1 - 2 * p) / m**2
        w, k = (x / n - r * y / m) / sqrt(variance), third / variance**1.5 / 6
        below = 1 + 4 * k * (w + k)  # no x is so far out where this is negative
        return w if below < 0 or k == 0 else (-1 + sqrt(below)) / (2 * k)

    ends = []
    for sign in (1, -1):
        low, high = -20.0, 20.0
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if score(middle) > sign * Z else (low, middle)
        ends.append(float(np.exp(low)))
    return ends[0], ends[1]


@given(
    st.integers(2, 40),
    st.integers(45, 10**6),
    st.integers(2, 40),
    st.integers(45, 10**6),
)
@settings(max_examples=25, deadline=None)
def test_ratio_against_bisection(x: int, n: int, y: int, m: int) -> None:
    """The interval agrees with an independent bisection, also for rare events."""
    assert ratio_interval(x, n, y, m, z=Z) == pytest.approx(
        bisected(x, n, y, m), rel=1e-5
    )


@pytest.mark.parametrize("sizes", [(12, 12), (40, 10), (45, 15)])
@pytest.mark.parametrize("kind", ["ratio", "difference"])
def test_small_sample_coverage_by_enumeration(
    sizes: tuple[int, int], kind: str
) -> None:
    """Over all tables, coverage is at least 90 %, and 94.5 % on average."""
    n, m = sizes
    ends = {}
    for x in range(n + 1):
        for y in range(m + 1):
            if kind == "difference":
                ends[x, y] = difference_interval(x, n, y, m, z=Z)
            elif x + y > 0:
                ends[x, y] = ratio_interval(x, n, y, m, z=Z)
            else:
                ends[x, y] = (0.0, inf)  # no interval excludes nothing
    low = np.array([[ends[x, y][0] for y in range(m + 1)] for x in range(n + 1)])
    high = np.array([[ends[x, y][1] for y in range(m + 1)] for x in range(n + 1)])
    coverages = []
    for p in np.linspace(0.02, 0.98, 25):
        for q in np.linspace(0.02, 0.98, 25):
            truth = p - q if kind == "difference" else p / q
            weight = np.outer(
                stats.binom.pmf(range(n + 1), n, p), stats.binom.pmf(range(m + 1), m, q)
            )
            inside = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
            coverages.append(float((weight * inside).sum()))
    assert np.mean(coverages) > 0.945
    assert min(coverages) > 0.90


@given(st.integers(0, 30), st.integers(30, 60), st.integers(0, 30), st.integers(30, 60))
def test_estimates_lie_inside_their_intervals(x: int, n: int, y: int, m: int) -> None:
    """Both intervals hold the estimate and stay inside their possible range."""
    low, high = difference_interval(x, n, y, m, z=Z)
    assert -1 <= low <= x / n - y / m <= high <= 1
    if y > 0:
        low, high = ratio_interval(x, n, y, m, z=Z)
        assert 0 <= low <= (x / n) / (y / m) * (1 + 1e-12)
        assert high >= (x / n) / (y / m) * (1 - 1e-12)


def test_p_value_keeps_its_digits_in_the_tail() -> None:
    """Hillstrom's visits: about 3.2e-44, as the pooled z test has it, not 0."""
    inference = compared(3238, 21387, 2262, 21306)
    assert inference.p_value == pytest.approx(3.1824031593349214e-44, rel=0.02)


@pytest.mark.parametrize("scale", [1, 1000, 10**5])
def test_large_arms_approach_katz(scale: int) -> None:
    """With more and more units the score interval becomes Katz's log interval."""
    x, n, y, m = 207 * scale, 9000 * scale, 20 * scale, 1000 * scale
    s = sqrt((1 - x / n) / x + (1 - y / m) / y)
    katz = (1.15 * np.exp(-Z * s), 1.15 * np.exp(Z * s))
    assert ratio_interval(x, n, y, m, z=Z) == pytest.approx(
        katz, rel=0.025 / scale + 1e-9
    )
