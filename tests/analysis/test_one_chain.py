"""Chance, interval, p-value, verdict and money of random data cannot contradict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats
from worlds.evidence import experiment

import holdback as hb
from holdback.analysis.comparison.comparison import quantity
from holdback.analysis.comparison.posteriors import (
    FLAT,
    bayes_of,
    difference_of,
    posterior_of,
)
from holdback.analysis.comparison.verdict import verdict
from holdback.analysis.value_metric import ValueComparison
from holdback.economics.money import money
from holdback.experiments.definition.experiment import Cost, Economics
from holdback.experiments.kinds.metric import Metric, kinds
from holdback.experiments.language.expression import parse
from holdback.experiments.metrics.clv import Clv
from holdback.experiments.metrics.conversion import Conversion
from holdback.experiments.metrics.count import Count
from holdback.experiments.metrics.csat import Csat
from holdback.experiments.metrics.mean import Mean
from holdback.experiments.metrics.nps import Nps
from holdback.experiments.metrics.quantile import Quantile
from holdback.experiments.metrics.rate import Rate
from holdback.experiments.metrics.ratio import Ratio
from holdback.experiments.metrics.survival import Survival
from holdback.experiments.metrics.time_to import TimeTo
from holdback.experiments.metrics.trimmed_mean import TrimmedMean
from holdback.stats.evidence.arm_evidence import ArmEvidence, ValueCounts
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.sample import Sample
from holdback.stats.numeric import cdf, quantile

Matrix = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, float], Matrix]
"""Measures of n units, (n, m), where a treatment multiplies by a factor."""

LEVEL = 0.95
MONTH = timedelta(days=30)


def spend(rng: np.random.Generator, n: int, factor: float) -> Matrix:
    """Three in ten buy lognormal amounts."""
    buys = rng.random((n, 1)) < 0.3
    return np.round(buys * factor * np.exp(3 + 1.2 * rng.standard_normal((n, 1))), 2)


def profit(rng: np.random.Generator, n: int, factor: float) -> Matrix:
    """Amounts about 0, which no ratio can be taken of."""
    return np.round(factor - 1 + 3 * rng.standard_normal((n, 1)), 2)


def orders(rng: np.random.Generator, n: int, factor: float) -> Matrix:
    """Counts, negative binomial."""
    return rng.poisson(factor * rng.gamma(0.8, 1.0, (n, 1))).astype(float)


def baskets(rng: np.random.Generator, n: int, factor: float) -> Matrix:
    """Revenue, and orders."""
    counts = rng.poisson(0.7, n)
    totals = [factor * np.exp(3 + rng.standard_normal(k)).sum() for k in counts]
    return np.column_stack([np.round(totals, 2), counts.astype(float)])


def clicks(rng: np.random.Generator, n: int, factor: float) -> Matrix:
    """Clicks, and pages seen."""
    seen = 1 + rng.poisson(5.0, n)
    return np.column_stack([rng.binomial(seen, min(0.2 * factor, 1)), seen]) * 1.0


def points(rng: np.random.Generator, n: int, factor: float) -> Matrix:
    """Classes of answers in points, from six in ten units."""
    answered = rng.random(n) < 0.6
    weights = np.array([0.2, 0.3, 0.5 * factor])
    classes = rng.choice([-100.0, 0.0, 100.0], n, p=weights / weights.sum())
    return np.column_stack([classes * answered, answered * 1.0])


def answers(rng: np.random.Generator, n: int, factor: float) -> Matrix:
    """Answers from 1 to 5, from six in ten units."""
    answered = rng.random(n) < 0.6
    drawn = np.clip(np.round(rng.normal(3.4 * factor, 1.0, n)), 1, 5)
    return np.column_stack([drawn * answered, answered * 1.0])


def loads(rng: np.random.Generator, n: int, factor: float) -> Matrix:
    """Load times to a tenth of a second, of eight in ten units."""
    seen = rng.random(n) < 0.8
    times = np.round(factor * np.exp(0.8 + 0.6 * rng.standard_normal(n)), 1)
    return np.column_stack([times * seen, seen * 1.0])


def days(rng: np.random.Generator, n: int, factor: float) -> Matrix:
    """Day of the first row within 30, counted from 1; 0 where none comes."""
    drawn = np.ceil(rng.exponential(25 * factor, (n, 1)))
    return np.where(drawn > 30, 0.0, drawn)


VALUE = parse("total")
KINDS: list[tuple[Metric, Draw]] = [
    (Mean(name="revenue", source="s", value=VALUE, unit="money", digits=2), spend),
    (Mean(name="profit", source="s", value=VALUE, unit="money", digits=2), profit),
    (Clv(name="clv", source="s", value=VALUE, horizon=MONTH, digits=2), spend),
    (Count(name="orders", source="s"), orders),
    (Ratio(name="basket", source="s", value=VALUE, per="orders", digits=2), baskets),
    (Rate(name="ctr", source="s", value=VALUE), clicks),
    (Nps(name="nps", source="s", value=VALUE), points),
    (Csat(name="csat", source="s", value=VALUE, answers=(1, 5)), answers),
    (Quantile(name="p75", source="s", value=VALUE, quantile=Fraction(3, 4)), loads),
    (TrimmedMean(name="trimmed", source="s", value=VALUE, trim=Fraction(1, 20)), spend),
    (Survival(name="kept", source="s", within=MONTH), days),
    (TimeTo(name="first", source="s", within=MONTH), days),
]


def evidence_of(metric: Metric, rows: Matrix) -> ArmEvidence:
    """An arm's units as the metric reads them."""
    names = [f"m{i}" for i in range(rows.shape[1])]
    digits = [one.digits for one in metric.measures()]
    kept = rows[rows.any(axis=1)]
    return ArmEvidence(
        moments=Moments.of_rows(rows, names, digits),
        rows=Sample(columns=tuple(names), rows=kept, n=len(rows)),
        counts=ValueCounts(
            values=rows,
            units=np.ones(len(rows), dtype=np.int64),
            watched=np.full(len(rows), 30, dtype=np.int64),
        ),
    )


def compared(metric: Metric, draw: Draw, seed: int) -> Inference:
    """Random arms of random sizes, some of them with an effect."""
    rng = np.random.default_rng(seed)
    n, m = (int(size) for size in rng.integers(150, 900, 2))
    factor = float(np.exp(rng.choice([0.0, 0.1, 0.3]) * rng.standard_normal()))
    control, treated = draw(rng, m, 1.0), draw(rng, n, factor)
    return metric.compare(
        evidence_of(metric, control),
        evidence_of(metric, treated),
        level=LEVEL,
    )


def test_every_kind_is_looked_at() -> None:
    """All kinds but shares of units, whose own test is below."""
    looked_at = {metric.kind for metric, _ in KINDS}
    shares = {name for name, kind in kinds.items() if kind.is_rate}
    assert looked_at | shares == set(kinds)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("metric", "draw"), KINDS, ids=[metric.name for metric, _ in KINDS]
)
def test_chance_interval_p_value_verdict_and_money_are_one(
    metric: Metric, draw: Draw, seed: int
) -> None:
    """Under a flat prior, exactly: one reading of the data, told five times."""
    inference = compared(metric, draw, 100 * seed + 7)
    effect = inference.relative or inference.absolute
    p_value = inference.p_value
    assert effect is not None, inference.note
    assert p_value is not None
    assert None not in (effect.interval.lower, effect.interval.upper)
    believed = posterior_of(metric, inference, FLAT) or difference_of(metric, inference)
    assert believed is not None
    chance = believed.probability_above(0.0)
    draws = 0 if inference.tails is None else inference.tails.draws
    least = 1 / (draws + 1) if draws else 0.0
    if p_value > 2.5 * least:
        assert min(chance, 1 - chance) == pytest.approx(p_value / 2, abs=1e-9)
    else:
        assert min(chance, 1 - chance) <= p_value / 2 + 1e-12
    range_ = believed.interval(LEVEL)
    ends = effect.interval.lower, effect.interval.upper
    room = 1e-6 * (1 + abs(effect.value))
    assert (range_.lower, range_.upper) == pytest.approx(ends, abs=room)
    word = verdict(metric, quantity(effect))
    surely = 1 - (1 - LEVEL) / 2
    rises, falls = chance > surely + 1e-9, chance < 1 - surely - 1e-9
    if metric.better == "lower":
        rises, falls = falls, rises
    if abs(chance - surely) > 1e-9 and abs(1 - chance - surely) > 1e-9:
        assert (word == "better", word == "worse") == (rises, falls)
    summary = bayes_of(experiment(), metric, inference, FLAT)
    assert summary is not None
    assert summary.p_positive == pytest.approx(chance)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("metric", "draw"), KINDS[:2], ids=[metric.name for metric, _ in KINDS[:2]]
)
def test_money_follows_the_lift_at_any_cost(
    metric: Metric, draw: Draw, seed: int
) -> None:
    """P(ROPI > 0) is above 97.5 % exactly where the return's range lies above 0."""
    inference = compared(metric, draw, 100 * seed + 11)
    treatment = inference.treatment
    assert treatment is not None
    total = treatment.value * treatment.n
    data = posterior_of(metric, inference, FLAT)
    value = ValueComparison(
        arm="personalized",
        treated_units=treatment.n,
        treated_total=total,
        inference=inference,
        posterior=data,
        data=data,
        difference=difference_of(metric, inference),
    )
    effect = inference.relative or inference.absolute
    assert effect is not None
    for share in (-0.2, 0.0, 0.03, 0.1, 0.3):
        worth = effect.value * treatment.n * (1 if inference.relative is None else 20)
        cost = Fraction(max(1, round(abs(worth) * (0.5 + share))))
        for unsure in (Fraction(0), Fraction(1, 10)):
            price = Cost(name="Service", amount=cost, uncertainty=unsure)
            economics = Economics(value=metric.name, margin=Fraction(1), costs=(price,))
            (record,) = money(replace(experiment(), economics=economics), [value], 30)
            ropi, chances = record.ropi, record.chances
            assert ropi is not None
            if effect.interval.lower is None or effect.interval.upper is None:
                assert ropi.p_positive is None
                continue
            assert ropi.p_positive is not None
            assert ropi.lower is not None
            if abs(ropi.p_positive - cdf(quantile((1 + LEVEL) / 2))) > 1e-6:
                assert (ropi.p_positive > (1 + LEVEL) / 2) is (ropi.lower > 0)
            assert chances is not None
            gain = chances.expected_loss_if_held - chances.expected_loss_if_shipped
            assert chances.expected_loss_if_shipped >= 0
            if ropi.p_positive > 0.999:
                assert gain > 0


@pytest.mark.parametrize("seed", range(40))
def test_rates_agree_within_three_points(seed: int) -> None:
    """From 20 conversions an arm the exact posterior is within 0.03 of 1 − p / 2."""
    rng = np.random.default_rng(seed)
    metric = Conversion(name="conversion", source="s")
    n, m = (int(size) for size in rng.integers(150, 4_000, 2))
    rate = max(30 / min(n, m), rng.uniform(0.01, 0.6))
    treated = min(rate * float(np.exp(0.2 * rng.standard_normal())), 0.9)
    rows = [np.zeros((1, 1))]
    while min(side.sum() for side in rows) < 20:
        rows = [
            (rng.random((size, 1)) < p) * 1.0 for size, p in ((m, rate), (n, treated))
        ]
    control, treatment = (evidence_of(metric, side) for side in rows)
    inference = metric.compare(control, treatment, level=LEVEL)
    believed = posterior_of(metric, inference, FLAT)
    assert believed is not None
    assert inference.p_value is not None
    chance = believed.probability_above(0.0)
    assert min(chance, 1 - chance) == pytest.approx(inference.p_value / 2, abs=0.03)


ADJUSTED = """\
version: 1
experiment: shop
currency: EUR
arms: {old: {share: 40%, control: true}, new: {share: 60%}}
assignment: {source: customers}
sources:
  customers: {csv: customers.csv, columns: {unit: unit, arm: arm}}
metrics:
  revenue: {kind: mean, source: customers, value: total, unit: money}
primary: revenue
analysis: {looks: end, covariates: [before], prior: PRIOR}
"""


@pytest.mark.parametrize(("prior", "sd"), [("none", np.inf), ("skeptical", 0.05)])
def test_adjusted_means_against_the_papers_formulas(
    tmp_path: Path, prior: str, sd: float
) -> None:
    """Rows in, scorecard out: chance, range and p-value of means net of a covariate.

    θ from sums within arms (Deng, Xu, Kohavi & Walker 2013), ln R and its delta-method
    error on the residuals, Φ of it as confidence distribution (Xie & Singh 2013), and
    that times a normal prior in closed form; numpy and scipy alone. Few different
    values, so that cutting off the largest cuts nothing.
    """
    rng, n = np.random.default_rng(17), 5_000
    frame = pd.DataFrame({"unit": [f"u{i}" for i in range(n)]})
    new = rng.random(n) < 0.6
    frame["arm"] = np.where(new, "new", "old")
    frame["before"] = rng.integers(1, 8, n) * 5.0
    frame["total"] = frame["before"] + rng.integers(1, 8, n) * 5.0 + 0.5 * new
    y, x = frame["total"].to_numpy(), frame["before"].to_numpy()
    arms = [~new, new]
    within = [np.cov(y[arm], x[arm]) * (arm.sum() - 1) for arm in arms]
    theta = sum(c[0, 1] for c in within) / sum(c[1, 1] for c in within)
    net = y - theta * (x - x.mean())
    means = [net[arm].mean() for arm in arms]
    error = np.sqrt(
        sum(
            net[arm].var(ddof=1) / arm.sum() / mean**2
            for arm, mean in zip(arms, means, strict=True)
        )
    )
    seen = np.log(means[1] / means[0])
    file = tmp_path / "shop.yaml"
    file.write_text(ADJUSTED.replace("PRIOR", prior), encoding="utf-8")
    readout = hb.analyze(file, customers=frame).scorecard.readouts[0]
    assert readout.relative is not None
    assert readout.bayes is not None
    ends = np.expm1(seen + np.array([-1, 1]) * stats.norm.ppf(0.975) * error)
    assert [readout.relative.lower, readout.relative.upper] == pytest.approx(
        list(ends), rel=1e-6
    )
    assert readout.p_value == pytest.approx(2 * stats.norm.sf(seen / error), rel=1e-6)
    weight = 1 / (1 + error**2 / sd**2)
    centre, spread = weight * seen, np.sqrt(weight) * error
    chance = stats.norm.cdf(centre / spread)
    assert readout.bayes.p_positive == pytest.approx(chance, abs=1e-6)
    half = stats.norm.ppf(0.975) * spread
    assert [readout.bayes.lower, readout.bayes.upper] == pytest.approx(
        list(np.expm1([centre - half, centre + half])), abs=1e-5
    )
