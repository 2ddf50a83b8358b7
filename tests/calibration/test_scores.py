"""Survey scores: coverage of the difference, few answers, unequal arms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.stats.evidence.delta_method import estimate_rows
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.difference import compare_scores
from tests.calibration.shops import ratio

LONG = pytest.mark.calibration
CLASSES = np.array([100.0, 0.0, -100.0])


def answers(rng: np.random.Generator, n: int, shares: tuple[float, ...]) -> Sample:
    """N people of whom 30 % answer: points and whether they answered."""
    k = int(rng.binomial(n, 0.3))
    points = rng.choice(CLASSES, k, p=shares)
    rows = np.column_stack([points, np.ones(k)])
    return Sample(columns=("points", "answered"), rows=rows, n=n)


@pytest.mark.parametrize("runs", [1_000, pytest.param(5_000, marks=LONG)])
@pytest.mark.parametrize("n", [170, 400, 1_700])
@pytest.mark.parametrize("split", [1, 4])
def test_differences_of_scores_are_covered(n: int, split: int, runs: int) -> None:
    """About 50, 120 and 500 answers an arm, even and 1 : 4; 95 % within its band."""
    rng = np.random.default_rng(61)
    shares = ((0.5, 0.3, 0.2), (0.55, 0.27, 0.18))
    truth = float(CLASSES @ np.subtract(shares[1], shares[0]))
    held = 0
    for _ in range(runs):
        control = estimate_rows(answers(rng, n, shares[0]), ratio)
        treated = estimate_rows(answers(rng, n * split, shares[1]), ratio)
        found = compare_scores(control, treated, level=0.95).absolute
        assert found is not None
        lower, upper = found.interval.lower, found.interval.upper
        assert lower is not None
        assert upper is not None
        held += lower <= truth <= upper
    low, high = stats.binom.ppf((0.0005, 0.9995), runs, 0.95)
    assert low <= held <= high


def test_a_normal_with_the_units_for_answers_is_seen() -> None:
    """Planted: the variance divided by all units, not by who answered, covers less."""
    rng = np.random.default_rng(62)
    held = 0
    for _ in range(500):
        sides = [answers(rng, 400, (0.5, 0.3, 0.2)) for _ in range(2)]
        means = [side.rows[:, 0].mean() for side in sides]
        error = np.sqrt(sum(side.rows[:, 0].var(ddof=1) / side.n for side in sides))
        held += abs(means[1] - means[0]) <= 1.96 * error
    assert held < stats.binom.ppf(0.0005, 500, 0.95)
