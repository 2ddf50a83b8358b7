"""Many experiments together: quadrature, statsmodels, REML, and simulated programs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from scipy import integrate, optimize, stats
from statsmodels.stats.meta_analysis import combine_effects

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.random_effects import dersimonian_laird, random_effects

Vector = npt.NDArray[np.float64]
LONG = pytest.mark.calibration
EIGHT = (
    (0.031, -0.012, 0.005, 0.048, 0.0, -0.02, 0.015, 0.022),
    (0.02, 0.015, 0.012, 0.03, 0.018, 0.02, 0.01, 0.025),
)
"""Eight effects whose Q and DerSimonian–Laird τ² were computed by hand."""


def groups(values: Sequence[float], ses: Sequence[float]) -> list[LogRatio]:
    """Effects with their errors."""
    return [
        LogRatio(value=float(b), se=float(s)) for b, s in zip(values, ses, strict=True)
    ]


def test_moments_against_statsmodels_and_figures() -> None:
    """τ² by moments is 3.43408e-5 and Q 7.898536, as statsmodels has them too."""
    values, ses = EIGHT
    found = dersimonian_laird(groups(values, ses)) ** 2
    theirs = combine_effects(np.array(values), np.array(ses) ** 2, method_re="chi2")
    assert found == pytest.approx(3.43408e-5, rel=1e-5)
    assert found == pytest.approx(theirs.tau2, rel=1e-9)
    together = random_effects(groups(values, ses))
    assert together.q == pytest.approx(7.898536, abs=5e-7)
    assert together.q == pytest.approx(theirs.q, rel=1e-9)
    assert together.p_value == pytest.approx(stats.chi2.sf(7.898536411, 7), rel=1e-8)


def test_no_spread_is_no_negative_one() -> None:
    """Effects closer together than chance would have them: 0 by moments."""
    assert dersimonian_laird(groups([0.01, 0.0101, 0.0099], [0.1] * 3)) == 0.0


def quadrature(b: Vector, s: Vector, spread: float | None) -> dict[str, float]:
    """τ, μ, the first effect and the next one, by adaptive integration over both."""

    def weight(mu: float, tau: float) -> float:
        prior = 1.0 if spread is None else stats.norm.pdf(tau, 0, spread)
        wide = np.sqrt(s**2 + tau**2)
        return float(np.prod(stats.norm.pdf(b, mu, wide) * 0.02) * prior)

    def expect(of: object) -> float:
        return float(
            integrate.dblquad(
                lambda mu, tau: weight(mu, tau) * of(mu, tau),  # type: ignore[operator]
                0, 0.4, -0.4, 0.5, epsabs=1e-10, epsrel=1e-6,
            )[0]
        )  # fmt: skip

    def first(mu: float, tau: float) -> float:
        share = tau**2 / (tau**2 + s[0] ** 2)
        return float(share * b[0] + (1 - share) * mu)

    whole = expect(lambda _mu, _tau: 1.0)
    mean = expect(lambda mu, _tau: mu) / whole
    square = expect(lambda mu, tau: mu**2 + tau**2) / whole
    return {
        "tau": expect(lambda _mu, tau: tau) / whole,
        "mean": mean,
        "first": expect(first) / whole,
        "next_sd": float(np.sqrt(square - mean**2)),
    }


def test_against_double_integration() -> None:
    """Three experiments: τ, μ, each effect and the next one, τ half-normal."""
    b, s = np.array([0.1, -0.02, 0.04]), np.array([0.04, 0.05, 0.03])
    oracle = quadrature(b, s, 0.05)
    found = random_effects(groups(list(b), list(s)))
    assert found.tau == pytest.approx(oracle["tau"], rel=1e-4)
    assert found.mean.mean == pytest.approx(oracle["mean"], rel=1e-4)
    assert found.next.sd == pytest.approx(oracle["next_sd"], rel=1e-4)
    assert found.effects[0].mean == pytest.approx(oracle["first"], rel=1e-4)


def test_twenty_are_read_alone_against_reml() -> None:
    """From 20 on the likeliest τ on the grid is REML's (flat τ, μ integrated out)."""
    rng = np.random.default_rng(61)
    s = rng.uniform(0.01, 0.03, 40)
    b = rng.normal(0.01, np.hypot(0.03, s))
    contrasts = np.diff(np.eye(40), axis=0)

    def restricted(tau: float) -> float:
        covariance = contrasts @ np.diag(s**2 + tau**2) @ contrasts.T
        return -float(
            stats.multivariate_normal.logpdf(contrasts @ b, np.zeros(39), covariance)
        )

    reml = optimize.minimize_scalar(restricted, bounds=(0, 0.2), method="bounded").x
    found = random_effects(groups(list(b), list(s)))
    step = found.taus[1] - found.taus[0]
    assert found.taus[found.weights.argmax()] == pytest.approx(reml, abs=step)


@pytest.mark.parametrize(("count", "spread"), [(19, 0.05), (20, None)])
def test_the_prior_of_the_spread_against_integration(
    count: int, spread: float | None
) -> None:
    """Mean of τ: half-normal(5 %) up to 19 experiments, flat from the twentieth on.

    The density of τ has μ integrated out by hand (a normal in μ), then by quad.
    """
    rng = np.random.default_rng(66)
    s = rng.uniform(0.02, 0.04, count)
    b = rng.normal(0.01, np.hypot(0.08, s))

    def density(tau: float) -> float:
        wide = s**2 + tau**2
        mean = np.sum(b / wide) / np.sum(1 / wide)
        fit = np.prod(stats.norm.pdf(b, mean, np.sqrt(wide)))
        prior = 1.0 if spread is None else stats.norm.pdf(tau, 0, spread)
        return float(fit * prior / np.sqrt(np.sum(1 / wide)))

    whole = integrate.quad(density, 0, 1, points=[0.08])[0]
    first = integrate.quad(lambda tau: tau * density(tau), 0, 1, points=[0.08])[0]
    found = random_effects(groups(list(b), list(s)))
    assert found.tau == pytest.approx(first / whole, rel=1e-3)


def test_one_shift_moves_all() -> None:
    """The same added to every effect is added to μ and to each posterior."""
    values, ses = EIGHT
    plain = random_effects(groups(values, ses))
    moved = random_effects(groups([v + 0.3 for v in values], ses))
    assert moved.tau == pytest.approx(plain.tau, rel=1e-9)
    assert moved.mean.mean == pytest.approx(plain.mean.mean + 0.3)
    assert moved.effects[3].mean == pytest.approx(plain.effects[3].mean + 0.3)


def test_totals_against_draws() -> None:
    """Mean and spread of a sum, and of money, equal a million draws from the model."""
    values, ses = (np.array(part) for part in EIGHT)
    found = random_effects(groups(list(values), list(ses)))
    rng = np.random.default_rng(62)
    at = rng.choice(len(found.taus), size=200_000, p=found.weights)
    tau = found.taus[at][:, None]
    wide = tau**2 + ses**2
    precision = np.sum(1 / wide, axis=1)
    mu = rng.normal(np.sum(values / wide, axis=1) / precision, precision**-0.5)
    share = tau**2 / wide
    effects = rng.normal(
        share * values + (1 - share) * mu[:, None], np.sqrt(share) * ses
    )
    scale = np.array([0.0, 1, 1, 0, 2, 0, 1, 0.5])
    summed = effects @ scale
    total = found.total(scale)
    assert total.mean == pytest.approx(summed.mean(), abs=4 * summed.std() / 447)
    assert total.sd == pytest.approx(summed.std(), rel=0.01)
    assert total.quantile(0.025) == pytest.approx(np.quantile(summed, 0.025), abs=6e-4)
    money = (1000 * scale * (1 - np.exp(-effects))).sum(axis=1)
    earned = found.money(1000 * scale)
    assert earned.mean == pytest.approx(money.mean(), abs=1.0)
    assert earned.sd == pytest.approx(money.std(), rel=0.02)


def year(rng: np.random.Generator) -> tuple[Vector, Vector, Vector]:
    """A year of 30 tests, true spread 1.5 %: truths, estimates, errors."""
    errors = rng.uniform(0.01, 0.03, 30)
    truths = rng.normal(0, 0.015, 30)
    return truths, rng.normal(truths, errors), errors


@pytest.mark.parametrize("years", [300, pytest.param(3_000, marks=LONG)])
def test_winners_curse(years: int) -> None:
    """Winners added up claim 2.5 times the truth, pulled together 1.1."""
    rng = np.random.default_rng(63)
    true = plain = shrunk = told = false = 0.0
    covered = 0
    for _ in range(years):
        truths, seen, errors = year(rng)
        won = seen / errors > 1.96
        truth = float(truths[won].sum())
        found = random_effects(groups(list(seen), list(errors)))
        true, plain = true + truth, plain + float(seen[won].sum())
        if not won.any():
            covered += 1
            continue
        total = found.total(won.astype(float))
        shrunk += total.mean
        told += sum(found.effects[j].below(0.0) for j in np.flatnonzero(won))
        false += float((truths[won] <= 0).sum())
        covered += 0.025 < total.below(truth) < 0.975
    assert 2.2 < plain / true < 2.9
    assert 0.95 < shrunk / true < 1.3
    assert 0.75 < told / false < 1.75
    low, high = stats.binom.ppf((0.0005, 0.9995), years, 0.95) / years
    assert low <= covered / years <= high


@pytest.mark.parametrize("runs", [400, pytest.param(4_000, marks=LONG)])
def test_ranges_hold_the_truth(runs: int) -> None:
    """Programs of 8 tests, τ from its prior: each range and the next test's covers."""
    rng = np.random.default_rng(64)
    each = after = 0
    for _ in range(runs):
        tau = abs(rng.normal(0, 0.05))
        errors = rng.uniform(0.01, 0.06, 8)
        truths = rng.normal(0.02, tau, 9)
        found = random_effects(
            groups(list(rng.normal(truths[:8], errors)), list(errors))
        )
        each += 0.025 < found.effects[0].below(truths[0]) < 0.975
        after += 0.025 < found.next.below(truths[8]) < 0.975
    low, high = stats.binom.ppf((0.0005, 0.9995), runs, 0.95) / runs
    assert low <= each / runs <= high
    assert low <= after / runs <= high


def test_errors_too_small_are_found() -> None:
    """The same check fails where every error is taken for half of what it is."""
    rng = np.random.default_rng(65)
    each = 0
    for _ in range(300):
        errors = rng.uniform(0.01, 0.06, 8)
        truths = rng.normal(0.02, abs(rng.normal(0, 0.05)), 8)
        seen = rng.normal(truths, errors)
        found = random_effects(groups(list(seen), list(errors / 2)))
        each += 0.025 < found.effects[0].below(truths[0]) < 0.975
    assert each / 300 < stats.binom.ppf(0.0005, 300, 0.95) / 300


def test_rejects_what_has_no_spread() -> None:
    """One experiment, and an error of 0."""
    with pytest.raises(ValueError, match="1 effects cannot be put together"):
        random_effects(groups([0.1], [0.1]))
    with pytest.raises(ValueError, match="standard error above 0"):
        random_effects(groups([0.1, 0.2], [0.1, 0.0]))
