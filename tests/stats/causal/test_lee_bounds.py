"""Bounds under non-response, against sorting single answers, and their coverage."""

from __future__ import annotations

import numpy as np
import pytest

from holdback.stats.causal.lee_bounds import ArmAnswers, bounds, range_of_bounds


def tallied(answers: np.ndarray, asked: int) -> ArmAnswers:
    """How often each answer occurs."""
    values, units = np.unique(answers, return_counts=True)
    return ArmAnswers(
        values=values.astype(float), units=units.astype(float), asked=asked
    )


def test_against_dropping_single_answers() -> None:
    """400 of 1,000 answer in control, 500 in treated: 100 of the 500 are too many."""
    rng = np.random.default_rng(1)
    control, treated = rng.integers(0, 11, 400), rng.integers(0, 11, 500)
    low, high = bounds(tallied(control, 1000), tallied(treated, 1000))
    ordered = np.sort(treated)
    assert low == pytest.approx(ordered[:400].mean() - control.mean())
    assert high == pytest.approx(ordered[100:].mean() - control.mean())
    mirrored = bounds(tallied(treated, 1000), tallied(control, 1000))
    assert mirrored == pytest.approx((-high, -low))


def test_equal_rates_leave_the_difference() -> None:
    """Nothing to trim: both bounds are the difference of means."""
    control = ArmAnswers(
        values=np.array([0.0, 1.0]), units=np.array([60.0, 40]), asked=200
    )
    treated = ArmAnswers(
        values=np.array([0.0, 1.0]), units=np.array([25.0, 25]), asked=100
    )
    assert bounds(control, treated) == pytest.approx((0.1, 0.1))


def test_no_answers_have_no_bounds() -> None:
    """An arm in which nobody answered."""
    none = ArmAnswers(values=np.array([1.0]), units=np.array([0.0]), asked=50)
    some = ArmAnswers(values=np.array([1.0]), units=np.array([5.0]), asked=50)
    with pytest.raises(ValueError, match="no answers"):
        bounds(none, some)


def test_the_range_holds_the_truth() -> None:
    """Content units answer more often when treated: plain means err, bounds do not.

    800 units an arm; 95 % of the ranges or more hold the effect on those who answer
    in either arm (here 0), within three errors of 80 runs.
    """
    rng = np.random.default_rng(2)
    held = plain = 0
    runs = 80
    for _ in range(runs):
        arms = []
        for treated in (False, True):
            mood = rng.integers(1, 6, 800)
            always = rng.random(800) < 0.3
            lured = treated & (rng.random(800) < 0.05 * mood)
            arms.append(tallied(mood[always | lured], 800))
        low, high = range_of_bounds(arms[0], arms[1], level=0.95)
        held += low <= 0 <= high
        means = [one.values @ one.units / one.units.sum() for one in arms]
        spread = [
            (one.units @ (one.values - mean) ** 2) / one.units.sum() ** 2
            for one, mean in zip(arms, means, strict=True)
        ]
        plain += abs(means[1] - means[0]) <= 1.96 * np.sqrt(sum(spread))
    assert held / runs >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)
    assert plain / runs < 0.9


def test_what_is_resampled_follows_from_the_answers_invariance() -> None:
    """In whatever order they come: the same range to the last bit."""
    rng = np.random.default_rng(3)
    sides = [tallied(rng.integers(1, 6, size), 300) for size in (90, 120)]
    turned = [
        ArmAnswers(values=one.values[::-1], units=one.units[::-1], asked=one.asked)
        for one in sides
    ]
    plain = range_of_bounds(sides[0], sides[1], level=0.95)
    assert range_of_bounds(turned[0], turned[1], level=0.95) == plain
