"""Prior × confidence distribution, against enumeration, closed forms and inversion."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp, expm1, log1p

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdback.errors import StatsError
from holdback.facts import fact
from holdback.stats.evidence.effect import (
    Contrast,
    Estimate,
    Inference,
    Interval,
    LogRatio,
    Tails,
)
from holdback.stats.evidence.tails import CountedTails, StudentTails
from holdback.stats.posterior.confidence_distribution import (
    ConfidenceDistribution,
    confidence_distribution,
    smoothed,
)
from holdback.stats.posterior.effect_cells import EffectCells
from holdback.stats.posterior.lognormal import LogNormalLift, learned_posterior
from holdback.stats.posterior.posterior import LiftPrior, posterior
from holdback.stats.posterior.random_effects import NormalMixture

Vector = npt.NDArray[np.float64]
FLAT = LiftPrior(name="none", sd=None)
WEAK = LiftPrior(name="weak", sd=0.30)
SKEPTICAL = LiftPrior(name="skeptical", sd=0.05)
MIXTURE = NormalMixture(
    weights=np.array([0.8, 0.2]), means=np.zeros(2), sds=np.array([0.02, 0.10])
)
CONTROL = np.array([12, 30, 45, 20, 0, 0, 0, 0.0])
TREATED = np.array([25, 60, 15, 80, 33, 41, 0, 0, 0, 0.0])
SPLITS = np.array(list(itertools.combinations(range(18), 8)))


def t_of(control: Vector, treated: Vector) -> Vector:
    """ln(mT / mC) over its own error, of samples in the last axis."""
    with np.errstate(all="ignore"):
        sides = [
            (x.mean(-1), x.var(-1, ddof=1) / x.shape[-1]) for x in (control, treated)
        ]
        (c, v), (m, w) = sides
        t = np.log(m / c) / np.sqrt(v / c**2 + w / m**2)
    return np.where(c == 0, np.inf, np.where(m == 0, -np.inf, t))


@dataclass(frozen=True)
class Enumerated:
    """Both tails by all 43,758 splits of 18 units."""

    draws: int = len(SPLITS) - 1

    def __call__(self, thetas: Vector) -> tuple[Vector, Vector]:
        """At each θ; the treated values are divided by e^θ."""
        inside = np.zeros((len(SPLITS), 18), dtype=bool)
        inside[np.arange(len(SPLITS))[:, None], SPLITS] = True
        shares = []
        for theta in thetas:
            treated = TREATED / exp(theta)
            units = np.broadcast_to(np.concatenate([CONTROL, treated]), inside.shape)
            drawn = t_of(units[inside].reshape(-1, 8), units[~inside].reshape(-1, 10))
            seen = t_of(CONTROL, treated)
            shares.append(
                [(drawn >= seen - 1e-9).mean(), (drawn <= seen + 1e-9).mean()]
            )
        upper, lower = np.array(shares).T
        return upper, lower


@pytest.fixture(scope="module")
def tiny() -> ConfidenceDistribution:
    """Of the 18 units, anchored at no effect alone."""
    tails = Enumerated()
    score = smoothed(tails, centre=0.641362, se=0.571734, least=0.02)
    z = float(stats.norm.ppf(tails(np.zeros(1))[0][0]))
    return ConfidenceDistribution(
        score=score, anchors=((0.0, z),), centre=0.641362, se=0.571734
    )


@pytest.mark.parametrize(
    ("prior", "above", "above_tenth", "quantiles"),
    [
        (FLAT, 0.8518, 0.8079, (-0.468, 0.613, 2.292)),
        (WEAK, 0.6728, 0.5317, (-0.386, 0.116, 0.633)),
        (SKEPTICAL, 0.5333, 0.0335, (-0.093, 0.004, 0.102)),
        (LiftPrior.of("past", MIXTURE), 0.5238, 0.0418, (-0.096, 0.001, 0.129)),
    ],
)
def test_small_sample_against_a_program_of_its_own(
    tiny: ConfidenceDistribution,
    prior: LiftPrior,
    above: float,
    above_tenth: float,
    quantiles: tuple[float, ...],
) -> None:
    """Eight units against ten, every split: figures of a program that shares no code.

    It had 161 points in place of 33; ends to 0.03, chances to 0.003.
    """
    found = tiny.posterior(prior)
    assert found.probability_above(0.0) == pytest.approx(above, abs=3e-3)
    assert found.probability_above(0.1) == pytest.approx(above_tenth, abs=3e-3)
    ends = [log1p(found.quantile(q)) for q in (0.025, 0.5, 0.975)]
    assert ends == pytest.approx(quantiles, abs=0.03)


def test_small_sample_is_exact_at_no_effect(tiny: ConfidenceDistribution) -> None:
    """P(lift > 0) under a flat prior is 1 less the enumerated one-sided p, .148201."""
    flat = tiny.posterior(FLAT)
    assert flat.probability_above(0.0) == pytest.approx(1 - 0.148201, abs=1e-6)


@dataclass(frozen=True)
class Normal:
    """The tails of a normal, in closed form."""

    value: float
    se: float
    draws: int = 0

    def __call__(self, thetas: Vector) -> tuple[Vector, Vector]:
        """At each θ."""
        z = (thetas - self.value) / self.se
        return np.asarray(stats.norm.cdf(z)), np.asarray(stats.norm.sf(z))


def inference(tails: Tails, value: float, low: float, high: float) -> Inference:
    """Of a log ratio with a 95 % range."""
    se = (high - low) / (2 * 1.959964)
    arm = Estimate(value=1.0, se=se / 2**0.5, n=100, third=0.0, nonzero=50)
    return Inference(
        control=arm,
        treatment=replace(arm, value=exp(value), se=exp(value) * arm.se),
        absolute=None,
        relative=Contrast(
            value=expm1(value),
            se=se,
            interval=Interval(lower=expm1(low), upper=expm1(high), level=0.95),
        ),
        p_value=0.5,
        method="permutation",
        note=fact("methods.log_delta"),
        log_ratio=LogRatio(value=value, se=se),
        tails=tails,
    )


def of_normal(value: float, se: float) -> Inference:
    """The same as log-delta would say."""
    off = stats.norm.ppf(0.975) * se
    return inference(Normal(value, se), value, value - off, value + off)


@pytest.mark.parametrize("prior", [FLAT, WEAK, SKEPTICAL])
@pytest.mark.parametrize(
    ("value", "se"), [(0.1, 0.2), (-0.4, 0.1), (0.02, 0.5), (1.5, 0.05), (0.001, 0.002)]
)
def test_normal_tails_against_closed_form(
    prior: LiftPrior, value: float, se: float
) -> None:
    """A normal confidence times a normal prior is the precision-weighted normal."""
    found = posterior(of_normal(value, se), family="mean", prior=prior)
    wanted = LogNormalLift.from_evidence(LogRatio(value=value, se=se), prior)
    assert isinstance(found, EffectCells)
    near = pytest.approx(wanted.probability_above(0.0), abs=1e-4, rel=1e-3)
    assert found.probability_above(0.0) == near
    for q in (0.025, 0.5, 0.975):
        off = 2e-3 * wanted.log_sd
        assert log1p(found.quantile(q)) == pytest.approx(
            log1p(wanted.quantile(q)), abs=off
        )
    assert found.mean == pytest.approx(wanted.mean, rel=1e-3, abs=1e-3 * wanted.sd)
    assert found.sd == pytest.approx(wanted.sd, rel=2e-3)
    for name in ("expected_loss_if_shipped", "expected_loss_if_held"):
        loss = pytest.approx(getattr(wanted, name), rel=2e-3, abs=1e-6)
        assert getattr(found, name) == loss
    lifts = np.expm1(wanted.log_mean + wanted.log_sd * np.linspace(-2, 2, 9))
    assert found.density(lifts) == pytest.approx(wanted.density(lifts), rel=1e-2)
    assert found.below(lifts) == pytest.approx(wanted.below(lifts), abs=1e-3)


@pytest.mark.parametrize(("value", "se"), [(0.1, 0.2), (-0.05, 0.02), (0.6, 0.1)])
def test_normal_tails_under_a_learned_prior_against_quadrature(
    value: float, se: float
) -> None:
    """A mixture with parts much narrower than the data, by the likelihood itself."""
    prior = LiftPrior.of("past", MIXTURE)
    found = posterior(of_normal(value, se), family="mean", prior=prior)
    wanted = learned_posterior(LogRatio(value=value, se=se), MIXTURE)
    for lift in (-0.02, 0.0, 0.05):
        near = pytest.approx(wanted.probability_above(lift), abs=5e-4)
        assert found.probability_above(lift) == near
    assert found.mean == pytest.approx(wanted.mean, abs=2e-4)


def test_student_tails_against_scipy() -> None:
    """A difference: quantiles, chance and losses of Student's t with 7 degrees."""
    arm = Estimate(value=1.0, se=0.6, n=100, third=0.0, nonzero=50)
    t = stats.t(df=7, loc=0.5, scale=0.6)
    low, high = t.interval(0.95)
    found = posterior(
        Inference(
            control=arm,
            treatment=replace(arm, value=1.5, se=0.0),
            absolute=Contrast(
                value=0.5,
                se=0.6,
                interval=Interval(lower=low, upper=high, level=0.95),
            ),
            relative=None,
            p_value=0.4,
            method="welch",
            note=fact("methods.welch"),
            tails=StudentTails(value=0.5, error=0.6, freedom=7.0),
        ),
        family="score",
        prior=FLAT,
    )
    for q in (0.001, 0.025, 0.5, 0.8, 0.975):
        assert found.quantile(q) == pytest.approx(t.ppf(q), abs=2e-3)
    assert found.probability_above(0.0) == pytest.approx(t.sf(0.0), abs=1e-12)
    assert found.probability_above(1.2) == pytest.approx(t.sf(1.2), abs=1e-4)
    loss = t.expect(lambda x: -x, lb=-np.inf, ub=0.0)
    assert found.expected_loss_if_shipped == pytest.approx(loss, rel=0.01)
    middle = np.array([-0.3, 0.5, 1.4])
    assert found.density(middle) == pytest.approx(t.pdf(middle), rel=2e-3)
    with pytest.raises(StatsError):
        confidence_distribution(
            Inference(
                control=arm,
                treatment=arm,
                absolute=None,
                relative=None,
                p_value=None,
                method="none",
                note=fact("methods.welch"),
            )
        )


def test_a_difference_has_no_prior_of_a_log_ratio() -> None:
    """Weak and skeptical are of a ratio, so there is no posterior with them."""
    known = ConfidenceDistribution(
        score=lambda x: x, anchors=(), centre=0.0, se=1.0, logarithmic=False
    )
    assert known.posterior(FLAT).probability_above(0.0) == pytest.approx(0.5)
    with pytest.raises(StatsError, match="no lift"):
        known.posterior(WEAK)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Counted tails of t about a value, with draws of any law."""

    drawn: Vector
    value: float
    se: float

    @property
    def draws(self) -> int:
        """How many there are."""
        return len(self.drawn)

    def __call__(self, thetas: Vector) -> tuple[Vector, Vector]:
        """With the one that was counted in."""
        t = (self.value - thetas) / self.se
        order = np.sort(self.drawn)
        above = len(order) - np.searchsorted(order, t, side="left")
        upto = np.searchsorted(order, t, side="right")
        n = len(order) + 1
        return (1 + above) / n, (1 + upto) / n


def inverted(tails: Drawn, side: float) -> tuple[float, float]:
    """The ends: where the tails fall to `side`, found on the order of the draws."""
    order, rank = np.sort(tails.drawn), round(side * (tails.draws + 1)) - 1
    low = tails.value - tails.se * order[tails.draws - rank]
    high = tails.value - tails.se * order[rank - 1]
    return float(low) - 1e-9, float(high) + 1e-9


LAWS: dict[str, Callable[[np.random.Generator], Vector]] = {
    "normal": lambda rng: rng.standard_normal(999),
    "skewed": lambda rng: rng.gamma(2.0, 1.0, 999) - 2.0,
    "few values": lambda rng: np.round(rng.standard_normal(999)),
    "heavy": lambda rng: rng.standard_t(3, 4_999),
}


@given(
    seed=st.integers(0, 2**32 - 1),
    law=st.sampled_from(sorted(LAWS)),
    value=st.floats(-1.5, 1.5),
    se=st.floats(0.02, 1.0),
)
def test_chance_p_value_and_range_are_one(
    seed: int, law: str, value: float, se: float
) -> None:
    """Under a flat prior: exactly, whatever the draws and wherever the effect lies."""
    tails = Drawn(LAWS[law](np.random.default_rng(seed)), value, se)
    low, high = inverted(tails, 0.025)
    found = posterior(inference(tails, value, low, high), family="mean", prior=FLAT)
    upper, lower = (float(side[0]) for side in tails(np.zeros(1)))
    chance = found.probability_above(0.0)
    if min(upper, lower) * (tails.draws + 1) >= 2:
        wanted = 1 - upper if upper < 0.5 else min(lower, 0.5)
        assert chance == pytest.approx(wanted, abs=1e-12)
    else:
        bound = 1 / (tails.draws + 1)
        assert min(chance, 1 - chance) <= bound + 1e-12
    ends = [log1p(found.quantile(q)) for q in (0.025, 0.975)]
    assert ends == pytest.approx([low, high], abs=1e-6)
    for prior in (FLAT, WEAK, SKEPTICAL):
        believed = posterior(
            inference(tails, value, low, high), family="mean", prior=prior
        )
        shares = believed.below(np.linspace(-0.9, 3.0, 60))
        assert (np.diff(shares) >= 0).all()
        assert believed.mass.sum() == pytest.approx(1.0)


def test_narrow_priors_read_a_smooth_slope() -> None:
    """Draws of a normal under the skeptical prior: near the chance of the normal."""
    wanted = LogNormalLift.from_evidence(LogRatio(value=0.3, se=0.3), SKEPTICAL)
    chances = []
    for seed in range(20):
        tails = Drawn(np.random.default_rng(seed).standard_normal(4_999), 0.3, 0.3)
        low, high = inverted(tails, 0.025)
        seen = inference(tails, 0.3, low, high)
        found = posterior(seen, family="mean", prior=SKEPTICAL)
        chances.append(found.probability_above(0.0))
    assert np.mean(chances) == pytest.approx(wanted.probability_above(0.0), abs=0.01)
    assert np.std(chances) < 0.02


def test_counted_values_are_shares() -> None:
    """Of four values, ties with both sides, and never 0."""
    upper, lower = CountedTails(values=np.array([-1.0, 0.0, 0.0, 2.0]))(
        np.array([-2.0, 0.0, 1.0, 3.0])
    )
    assert upper.tolist() == [0.25, 0.75, 0.75, 1.0]
    assert lower.tolist() == [1.0, 0.75, 0.25, 0.25]


def test_quantiles_are_rejected_outside_their_range() -> None:
    """A share of 0 or 1 has no quantile."""
    found = posterior(of_normal(0.1, 0.2), family="mean", prior=FLAT)
    for q in (0.0, 1.0):
        with pytest.raises(ValueError, match="must lie in"):
            found.quantile(q)
