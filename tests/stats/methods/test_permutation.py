"""The permutation interval against brute force on rows, zeros and all."""

from __future__ import annotations

from itertools import combinations
from math import comb, exp, log, log1p, sqrt

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.resplits import Adjustment, TwoSamples, resplits
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.compare import compare
from holdback.stats.methods.permutation import (
    Reference,
    _bracket,
    may_be,
    permutation,
)
from holdback.stats.numeric import root
from holdback.stats.variance_reduction.cuped import adjust
from tests.calibration.shops import Shop, exact, mean, ratio

Vector = npt.NDArray[np.float64]


def two(control: Sample, treatment: Sample, **more: object) -> TwoSamples:
    """Both samples, read as revenue per unit or per order."""
    formula = mean if len(control.columns) == 1 else ratio
    return TwoSamples(
        control=control,
        treatment=treatment,
        formula=formula,
        **more,  # type: ignore[arg-type]  # only an adjustment
    )


def shops(seed: int, lift: float = 0.0, orders: float = 0.0) -> tuple[Sample, Sample]:
    """A holdback of 2,000 and 18,000 treated, 3 % buyers."""
    rng = np.random.default_rng(seed)
    columns = 2 if orders else 1
    control = Shop(n=2_000, orders=orders).sample(rng, columns)
    treated = Shop(n=18_000, mu=float(np.log1p(lift)), orders=orders)
    return control, treated.sample(rng, columns)


def studentized(control: Vector, treatment: Vector) -> float:
    """The log ratio of two means over its own error, from whole arms."""
    parts = [
        (side.mean(), side.var(ddof=1) / len(side)) for side in (control, treatment)
    ]
    (m, v), (n, w) = parts
    return float(log(n / m) / np.sqrt(v / m**2 + w / n**2))


def whole(sample: Sample) -> Vector:
    """Every unit of one column, zeros included."""
    return np.concatenate([sample.rows[:, 0], np.zeros(sample.n - len(sample.rows))])


def test_p_value_against_all_splits() -> None:
    """On 5 + 6 units the tail approaches its share of all 462 splits."""
    units = np.array([1.0, 2.5, 3.0, 4.0, 7.5, 5.0, 6.0, 9.0, 12.5, 8.0, 3.5])
    control = Sample(columns=("y",), rows=units[:5, None], n=5)
    treated = Sample(columns=("y",), rows=units[5:, None], n=6)
    seen = studentized(units[:5], units[5:])
    splits = [
        studentized(units[list(chosen)], np.delete(units, list(chosen)))
        for chosen in combinations(range(11), 5)
    ]
    assert len(splits) == comb(11, 5)
    tail = np.mean(np.array(splits) >= seen - 1e-12)
    drawn = resplits(two(control, treated), draws=20_000).drawn(1.0)
    found = float(np.mean(drawn >= seen - 1e-9))
    assert found == pytest.approx(tail, abs=4 * np.sqrt(tail * (1 - tail) / 20_000))


def test_draws_of_zeros_against_whole_arms() -> None:
    """Units of zero are drawn as a count: the same law as shuffling every unit."""
    rng = np.random.default_rng(3)
    control, treated = shops(3)
    everyone = np.concatenate([whole(control), whole(treated)])
    shuffled = []
    for _ in range(1_500):
        rng.shuffle(everyone)
        shuffled.append(studentized(everyone[: control.n], everyone[control.n :]))
    drawn = resplits(two(control, treated), draws=6_000).drawn(1.0)
    for q in (0.025, 0.25, 0.5, 0.75, 0.975):
        share = np.mean(drawn <= np.quantile(shuffled, q))
        error = np.sqrt(q * (1 - q) * (1 / 1_500 + 1 / 6_000))
        assert share == pytest.approx(q, abs=4 * error)


@pytest.mark.parametrize("orders", [0.0, 0.45])
def test_observed_is_the_studentized_log_ratio(orders: float) -> None:
    """The split that was has the log-delta t, for means and for ratios."""
    control, treated = shops(4, orders=orders)
    samples = two(control, treated)
    values = [exact(side, samples.formula) for side in (control, treated)]
    error = np.sqrt(sum((v.se / v.value) ** 2 for v in values))
    expected = log(values[1].value / values[0].value) / error
    found = resplits(samples, draws=1).observed(1.0)
    assert found == pytest.approx(expected, rel=1e-6)


def read(control: Sample, treated: Sample, level: float = 0.95) -> Inference:
    """The permutation interval of two samples."""
    samples = two(control, treated)
    return permutation(
        exact(control, samples.formula),
        exact(treated, samples.formula),
        samples,
        level=level,
    )


@pytest.mark.parametrize("lift", [-0.4, 0.0, 0.3, 0.8])
@pytest.mark.parametrize("seed", [5, 6, 7])
def test_interval_and_p_value_never_disagree(seed: int, lift: float) -> None:
    """The p-value is below 5 % exactly where the interval excludes no lift."""
    found = read(*shops(seed, lift))
    assert found.relative is not None
    assert found.absolute is not None
    assert found.p_value is not None
    ends = found.relative.interval
    assert ends.lower is not None
    assert ends.upper is not None
    assert ends.lower < found.relative.value < ends.upper
    excluded = ends.lower > 0 or ends.upper < 0
    assert excluded == (found.p_value <= 0.05)
    money = found.absolute.interval
    assert money.lower is not None
    assert (money.lower > 0) == (ends.lower > 0)


def test_tails_say_what_the_interval_and_the_p_value_say() -> None:
    """At no lift they give the p-value; at each end one of them is its 2.5 %."""
    found = read(*shops(5, 0.3))
    assert found.tails is not None
    assert found.relative is not None
    ends = found.relative.interval
    assert ends.lower is not None
    assert ends.upper is not None
    low, high = log1p(ends.lower), log1p(ends.upper)
    (still, *_), (falling, *_) = found.tails(np.zeros(1))
    assert found.p_value == pytest.approx(2 * min(still, falling))
    near = np.array([low - 1e-3, low + 1e-3, high - 1e-3, high + 1e-3])
    upper, lower = found.tails(near)
    assert upper[0] <= 0.025 < upper[1]
    assert lower[3] <= 0.025 < lower[2]
    assert np.all(np.diff(upper) > 0)
    assert np.all(np.diff(lower) < 0)
    assert np.all(upper + lower >= 1.0)


def test_tails_against_every_split_of_eighteen_units() -> None:
    """8 and 10 units, half of them without a value: all 43,758 splits counted out."""
    control = np.array([12.0, 30.0, 45.0, 20.0])
    treated = np.array([25.0, 60.0, 15.0, 80.0, 33.0, 41.0])
    samples = [
        Sample(columns=("y",), rows=side[:, None], n=n)
        for side, n in ((control, 8), (treated, 10))
    ]
    splits = resplits(two(*samples), draws=19_999)
    tails = Reference(splits=splits, draws=19_999)
    upper, lower = tails(np.array([0.0, -0.5, 0.25, 1.0, 1.5]))
    for theta, u, low in zip((0.0, -0.5, 0.25, 1.0, 1.5), upper, lower, strict=True):
        expected = _every_split(control, treated / np.exp(theta))
        for share, exactly in zip((u, low), expected, strict=True):
            error = np.sqrt(exactly * (1 - exactly) / 19_999)
            assert share == pytest.approx(exactly, abs=4 * error + 1e-4)


def _every_split(control: Vector, treated: Vector) -> tuple[float, float]:
    """Shares of all splits into 8 and 10 that are as high, and as low, as seen."""
    units = np.concatenate([control, np.zeros(4), treated, np.zeros(4)])
    chosen = np.array(list(combinations(range(18), 8)))
    mask = np.zeros((len(chosen), 18))
    mask[np.arange(len(chosen))[:, None], chosen] = 1.0
    means, variances = [], []
    for side, n in ((mask, 8), (1 - mask, 10)):
        total, squares = side @ units, side @ units**2
        means.append(total / n)
        variances.append((squares - total**2 / n) / (n - 1) / n)
    with np.errstate(all="ignore"):
        spread = np.sqrt(variances[0] / means[0] ** 2 + variances[1] / means[1] ** 2)
        t = np.log(means[1] / means[0]) / spread
    t = np.where(means[0] > 0, np.where(means[1] > 0, t, -np.inf), np.inf)
    seen = studentized(units[:8], units[8:])
    return float(np.mean(t >= seen - 1e-9)), float(np.mean(t <= seen + 1e-9))


def test_scaling_the_treatment_moves_the_interval_along() -> None:
    """Doubling every treated amount doubles the ratio and both its ends."""
    control, treated = shops(8)
    doubled = Sample(columns=treated.columns, rows=2 * treated.rows, n=treated.n)
    one, other = read(control, treated).relative, read(control, doubled).relative
    assert one is not None
    assert other is not None
    for end in ("lower", "upper"):
        first, second = getattr(one.interval, end), getattr(other.interval, end)
        assert 1 + second == pytest.approx(2 * (1 + first), rel=1e-6)


def test_each_end_is_where_its_tail_is_spent() -> None:
    """At an end the tail is at most 2.5 %; just inside it is more."""
    control, treated = shops(9)
    inference = read(control, treated)
    tails, found = inference.tails, inference.relative
    assert isinstance(tails, Reference)
    assert found is not None
    splits = tails.splits
    for end, direction in ((found.interval.lower, 1), (found.interval.upper, -1)):
        assert end is not None
        for step, rejected in ((-1e-6, True), (1e-6, False)):
            at = (1 + end) * exp(direction * step)
            seen, drawn, own = splits.observed(at), splits.drawn(at), tails.own
            beyond = drawn >= seen if direction > 0 else drawn <= seen
            count = np.sum(beyond)
            if own is not None:  # the holdback's spread is the wider: the outermost
                further = own >= seen if direction > 0 else own <= seen
                count = max(count, np.sum(further))
            assert ((1 + count) / 5000 <= 0.025) == rejected


def test_the_same_seed_gives_the_same_interval() -> None:
    """Draws depend on the seed alone, not on the order of the rows."""
    control, treated = shops(10)
    assert read(control, treated).relative == read(control, treated).relative


def test_wide_levels_go_beyond_the_draws_in_proportion() -> None:
    """A level whose tail no draw reaches is carried on by the normal's quantiles."""
    control, treated = shops(11)
    usual, strict = (
        read(control, treated, level).relative for level in (0.95, 1 - 1e-6)
    )
    assert usual is not None
    assert strict is not None
    assert strict.interval.lower is not None
    assert usual.interval.lower is not None
    centre = log(1 + usual.value)
    widths = [centre - log(1 + one.interval.lower) for one in (strict, usual)]
    assert 1.8 < widths[0] / widths[1] < 4.5


def test_an_arm_that_may_be_left_without_buyers_has_an_open_end() -> None:
    """Where re-splits often leave the holdback empty, the lift has no lower bound."""
    rng = np.random.default_rng(2)
    amounts = rng.gamma(2, 10, 40)
    control = Sample(columns=("y",), rows=amounts[:2, None], n=60)
    treated = Sample(columns=("y",), rows=amounts[2:, None], n=1_140)
    found = read(control, treated)
    assert found.relative is not None
    assert found.relative.interval.lower is None
    assert found.relative.interval.upper is not None
    assert found.absolute is not None
    assert found.absolute.interval.lower is None
    assert found.log_ratio is None


def test_adjusted_draws_against_residual_rows() -> None:
    """With a covariate every draw is that of y − θ(x − x̄) on whole arms."""
    rng = np.random.default_rng(12)
    n, m = 300, 900
    x = np.round(rng.gamma(2, 3, n + m), 2)
    y = np.round(20 + x + rng.gamma(1, 8, n + m), 2)
    rows = np.column_stack([y, x])
    sides = [Moments.of_rows(part, ["y", "x"], [2, 2]) for part in (rows[:n], rows[n:])]
    net = adjust(
        *sides,
        formula=lambda v: v[0],
        columns=["y"],
        covariates=["x"],
        slopes="pooled",
    )
    control, treated = (
        Sample(columns=("y", "x"), rows=part, n=len(part))
        for part in (rows[:n], rows[n:])
    )
    samples = TwoSamples(
        control=control,
        treatment=treated,
        formula=mean,
        adjustment=Adjustment(theta=net.adjustment.theta, centre=net.adjustment.centre),
    )
    residual = y - float(net.adjustment.theta[0]) * (x - x.mean())
    expected = studentized(residual[:n], residual[n:])
    splits = resplits(samples, draws=2_000)
    assert splits.observed(1.0) == pytest.approx(expected, rel=1e-6)
    shuffled = []
    for _ in range(2_000):
        rng.shuffle(residual)
        shuffled.append(studentized(residual[:n], residual[n:]))
    assert np.std(splits.drawn(1.0)) == pytest.approx(np.std(shuffled), rel=0.08)
    plain, net_read = (
        compare(
            *sides,
            formula=mean,
            columns=["y"],
            family="mean",
            level=0.95,
            samples=TwoSamples(
                control=control.select(["y"]),
                treatment=treated.select(["y"]),
                formula=mean,
            ),
        ),
        net.compared(level=0.95, samples=samples),
    )
    assert plain.method == net_read.method == "permutation"
    widths = [
        f.relative.interval.upper - f.relative.interval.lower  # type: ignore[union-attr,operator]
        for f in (plain, net_read)
    ]
    assert widths[1] < widths[0]


@pytest.mark.parametrize(
    ("rows", "n", "match"),
    [([[1.0], [2.0]], 1, "cannot stand for"), ([1.0, 2.0], 5, "must be")],
)
def test_impossible_samples_are_refused(rows: list[object], n: int, match: str) -> None:
    """More rows than units, or rows of another shape."""
    with pytest.raises((ValueError, IndexError), match=match):
        Sample(columns=("y",), rows=np.array(rows), n=n)


def test_samples_add_and_select() -> None:
    """Rows stand one after the other; samples of other measures do not add."""
    control, treated = shops(13, orders=0.45)
    both = control + treated
    assert both.n == 20_000
    assert len(both.rows) == len(control.rows) + len(treated.rows)
    assert both.select(["orders"]).rows.shape == (len(both.rows), 1)
    with pytest.raises(ValueError, match="same measures"):
        _ = control + treated.select(["orders"])


def test_numbers_do_not_depend_on_the_rows_order_or_on_zeros() -> None:
    """The same units listed otherwise, or with zeros listed, are the same data."""
    control, treated = shops(14)
    rng = np.random.default_rng(1)
    shuffled = Sample(columns=("y",), rows=rng.permutation(treated.rows), n=treated.n)
    padded = Sample(
        columns=("y",), rows=np.vstack([control.rows, np.zeros((30, 1))]), n=control.n
    )
    plain, other = read(control, treated), read(padded, shuffled)
    assert plain.relative == other.relative
    assert plain.p_value == other.p_value


def test_swapped_arms_say_the_same_the_other_way_round() -> None:
    """The seed does not know which arm is which: the ends are each other's inverse."""
    control, treated = shops(15, 0.3)
    one, other = read(control, treated).relative, read(treated, control).relative
    assert one is not None
    assert other is not None
    ends = [(i.lower, i.upper) for i in (one.interval, other.interval)]
    assert ends[0][0] is not None
    assert ends[1][1] is not None
    assert (1 + ends[0][0]) * (1 + ends[1][1]) == pytest.approx(1, rel=1e-6)


@given(st.integers(0, 4_999), st.sampled_from([0.025, 0.0125, 0.0009, 0.3]))
def test_what_draws_leave_open_against_scipy(count: int, share: float) -> None:
    """A share is open exactly where scipy's Clopper–Pearson interval holds it."""
    exact = stats.binomtest(count, 4_999).proportion_ci(0.999, method="exact")
    assert may_be(count, 4_999, share) == (exact.low < share < exact.high)


def amounts(seed: int, shift: float) -> tuple[Sample, Sample]:
    """Two arms of 300 of 1,000 units, amounts normal on the log with σ 0.4."""
    rng = np.random.default_rng(seed)
    control, treated = (
        Sample(columns=("y",), rows=rng.lognormal(3 + more, 0.4, (300, 1)), n=1_000)
        for more in (0.0, shift)
    )
    return control, treated


def test_a_p_value_beyond_the_draws_is_a_bound() -> None:
    """Where no split reaches the data the p-value is 2/(B + 1), and said to be."""
    found = read(*amounts(1, 2.0))
    assert found.draws is not None
    assert found.draws.number == 4_999
    assert found.p_value == found.p_value_below == pytest.approx(2 / 5_000)
    assert read(*amounts(1, 0.0)).p_value_below is None


def test_many_tests_are_drawn_until_their_threshold_is_met() -> None:
    """Of 30 tests the smallest p-value must fall below 0.0017: more is drawn."""
    control, treated = amounts(1, 2.0)
    samples = two(control, treated, tests=30)
    arms = [exact(side, mean) for side in (control, treated)]
    found = permutation(arms[0], arms[1], samples, level=0.95)
    assert found.draws is not None
    assert found.draws.number == 19_999
    assert found.p_value_below == pytest.approx(2 / 20_000)
    assert 30 * found.p_value_below < 0.05


def test_a_tail_near_its_threshold_is_drawn_more_often() -> None:
    """Whatever the seed, a number of draws is kept only where it tells the side."""
    numbers = set()
    for seed in range(40):
        control, treated = amounts(seed, 0.15)
        found = read(control, treated)
        assert found.draws is not None
        assert found.p_value is not None
        number = found.draws.number
        numbers.add(number)
        count = round(found.p_value / 2 * (number + 1)) - 1
        exact_ends = stats.binomtest(count, number).proportion_ci(0.999, "exact")
        if number < 99_999:
            assert not exact_ends.low < 0.025 < exact_ends.high
    assert {4_999, 19_999} <= numbers


def test_the_error_of_ends_against_other_draws() -> None:
    """Ends from other draws of the same two samples scatter by what is told."""
    control, treated = shops(16)
    found = read(control, treated)
    assert found.draws is not None
    assert found.relative is not None
    ends = []
    for batch in range(3, 33):
        tails = Reference.of(two(control, treated), draws=4_999, batch=batch)
        lows = root(lambda theta, at=tails: at.at(theta)[0] - 0.025, -3.0, 0.0)
        ends.append(lows)
    low, high = found.relative.interval.lower, found.relative.interval.upper
    assert low is not None
    assert high is not None
    width = log1p(high) - log1p(low)
    # χ² with 29 degrees; the density of t at an end is the normal's but for its skew.
    assert 0.5 < np.std(ends, ddof=1) / width / found.draws.error_of_ends < 1.7


def test_the_reference_by_its_rule_against_its_parts() -> None:
    """The outermost where the wider arm makes the error, else the weighted blend."""
    rng = np.random.default_rng(8)
    for sigma, outermost in ((0.7, True), (2.4, False)):
        control, treated = (
            Sample(columns=("y",), rows=rng.lognormal(3, s, (k, 1)), n=10 * k)
            for s, k in ((1.5, 60), (sigma, 600))
        )
        if not outermost:  # the smaller arm makes the error, the larger is wider
            control = Sample(
                columns=("y",), rows=rng.lognormal(3, 1.2, (25, 1)), n=2_500
            )
        tails = Reference.of(two(control, treated), draws=2_000)
        assert tails.spread is not None
        assert tails.own is not None
        assert tails.spread.outermost == outermost
        w = tails.spread.weight
        centre = log(whole(treated).mean() / whole(control).mean())
        for away in (-0.3, -0.1, 0.1, 0.3):
            theta = centre + away
            seen, drawn = (
                tails.splits.observed(exp(theta)),
                tails.splits.drawn(exp(theta)),
            )
            for side, sign in enumerate((1, -1)):
                parts = [
                    (1 + np.sum(sign * t >= sign * seen - 1e-9)) / 2_001
                    for t in (drawn, tails.own)
                ]
                assert abs(parts[0] - parts[1]) > 1e-3
                blend = (1 - w) * parts[0] + w * parts[1]
                expected = max(parts) if outermost else blend
                assert tails.at(theta)[side] == pytest.approx(expected)


def test_ties_count_on_both_sides_against_scipy() -> None:
    """Ones and zeros: t is their number in treatment, which is hypergeometric."""
    control, treated = (
        Sample(columns=("y",), rows=np.ones((k, 1)), n=10) for k in (3, 6)
    )
    tails = Reference.of(two(control, treated), draws=40_000)
    law = stats.hypergeom(20, 9, 10)
    for found, exactly in zip(tails.at(0.0), (law.sf(5), law.cdf(6)), strict=True):
        assert found == pytest.approx(exactly, abs=4 * sqrt(0.25 / 40_000))


@pytest.mark.parametrize("level", [0.95, 0.9999])
def test_the_error_of_ends_against_its_formula(level: float) -> None:
    """√(q(1 − q)/B) / φ(z) over 2 z, q being no farther out than 20 draws."""
    control, treated = shops(11)
    found = read(control, treated, level=level)
    assert found.draws is not None
    draws = found.draws.number
    q = max((1 - level) / 2, 20 / (draws + 1))
    z = stats.norm.isf(q)
    expected = sqrt(q * (1 - q) / draws) / stats.norm.pdf(z) / (2 * z)
    assert found.draws.error_of_ends == pytest.approx(expected, rel=1e-9)


def test_no_bracket_lies_across_no_lift() -> None:
    """An end is looked for on the side of no lift on which the p-value puts it."""
    for still in (0.3, 0.31):
        low, high = _bracket(lambda distance: distance > 0.305, still)  # type: ignore[misc]
        assert low <= 0.305 <= high
        assert still in {low, high}


@pytest.mark.parametrize("seed", [17, 18])
@pytest.mark.parametrize("orders", [0.0, 0.45])
def test_between_two_ratios_against_all_draws(seed: int, orders: float) -> None:
    """With only the draws that differ at both ends, every ratio between is the same."""
    control, treated = shops(seed, 0.4, orders=orders)
    tails = Reference.of(two(control, treated), draws=4_999)
    centre = 0.3
    for low, high in ((centre - 0.5, centre - 0.48), (centre, centre + 0.02)):
        near = tails.between(low, high)
        assert near.splits.draws < 1_000
        assert near.draws == tails.draws
        for theta in np.linspace(low, high, 9):
            assert near.at(float(theta)) == tails.at(float(theta))
