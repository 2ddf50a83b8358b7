"""The delta method against closed forms, rows and finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from holdback.stats.delta import estimate, gradient
from holdback.stats.moments import Moments


def ratio(mean):  # noqa: ANN001, ANN201
    """Ratio of two means."""
    return mean[0] / mean[1]


def sums(n: int, s: tuple[float, float], squares: tuple[float, float, float]) -> Moments:
    """Moments from published sums of revenue (cents kept to 1e-6) and orders."""
    micro = 10**6
    return Moments(
        columns=("revenue", "orders"),
        digits=(6, 0),
        n=n,
        sums=(round(s[0] * micro), round(s[1])),
        products=(
            round(squares[0] * micro**2),
            round(squares[1] * micro),
            round(squares[2]),
        ),
        thirds=(0, 0, 0, 0),
        nonzero=(0, 0),
        largest=(0, 0),
    )


def test_ratio_against_published_sums() -> None:
    """Order value and its log-delta interval for the worked example of two arms.

    Expected: 39.126155 and 29.639214, lift −0.2424706, interval [−0.501366,
    0.150846], which equals what tea-tasting reports for the same sums.
    """
    control = estimate(
        sums(
            1000,
            (1212.910803557928, 31),
            (142459.18117193246, 1883.7366307069055, 45),
        ),
        ratio,
        ("revenue", "orders"),
    )
    treated = estimate(
        sums(
            9000,
            (9780.940756623075, 330),
            (607837.5119063072, 14347.33606788367, 496),
        ),
        ratio,
        ("revenue", "orders"),
    )
    assert control.value == pytest.approx(39.126155, abs=5e-7)
    assert treated.value == pytest.approx(29.639214, abs=5e-7)
    s = np.hypot(control.se / control.value, treated.se / treated.value)
    lift = treated.value / control.value
    assert lift - 1 == pytest.approx(-0.2424706, abs=5e-8)
    assert lift * np.exp(-1.959963985 * s) - 1 == pytest.approx(-0.501366, abs=5e-7)
    assert lift * np.exp(1.959963985 * s) - 1 == pytest.approx(0.150846, abs=5e-7)


def test_ratio_against_row_residuals() -> None:
    """The generic standard error equals that of the residuals Rᵢ − r Nᵢ."""
    rng = np.random.default_rng(11)
    orders = rng.poisson(0.8, 700)
    revenue = np.round(orders * rng.lognormal(3, 1, 700), 2)
    rows = np.column_stack([revenue, orders])
    found = estimate(Moments.of_rows(rows, ("r", "n"), (2, 0)), ratio, ("r", "n"))
    r = revenue.sum() / orders.sum()
    residual = (revenue - r * orders) / orders.mean()
    assert found.value == pytest.approx(r, rel=1e-12)
    assert found.se == pytest.approx(residual.std(ddof=1) / np.sqrt(700), rel=1e-10)
    third = np.mean((residual - residual.mean()) ** 3) / 700**2
    assert found.third == pytest.approx(third, rel=1e-9)


def test_mean_against_closed_form() -> None:
    """For a mean the standard error is s / √n."""
    values = np.array([[1.0], [2.0], [4.0], [9.0]])
    found = estimate(Moments.of_rows(values, ("x",), (0,)), lambda m: m[0], ("x",))
    assert found.value == pytest.approx(4.0)
    assert found.se == pytest.approx(values.std(ddof=1) / 2)
    assert found.nonzero == 4


def test_gradient_against_finite_differences() -> None:
    """The complex step agrees with a central difference."""
    at = np.array([3.0, 1.7, 0.4])

    def formula(m):  # noqa: ANN001, ANN202
        return m[0] * m[1] / (m[2] + m[0])

    step = 1e-6
    for i in range(3):
        up, down = at.copy(), at.copy()
        up[i] += step
        down[i] -= step
        slope = (formula(up) - formula(down)) / (2 * step)
        assert gradient(formula, at)[i] == pytest.approx(slope, rel=1e-7)


def test_zero_denominator_raises() -> None:
    """A ratio over a mean of 0 has no value."""
    moments = Moments.of_rows([[1.0, 0.0], [2.0, 0.0]], ("r", "n"), (2, 0))
    with pytest.raises(ZeroDivisionError):
        estimate(moments, ratio, ("r", "n"))
