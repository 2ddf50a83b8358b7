"""Simulated power: light tails as the formula, heavy tails below it, and honest."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from holdback.stats.design.power import MeanDesign
from holdback.stats.design.simulated_power import SimulatedPower, simulated_power
from holdback.stats.evidence.sample import Sample


def shop(amounts: NDArray[np.float64], units: int) -> Sample:
    """A shop's units, of which some have spent these amounts."""
    return Sample(columns=("value",), rows=amounts[:, None], n=units)


def power(
    sample: Sample,
    sizes: tuple[int, int],
    lifts: list[float],
    runs: int = 300,
) -> tuple[SimulatedPower, ...]:
    """Power for revenue per unit at 95 %."""
    return simulated_power(
        sample,
        sizes=sizes,
        formula=lambda columns: columns[0],
        family="mean",
        level=0.95,
        lifts=lifts,
        runs=runs,
        seed=(7, 11),
    )


def cv(sample: Sample) -> float:
    """Coefficient of variation of a unit, zeros included."""
    mean = sample.rows.sum() / sample.n
    return float(np.sqrt((sample.rows**2).sum() / sample.n - mean**2) / mean)


def test_light_tails_have_the_power_of_the_formula() -> None:
    """Orders of about the same size: simulation and formula agree within its error."""
    rng = np.random.default_rng(1)
    sample = shop(rng.gamma(16.0, 2.0, 4_000), 20_000)
    design = MeanDesign(cv=cv(sample), control_share=0.5, treatment_share=0.5)
    lift = design.detectable_lift(units=20_000, power=0.8)
    (found,) = power(sample, (10_000, 10_000), [lift], runs=1_500)
    assert found.power == pytest.approx(0.8, abs=4 * found.se)
    assert found.wrong == 0.0


def test_heavy_tails_at_a_small_holdback_have_less() -> None:
    """Amounts over three orders of magnitude, 10 % held back: less than promised.

    The formula takes a normal sampling law for granted; 60 buyers in control do not
    give one, and the reading that keeps its tails finds the lift less often.
    """
    rng = np.random.default_rng(2)
    sample = shop(np.exp(rng.normal(3.0, 1.6, 600)), 20_000)
    design = MeanDesign(cv=cv(sample), control_share=0.1, treatment_share=0.9)
    lift = design.detectable_lift(units=20_000, power=0.8)
    (found,) = power(sample, (2_000, 18_000), [lift], runs=200)
    assert found.power + 4 * found.se < 0.8


def test_more_lift_is_found_more_often_and_the_other_side_hardly_ever() -> None:
    """The curve rises; the wrong side stays below half of alpha and its error."""
    rng = np.random.default_rng(3)
    sample = shop(np.exp(rng.normal(3.0, 1.0, 500)), 10_000)
    found = power(sample, (2_000, 8_000), [0.1, 0.4, 0.8], runs=120)
    assert [one.power for one in found] == sorted(one.power for one in found)
    assert max(one.wrong for one in found) <= 0.025 + 3 * np.sqrt(0.025 / 120)


def test_the_same_seed_gives_the_same_power() -> None:
    """Nothing but the seed decides, and lifts do not disturb each other."""
    sample = shop(np.exp(np.random.default_rng(4).normal(3.0, 1.0, 300)), 5_000)
    both = power(sample, (1_000, 4_000), [0.3, 0.6], runs=50)
    assert both == power(sample, (1_000, 4_000), [0.3, 0.6], runs=50)
    assert both[1:] == power(sample, (1_000, 4_000), [0.6], runs=50)


def test_a_fall_is_found_as_a_fall() -> None:
    """`power` counts the true side: a fall of 60 % is not a win."""
    sample = shop(np.exp(np.random.default_rng(5).normal(3.0, 0.8, 500)), 5_000)
    (found,) = power(sample, (2_500, 2_500), [-0.6], runs=60)
    assert found.power > 0.9
    assert found.wrong == 0.0


def test_nothing_to_draw_is_refused() -> None:
    """No buyers, or an arm of one unit: there is no test to simulate."""
    empty = shop(np.empty(0), 100)
    with pytest.raises(ValueError, match="nothing to draw"):
        power(empty, (50, 50), [0.1])
    one = shop(np.ones(5), 100)
    with pytest.raises(ValueError, match="fewer than 2"):
        power(one, (1, 99), [0.1])
