"""Shares of answers as rates of those who answered, once each or several times."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.stats.evidence.delta_method import estimate
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.methods.answers import compare_shares_of_answers
from holdback.stats.methods.proportion import ConversionCounts, ratio_interval

Z = stats.norm.ppf(0.975)


def moments(shares: np.ndarray, silent: int) -> Moments:
    """Units with a share of satisfied answers each, and units without an answer."""
    rows = [*zip(shares, np.ones_like(shares), strict=True), *[(0, 0)] * silent]
    return Moments.of_rows(rows, ("top", "answered"), (6, 0))


def compared(control: Moments, treatment: Moments) -> Inference:
    """The share of answers in the treatment arm against control."""
    values = [
        estimate(side, lambda mean: mean[0] / mean[1], side.columns)
        for side in (control, treatment)
    ]
    return compare_shares_of_answers(*values, (control, treatment), level=0.95)


def test_single_answers_against_counts() -> None:
    """24 of 30 against 230 of 270, whoever was asked beside them: those counts."""
    control = moments(np.repeat([1.0, 0.0], [24, 6]), silent=70)
    treated = moments(np.repeat([1.0, 0.0], [230, 40]), silent=630)
    found = compared(control, treated)
    low, high = ratio_interval(ConversionCounts(x=230, n=270, y=24, m=30), z=Z)
    assert found.relative.interval.lower == pytest.approx(low - 1, abs=1e-9)
    assert found.relative.interval.upper == pytest.approx(high - 1, abs=1e-9)
    assert found.control.value == pytest.approx(0.8)
    assert found.method == "skewness_corrected_score"


@pytest.mark.parametrize(
    "runs", [1_500, pytest.param(20_000, marks=pytest.mark.calibration)]
)
def test_units_with_several_answers_err_as_promised(runs: int) -> None:
    """One to three answers of each unit that resemble one another, 40 against 360."""
    rng = np.random.default_rng(11)
    above = below = 0
    for _ in range(runs):
        sides = []
        for n in (40, 360):
            taste, times = rng.beta(8, 2, n), rng.integers(1, 4, n)
            sides.append(moments(np.round(rng.binomial(times, taste) / times, 6), 5))
        inference = compared(*sides)
        above += inference.absolute.interval.lower > 0
        below += inference.absolute.interval.upper < 0
    for missed in (above, below):
        low, high = stats.binom.ppf((0.0005, 0.9995), runs, (0.017, 0.033))
        assert low <= missed <= high


def test_answers_taken_for_single_ones_are_seen() -> None:
    """Planted: without the design effect the range of even shares is too wide."""
    rng = np.random.default_rng(12)
    held = 0
    for _ in range(300):
        (x, n), (y, m) = (((rng.binomial(3, 0.8, n) / 3).sum(), n) for n in (360, 40))
        low, high = ratio_interval(ConversionCounts(x=x, n=n, y=y, m=m), z=Z)
        held += low <= 1 <= high
    assert held > stats.binom.ppf(0.9995, 300, 0.95)


def test_equal_shares_have_no_number() -> None:
    """Everybody satisfied in both arms: nothing to compare, and no division by 0."""
    everybody = moments(np.ones(30), silent=0)
    assert compared(everybody, everybody).note.code == "proportion.all_converted"
