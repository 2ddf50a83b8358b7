"""Power, sample size and detectable lift against statsmodels, tables, simulation."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

from holdback.stats.design.power import MeanDesign, ProportionDesign


@pytest.mark.parametrize(("control", "expected"), [(0.5, 161_274), (0.1, 447_985)])
def test_units_for_rates_against_table(control: float, expected: int) -> None:
    """2 % to 2.2 % at 80 % power: 161,274 units at 50/50, 447,985 at 90/10."""
    design = ProportionDesign(
        rate=0.02, control_share=control, treatment_share=1 - control
    )
    assert design.units_needed(lift=0.1, power=0.8) == pytest.approx(expected, abs=1.5)


def test_power_for_rates_against_statsmodels() -> None:
    """Power at 10/90 agrees with NormalIndPower."""
    design = ProportionDesign(rate=0.03, control_share=0.1, treatment_share=0.9)
    effect = proportion_effectsize(0.03 * 1.2, 0.03)
    expected = NormalIndPower().power(
        effect, nobs1=36000, alpha=0.05, ratio=4000 / 36000
    )
    assert design.power(lift=0.2, units=40000) == pytest.approx(expected, rel=1e-9)


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
    assert found == pytest.approx(np.mean(np.abs(z) > 1.959964), abs=0.01)


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
