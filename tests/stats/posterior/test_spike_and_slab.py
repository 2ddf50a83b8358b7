"""A program's experiments against worked figures, integration, and drawn programs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from scipy import integrate, stats

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.spike_and_slab import Program, program

Vector = npt.NDArray[np.float64]
EIGHT = (
    (0.031, -0.012, 0.005, 0.048, 0.0, -0.02, 0.015, 0.022),
    (0.02, 0.015, 0.012, 0.03, 0.018, 0.02, 0.01, 0.025),
)
TEN = ((*[0.0] * 8, 0.06, 0.055), (0.015,) * 10)


def together(values: Sequence[float], ses: Sequence[float]) -> Program:
    """The program of effects with their errors."""
    return program(
        [
            LogRatio(value=float(b), se=float(s))
            for b, s in zip(values, ses, strict=True)
        ]
    )


def test_eight_experiments_against_worked_figures() -> None:
    """Chances to be nil, means, and the sum, from a prototype of numpy alone."""
    found = together(*EIGHT)
    nil = [0.3569, 0.4616, 0.4519, 0.3584, 0.4424, 0.4444, 0.3755, 0.3968]
    means = [0.00853, 0.00046, 0.00347, 0.00873, 0.00293, 0.00023, 0.00682, 0.00600]
    assert found.nil_chances == pytest.approx(nil, abs=6e-5)
    assert [one.mean for one in found.effects] == pytest.approx(means, abs=6e-6)
    assert found.nil_share == pytest.approx(0.3950, abs=6e-5)
    without = found.weights[found.nil_shares == 0].sum()
    assert without == pytest.approx(0.3514, abs=6e-5)
    assert found.tau == pytest.approx(0.01639, abs=6e-6)
    total = found.total(np.ones(8))
    assert total.mean == pytest.approx(0.03717, abs=6e-6)
    assert total.sd == pytest.approx(0.04305, rel=0.01)


def test_two_winners_among_ten_against_worked_figures() -> None:
    """Eight times nothing, and two of six percent: those are hardly pulled."""
    found = together(*TEN)
    assert found.nil_chances == pytest.approx([0.6858] * 8 + [0.0071, 0.0173], abs=6e-5)
    means = [one.mean for one in found.effects]
    assert means == pytest.approx([0.00144] * 8 + [0.04591, 0.04210], abs=6e-6)
    assert found.nil_share == pytest.approx(0.5334, abs=6e-5)
    assert found.tau == pytest.approx(0.03093, abs=6e-6)
    total = found.total(np.ones(10))
    assert total.mean == pytest.approx(0.09955, abs=6e-6)
    assert total.sd == pytest.approx(0.03209, rel=0.01)


def test_one_effect_against_integration() -> None:
    """At one point of the grid: the chance to be nil by quadrature."""
    found = together(*EIGHT)
    g = int(np.argmax(found.weights * (found.nil_shares > 0)))
    pi, mu, tau = found.nil_shares[g], found.centres[g], found.spreads[g]
    b, s = EIGHT[0][3], EIGHT[1][3]

    def slab(beta: float) -> float:
        return float(
            (1 - pi) * stats.norm.pdf(beta, mu, tau) * stats.norm.pdf(b, beta, s)
        )

    real = integrate.quad(slab, -1, 1, points=[mu, b], limit=200)[0]
    spike = pi * stats.norm.pdf(b, 0, s)
    assert found.nil[g, 3] == pytest.approx(spike / (spike + real), rel=1e-6)


def test_sums_against_draws() -> None:
    """Mean, spread and ends of a sum, and of money, as 200,000 draws have them."""
    values, ses = (np.array(part) for part in TEN)
    found = together(*TEN)
    rng = np.random.default_rng(62)
    g = rng.choice(len(found.weights), size=200_000, p=found.weights)
    tau, mu = found.spreads[g][:, None], found.centres[g][:, None]
    pull = tau**2 / (tau**2 + ses**2)
    effects = rng.normal(mu + pull * (values - mu), np.sqrt(pull) * ses)
    effects *= rng.random(effects.shape) >= found.nil[g]
    scale = np.array([1.0, 0, 0, 0.5, 0, 0, 0, 0, 1, 2])
    summed, total = effects @ scale, found.total(scale)
    assert total.mean == pytest.approx(summed.mean(), abs=4 * summed.std() / 447)
    assert total.sd == pytest.approx(summed.std(), rel=0.015)
    for q in (0.025, 0.2, 0.5, 0.8, 0.975):
        assert total.below(np.quantile(summed, q)) == pytest.approx(q, abs=0.012)
    money = 1000 * (1 - np.exp(-effects)) @ scale
    earned = found.money(1000 * scale)
    assert earned.mean == pytest.approx(money.mean(), abs=4 * money.std() / 447)
    assert earned.sd == pytest.approx(money.std(), rel=0.02)


def test_the_next_effect_is_what_was_learned_without_a_result() -> None:
    """Weights sum to 1; the mean is (1 − π) μ; a nil one is narrow and at 0."""
    found = together(*EIGHT)
    parts = found.next.parts
    assert sum(weight for weight, _, _ in parts) == pytest.approx(1)
    weight, mean, sd = parts[0]
    assert (mean, sd) == (0.0, 0.002)
    assert weight == pytest.approx(found.nil_share, rel=1e-6)
    expected = found.weights @ ((1 - found.nil_shares) * found.centres)
    assert found.next.mean == pytest.approx(expected, rel=1e-6)
    assert found.mean.mean == pytest.approx(expected, rel=1e-6)


def test_turned_signs_turn_all() -> None:
    """Losses in place of gains: the same chances, the opposite effects."""
    plain, turned = together(*EIGHT), together([-b for b in EIGHT[0]], EIGHT[1])
    assert turned.nil_chances == pytest.approx(plain.nil_chances, rel=1e-9)
    for one, other in zip(plain.effects, turned.effects, strict=True):
        assert other.mean == pytest.approx(-one.mean, abs=1e-12)
        assert other.below(0.0) == pytest.approx(1 - one.below(-1e-300), abs=1e-9)


def test_a_nil_effect_is_neither_a_rise_nor_a_fall() -> None:
    """P(rise) + P(fall) + P(nil) = 1."""
    found = together(*TEN)
    for one, nil in zip(found.effects, found.nil_chances, strict=True):
        rise, fall = 1 - one.below(0.0), one.below(-1e-300)
        assert rise + fall + nil == pytest.approx(1)


def test_the_same_experiments_give_the_same_numbers() -> None:
    """Draws are fixed: nothing of a name, nothing of the hour."""
    first, again = together(*EIGHT), together(*EIGHT)
    ones = np.ones(8)
    assert first.total(ones).quantile(0.025) == again.total(ones).quantile(0.025)


def test_rejects_what_has_no_error() -> None:
    """One experiment, and an error of 0."""
    with pytest.raises(ValueError, match="1 effects cannot be put together"):
        together([0.1], [0.1])
    with pytest.raises(ValueError, match="standard error above 0"):
        together([0.1, 0.2], [0.1, 0.0])
