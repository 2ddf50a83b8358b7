"""Segments: tested for a difference first, and pulled together."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

import holdback as hb
from holdback.analysis.segments import compared_segments
from holdback.facts import fact
from holdback.reports.pages.experiment_page import render
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Readout, Segment
from holdback.results.sections.sensitivity import Sensitivity
from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.random_effects import random_effects


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
        method="skewness_corrected_score",
        note=fact("methods.log_delta"),
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
    expected = random_effects(ratios, spread=0.03)  # as the documentation says
    assert test.p_value == pytest.approx(expected.p_value)
    assert (test.metric, test.dimension) == ("conversion", "device")
    for one, effect in zip(read, expected.effects, strict=True):
        assert one.pooled.value == pytest.approx(math.expm1(effect.mean))
        assert effect.below(math.log1p(one.pooled.lower)) == pytest.approx(0.025)
        assert (
            one.pooled.upper - one.pooled.lower
            < one.relative.upper - one.relative.lower
        )


def test_tests_are_corrected_over_all_dimensions() -> None:
    """Three dimensions are three tests: statsmodels' Benjamini and Hochberg over all.

    The p-values lie between .01 and .5, where a correction shows.
    """
    found = [
        segment("phone", -0.02, 0.2),
        segment("desktop", -0.15, 0.02),
        segment("IE", -0.1, 0.3, "country"),
        segment("DE", 0.0, 0.2, "country"),
        segment("new", -0.05, 0.25, "customer"),
        segment("old", -0.2, 0.05, "customer"),
    ]
    _, tests = compared_segments(found)
    plain = [test.p_value for test in tests]
    assert all(0.003 < p < 0.97 for p in plain)
    expected = multipletests(plain, method="fdr_bh")[1]
    assert [t.p_value_adjusted for t in tests] == pytest.approx(
        list(expected), rel=1e-9
    )
    assert max(e / p for e, p in zip(expected, plain, strict=True)) > 1.4


def test_levels_without_a_range_stand_aside() -> None:
    """An open range cannot be pooled; a single level left is not tested."""
    found = [segment("phone", -0.1, 0.3), segment("tablet", -1.0, 3.0)]
    read, tests = compared_segments(found)
    assert tests == ()
    assert all(one.pooled is None for one in read)


YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources: {people: {csv: people.csv, columns: {unit: id, arm: arm}}}
metrics: {spend: {kind: mean, source: people, value: spend}}
assignment: {source: people}
primary: spend
analysis: {looks: end, segments: [device]}
"""


def test_within_levels_against_weighted_means(tmp_path: Path) -> None:
    """Post-stratified: levels' means, weighted by their share of all units.

    The rare level, with fewer than 20 units in an arm, stands with the smaller of the
    two others.
    """
    rng = np.random.default_rng(41)
    device = rng.choice(["phone", "desktop", "watch"], 2_000, p=[0.6, 0.395, 0.005])
    treated = rng.uniform(size=2_000) < 0.5
    spend = np.round(rng.normal(np.where(device == "phone", 20, 60) + treated, 5), 6)
    lines = ["id,arm,device,spend"]
    lines += [
        f"u{i},{('holdback', 'personalized')[int(t)]},{d},{s:.6f}"
        for i, (t, d, s) in enumerate(zip(treated, device, spend, strict=True))
    ]
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "shop.yaml").write_text(YAML)
    card = hb.analyze(hb.load(tmp_path / "shop.yaml")).scorecard
    assert 0 < min(np.sum((device == "watch") & treated), 20) < 20
    stratum = np.where(device == "phone", "phone", "other")
    means = {
        arm: sum(
            np.mean(stratum == s) * spend[(stratum == s) & (treated == arm)].mean()
            for s in ("phone", "other")
        )
        for arm in (False, True)
    }
    (found,) = [s for s in card.section(Sensitivity) if s.variant == "within device"]
    expected = means[True] / means[False] - 1
    assert found.relative.value == pytest.approx(expected, rel=1e-6)
    plain = card.readout("spend").relative
    width = found.relative.upper - found.relative.lower
    assert width < 0.5 * (plain.upper - plain.lower)
    assert "compared within levels of device" in render(card)
