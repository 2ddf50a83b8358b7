"""Which arm is the best, against draws, scipy's integration and published data."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from scipy import integrate, stats

from holdback.stats.posterior.best_arm import ArmValue, BestOfArms, best_of_arms
from holdback.stats.posterior.prior import LiftPrior
from holdback.stats.posterior.random_effects import NormalMixture

FLAT = LiftPrior(name="none", sd=None)
WEAK = LiftPrior(name="weak", sd=0.30)
SKEPTICAL = LiftPrior(name="skeptical", sd=0.05)
MIXTURE = NormalMixture.of(
    np.array([0.8, 0.2]), np.array([0.0, 0.04]), np.array([0.004, 0.10])
)
LEARNED = LiftPrior.of("past", MIXTURE)
SMALL = (
    ArmValue(value=0.0, variance=0.01),
    ArmValue(value=0.05, variance=0.0025),
    ArmValue(value=0.08, variance=0.0025),
)
HILLSTROM = (
    ArmValue(value=0.0, variance=0.01479054),
    ArmValue(value=0.778999, variance=0.00730978),
    ArmValue(value=0.500867, variance=0.00920738),
)
"""Logs of the mean spend of Hillstrom's e-mail test: none, men's, women's."""
DRAWS = 400_000


def read(arms: tuple[ArmValue, ...], prior: LiftPrior) -> BestOfArms:
    """The first arm is control."""
    return best_of_arms(arms[0], arms[1:], prior)


@pytest.mark.parametrize(
    ("arms", "prior", "chances", "losses"),
    [
        (SMALL, FLAT, (0.189010, 0.266547, 0.544443), (0.106941, 0.056941, 0.026941)),
        (SMALL, WEAK, (0.199745, 0.263956, 0.536299), (0.093044, 0.055638, 0.026449)),
        (
            HILLSTROM,
            FLAT,
            (0.000000, 0.984773, 0.015227),
            (0.779694, 0.000695, 0.278826),
        ),
        (
            HILLSTROM,
            WEAK,
            (0.000002, 0.983938, 0.016060),
            (0.583938, 0.000706, 0.264180),
        ),
        (
            HILLSTROM,
            SKEPTICAL,
            (0.026324, 0.857955, 0.115721),
            (0.080553, 0.004163, 0.075937),
        ),
    ],
)
def test_chances_and_losses_against_table(
    arms: tuple[ArmValue, ...],
    prior: LiftPrior,
    chances: tuple[float, ...],
    losses: tuple[float, ...],
) -> None:
    """Figures of an independent program.

    A trapezoid of 4,001 points over ±10 sd; under a prior 61 Gauss–Hermite points
    over control's value.
    """
    found = read(arms, prior)
    assert found.chances == pytest.approx(chances, abs=2e-6)
    assert found.losses == pytest.approx(losses, abs=2e-6)


def test_two_arms_against_closed_form() -> None:
    """P(a > b) = Φ(d/s), E[max] − a = s φ(d/s) − d Φ(−d/s), with d, s of a − b."""
    a, b = SMALL[2], SMALL[0]
    d, s = 0.08, sqrt(0.0125)
    found = read((b, a), FLAT)
    assert found.chances[1] == pytest.approx(stats.norm.cdf(d / s), abs=1e-10)
    loss = s * stats.norm.pdf(d / s) - d * stats.norm.cdf(-d / s)
    assert found.losses[1] == pytest.approx(loss, abs=1e-10)
    assert found.losses[0] == pytest.approx(loss + d, abs=1e-10)


@pytest.mark.parametrize("prior", [WEAK, SKEPTICAL])
def test_two_arms_under_a_prior_against_closed_form(prior: LiftPrior) -> None:
    """One lift: normal prior times normal likelihood, w = τ²/(τ² + v₀ + v₁)."""
    assert prior.sd is not None
    w = prior.sd**2 / (prior.sd**2 + 0.0125)
    d, s = w * 0.08, sqrt(w * 0.0125)
    found = read((SMALL[0], SMALL[2]), prior)
    assert found.chances[1] == pytest.approx(stats.norm.cdf(d / s), abs=1e-8)
    loss = s * stats.norm.pdf(d / s) - d * stats.norm.cdf(-d / s)
    assert found.losses[1] == pytest.approx(loss, abs=1e-8)


def test_flat_against_quad() -> None:
    """The chance of each arm by scipy's adaptive integration."""
    found = read(SMALL, FLAT)
    for a, arm in enumerate(SMALL):
        others = [one for b, one in enumerate(SMALL) if b != a]

        def integrand(
            y: float, arm: ArmValue = arm, others: list[ArmValue] = others
        ) -> float:
            density = stats.norm.pdf(y, arm.value, sqrt(arm.variance))
            below = [stats.norm.cdf(y, o.value, sqrt(o.variance)) for o in others]
            return float(density * np.prod(below))

        share, _ = integrate.quad(integrand, -1.5, 1.5)
        assert found.chances[a] == pytest.approx(share, abs=1e-8)


def test_flat_amounts_against_draws() -> None:
    """Money lost by each choice: independent log-normals, drawn."""
    rng = np.random.default_rng(21)
    values = [arm.value for arm in HILLSTROM]
    errors = [sqrt(arm.variance) for arm in HILLSTROM]
    drawn = np.exp(rng.normal(values, errors, (DRAWS, 3)))
    lost = drawn.max(axis=1)[:, None] - drawn
    near = 5 * lost.std(axis=0) / sqrt(DRAWS)
    found = read(HILLSTROM, FLAT)
    for one, mean, off in zip(
        found.losses_of_exp, lost.mean(axis=0), near, strict=True
    ):
        assert one == pytest.approx(mean, abs=off)


@pytest.mark.parametrize("prior", [WEAK, LEARNED])
def test_under_a_prior_against_weighted_draws(prior: LiftPrior) -> None:
    """Flat draws of all three arms, weighted by the prior of both lifts."""
    rng = np.random.default_rng(22)
    values = [arm.value for arm in SMALL]
    errors = [sqrt(arm.variance) for arm in SMALL]
    drawn = rng.normal(values, errors, (4 * DRAWS, 3))
    lifts = drawn[:, 1:] - drawn[:, :1]
    if prior.learned is None:
        weight = np.exp(-((lifts / prior.sd) ** 2) / 2).prod(axis=1)
    else:
        parts = [
            w * stats.norm.pdf(lifts, m, s)
            for w, m, s in zip(MIXTURE.weights, MIXTURE.means, MIXTURE.sds, strict=True)
        ]
        weight = np.sum(parts, axis=0).prod(axis=1)
    weight /= weight.sum()
    found = read(SMALL, prior)
    best = drawn.argmax(axis=1)
    size = 1 / float((weight**2).sum())
    for a in range(3):
        share = float(weight[best == a].sum())
        assert found.chances[a] == pytest.approx(share, abs=5 * sqrt(0.25 / size))
        lost = float(weight @ (drawn.max(axis=1) - drawn[:, a]))
        assert found.losses[a] == pytest.approx(lost, abs=0.004)
        lost = float(weight @ (np.exp(drawn).max(axis=1) - np.exp(drawn[:, a])))
        assert found.losses_of_exp[a] == pytest.approx(lost, abs=0.004)


def test_chances_and_losses_invariance() -> None:
    """All values moved alike, or the arms in another order, change nothing."""
    found = read(SMALL, WEAK)
    moved = tuple(
        ArmValue(value=arm.value + log(3), variance=arm.variance) for arm in SMALL
    )
    assert read(moved, WEAK).chances == pytest.approx(found.chances, abs=1e-9)
    assert read(moved, WEAK).losses_of_exp == pytest.approx(
        [3 * loss for loss in found.losses_of_exp], rel=1e-6, abs=1e-9
    )
    turned = read((SMALL[0], SMALL[2], SMALL[1]), WEAK)
    assert turned.chances == pytest.approx(
        (found.chances[0], found.chances[2], found.chances[1]), abs=1e-9
    )


def test_no_variance_is_refused() -> None:
    """An arm that is known exactly is no arm of a test."""
    with pytest.raises(ValueError, match="above 0"):
        ArmValue(value=0.0, variance=0.0)
