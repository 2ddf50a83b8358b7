"""Twelve designs simulated from the raw laws: the formula's power within a point.

Rates are drawn as counts and read by the pooled z test, amounts as gamma sums and read
on the log scale, scores as counts of promoters, passives and detractors. None of it is
the product's code; only the power that it promises is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from holdback.stats.design.power import (
    MeanDesign,
    PowerDesign,
    ProportionDesign,
    ScoreDesign,
    equivalence_power,
    exceeding_power,
    not_worse_power,
    units_for_not_worse,
)

RUNS = 40_000
BAND = 0.01
Z = stats.norm.isf(0.025)
Limits = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Case:
    """A design, the true lift, the units in all arms, and what is to be shown."""

    design: PowerDesign
    lift: float
    units: int
    shown: Literal["change", "not worse", "no change", "more than"] = "change"
    edge: float = 0.0


def rate(value: float, share: float = 0.5) -> ProportionDesign:
    """A rate with a share of control."""
    return ProportionDesign(rate=value, control_share=share, treatment_share=1 - share)


def amount(cv: float, share: float = 0.5) -> MeanDesign:
    """A mean of amounts with a share of control."""
    return MeanDesign(cv=cv, control_share=share, treatment_share=1 - share)


def score(sd: float, answers: float, share: float = 0.5) -> ScoreDesign:
    """A score of which a share of units answers."""
    return ScoreDesign(
        sd=sd, response_rate=answers, control_share=share, treatment_share=1 - share
    )


TWELVE = {
    "2 % to 2.5 %": Case(rate(0.02), 0.25, 27_618),
    "5 % to 5.5 %": Case(rate(0.05), 0.10, 62_000),
    "30 % to 28 % at 80/20": Case(rate(0.30, 0.2), -1 / 15, 25_000),
    "2 % to 2.1 %, too few": Case(rate(0.02), 0.05, 60_000),
    "money, CV 3": Case(amount(3.0), 0.08, 44_000),
    "money, CV 6 at 90/10": Case(amount(6.0, 0.1), 0.10, 400_000),
    "a fall of money, CV 3 at 80/20": Case(amount(3.0, 0.2), -0.08, 60_000),
    "NPS 30 to 35": Case(score(70.0, 1.0), 5.0, 6_154),
    "NPS, one in eight answers": Case(score(70.0, 0.124, 0.2), 5.0, 60_000),
    "conversion not worse than -5 %": Case(
        rate(0.05), 0.0, 240_000, "not worse", -0.05
    ),
    "money within 10 % either way": Case(amount(3.0), 0.0, 40_000, "no change", 0.10),
    "money, more than break-even": Case(
        amount(4.0, 0.2), 0.15, 100_000, "more than", 0.05
    ),
}


def promised(case: Case) -> float:
    """The power that the design states."""
    design, units = case.design, case.units
    match case.shown:
        case "change":
            return design.power(lift=case.lift, units=units)
        case "not worse":
            return not_worse_power(design, margin=case.edge, units=units)
        case "no change":
            return equivalence_power(design, margin=case.edge, units=units)
        case "more than":
            return exceeding_power(
                design, lift=case.lift, threshold=case.edge, level=0.95, units=units
            )


def simulated(case: Case) -> float:
    """How often the raw laws show it."""
    rng = np.random.default_rng(sum(map(ord, repr(case))))
    design = case.design
    n_c = round(case.units * design.control_share)
    n_t = round(case.units * design.treatment_share)
    if isinstance(design, ProportionDesign):
        counted = counts(rng, design.rate, case.lift, n_c, n_t)
        found, error = rates(*counted)
        edge = design.rate * case.edge
    elif isinstance(design, MeanDesign):
        found, error = amounts(rng, design.cv, case.lift, n_c, n_t)
        edge = float(np.log1p(case.edge))
    else:
        found, error = scores(rng, design, case.lift, n_c, n_t)
        edge = case.edge
    match case.shown:
        case "change":
            return float(np.mean(np.abs(found) > Z * error))
        case "not worse":  # the case is one of rates
            return float(np.mean(score_at(1 + case.edge, *counted) > Z))
        case "no change":
            lower = float(np.log1p(-case.edge))  # the case is one of amounts
            return float(
                np.mean((found + Z * error < edge) & (found - Z * error > lower))
            )
        case "more than":
            return float(np.mean(found - stats.norm.isf(0.05) * error > edge))


Counted = tuple[NDArray[np.int64], NDArray[np.int64], int, int]


def counts(
    rng: np.random.Generator, value: float, lift: float, n_c: int, n_t: int
) -> Counted:
    """Counts and sizes: control, treated."""
    x_c = rng.binomial(n_c, value, RUNS)
    return x_c, rng.binomial(n_t, value * (1 + lift), RUNS), n_c, n_t


def rates(x_c: NDArray[np.int64], x_t: NDArray[np.int64], n_c: int, n_t: int) -> Limits:
    """Difference of two rates, and its error under the pooled rate."""
    pooled = (x_c + x_t) / (n_c + n_t)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n_c + 1 / n_t))
    return x_t / n_t - x_c / n_c, error


def score_at(
    ratio: float, x_c: NDArray[np.int64], x_t: NDArray[np.int64], n_c: int, n_t: int
) -> NDArray[np.float64]:
    """Koopman's score (1984) of a ratio of rates: Σ (x − n p)² / (n p q), signed."""
    b = -(n_t * ratio + x_t + n_c + x_c * ratio)
    c = x_c + x_t
    p = (-b - np.sqrt(b**2 - 4 * (n_c + n_t) * ratio * c)) / (2 * (n_c + n_t) * ratio)
    u = ratio * p
    square = (x_t - n_t * u) ** 2 / (n_t * u * (1 - u))
    square += (x_c - n_c * p) ** 2 / (n_c * p * (1 - p))
    return np.sign(x_t / n_t - ratio * x_c / n_c) * np.sqrt(square)


def amounts(
    rng: np.random.Generator, cv: float, lift: float, n_c: int, n_t: int
) -> Limits:
    """Log ratio of two means: a sum of n gammas of shape k is a gamma of shape n k."""
    shape = 1 / cv**2
    control = rng.gamma(n_c * shape, 1 / (n_c * shape), RUNS)
    treated = rng.gamma(n_t * shape, 1 / (n_t * shape), RUNS) * (1 + lift)
    error = np.full(RUNS, cv * np.sqrt(1 / n_c + 1 / n_t))
    return np.log(treated / control), error


def scores(
    rng: np.random.Generator, design: ScoreDesign, lift: float, n_c: int, n_t: int
) -> Limits:
    """Difference of two net scores of the promoters and detractors who answer."""

    def arm(n: int, net: float) -> Limits:
        spread = (design.sd / 100) ** 2 + (net / 100) ** 2  # mean square of ±1 and 0
        up, down = (spread + net / 100) / 2, (spread - net / 100) / 2
        counts = rng.multinomial(
            n,
            [
                design.response_rate * up,
                design.response_rate * (1 - up - down),
                design.response_rate * down,
                1 - design.response_rate,
            ],
            RUNS,
        )
        answers = counts[:, :3].sum(axis=1)
        mean = (counts[:, 0] - counts[:, 2]) / answers
        square = (counts[:, 0] + counts[:, 2]) / answers
        return 100 * mean, 1e4 * (square - mean**2) / answers

    control, var_c = arm(n_c, 30.0)
    treated, var_t = arm(n_t, 30.0 + lift)
    return treated - control, np.sqrt(var_c + var_t)


@pytest.mark.parametrize("name", TWELVE)
def test_power_of_a_design_against_simulation(name: str) -> None:
    """The stated power is the simulated one within a point (se of it: 0.2)."""
    case = TWELVE[name]
    assert promised(case) == pytest.approx(simulated(case), abs=BAND)


def test_a_design_of_another_spread_is_not_within_the_band() -> None:
    """The comparison can fail: a spread 5 % too small shows."""
    case = TWELVE["money, CV 3"]
    wrong = Case(amount(3.0 * 0.95), case.lift, case.units)
    assert abs(promised(wrong) - simulated(case)) > BAND


def test_net_scores_against_the_worked_sizes() -> None:
    """NPS +5 at sd 70: about 3,100 answers an arm; 25,000 mails where 12.4 % answer."""
    answers = score(70.0, 1.0).units_needed(lift=5.0, power=0.8) / 2
    assert answers == pytest.approx(3_077, abs=1)
    mails = score(70.0, 0.124).units_needed(lift=5.0, power=0.8) / 2
    assert mails == pytest.approx(25_000, rel=0.01)
    assert mails == pytest.approx(answers / 0.124, abs=3)


def test_units_of_a_rate_against_the_worked_size() -> None:
    """2 % to 2.5 %: 13,809 an arm, the textbook size with the pooled null."""
    found = rate(0.02).units_needed(lift=0.25, power=0.8) / 2
    p, q = 0.02, 0.025
    mid = (p + q) / 2
    z_b = stats.norm.isf(0.2)
    root = Z * np.sqrt(2 * mid * (1 - mid)) + z_b * np.sqrt(p * (1 - p) + q * (1 - q))
    pooled = root**2 / (q - p) ** 2
    assert np.ceil(pooled) == 13_809
    assert found == pytest.approx(pooled, abs=1)


def test_units_to_show_not_worse_have_the_power() -> None:
    """`units_for_not_worse` is the smallest number that reaches the power."""
    for design in (rate(0.05), amount(4.0, 0.1), score(70.0, 0.124)):
        margin = -3.0 if isinstance(design, ScoreDesign) else -0.05
        units = units_for_not_worse(design, margin=margin, power=0.9)
        assert not_worse_power(design, margin=margin, units=units) >= 0.9
        assert not_worse_power(design, margin=margin, units=units - 1) < 0.9


def test_equivalence_has_no_chance_where_the_interval_is_too_wide() -> None:
    """A half-width above the margin can never lie inside it: the chance is 0."""
    assert equivalence_power(amount(8.0, 0.1), margin=0.01, units=1_000) == 0.0


def test_impossible_scores_are_refused() -> None:
    """A deviation of 0 and a response of 0 are mistakes of the caller."""
    with pytest.raises(ValueError, match="`sd`"):
        score(0.0, 1.0)
    with pytest.raises(ValueError, match="`response_rate`"):
        score(70.0, 0.0)
