"""Moments: exact integer power sums and what follows from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdback.stats.moments import Moments

COLUMNS = ("revenue", "orders")
DIGITS = (2, 0)

ROWS = st.lists(
    st.tuples(st.integers(-(10**7), 10**7), st.integers(0, 9)), min_size=2, max_size=30
)


def of(rows: list[tuple[int, int]]) -> Moments:
    """Moments of rows given in quanta: cents and counts."""
    return Moments.of_rows([(cents / 100, n) for cents, n in rows], COLUMNS, DIGITS)


@given(ROWS, ROWS)
def test_parts_add_to_the_whole(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    """Merging two samples equals taking both together, to the last digit."""
    assert of(a) + of(b) == of(a + b)


@given(ROWS)
def test_order_invariance(rows: list[tuple[int, int]]) -> None:
    """The order of the rows changes nothing."""
    assert of(rows) == of(rows[::-1])


@given(ROWS)
def test_mean_and_cov_against_numpy(rows: list[tuple[int, int]]) -> None:
    """Means and covariances agree with numpy's on the rows."""
    values = np.array([(cents / 100, n) for cents, n in rows])
    moments = of(rows)
    assert moments.mean == pytest.approx(values.mean(axis=0), rel=1e-9, abs=1e-9)
    scale = np.abs(values).max() ** 2 + 1
    assert moments.cov == pytest.approx(
        np.cov(values.T, ddof=1), rel=1e-9, abs=1e-12 * scale
    )


def test_third_against_scipy() -> None:
    """Third central moments agree with scipy's, mixed ones with the definition."""
    rng = np.random.default_rng(7)
    values = np.round(rng.gamma(0.7, 20, size=(400, 2)), 2)
    moments = Moments.of_rows(values, COLUMNS, (2, 2))
    assert moments.third[0, 0, 0] == pytest.approx(stats.moment(values[:, 0], order=3))
    assert moments.third[1, 1, 1] == pytest.approx(stats.moment(values[:, 1], order=3))
    centred = values - values.mean(axis=0)
    mixed = float(np.mean(centred[:, 0] ** 2 * centred[:, 1]))
    assert moments.third[0, 1, 0] == pytest.approx(mixed)


def test_variance_does_not_cancel() -> None:
    """Adding a million to every value leaves the variance as it was."""
    rng = np.random.default_rng(3)
    values = np.round(rng.normal(0, 1, size=(500, 1)), 4)
    near = Moments.of_rows(values, ("x",), (4,)).cov[0, 0]
    far = Moments.of_rows(values + 1e6, ("x",), (4,)).cov[0, 0]
    assert far == pytest.approx(near, rel=1e-12)


def test_quantizes_half_away_from_zero() -> None:
    """0.125 and −0.125 become 0.13 and −0.13."""
    moments = Moments.of_rows([[0.125], [-0.125]], ("x",), (2,))
    assert moments.products == (13 * 13 + 13 * 13,)
    assert moments.sums == (0,)


def test_select_keeps_what_it_names() -> None:
    """Selecting a column equals the moments of that column alone."""
    rows = [(1234, 1), (0, 0), (-50, 2)]
    alone = Moments.of_rows([(n,) for _, n in rows], ("orders",), (0,))
    assert of(rows).select(["orders"]) == alone


def test_other_measures_do_not_add() -> None:
    """Samples of different measures or digits refuse to merge."""
    other = Moments.empty(COLUMNS, (3, 0))
    with pytest.raises(ValueError, match="same measures"):
        _ = of([(1, 1)]) + other


def test_shapes_are_checked() -> None:
    """Sums of the wrong length are refused by name."""
    with pytest.raises(ValueError, match="`products` must hold 3"):
        Moments(
            columns=COLUMNS,
            digits=DIGITS,
            n=0,
            sums=(0, 0),
            products=(0,),
            thirds=(0, 0, 0, 0),
            nonzero=(0, 0),
            largest=(0, 0),
        )


def test_no_units_have_no_mean() -> None:
    """Moments of no units raise, rather than give NaN."""
    empty = Moments.empty(COLUMNS, DIGITS)
    for name in ("mean", "cov", "third"):
        with pytest.raises(ValueError, match="not defined|needs 2"):
            getattr(empty, name)
