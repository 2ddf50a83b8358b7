"""A gain against an uncertain cost: worked figures, quadrature and draws."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.special import ndtr

from holdback.stats.methods.uncertain_cost import UncertainCost

GAIN = stats.norm(5_400, 0.4 * 18_122.09)
"""90,000 treated units that brought 13,500 (se 18,122.09) at a margin of 40 %."""

KNOWN, SAVED = 4_500.0, 600.0
"""A gain's mean and savings that stand against a cost of 3,400."""
STEPS = np.array([-8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8])


def against_gain(
    cost: UncertainCost, sd: float, *, net: float, per_cost: float
) -> float:
    """P(gain + savings <= net + per_cost × cost): quadrature over a normal gain.

    Both the gain's density and the cost's share above a point get their breaks.
    """
    reach = cost.mean / cost.sd
    whole = ndtr(reach)

    def density(gain: float) -> float:
        edge = (gain + cost.savings - net) / per_cost
        more = min(1.0, ndtr((cost.mean - edge) / cost.sd) / whole)
        share = more if per_cost > 0 else 1 - more
        height = np.exp(-(((gain - KNOWN) / sd) ** 2) / 2) / (sd * sqrt(2 * np.pi))
        return float(height * share)

    paid = cost.mean + cost.sd * np.append(STEPS, -reach)
    breaks = np.append(net + per_cost * paid - cost.savings, KNOWN + sd * STEPS)
    low, high = KNOWN - 9 * sd, KNOWN + 9 * sd
    inside = np.unique(breaks[(breaks > low) & (breaks < high)])
    found, _ = integrate.quad(
        density, low, high, points=inside, epsabs=1e-9, epsrel=1e-9, limit=400
    )
    return float(found)


def uncertain(uncertainty: float) -> UncertainCost:
    """3,400, off by so large a share of it 95 times in 100."""
    return UncertainCost(mean=3_400, sd=3_400 * uncertainty / 1.959964, savings=SAVED)


WIDTHS = pytest.mark.parametrize("width", [0.001, 0.01, 0.1, 0.3, 1.0, 3.0])
"""The gain's deviation, as a share of the cost's."""
UNCERTAINTIES = pytest.mark.parametrize("uncertainty", [0.1, 0.4, 0.7, 1.0])


@WIDTHS
@UNCERTAINTIES
def test_shares_against_quadrature(uncertainty: float, width: float) -> None:
    """P of a return and of a net gain, the gain from nearly known to wide: 3e-5."""
    cost = uncertain(uncertainty)
    sd = width * cost.sd
    gain = stats.norm(KNOWN, sd).cdf
    for x in (-0.5, 0.0, 0.3, 0.5, 1.0, 4.0):
        exact = against_gain(cost, sd, net=0.0, per_cost=1 + x)
        assert cost.return_below(x, gain) == pytest.approx(exact, abs=3e-5)
    for z in (-3.0, -1.0, 0.0, 0.4, 2.0):
        y = KNOWN + SAVED - cost.mean + z * cost.sd
        exact = against_gain(cost, sd, net=y, per_cost=1.0)
        assert cost.net_below(y, gain) == pytest.approx(exact, abs=3e-5)


@WIDTHS
@UNCERTAINTIES
@pytest.mark.parametrize("q", [0.025, 0.5, 0.975])
def test_quantiles_against_quadrature(
    uncertainty: float, width: float, q: float
) -> None:
    """Net gains to 1e-3 of the cost's deviation; returns by their exact share."""
    cost = uncertain(uncertainty)
    sd = width * cost.sd
    gain = stats.norm(KNOWN, sd).cdf
    exact = optimize.brentq(
        lambda y: against_gain(cost, sd, net=y, per_cost=1.0) - q, -40_000, 40_000
    )
    found = cost.net_quantile(q, gain, start=0.0)
    assert found == pytest.approx(exact, abs=1e-3 * cost.sd)
    back = cost.return_quantile(q, gain, start=0.0)
    assert against_gain(cost, sd, net=0.0, per_cost=1 + back) == pytest.approx(
        q, abs=1e-4
    )


@pytest.mark.parametrize("start", [-30.0, 0.2, 500.0])
def test_a_quantile_is_found_from_anywhere(start: float) -> None:
    """A gain that is known is a staircase; its share is right to one cell."""
    cost = uncertain(1.0)

    def step(y: np.ndarray) -> np.ndarray:
        return np.where(y >= KNOWN, 1.0, 0.0)

    law = stats.truncnorm(-cost.mean / cost.sd, np.inf, cost.mean, cost.sd)
    for q in (0.025, 0.5, 0.975):
        found = cost.return_quantile(q, step, start=start)
        paid = (KNOWN + SAVED) / (1 + found)
        assert law.sf(paid) == pytest.approx(q, abs=1e-4)


def test_a_narrow_gain_against_draws() -> None:
    """A cost known to ±100 %, a gain to a hundredth of that: four errors of draws."""
    rng = np.random.default_rng(6)
    cost = uncertain(1.0)
    gain = stats.norm(KNOWN, 0.01 * cost.sd)
    paid = rng.normal(cost.mean, cost.sd, 2_000_000)
    paid = paid[paid > 0]
    brought = gain.rvs(len(paid), random_state=rng)
    for x in (-0.2, 0.0, 0.5, 3.0):
        share = np.mean((brought + SAVED - paid) / paid <= x)
        error = sqrt(share * (1 - share) / len(paid))
        assert abs(cost.return_below(x, gain.cdf) - share) < 4 * error


@pytest.mark.parametrize("reach", [0.2, 1.96, 5.0, 1e6])
def test_linear_functions_are_exact(reach: float) -> None:
    """Means of what is linear in the cost, whose mean above 0 has a closed form."""
    sd = 3_400 / reach
    cost = UncertainCost(mean=3_400, sd=sd, savings=SAVED)
    mean = 3_400 + sd * stats.norm.pdf(reach) / stats.norm.cdf(reach)
    assert cost.expected(lambda c: 3 * c + 2) == pytest.approx(3 * mean + 2, rel=1e-12)
    assert cost.net_below(7.0, lambda y: y) == pytest.approx(
        mean + 7 - SAVED, rel=1e-11
    )


def test_a_bent_function_against_quadrature() -> None:
    """What is lost where the cost is above a gain: coarse cells are off by 1e-5."""
    cost = uncertain(0.8)
    law = stats.truncnorm(-cost.mean / cost.sd, np.inf, cost.mean, cost.sd)
    for paid in (1_000.0, 3_600.0, 6_000.0):
        exact, _ = integrate.quad(law.sf, paid, cost.mean + 12 * cost.sd)
        found = cost.expected(lambda c, paid=paid: max(0.0, c - paid))
        assert found == pytest.approx(exact, abs=1e-5 * cost.sd)


def test_return_against_worked_figures() -> None:
    """Cost 3,400 with deviation 500: published by draws, [-3.6587, 5.1235]."""
    cost = UncertainCost(mean=3_400, sd=500)
    ends = [cost.return_quantile(q, GAIN.cdf, start=0.588) for q in (0.025, 0.975)]
    assert ends == pytest.approx([-3.6587, 5.1235], abs=0.01)


def test_both_against_draws() -> None:
    """Returns and net gains with savings, at several shares, from a million draws."""
    rng = np.random.default_rng(5)
    gain = GAIN.rvs(1_000_000, random_state=rng)
    paid = rng.normal(3_400, 700, 1_000_000)
    cost = UncertainCost(mean=3_400, sd=700, savings=600)
    for q in (0.025, 0.3, 0.8, 0.975):
        found = cost.return_quantile(q, GAIN.cdf, start=0.0)
        expected = np.quantile((gain + 600 - paid) / paid, q)
        assert found == pytest.approx(expected, abs=0.02)
        assert cost.return_below(found, GAIN.cdf) == pytest.approx(q, abs=1e-9)
        net = cost.net_quantile(q, GAIN.cdf, start=0.0)
        assert net == pytest.approx(np.quantile(gain + 600 - paid, q), abs=60)


def test_a_known_cost_is_a_straight_image() -> None:
    """Without spread the quantiles of the gain are carried over."""
    cost = UncertainCost(mean=3_400, sd=0, savings=100)
    for q in (0.025, 0.5, 0.975):
        expected = (GAIN.ppf(q) + 100 - 3_400) / 3_400
        found = cost.return_quantile(q, GAIN.cdf, start=0.0)
        assert found == pytest.approx(expected, rel=1e-9)
        assert cost.net_quantile(q, GAIN.cdf, start=0.0) == pytest.approx(
            GAIN.ppf(q) - 3_300, rel=1e-9
        )
    assert cost.expected(lambda c: c**2) == 3_400**2


def test_impossible_costs_are_refused() -> None:
    """A cost of nothing has no return; a spread is not negative."""
    for mean, sd in ((0.0, 1.0), (-5.0, 1.0), (5.0, -1.0)):
        with pytest.raises(ValueError, match="must be above 0"):
            UncertainCost(mean=mean, sd=sd)


def test_no_such_quantile_is_said() -> None:
    """A gain that is certainly below a bound has no return far above it."""
    cost = UncertainCost(mean=10, sd=1)
    with pytest.raises(ValueError, match="no such quantile"):
        cost.return_quantile(0.5, lambda y: 0.0 * y, start=0.0)
