"""The generic delta method against closed forms and rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdback.stats.evidence.delta_method import combined_variance, estimate, gradient
from holdback.stats.evidence.moments import Moments


def ratio(mean: Any) -> Any:
    """Numerator over denominator."""
    return mean[0] / mean[1]


def orders(seed: int, n: int) -> Moments:
    """Revenue and orders of n units, some without orders."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(0.7, n)
    revenue = np.round(rng.gamma(2.0, 20.0, n) * count, 2)
    return Moments.of_rows(
        np.column_stack([revenue, count]), ["revenue", "orders"], [2, 0]
    )


@given(st.floats(0.1, 1e6), st.floats(0.1, 1e6), st.floats(0.1, 1e6))
def test_gradient_against_closed_form(a: float, b: float, c: float) -> None:
    """The complex step equals calculus on a·b/c² to rounding."""
    found = gradient(lambda m: m[0] * m[1] / m[2] ** 2, np.array([a, b, c]))
    assert found == pytest.approx([b / c**2, a / c**2, -2 * a * b / c**3], rel=1e-13)


def test_mean_against_closed_form() -> None:
    """A mean's standard error is s/√n, its third cumulant mu3/n²."""
    rows = np.array([0.0, 0.0, 3.0, 5.0, 12.0])
    moments = Moments.of_rows(rows, ["y"], [0])
    found = estimate(moments, lambda m: m[0], ["y"])
    assert found.value == 4.0
    assert found.se == pytest.approx(rows.std(ddof=1) / np.sqrt(5), rel=1e-14)
    assert found.third == pytest.approx(((rows - 4) ** 3).mean() / 25, rel=1e-14)
    assert (found.n, found.nonzero) == (5, 3)


def test_ratio_against_closed_form() -> None:
    """AOV of statistics.md 1.10, both arms, from its printed sums."""
    for n, sums, expected in (
        (
            1000,
            (1212.910803557928, 31, 142459.18117193246, 1883.7366307069055, 45),
            39.126155,
        ),
        (
            9000,
            (9780.940756623075, 330, 607837.5119063072, 14347.33606788367, 496),
            29.639214,
        ),
    ):
        moments = from_sums(n, *sums)
        found = estimate(moments, ratio, ["revenue", "orders"])
        s_r, s_n, s_rr, s_rn, s_nn = sums
        r, m = s_r / s_n, s_n / n
        var = (
            (s_rr - s_r**2 / n)
            - 2 * r * (s_rn - s_r * s_n / n)
            + r**2 * (s_nn - s_n**2 / n)
        ) / (n - 1)
        assert found.value == pytest.approx(expected, rel=1e-7)
        assert found.se == pytest.approx(np.sqrt(var / n) / m, rel=1e-9)


def from_sums(
    n: int, r: float, count: float, rr: float, rc: float, cc: float
) -> Moments:
    """Moments of revenue (9 decimals) and orders from printed power sums."""
    scale = 10**9
    return Moments(
        columns=("revenue", "orders"),
        digits=(9, 0),
        n=n,
        sums=(round(r * scale), int(count)),
        products=(round(rr * scale**2), round(rc * scale), int(cc)),
        thirds=(0, 0, 0, 0),
        nonzero=(int(count), int(count)),
        largest=(0, 0),
    )


def test_ratio_against_rows() -> None:
    """The generic error equals that of linearized rows (R − rN)/N̄."""
    rng = np.random.default_rng(5)
    count = rng.poisson(0.7, 4000)
    revenue = np.round(rng.gamma(2.0, 20.0, 4000) * count, 2)
    rows = np.column_stack([revenue, count])
    found = estimate(Moments.of_rows(rows, ["r", "n"], [2, 0]), ratio, ["r", "n"])
    linear = (revenue - found.value * count) / count.mean()
    assert found.se == pytest.approx(linear.std(ddof=1) / np.sqrt(4000), rel=1e-12)
    centred = linear - linear.mean()
    assert found.third == pytest.approx((centred**3).mean() / 4000**2, rel=1e-9)


def test_ratio_against_bootstrap() -> None:
    """The delta error of a ratio is the bootstrap's within its noise."""
    rng = np.random.default_rng(6)
    count = rng.poisson(0.7, 2000)
    revenue = rng.gamma(2.0, 20.0, 2000) * count
    weights = rng.multinomial(2000, np.full(2000, 1 / 2000), size=2000)
    draws = (weights @ revenue) / (weights @ count)
    rows = np.column_stack([np.round(revenue, 2), count])
    found = estimate(Moments.of_rows(rows, ["r", "n"], [2, 0]), ratio, ["r", "n"])
    assert found.se == pytest.approx(draws.std(), rel=3 / np.sqrt(2 * 2000))


@given(st.integers(1, 10**6))
def test_ratio_without_spread_is_exactly_zero(price: int) -> None:
    """Where every order costs the same, rounding is not mistaken for spread."""
    count = np.array([0, 1, 2, 0, 5, 1, 3] * 20)
    rows = np.column_stack([count * price / 100, count])
    moments = Moments.of_rows(rows, ["r", "n"], [2, 0])
    assert estimate(moments, ratio, ["r", "n"]).se == 0.0


def test_money_scale_invariance() -> None:
    """Cents for euros: the value grows a hundredfold, relative error stays."""
    moments = orders(7, 1000)
    cents = Moments(
        columns=moments.columns,
        digits=(0, 0),
        n=moments.n,
        sums=moments.sums,
        products=moments.products,
        thirds=moments.thirds,
        nonzero=moments.nonzero,
        largest=moments.largest,
    )
    euro = estimate(moments, ratio, moments.columns)
    cent = estimate(cents, ratio, moments.columns)
    assert cent.value == pytest.approx(100 * euro.value, rel=1e-13)
    assert cent.se == pytest.approx(100 * euro.se, rel=1e-12)
    assert cent.third == pytest.approx(1e6 * euro.third, rel=1e-10)


def test_zero_denominator_rejects() -> None:
    """A mean of 0 below the line is an error, not infinity."""
    rows = np.array([[1.0, 0.0], [2.0, 0.0]])
    with pytest.raises(ZeroDivisionError):
        estimate(Moments.of_rows(rows, ["r", "n"], [0, 0]), ratio, ["r", "n"])


def test_variance_against_closed_form() -> None:
    """wᵀΣw of two measures is a² s₁² + 2ab s₁₂ + b² s₂²."""
    cov = np.array([[4.0, 1.0], [1.0, 9.0]])
    assert combined_variance(np.array([2.0, 3.0]), cov) == 16 + 12 + 81
