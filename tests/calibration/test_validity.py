"""The open benchmark's own arithmetic: its truths, its tests and its counting."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.validity import CONTENDERS, SETTINGS, Tally, drawn, holdback, tally


@pytest.mark.parametrize("name", list(SETTINGS))
def test_a_setting_has_the_lift_that_it_says(name: str) -> None:
    """The ratio of the arms' means over 300 tests, within four errors of it."""
    setting = SETTINGS[name]
    one = "orders" if setting.metric == "conversion" else "total"
    sides = list(zip(*drawn(name, range(300)), strict=True))
    logs, variance = [], 0.0
    for side in sides:
        tops = np.array([test.mean(one) for test in side])
        if setting.metric == "basket":
            tops = tops / np.array([test.mean("orders") for test in side])
        logs.append(np.log(tops.mean()))
        variance += (tops.std() / tops.mean()) ** 2 / len(tops)
    assert logs[1] - logs[0] == pytest.approx(
        np.log1p(setting.lift), abs=4 * variance**0.5
    )


def test_tests_are_the_same_in_every_run() -> None:
    """Number 3 is number 3, however many are drawn before it."""
    name = next(iter(SETTINGS))
    *_, fourth = drawn(name, range(4))
    (again,) = drawn(name, [3])
    for side, other in zip(fourth, again, strict=True):
        assert side.n == other.n
        assert (side.total == other.total).all()


def test_ranges_are_counted_against_the_truth() -> None:
    """+10 % is true: above it, below it, found, wrong, and none at all."""
    ranges = [(0.2, 0.5), (-0.3, -0.1), (0.05, 0.3), (-0.1, 0.4), (None, None)]
    assert tally(ranges, 0.1) == Tally(
        above=20.0, below=20.0, found=40.0, wrong=20.0, silent=20.0, tests=5
    )
    assert tally(ranges[:4], 0.1).cell(lift=0.1) == "1 / 1 of 4 tests"
    assert tally(25 * ranges[:4], 0.1).cell(lift=0.1) == "25.0 / 25.0; 50"


def test_twenty_settings_and_four_contenders() -> None:
    """What the documentation says of it; ours reads one test to its scorecard."""
    assert (len(SETTINGS), len(CONTENDERS)) == (20, 4)
    name = "revenue, σ 1, 50/50"
    ((low, high),) = holdback(SETTINGS[name], drawn(name, [0]))
    assert low is not None
    assert high is not None
    assert low < 0 < high
