"""Segments: tested for a difference first, and pulled together."""

from __future__ import annotations

import math

import pytest

from holdback.experiments.scorecard import Quantity, Readout, Segment
from holdback.experiments.segments import compared_segments
from holdback.stats.effect import LogRatio
from holdback.stats.heterogeneity import heterogeneity


def segment(
    level: str, lower: float, upper: float, dimension: str = "device"
) -> Readout:
    """A segment's readout of conversion, with that range."""
    return Readout(
        metric="conversion",
        kind="conversion",
        role="segment",
        arm="personalized",
        control="holdback",
        level=0.95,
        method="koopman_score",
        note="",
        verdict="unclear",
        segment=Segment(dimension=dimension, level=level),
        relative=Quantity(value=(lower + upper) / 2, lower=lower, upper=upper),
    )


def test_groups_are_tested_and_pulled_together() -> None:
    """The log ratios behind the ranges go through the one function."""
    found = [segment("phone", -0.1, 0.3), segment("desktop", 0.05, 0.25)]
    read, (test,) = compared_segments(found)
    ratios = []
    for r in found:
        low, high = math.log1p(r.relative.lower), math.log1p(r.relative.upper)
        se = (high - low) / 2 / 1.959963984540054
        ratios.append(LogRatio(value=(low + high) / 2, se=se))
    expected = heterogeneity(ratios)
    assert test.p_value == pytest.approx(expected.p_value)
    assert (test.metric, test.dimension) == ("conversion", "device")
    for one, ratio in zip(read, expected.pooled, strict=True):
        assert one.pooled.value == pytest.approx(math.expm1(ratio.value))
        assert (
            one.pooled.upper - one.pooled.lower
            < one.relative.upper - one.relative.lower
        )


def test_tests_are_corrected_over_all_dimensions() -> None:
    """Two dimensions are two tests: Benjamini and Hochberg over both."""
    found = [
        segment("phone", 0.5, 0.7),
        segment("desktop", -0.2, -0.1),
        segment("IE", -0.1, 0.3, "country"),
        segment("DE", 0.0, 0.2, "country"),
    ]
    _, (first, second) = compared_segments(found)
    assert first.p_value_adjusted == pytest.approx(2 * first.p_value)
    assert second.p_value_adjusted == pytest.approx(second.p_value)


def test_levels_without_a_range_stand_aside() -> None:
    """An open range cannot be pooled; a single level left is not tested."""
    found = [segment("phone", -0.1, 0.3), segment("tablet", -1.0, 3.0)]
    read, tests = compared_segments(found)
    assert tests == ()
    assert all(one.pooled is None for one in read)
