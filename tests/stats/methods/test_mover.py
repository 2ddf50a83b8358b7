"""The difference of two means from their ratio's range, against closed forms."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdback.stats.evidence.effect import Estimate
from holdback.stats.methods.log_ratio import log_delta
from holdback.stats.methods.mover import differences_by_ratio, population_difference

Z = 1.959963984540054


def mean(value: float, error: float) -> Estimate:
    """A mean with its relative error."""
    return Estimate(value=value, se=value * error, n=5000, third=0.0, nonzero=900)


def test_difference_against_worked_numbers() -> None:
    """10 and 15 with relative errors 0.1 and 0.05, a ratio from 1.2 to 1.95.

    By hand from the formula of Zou & Donner 2008: the treated mean from 13.599758 to
    16.544412, control's from 7.839775 to 12.219805.
    """
    found = population_difference(
        mean(10, 0.1), mean(15, 0.05), low=1.2, high=1.95, level=0.95
    )
    below = sqrt((15 - 13.599758) ** 2 + (12.219805 - 10) ** 2)
    above = sqrt((16.544412 - 15) ** 2 + (10 - 7.839775) ** 2)
    assert found.lower == pytest.approx(5 - below, abs=2e-6)
    assert found.upper == pytest.approx(5 + above, abs=2e-6)


@given(st.floats(0.5, 3), st.floats(0.01, 0.2), st.floats(0.01, 0.2))
def test_difference_against_closed_form(t: float, v: float, w: float) -> None:
    """With the delta method's range of the ratio: MOVER of two log-normal means.

    Each mean's own range is m exp(±z error), and nothing is left to recover.
    """
    found = log_delta(mean(1.0, w), mean(t, v), level=0.95).absolute
    assert found is not None
    down = sqrt((t - t * exp(-Z * v)) ** 2 + (exp(Z * w) - 1) ** 2)
    up = sqrt((t * exp(Z * v) - t) ** 2 + (1 - exp(-Z * w)) ** 2)
    assert found.interval.lower is not None
    assert found.interval.upper is not None
    sure = abs(log(t)) > Z * sqrt(v**2 + w**2)
    if sure == (t - 1 - down > 0 or t - 1 + up < 0):
        assert found.interval.lower == pytest.approx(t - 1 - down, rel=1e-9, abs=1e-12)
        assert found.interval.upper == pytest.approx(t - 1 + up, rel=1e-9, abs=1e-12)


@given(
    st.floats(0.3, 3),
    st.floats(0.01, 0.3),
    st.floats(0.01, 0.3),
    st.floats(0.05, 1),
    st.floats(0.05, 1),
)
def test_difference_never_contradicts_the_ratio(
    t: float, v: float, w: float, below: float, above: float
) -> None:
    """Each end is on the side of 0 on which the ratio's is of 1."""
    low, high = t * exp(-below), t * exp(above)
    found = population_difference(
        mean(1.0, w), mean(t, v), low=low, high=high, level=0.95
    )
    assert found.lower is not None
    assert found.upper is not None
    assert np.sign(found.lower) == np.sign(low - 1)
    assert np.sign(found.upper) == np.sign(high - 1)
    assert found.lower <= found.upper


def test_difference_of_an_open_ratio() -> None:
    """A ratio without an upper end lets control's mean be 0, without a lower none."""
    open_above = population_difference(
        mean(1.0, 0.1), mean(2.0, 0.1), low=1.2, high=None, level=0.95
    )
    assert open_above.upper == pytest.approx(1 + sqrt((2 * exp(Z * 0.1) - 2) ** 2 + 1))
    open_below = population_difference(
        mean(1.0, 0.1), mean(2.0, 0.1), low=None, high=3.0, level=0.95
    )
    assert open_below.lower is None


def test_difference_as_a_distribution_against_its_ranges() -> None:
    """At every level its quantiles are the ends of that level's range."""
    control, treated = mean(1.0, 0.08), mean(1.3, 0.05)
    inference = log_delta(control, treated, level=0.95)
    below = differences_by_ratio(inference)
    for level in (0.5, 0.8, 0.95, 0.999):
        interval = replace(log_delta(control, treated, level=level)).absolute.interval
        shares = below(np.array([interval.lower, interval.upper]))
        assert shares == pytest.approx([(1 - level) / 2, (1 + level) / 2], abs=2e-4)
    assert np.all(np.diff(below(np.linspace(-1, 2, 301))) >= 0)


def test_difference_of_a_skewed_ratio_against_its_ranges() -> None:
    """Quantiles of the ratio's own law, not of a normal that has the same range.

    ln R = L + s (z + 0.06 (z² − 1)): at every level the shares are those of the range
    that the law's own ends give, on the longer side too.
    """
    control, treated = mean(1.0, 0.08), mean(1.3, 0.05)
    inference = log_delta(control, treated, level=0.95)
    s, centre = sqrt(0.08**2 + (0.05 / 1.3) ** 2), log(1.3)

    def lift_at(share: float) -> float:
        z = float(stats.norm.ppf(share))
        return float(np.expm1(centre + s * (z + 0.06 * (z * z - 1))))

    below = differences_by_ratio(inference, lift_at)
    for level in (0.5, 0.8, 0.95, 0.99):
        tails = [(1 - level) / 2, (1 + level) / 2]
        low, high = (1 + lift_at(tail) for tail in tails)
        ends = population_difference(control, treated, low=low, high=high, level=level)
        assert below(np.array([ends.lower, ends.upper])) == pytest.approx(
            tails, abs=2e-4
        )


def test_no_distribution_without_a_lift() -> None:
    """Where no ratio was read there is nothing to read a difference from."""
    found = log_delta(mean(1.0, 0.1), mean(1.1, 0.1), level=0.95)
    with pytest.raises(ValueError, match="no lift"):
        differences_by_ratio(replace(found, log_ratio=None))
