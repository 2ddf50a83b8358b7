"""The check of shares cries wolf once in a thousand and sees what it says it sees."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.stats.srm.sample_ratio import srm

LONG = pytest.mark.calibration


def alarms(
    widths: list[int], shares: list[float], units: int, runs: int, seed: int
) -> tuple[int, int]:
    """Runs with p below .01 and below .001."""
    rng = np.random.default_rng(seed)
    counts, times = np.unique(
        rng.multinomial(units, shares, runs), axis=0, return_counts=True
    )
    p_values = np.array([srm([int(c) for c in row], widths).p_value for row in counts])
    return int(times[p_values < 0.01].sum()), int(times[p_values < 0.001].sum())


@pytest.mark.parametrize("runs", [20_000, pytest.param(200_000, marks=LONG)])
@pytest.mark.parametrize(
    ("widths", "units"), [([1000, 9000], 50_000), ([1000, 4500, 4500], 20_000)]
)
def test_false_alarms_stay_in_their_band(
    widths: list[int], units: int, runs: int
) -> None:
    """With the planned shares: 1 % warnings, 0.1 % failures, in the 99.9 % band."""
    shares = [w / sum(widths) for w in widths]
    seen = alarms(widths, shares, units, runs, 80)
    for count, rate in zip(seen, (0.01, 0.001), strict=True):
        low, high = stats.binom.ppf([0.0005, 0.9995], runs, rate)
        assert low <= count <= high * 1.02


@pytest.mark.parametrize("runs", [20_000, pytest.param(200_000, marks=LONG)])
def test_small_samples_never_alarm_too_often(runs: int) -> None:
    """The exact test at 200 units stays at or below its nominal rates."""
    seen = alarms([1000, 9000], [0.1, 0.9], 200, runs, 81)
    for count, rate in zip(seen, (0.01, 0.001), strict=True):
        assert count <= stats.binom.ppf(0.9995, runs, rate)


@pytest.mark.parametrize("runs", [5_000, pytest.param(100_000, marks=LONG)])
def test_the_detectable_share_is_detected(runs: int) -> None:
    """At the share that the check calls detectable it fires in 80 % of tests, ± 2."""
    widths, units = [1000, 9000], 61_469
    share = srm([6147, 55_322], widths).detectable_share
    assert share is not None
    _, found = alarms(widths, [share, 1 - share], units, runs, 82)
    assert found / runs == pytest.approx(0.8, abs=0.02)
