"""Moments: exact sums that add, and what floats come out of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from holdback.stats.evidence.moments import Moments, pairs, triples

COLUMNS = ("revenue", "orders")
DIGITS = (2, 0)

row = st.tuples(st.integers(-(10**9), 10**12), st.integers(0, 1000))
rows = st.lists(row, max_size=30)


def of_quanta(values: list[tuple[int, int]]) -> Moments:
    """Moments summed by loops over whole numbers of quanta."""
    data = [list(one) for one in values]
    k = len(COLUMNS)
    return Moments(
        columns=COLUMNS,
        digits=DIGITS,
        n=len(data),
        sums=tuple(sum(r[i] for r in data) for i in range(k)),
        products=tuple(sum(r[i] * r[j] for r in data) for i, j in pairs(k)),
        thirds=tuple(sum(r[a] * r[b] * r[c] for r in data) for a, b, c in triples(k)),
        nonzero=tuple(sum(r[i] != 0 for r in data) for i in range(k)),
        largest=tuple(max([0, *(r[i] for r in data)]) for i in range(k)),
    )


def skewed(rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    """Rows (n, 2) of revenue in cents and orders, most of them zero."""
    orders = rng.binomial(3, 0.2, n)
    revenue = np.round(rng.lognormal(3, 1.2, n) * orders, 2)
    return np.column_stack([revenue, orders])


@given(rows, rows, rows)
def test_addition_against_whole_sample(
    a: list[tuple[int, int]], b: list[tuple[int, int]], c: list[tuple[int, int]]
) -> None:
    """Parts add to the whole, in any grouping and order, exactly."""
    whole = of_quanta(a + b + c)
    first, second, third = of_quanta(a), of_quanta(b), of_quanta(c)
    assert (first + second) + third == whole
    assert first + (second + third) == whole
    assert third + first + second == whole
    assert whole + Moments.empty(COLUMNS, DIGITS) == whole


@given(st.permutations(list(range(20))), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_row_order_invariance(order: list[int], seed: int) -> None:
    """The order of rows changes nothing, not even the last bit."""
    data = skewed(np.random.default_rng(seed), 20)
    before = Moments.of_rows(data, COLUMNS, DIGITS)
    after = Moments.of_rows(data[order], COLUMNS, DIGITS)
    assert before == after
    assert np.array_equal(before.cov, after.cov)


def test_mean_cov_third_against_numpy() -> None:
    """Mean, covariance and third central moments agree with numpy on rows."""
    data = skewed(np.random.default_rng(1), 5000)
    moments = Moments.of_rows(data, COLUMNS, DIGITS)
    centred = data - data.mean(axis=0)
    assert moments.mean == pytest.approx(data.mean(axis=0), rel=1e-13)
    assert moments.total == pytest.approx(data.sum(axis=0), rel=1e-13)
    assert moments.cov == pytest.approx(np.cov(data.T), rel=1e-12)
    expected = np.einsum("ni,nj,nk->ijk", centred, centred, centred) / len(data)
    assert moments.third == pytest.approx(expected, rel=1e-10)
    assert moments.nonzero == tuple((data != 0).sum(axis=0))
    assert moments.largest == (round(data[:, 0].max() * 100), data[:, 1].max())


def test_third_against_scipy() -> None:
    """The third central moment of one measure is scipy's."""
    data = skewed(np.random.default_rng(2), 3000)
    moments = Moments.of_rows(data, COLUMNS, DIGITS)
    assert moments.third[0, 0, 0] == pytest.approx(
        stats.moment(data[:, 0], order=3), rel=1e-11
    )


def test_shift_invariance() -> None:
    """Adding a million to every value leaves variance and third moment alone."""
    data = skewed(np.random.default_rng(3), 2000)
    here = Moments.of_rows(data, COLUMNS, DIGITS)
    there = Moments.of_rows(data + 1e6, COLUMNS, DIGITS)
    assert there.cov == pytest.approx(here.cov, rel=1e-9)
    assert there.third == pytest.approx(here.third, rel=1e-9)


def test_numacc_against_certified_values() -> None:
    """NIST StRD NumAcc3 and NumAcc4: certified mean and deviation to 14 digits."""
    for offset, mean in ((1_000_000, 1_000_000.2), (10_000_000, 10_000_000.2)):
        values = [offset + 0.2] + [offset + 0.1, offset + 0.3] * 500
        moments = Moments.of_rows(np.array(values), ["y"], [1])
        assert moments.mean[0] == pytest.approx(mean, rel=1e-15)
        assert np.sqrt(moments.cov[0, 0]) == pytest.approx(0.1, rel=1e-14)


def test_select_against_fewer_columns() -> None:
    """Selecting columns, also in another order, equals summing only those."""
    rng = np.random.default_rng(4)
    data = np.round(rng.normal(size=(50, 4)) * 10, 2)
    names = ["a", "b", "c", "d"]
    whole = Moments.of_rows(data, names, [2] * 4)
    for chosen in (["c"], ["d", "a"], ["b", "d", "a"], ["d", "c", "b", "a"]):
        at = [names.index(name) for name in chosen]
        assert whole.select(chosen) == Moments.of_rows(
            data[:, at], chosen, [2] * len(at)
        )


def test_of_rows_rounds_half_away_from_zero() -> None:
    """Halves go away from zero, as in the data engine."""
    moments = Moments.of_rows(np.array([0.125, -0.125, 2.5]), ["y"], [2])
    assert moments.sums == (13 - 13 + 250,)
    assert moments.products == (13**2 * 2 + 250**2,)


def test_addition_rejects_other_measures() -> None:
    """Moments of different measures or scales do not add."""
    with pytest.raises(ValueError, match="same measures"):
        Moments.empty(["a"], [2]) + Moments.empty(["b"], [2])
    with pytest.raises(ValueError, match="same measures"):
        Moments.empty(["a"], [2]) + Moments.empty(["a"], [0])


def test_shapes_are_checked() -> None:
    """A wrong number of sums is refused by name."""
    with pytest.raises(ValueError, match="`products` must hold 1 values"):
        Moments(
            columns=("a",),
            digits=(0,),
            n=1,
            sums=(1,),
            products=(1, 1),
            thirds=(1,),
            nonzero=(1,),
            largest=(1,),
        )


def test_degenerate_samples_have_no_moments() -> None:
    """No unit has no mean, one unit no covariance."""
    nothing = Moments.empty(["a"], [0])
    with pytest.raises(ValueError, match="no units"):
        _ = nothing.mean
    with pytest.raises(ValueError, match="no units"):
        _ = nothing.third
    with pytest.raises(ValueError, match="needs 2 units"):
        _ = Moments.of_rows(np.array([1.0]), ["a"], [0]).cov
