"""The sequential sample-ratio test against figures, quadrature and simulation."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from scipy import integrate, stats

from holdback.stats.srm.sample_ratio import (
    log_bayes_factor,
    sequential_detectable,
    sequential_srm,
    srm,
)


@pytest.mark.parametrize(
    ("counts", "concentration", "expected"),
    [
        ((9_000, 1_000), 100, -2.31590),
        ((8_950, 1_050), 100, -0.98185),
        ((89_500, 10_500), 100, 10.19033),
        ((9_000, 1_000), 10_000, -0.34662),
        ((8_950, 1_050), 10_000, 0.33179),
        ((89_500, 10_500), 10_000, 11.24131),
    ],
)
def test_against_figures(
    counts: tuple[int, int], concentration: float, expected: float
) -> None:
    """Log Bayes factors of 90/10 splits, computed by hand."""
    found = log_bayes_factor(counts, (9, 1), concentration=concentration)
    assert found == pytest.approx(expected, abs=5e-6)


def test_against_quadrature() -> None:
    """The Bayes factor is the mean likelihood over the prior, over that of the null."""
    counts, share, k = (430, 70), 0.8, 50.0

    def likelihood(p: float) -> float:
        return float(
            np.exp(
                counts[0] * np.log(p / share)
                + counts[1] * np.log((1 - p) / (1 - share))
                + stats.beta.logpdf(p, k * share, k * (1 - share))
            )
        )

    expected = integrate.quad(likelihood, 0, 1, points=[0.86], epsabs=1e-12)[0]
    found = log_bayes_factor(counts, (4, 1), concentration=k)
    assert found == pytest.approx(log(expected), abs=1e-8)


@pytest.mark.parametrize(
    "runs", [1_500, pytest.param(20_000, marks=pytest.mark.calibration)]
)
def test_sixty_daily_looks_keep_the_promise(runs: int) -> None:
    """Read every day for 60 days: at most 1 % ever fall below 1 %."""
    rng = np.random.default_rng(60)
    days = rng.multinomial(500, [0.1, 0.9], size=(runs, 60))
    ever = sum(sequential_srm(one, (1, 9)) < 0.01 for one in days.tolist())
    assert ever / runs <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / runs)
    lost = rng.multinomial(5_000, [0.09, 0.91], size=(20, 60)).tolist()
    assert all(sequential_srm(one, (1, 9)) < 0.001 for one in lost)


def test_gross_faults_are_told_on_the_first_day() -> None:
    """Half and half where a tenth was planned: forty units are enough."""
    assert sequential_srm([(20, 20)], (1, 9)) < 1e-6


def test_once_told_it_stays_told() -> None:
    """The p-value never rises again as days come in."""
    days = [(200, 800), (100, 900), (50, 950)]
    values = [sequential_srm(days[:k], (1, 9)) for k in (1, 2, 3)]
    assert values == sorted(values, reverse=True)
    assert sequential_srm([], (1, 1)) == 1.0


@pytest.mark.parametrize("counts", [(1, 2, 3), (-1, 2)])
def test_counts_must_fit_the_arms(counts: tuple[int, ...]) -> None:
    """As many counts as arms, none below 0."""
    with pytest.raises(ValueError, match="cannot be tested"):
        log_bayes_factor(counts, (1, 1), concentration=100.0)


def power(share: float, widths: tuple[int, ...], units: int, runs: int) -> float:
    """Share of tests that the sequential test stops within 14 days at a true share."""
    rng = np.random.default_rng(19)
    rest = [(1 - share) * width / sum(widths[1:]) for width in widths[1:]]
    days = rng.multinomial(units // 14, [share, *rest], size=(runs, 14))
    return float(
        np.mean([sequential_srm(run.tolist(), widths) < 0.001 for run in days])
    )


@pytest.mark.parametrize(
    "runs", [400, pytest.param(4_000, marks=pytest.mark.calibration)]
)
@pytest.mark.parametrize(
    ("widths", "units"), [((1, 9), 2_800), ((1, 1), 14_000), ((2, 9, 9), 14_000)]
)
def test_the_sequential_share_is_found_8_times_in_10(
    widths: tuple[int, ...], units: int, runs: int
) -> None:
    """Read every day of 14: 80 to 84 % of tests, in the 99.9 % band around that."""
    share = sequential_detectable(units, widths)
    assert share is not None
    low, high = stats.binom.ppf((0.0005, 0.9995), runs, (0.795, 0.845)) / runs
    assert low <= power(share, widths, units, runs) <= high


def test_the_share_of_the_single_test_is_found_less_often() -> None:
    """Planted: what chi-square would see of 2,800 units, sequentially read."""
    share = srm([280, 2_520], [1, 9]).detectable_share
    assert share is not None
    assert power(share, (1, 9), 2_800, 400) < 0.7


def test_too_few_units_show_no_share() -> None:
    """Of 20 units at 90/10 not even an empty arm would be noticed."""
    assert sequential_detectable(20, (1, 9)) is None
    assert sequential_detectable(0, (1, 9)) is None
