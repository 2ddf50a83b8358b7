"""Is anybody harmed: limits against log-normal ones, silence where little is known."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from worlds.evidence import analyzed, evidence, experiment

from holdback.analysis.exploratory.harm import harm
from holdback.analysis.section_readers import basis_of
from holdback.data.evidence.cells import Evidence
from holdback.errors import ConfigError
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Arm,
    Experiment,
)
from holdback.experiments.load import load
from holdback.reports.pages.experiment_page import render
from holdback.results.sections.harm import Harm

Counts = Mapping[str, tuple[int, int, int, int]]
"""Level → buyers and units of control, buyers and units of the treatment."""


def seen(levels: Counts) -> Evidence:
    """Evidence of one dimension; every buyer spends 20."""

    def rows(buyers: int, units: int) -> list[tuple[float, float]]:
        return [(20.0, 1.0)] * buyers + [(0.0, 0.0)] * (units - buyers)

    by_level = {
        level: {"holdback": rows(a, n), "personalized": rows(b, m)}
        for level, (a, n, b, m) in levels.items()
    }
    everyone = {
        arm: [row for level in by_level.values() for row in level[arm]]
        for arm in ("holdback", "personalized")
    }
    return evidence(everyone, segments={"group": by_level})


def planned() -> Experiment:
    """Halves, conversion as the primary, one dimension of segments."""
    half = Fraction(1, 2)
    return experiment(
        arms=(
            Arm(name="holdback", share=half, control=True),
            Arm(name="personalized", share=half),
        ),
        primary="conversion",
        secondary=(),
        analysis=AnalysisSettings(looks="end", segments=("group",)),
    )


def asked(levels: Counts) -> tuple[Harm, ...]:
    """What is read of conversion as the primary."""
    return tuple(harm(basis_of(planned(), seen(levels))))


def katz(counts: tuple[int, int, int, int], z: float) -> tuple[float, float]:
    """A ratio of two rates with limits by the normal law of its logarithm."""
    a, n, b, m = counts
    center = log(b / m) - log(a / n)
    error = sqrt(1 / a - 1 / n + 1 / b - 1 / m)
    return exp(center - z * error) - 1, exp(center + z * error) - 1


LEVELS = {
    "a": (900, 3000, 980, 3000),
    "b": (800, 3000, 815, 3000),
    "c": (1000, 3000, 985, 3000),
    "d": (600, 2000, 610, 2000),
    "e": (420, 1400, 375, 1400),
}


def test_limits_hold_for_all_groups_together() -> None:
    """Each at 1 − .05/5, near those by the normal law; the farthest is the worst."""
    (found,) = asked(LEVELS)
    assert found.level == pytest.approx(1 - 0.05 / 5)
    z = float(norm.isf(0.05 / 5))
    assert (found.worst.level, found.worst.units) == ("e", 2800)
    worst, best = katz(LEVELS["e"], z)
    assert found.worst.worst == pytest.approx(worst, abs=0.002)
    assert found.worst.best == pytest.approx(best, abs=0.004)
    lifts = [b / m / (a / n) - 1 for a, n, b, m in LEVELS.values()]
    assert found.lifts == pytest.approx((min(lifts), max(lifts)))
    assert (found.read, found.unknown, found.harmed) == (5, 0, ())


def test_a_group_that_is_harmed_is_named() -> None:
    """280 instead of 420 buyers: also the limit to the better is a loss."""
    (found,) = asked({**LEVELS, "e": (420, 1400, 280, 1400)})
    (group,) = found.harmed
    assert group.level == "e"
    assert group.best < 0
    assert group.best == pytest.approx(
        katz((420, 1400, 280, 1400), float(norm.isf(0.05 / 5)))[1], abs=0.004
    )


def test_small_groups_are_unknown() -> None:
    """Below ten units in an arm a group is hidden, with the next smallest."""
    (found,) = asked({**LEVELS, "f": (2, 9, 3, 9)})
    assert (found.read, found.unknown) == (4, 2)
    assert found.level == pytest.approx(1 - 0.05 / 4)
    assert asked({}) == ()


@pytest.mark.parametrize(
    ("runs", "k"),
    [
        (40, 6),
        *(pytest.param(2000, k, marks=pytest.mark.calibration) for k in (2, 6, 12)),
    ],
)
def test_false_harm_in_one_of_twenty_tests_at_most(runs: int, k: int) -> None:
    """Nobody is harmed, 90/10, and in at most 5 % (+2 errors) a group is called so."""
    draws = np.random.default_rng(20261130)
    false = 0
    for _ in range(runs):
        levels = {
            str(i): (
                int(draws.binomial(200, 0.2)),
                200,
                int(draws.binomial(1800, 0.2)),
                1800,
            )
            for i in range(k)
        }
        (found,) = asked(levels)
        false += bool(found.harmed)
    assert false / runs <= 0.05 + 2 * sqrt(0.05 * 0.95 / runs)


def test_the_page_says_it_in_words() -> None:
    """Not shown with the worst that is allowed; shown with the group's limits."""
    quiet = render(analyzed(planned(), seen(LEVELS)))
    assert "No group is shown to be harmed" in quiet
    assert "for group e (2,800" in quiet
    loud = render(analyzed(planned(), seen({**LEVELS, "e": (420, 1400, 280, 1400)})))
    assert "made Conversion worse for: group e" in loud
    assert "no certificate of fairness" in loud.replace("\n", " ")


def test_harm_is_asked_in_segments(tmp_path: Path) -> None:
    """A name that is no segment is refused with the way out."""
    from tests.data.test_extract_rejects import write

    file = write(tmp_path, analysis=", segments: [age], harm: [age, land]")
    with pytest.raises(ConfigError, match="'land' is not among the `segments`"):
        load(file)
    assert load(
        write(tmp_path, analysis=", segments: [age], harm: [age]")
    ).analysis.harm == ("age",)
