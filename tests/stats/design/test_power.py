"""Power, sample size and detectable lift against statsmodels, tables, simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.proportion import (
    power_proportions_2indep,
    samplesize_proportions_2indep_onetail,
)

from holdback.stats.design.power import MeanDesign, ProportionDesign, not_worse_power


@pytest.mark.parametrize("control", [0.5, 0.1, 0.05])
def test_units_for_rates_against_statsmodels(control: float) -> None:
    """2 % to 2.2 % at 80 % power, error pooled under no lift: statsmodels' size."""
    design = ProportionDesign(
        rate=0.02, control_share=control, treatment_share=1 - control
    )
    treated = samplesize_proportions_2indep_onetail(
        0.002,
        0.02,
        0.8,
        ratio=control / (1 - control),
        alpha=0.025,
        alternative="larger",
    )
    expected = treated / (1 - control)
    assert design.units_needed(lift=0.1, power=0.8) == np.ceil(expected)


def test_power_for_rates_against_statsmodels() -> None:
    """Power at 10/90 agrees with statsmodels' for two independent proportions."""
    design = ProportionDesign(rate=0.03, control_share=0.1, treatment_share=0.9)
    for lift in (0.2, -0.15):
        expected = power_proportions_2indep(
            0.03 * lift, 0.03, 36_000, ratio=1 / 9, return_results=False
        )
        found = design.power(lift=lift, units=40_000)
        assert found == pytest.approx(expected, rel=1e-9)


def test_an_excluded_lift_of_rates_against_brute_force() -> None:
    """The error under a null ratio is that of its likeliest rates, found by search.

    Farrington and Manning's chance to show 5 % not worse than by a tenth.
    """
    p, ratio, w_c, w_t = 0.05, 0.9, 0.3, 0.7
    design = ProportionDesign(rate=p, control_share=w_c, treatment_share=w_t)

    def unlikely(q: float) -> float:
        arms = ((w_c, q), (w_t, ratio * q))
        return -sum(w * (p * np.log(r) + (1 - p) * np.log1p(-r)) for w, r in arms)

    q = optimize.minimize_scalar(
        unlikely, bounds=(0.01, 0.2), method="bounded", options={"xatol": 1e-12}
    ).x
    null = ratio * q * (1 - ratio * q) / w_t + ratio**2 * q * (1 - q) / w_c
    true = p * (1 - p) * (1 / w_t + ratio**2 / w_c)
    units = 40_000
    z = stats.norm.isf(0.025)
    expected = stats.norm.cdf(
        ((1 - ratio) * p * np.sqrt(units) - z * np.sqrt(null)) / np.sqrt(true)
    )
    found = not_worse_power(design, margin=-0.1, units=units)
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "design",
    [
        ProportionDesign(rate=0.03, control_share=0.1, treatment_share=0.9),
        MeanDesign(cv=8.0, control_share=0.1, treatment_share=0.9),
    ],
)
def test_power_functions_invert_each_other(
    design: ProportionDesign | MeanDesign,
) -> None:
    """The detectable lift at n units needs n units and has the power asked."""
    lift = design.detectable_lift(units=200_000, power=0.8)
    assert design.power(lift=lift, units=200_000) == pytest.approx(0.8, abs=1e-6)
    assert design.units_needed(lift=lift, power=0.8) == pytest.approx(200_000, abs=1.5)


def test_detectable_lift_of_money_against_closed_form() -> None:
    """CV 8 with 200,000 units at 90/10: 16.7 % on the log scale, e^0.167 − 1."""
    design = MeanDesign(cv=8.0, control_share=0.1, treatment_share=0.9)
    expected = np.expm1((1.959964 + 0.841621) * 8 * np.sqrt(1 / (200_000 * 0.09)))
    assert design.detectable_lift(units=200_000, power=0.8) == pytest.approx(
        expected, rel=1e-6
    )


def test_impossible_designs_are_refused() -> None:
    """Rates, shares and powers out of range are mistakes of the caller."""
    with pytest.raises(ValueError, match="`rate`"):
        ProportionDesign(rate=0.0, control_share=0.5, treatment_share=0.5)
    with pytest.raises(ValueError, match="shares"):
        MeanDesign(cv=1.0, control_share=0.0, treatment_share=1.0)
    with pytest.raises(ValueError, match="`cv`"):
        MeanDesign(cv=0.0, control_share=0.5, treatment_share=0.5)
    with pytest.raises(ValueError, match="`power`"):
        MeanDesign(cv=1.0, control_share=0.5, treatment_share=0.5).units_needed(
            lift=0.1, power=1.0
        )
    small = ProportionDesign(rate=0.5, control_share=0.5, treatment_share=0.5)
    with pytest.raises(ValueError, match="no rate"):
        small.detectable_lift(units=4, power=0.8)


@pytest.mark.parametrize(("rho", "expected"), [(0.0, 34_883.9), (0.5, 26_162.9)])
def test_units_for_means_against_table(rho: float, expected: float) -> None:
    """A shift of ln R of 0.05 sd at 90/10; a covariate of ρ = .5 saves a quarter."""
    design = MeanDesign(cv=np.sqrt(1 - rho**2), control_share=0.1, treatment_share=0.9)
    found = design.units_needed(lift=float(np.expm1(0.05)), power=0.8)
    assert found == pytest.approx(expected, abs=1.0)


def test_split_penalty_against_table() -> None:
    """90/10 needs 2.78 times the units of 50/50, 95/5 needs 5.26 times."""
    need = {
        share: MeanDesign(
            cv=8.0, control_share=share, treatment_share=1 - share
        ).units_needed(lift=0.1, power=0.8)
        for share in (0.5, 0.1, 0.05)
    }
    assert need[0.1] / need[0.5] == pytest.approx(2.78, abs=0.005)
    assert need[0.05] / need[0.5] == pytest.approx(5.26, abs=0.005)


def test_power_of_rates_against_simulation() -> None:
    """2 % against 2.5 % with 13,809 a side: the pooled z test finds it as often."""
    rng = np.random.default_rng(30)
    n, runs = 13_809, 200_000
    x, y = rng.binomial(n, 0.025, runs), rng.binomial(n, 0.02, runs)
    pooled = (x + y) / (2 * n)
    z = (x - y) / n / np.sqrt(pooled * (1 - pooled) * 2 / n)
    design = ProportionDesign(rate=0.02, control_share=0.5, treatment_share=0.5)
    found = design.power(lift=0.25, units=2 * n)
    assert found == pytest.approx(np.mean(np.abs(z) > 1.959964), abs=0.005)


def test_power_of_means_against_simulation() -> None:
    """The log-scale power of a 20 % rise and fall is the simulated one."""
    rng = np.random.default_rng(31)
    n, m, cv, runs = 90_000, 10_000, 4.0, 200_000
    design = MeanDesign(cv=cv, control_share=0.1, treatment_share=0.9)
    for lift in (0.12, -0.12):
        treated = (1 + lift) * (1 + cv / np.sqrt(n) * rng.standard_normal(runs))
        control = 1 + cv / np.sqrt(m) * rng.standard_normal(runs)
        z = np.log(treated / control) / (cv * np.sqrt(1 / n + 1 / m))
        found = design.power(lift=lift, units=n + m)
        assert found == pytest.approx(np.mean(np.abs(z) > 1.959964), abs=0.01)
