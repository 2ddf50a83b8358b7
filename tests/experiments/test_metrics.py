"""Every metric kind: its formula is analytic, and its measures fit the formula."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from holdback.experiments.kinds.metric import Metric, kinds
from holdback.experiments.language.expression import parse
from holdback.experiments.metrics.funnel import Step
from holdback.stats.evidence.delta_method import estimate, gradient
from holdback.stats.evidence.moments import Moments

EXAMPLES: dict[str, dict[str, Any]] = {
    "clv": {
        "source": "orders",
        "value": parse("total"),
        "horizon": timedelta(weeks=52),
    },
    "conversion": {"source": "orders"},
    "mean": {"source": "orders", "value": parse("total")},
    "retention": {"source": "visits", "between": (timedelta(30), timedelta(37))},
    "churn": {"source": "cancellations"},
    "count": {"source": "orders"},
    "funnel": {
        "steps": (
            Step(step="Basket", source="baskets"),
            Step(step="Order", source="orders"),
        )
    },
    "nps": {"source": "surveys", "value": parse("score")},
    "csat": {"source": "surveys", "value": parse("stars"), "top": 4},
    "ratio": {"source": "orders", "value": parse("total"), "per": "orders"},
    "survival": {"source": "cancellations", "within": timedelta(days=90)},
    "quantile": {
        "source": "visits",
        "value": parse("load_ms"),
        "quantile": Fraction(3, 4),
    },
    "rate": {"source": "impressions", "value": parse("clicked")},
    "repeat_purchase": {"source": "orders", "within": timedelta(days=90)},
    "time_to": {"source": "orders", "within": timedelta(days=28)},
    "trimmed_mean": {"source": "orders", "value": parse("total")},
}


def example(kind: str) -> Metric:
    """One metric of a kind; a new kind must add its example above."""
    assert kind in EXAMPLES, f"add an example of `{kind}` to this test"
    return kinds[kind](name=kind, **EXAMPLES[kind])


OF_MEANS = [kind for kind in kinds if example(kind).is_function_of_means]


@pytest.mark.parametrize("kind", OF_MEANS)
def test_gradient_against_finite_differences(kind: str) -> None:
    """The complex step of a kind's formula equals central differences."""
    metric = example(kind)
    k = len(metric.measures())
    rng = np.random.default_rng(40)
    for _ in range(20):
        mean = rng.uniform(0.05, 5, k)
        found = gradient(metric.formula, mean)
        for i in range(k):
            step = np.zeros(k)
            step[i] = 1e-6 * mean[i]
            up, down = metric.formula(mean + step), metric.formula(mean - step)
            assert found[i] == pytest.approx((up - down) / (2 * step[i]), rel=1e-7)


@pytest.mark.parametrize("kind", OF_MEANS)
def test_standard_error_against_jackknife(kind: str) -> None:
    """The delta error of a kind is close to its delete-one jackknife error."""
    metric = example(kind)
    k = len(metric.measures())
    rng = np.random.default_rng(41)
    n = 400
    rows = np.round(rng.gamma(2.0, 2.0, (n, k)) + 0.5 * rng.gamma(2.0, 2.0, (n, 1)), 3)
    names = [f"m{i}" for i in range(k)]
    found = estimate(Moments.of_rows(rows, names, [3] * k), metric.formula, names)
    left = [float(metric.formula((rows.sum(0) - row) / (n - 1))) for row in rows]
    jackknife = np.sqrt((n - 1) / n * np.sum((np.array(left) - np.mean(left)) ** 2))
    assert found.se == pytest.approx(jackknife, rel=0.02)


@pytest.mark.parametrize("kind", list(kinds))
def test_measures_are_named_and_finite(kind: str) -> None:
    """A kind has a measure for each mean of its formula, and knows its own name."""
    metric = example(kind)
    assert metric.kind == kind
    assert metric.measures()
    if not metric.is_function_of_means:
        return
    assert np.isfinite(metric.formula(np.ones(len(metric.measures()))))
    if metric.is_rate:
        assert metric.formula(np.array([0.25])) == 0.25
