"""Treatment arms against each other, from evidence of known means."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from analysis.test_readouts import shop
from scipy import stats
from worlds.evidence import METRICS, analyzed, evidence, experiment

from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Arm,
    DecisionRule,
    Economics,
    Prior,
)
from holdback.results.scorecard import Scorecard
from holdback.results.sections.arms_compared import ArmsCompared, BestArm

SHOPS = {
    "holdback": (1, 12_000, 0.20, 50.0),
    "mild": (2, 12_000, 0.22, 50.0),
    "bold": (3, 12_000, 0.24, 51.0),
}
ARMS = (
    Arm(name="holdback", share=Fraction(1, 3), control=True),
    Arm(name="mild", share=Fraction(1, 3)),
    Arm(name="bold", share=Fraction(1, 3)),
)
NO_PRIOR = AnalysisSettings(looks="end", prior=Prior(name="none"))


def seen() -> Evidence:
    """Three arms with enough buyers for the delta method."""
    return evidence({arm: shop(*world) for arm, world in SHOPS.items()})


def scorecard(**changes: Any) -> Scorecard:
    """The scorecard of the three arms under a flat prior."""
    return analyzed(experiment(arms=ARMS, analysis=NO_PRIOR, **changes), seen())


def logs() -> dict[str, tuple[float, float]]:
    """Log mean and its variance of each arm, from the rows."""
    found = {}
    for arm, world in SHOPS.items():
        spent = np.array(shop(*world))[:, 0]
        error = spent.std(ddof=1) / sqrt(len(spent)) / spent.mean()
        found[arm] = (log(spent.mean()), error**2)
    return found


def test_a_pair_against_closed_form() -> None:
    """Bold against mild by the delta method; control has no part in it."""
    (pair,) = scorecard().section(ArmsCompared)
    (y, v), (x, w) = logs()["bold"], logs()["mild"]
    assert (pair.a, pair.b, pair.metric) == ("bold", "mild", "revenue")
    assert pair.relative is not None
    assert pair.relative.value == pytest.approx(np.expm1(y - x), rel=1e-9)
    half = stats.norm.ppf(0.975) * sqrt(v + w)
    assert pair.relative.lower == pytest.approx(np.expm1(y - x - half), rel=1e-9)
    assert pair.relative.upper == pytest.approx(np.expm1(y - x + half), rel=1e-9)
    p = 2 * stats.norm.sf(abs(y - x) / sqrt(v + w))
    assert pair.p_value == pytest.approx(p, rel=1e-9)
    assert pair.proven == (p < 0.05)


def test_chances_against_draws() -> None:
    """Each arm's chance to be the best and its loss, by a million draws of the logs."""
    found = {one.arm: one for one in scorecard().section(BestArm)}
    assert list(found) == ["holdback", "mild", "bold"]
    drawn = np.random.default_rng(7).normal(
        [y for y, _ in logs().values()],
        [sqrt(v) for _, v in logs().values()],
        (10**6, 3),
    )
    best = drawn.argmax(axis=1)
    for i, arm in enumerate(SHOPS):
        assert found[arm].p_best == pytest.approx((best == i).mean(), abs=0.002)
        lost = (drawn.max(axis=1) - drawn[:, i]).mean()
        assert found[arm].expected_loss == pytest.approx(lost, abs=2e-4)
        lost = (np.exp(drawn).max(axis=1) - np.exp(drawn[:, i])).mean()
        assert found[arm].loss_per_unit == pytest.approx(lost, abs=2e-3)
    assert sum(one.p_best for one in found.values()) == pytest.approx(1)


def test_the_best_has_the_least_where_less_is_better() -> None:
    """For a metric to be lowered the order and the chances are turned."""
    lower = METRICS | {"revenue": replace(METRICS["revenue"], better="lower")}
    card = scorecard(metrics=lower)
    found = {one.arm: one.p_best for one in card.section(BestArm)}
    drawn = np.random.default_rng(8).normal(
        [y for y, _ in logs().values()],
        [sqrt(v) for _, v in logs().values()],
        (10**6, 3),
    )
    share = (drawn.argmin(axis=1) == 0).mean()
    assert found["holdback"] == pytest.approx(share, abs=0.002)
    (pair,) = card.section(ArmsCompared)
    assert (pair.a, pair.b) == ("mild", "bold")


def test_three_arms_have_three_pairs_at_a_common_level() -> None:
    """Of four arms with three treatments each pair is read at 1 − 0.05 / 3."""
    arms = (*ARMS, Arm(name="loud", share=Fraction(1, 3)))
    found = evidence(
        {arm: shop(*world) for arm, world in SHOPS.items()}
        | {"loud": shop(4, 12_000, 0.23, 50.0)}
    )
    card = analyzed(experiment(arms=arms), found)
    pairs = card.section(ArmsCompared)
    assert len(pairs) == 3
    assert [pair.level for pair in pairs] == pytest.approx([1 - 0.05 / 3] * 3)
    plain = AnalysisSettings(looks="end", multiplicity="none")
    card = analyzed(experiment(arms=arms, analysis=plain), found)
    levels = [pair.level for pair in card.section(ArmsCompared)]
    assert levels == pytest.approx([0.95] * 3)


def test_the_rule_says_what_is_compared() -> None:
    """Under the rule of profit the money's metric comes first, then the primary."""
    card = scorecard(
        primary="conversion",
        secondary=("revenue",),
        economics=Economics(value="revenue"),
        decision=DecisionRule(rule="profit"),
    )
    metrics = [pair.metric for pair in card.section(ArmsCompared)]
    assert metrics == ["revenue", "conversion"]
    assert {one.metric for one in card.section(BestArm)} == {"revenue"}


def test_chances_of_few_buyers_are_called_rough() -> None:
    """From 60 buyers in each arm they are not; below, they are."""
    for units, rough in ((400, None), (150, True)):
        found = evidence(
            {
                arm: shop(seed, units, 0.22, 50.0)
                for arm, seed in (("holdback", 1), ("mild", 2), ("bold", 3))
            }
        )
        card = analyzed(experiment(arms=ARMS, analysis=NO_PRIOR), found)
        assert {one.rough for one in card.section(BestArm)} == {rough}


def test_one_treatment_arm_is_compared_with_none() -> None:
    """There is nothing to choose from."""
    card = analyzed(
        experiment(),
        evidence(
            {
                "holdback": shop(1, 500, 0.2, 50.0),
                "personalized": shop(2, 500, 0.2, 50.0),
            }
        ),
    )
    assert card.section(ArmsCompared) == ()
    assert card.section(BestArm) == ()
