"""How often the chance that decides is high where there is nothing to find.

Raw purchases in, chance out: a chance of a rise of at least 95 % where both arms spend
the same on average, which a flat prior promises in 5 of 100 tests and a weak prior in
fewer. The treatment may change how spend is spread, or its whole shape; what a model
with one spread makes of that is the planted mistake. Chances from 999 draws: fewer than
the product takes, with the same promise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log

import numpy as np
import numpy.typing as npt
import pytest
from reports.examples import clear_win
from scipy import stats
from worlds.evidence import experiment

from holdback.analysis.value_metric import ValueComparison
from holdback.economics.decision import decide
from holdback.economics.money import money
from holdback.experiments.definition.experiment import Cost, DecisionRule, Economics
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.compare import compare_means
from holdback.stats.methods.permutation import Reference
from holdback.stats.posterior.confidence_distribution import (
    ConfidenceDistribution,
    smoothed,
)
from holdback.stats.posterior.hurdle import Hurdle, LogSpend
from holdback.stats.posterior.posterior import LiftPrior, Posterior, posterior
from tests.calibration.shops import estimated, mean

LONG = pytest.mark.calibration
FLAT = LiftPrior(name="none", sd=None)
WEAK = LiftPrior(name="weak", sd=0.30)
HIGH = 0.95
DRAWS = 999
SHARE = 0.03
AVERAGE = 30.0
Spend = Callable[[np.random.Generator, int], npt.NDArray[np.float64]]


def lognormal(sigma: float) -> Spend:
    """Amounts with this spread of their logarithm, 30 on average."""
    return lambda rng, k: (
        AVERAGE * np.exp(sigma * rng.standard_normal(k) - sigma**2 / 2)
    )


def gamma(shape: float) -> Spend:
    """Amounts with this shape, 30 on average."""
    return lambda rng, k: rng.gamma(shape, AVERAGE / shape, k)


def mixed(share: float, sigma: float) -> Spend:
    """Few spend five times as much as the others, all lognormal, 30 on average."""

    def amounts(rng: np.random.Generator, k: int) -> npt.NDArray[np.float64]:
        large = np.where(rng.random(k) < share, 5.0, 1.0)
        return lognormal(sigma)(rng, k) * large / (1 + 4 * share)

    return amounts


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Buyers expected in control, the share that is treated, and what both spend."""

    buyers: int
    treated: float
    control: Spend
    treatment: Spend
    lift: float = 0.0

    def sizes(self) -> tuple[int, int]:
        """Units of control and treatment."""
        held = round(self.buyers / SHARE)
        return held, round(held * self.treated / (1 - self.treated))

    def samples(self, rng: np.random.Generator) -> tuple[Sample, Sample]:
        """One test: what each buyer of both arms spent, to the cent."""
        arms = []
        for n, spend, times in zip(
            self.sizes(),
            (self.control, self.treatment),
            (1.0, 1 + self.lift),
            strict=True,
        ):
            spent = times * spend(rng, int(rng.binomial(n, SHARE)))
            rows = np.round(np.maximum(spent, 0.01), 2)[:, None]
            arms.append(Sample(columns=("spend",), rows=rows, n=n))
        return arms[0], arms[1]


WIDE, MILD = lognormal(1.5), lognormal(1.0)
SPLITS = {"90/10": 0.9, "95/5": 0.95, "50/50": 0.5}
SPREADS = {
    "0.67": (WIDE, lognormal(1.0)),
    "0.8": (WIDE, lognormal(1.2)),
    "0.87": (WIDE, lognormal(1.3)),
    "1": (WIDE, WIDE),
    "1.15": (MILD, lognormal(1.15)),
    "1.5": (MILD, lognormal(1.5)),
    "gamma, then lognormal": (gamma(0.6), lognormal(1.0)),
    "lognormal, then gamma": (lognormal(1.0), gamma(0.6)),
    "mixtures": (mixed(0.1, 0.8), mixed(0.02, 1.0)),
}
SETTINGS = {
    **{
        f"σ ratio {name}, {split}, 60 buyers": Setting(
            buyers=60, treated=treated, control=spends[0], treatment=spends[1]
        )
        for name, spends in SPREADS.items()
        for split, treated in SPLITS.items()
    },
    **{
        f"σ ratio {name}, 90/10, {buyers} buyers": Setting(
            buyers=buyers,
            treated=0.9,
            control=SPREADS[name][0],
            treatment=SPREADS[name][1],
        )
        for buyers in (200, 2_000)
        for name in ("0.87", "1", "1.5")
    },
    "σ ratio 0.87, 50/50, 300 buyers": Setting(
        buyers=300, treated=0.5, control=WIDE, treatment=lognormal(1.3)
    ),
}


def chances(setting: Setting, runs: int, seed: int) -> npt.NDArray[np.float64]:
    """Chances of a rise in simulated tests, (runs, 2): flat prior, and weak."""
    rng, told = np.random.default_rng(seed), []
    for _ in range(runs):
        control, treated = setting.samples(rng)
        tails = Reference.of(
            TwoSamples(control=control, treatment=treated, formula=mean), draws=DRAWS
        )
        first, second = estimated(control, mean), estimated(treated, mean)
        centre = log(second.value / first.value)
        se = float(np.hypot(first.se / first.value, second.se / second.value))
        upper, lower = tails.at(0.0)
        believed = ConfidenceDistribution(
            score=smoothed(tails, centre=centre, se=se),
            anchors=(),
            centre=centre,
            se=se,
            counted=True,
        ).posterior(WEAK)
        flat = 1 - upper if upper < 0.5 else min(lower, 0.5)
        told.append((flat, believed.probability_above(0.0)))
    return np.array(told)


def band(low: float, high: float, runs: int) -> tuple[int, int]:
    """Counts in `runs` that a share between both would leave once in 1,000 times."""
    least, most = (
        stats.binom.ppf(0.0005, runs, low),
        stats.binom.ppf(0.9995, runs, high),
    )
    return int(least), int(most)


CAUTIOUS = {
    name for name in SETTINGS if "1.5," in name or "1.15," in name or "then" in name
}
"""Where a rise is told less often than promised: treated spend is the wider one."""
SHORT = ("σ ratio 0.87, 90/10, 60 buyers", "σ ratio 1, 50/50, 60 buyers")
OF_100 = (0.035, 0.065)


def long_and_short() -> list[object]:
    """Every setting with many runs, a few of them with fewer in every test run."""
    return [
        *((name, 60) for name in SHORT),
        *(pytest.param(name, 2_000, marks=LONG) for name in SETTINGS),
    ]


@pytest.mark.parametrize(("name", "runs"), long_and_short())
def test_a_high_chance_is_as_rare_as_promised(name: str, runs: int) -> None:
    """P(lift > 0) of at least 95 %, without a lift: 3.5 to 6.5 % under a flat prior.

    Under the weak prior no more than that; the docs tell where it is less.
    """
    high = (chances(SETTINGS[name], runs, 3) >= HIGH - 1e-9).sum(axis=0)
    least, most = band(*OF_100, runs)
    assert high[0] <= most
    if name not in CAUTIOUS:
        assert high[0] >= least
    assert high[1] <= high[0]


Believe = Callable[[Sample, Sample, Inference], Posterior]


def by_method(prior: LiftPrior) -> Believe:
    """What the product believes: of the deciding method."""
    return lambda _control, _treated, seen: posterior(seen, family="mean", prior=prior)


def by_hurdle(control: Sample, treated: Sample, _seen: Inference) -> Posterior:
    """The planted mistake: what a model with one spread believes."""
    model = Hurdle(control=LogSpend.of(control), treatment=LogSpend.of(treated))
    return model.posterior(FLAT)


def kept_on(setting: Setting, beliefs: Sequence[Believe], runs: int) -> list[int]:
    """Tests of which the rule `profit` keeps a treatment that earns just its cost.

    The whole way: purchases, the deciding method, its chance, money, decision; one
    count for each way to believe. Without a lift the cost is a cent.
    """
    rng, n = np.random.default_rng(5), setting.sizes()[1]
    worth = n * SHARE * AVERAGE * setting.lift
    cost = Cost(name="Service", amount=Fraction(round(max(worth, 0.01) * 100), 100))
    economics = Economics(value="revenue", margin=Fraction(1), costs=(cost,))
    plan = experiment(economics=economics, decision=DecisionRule(rule="profit"))
    card, kept = clear_win(), [0] * len(beliefs)
    for _ in range(runs):
        control, treated = setting.samples(rng)
        inference = compare_means(
            estimated(control, mean),
            estimated(treated, mean),
            level=0.95,
            samples=TwoSamples(control=control, treatment=treated, formula=mean),
        )
        assert inference.treatment is not None
        for at, believe in enumerate(beliefs):
            value = ValueComparison(
                arm="personalized",
                treated_units=n,
                treated_total=inference.treatment.value * n,
                inference=inference,
                posterior=believe(control, treated, inference),
            )
            read = replace(card, money=money(plan, [value], 30))
            kept[at] += decide(plan, read).outcome == "ship"
    return kept


@pytest.mark.parametrize(
    ("name", "lift", "runs"),
    [
        ("σ ratio 0.87, 50/50, 300 buyers", 0.0, 25),
        *(
            pytest.param(name, lift, 1_000, marks=LONG)
            for name in (
                "σ ratio 0.87, 90/10, 60 buyers",
                "σ ratio 0.87, 50/50, 300 buyers",
                "σ ratio 1, 90/10, 60 buyers",
                "σ ratio 1, 90/10, 200 buyers",
            )
            for lift in (0.0, 0.2)
        ),
    ],
)
def test_what_earns_just_its_cost_is_rarely_kept_on(
    name: str, lift: float, runs: int
) -> None:
    """At most 1 − level and 1.5 points more, under a flat and a weak prior.

    A treatment that only narrows the spread of spend, from 1.5 to 1.3, and leaves its
    mean as it is, was kept on in 20 to 58 of 100 tests by a model with one spread; that
    is still seen here to be beyond the limit.
    """
    setting = replace(SETTINGS[name], lift=lift)
    most = int(stats.binom.ppf(0.9995, runs, 1 - HIGH + 0.015))
    beliefs = [by_method(FLAT), by_method(WEAK), by_hurdle]
    flat, weak, planted = kept_on(setting, beliefs, runs)
    assert flat <= most
    assert weak <= flat
    if "50/50" in name:
        assert planted > most
