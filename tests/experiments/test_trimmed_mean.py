"""Trimmed means: scipy as the oracle, coverage under heavy tails, what is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import floor, log, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

import holdback as hb
from holdback.errors import ConfigError
from holdback.experiments.load import load
from holdback.experiments.metrics.trimmed_mean import (
    Middle,
    TrimmedMean,
    compare_middles,
)
from holdback.facts import fact
from holdback.stats.evidence.arm_evidence import ArmEvidence, ValueCounts
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.sample import Sample

Vector = npt.NDArray[np.float64]
LEVEL = 0.95


def counted(values: Vector) -> ValueCounts:
    """Units as the data engine counts them: equal values together."""
    distinct, units = np.unique(values, return_counts=True)
    return ValueCounts(
        values=distinct[:, None], units=units, watched=np.zeros_like(units)
    )


def compared(control: Vector, treated: Vector, trim: Fraction) -> Inference:
    """The metric's own comparison of two arms."""
    metric = TrimmedMean(name="spend", source="orders", trim=trim)
    first, second = (
        ArmEvidence(moments=Moments.empty(["spend"], [2]), counts=counted(values))
        for values in (control, treated)
    )
    return metric.compare(first, second, level=LEVEL)


def shop(rng: np.random.Generator, n: int, *, sigma: float, zeros: float) -> Vector:
    """Spend of units, some of whom buy nothing, in whole tenths, so with ties."""
    spend = np.round(rng.lognormal(1.0, sigma, n), 1)
    return np.asarray(spend * (rng.random(n) >= zeros))


@given(
    values=st.lists(st.integers(0, 9), min_size=4, max_size=80),
    trim=st.sampled_from(["1/20", "1/10", "1/5", "1/3", "9/20"]),
)
def test_value_against_scipy(values: list[int], trim: str) -> None:
    """Counted values have the trimmed mean that scipy has of them one by one."""
    share, n = Fraction(trim), len(values)
    cut = floor(share * n)
    assume(n - 2 * cut >= 2 and int(float(share) * n) == cut)  # as scipy rounds it
    middle = Middle.of(counted(np.array(values, dtype=float)), share)
    assert middle.mean == pytest.approx(stats.trim_mean(values, float(share)))
    assert middle.kept == n - 2 * cut


@pytest.mark.parametrize("trim", ["1/20", "1/10", "1/4"])
@pytest.mark.parametrize("sizes", [(150, 1350), (700, 700)])
def test_difference_against_scipy(sizes: tuple[int, int], trim: str) -> None:
    """Difference, interval and Yuen's p-value are those of scipy.stats.ttest_ind."""
    rng, share = np.random.default_rng(7), Fraction(trim)
    control, treated = (shop(rng, n, sigma=1.2, zeros=0.2) for n in sizes)
    expected = stats.ttest_ind(treated, control, equal_var=False, trim=float(share))
    low, high = expected.confidence_interval(LEVEL)
    found = compared(control, treated, share).absolute
    assert found is not None
    assert found.interval.lower == pytest.approx(low, rel=1e-10)
    assert found.interval.upper == pytest.approx(high, rel=1e-10)
    # Below 0 there is no lift, and the p-value is that of the difference.
    negative = compared(control - 50, treated - 50, share)
    assert negative.method == "yuen_welch"
    assert negative.relative is None
    assert negative.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_lift_against_closed_form() -> None:
    """The log ratio's error is made of scipy's winsorized deviations."""
    rng, trim = np.random.default_rng(8), Fraction(1, 10)
    arms = [shop(rng, n, sigma=1.0, zeros=0.3) for n in (400, 3600)]
    means = [stats.trim_mean(arm, 0.1) for arm in arms]
    parts = []
    for arm, mean in zip(arms, means, strict=True):
        pulled = np.asarray(stats.mstats.winsorize(arm, limits=(0.1, 0.1)))
        kept = len(arm) - 2 * (len(arm) // 10)
        spread = np.var(pulled) * len(arm) / (kept * (kept - 1))
        parts.append((spread / mean**2, kept))
    error = sqrt(sum(variance for variance, _ in parts))
    freedom = error**4 / sum(variance**2 / (h - 1) for variance, h in parts)
    seen = log(means[1] / means[0])
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom)
    found = compared(*arms, trim)
    assert found.relative is not None
    assert found.relative.value == pytest.approx(np.expm1(seen))
    assert found.relative.interval.lower == pytest.approx(
        np.expm1(seen - reach * error)
    )
    assert found.relative.interval.upper == pytest.approx(
        np.expm1(seen + reach * error)
    )
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(seen) / error, freedom))


@given(factor=st.floats(0.01, 100), seed=st.integers(0, 99))
def test_lift_invariance(factor: float, seed: int) -> None:
    """Another currency changes neither lift nor p-value; p and interval agree."""
    rng = np.random.default_rng(seed)
    arms = [shop(rng, n, sigma=1.0, zeros=0.1) for n in (90, 200)]
    plain = compared(*arms, Fraction(1, 10))
    scaled = compared(*(factor * arm for arm in arms), Fraction(1, 10))
    assert plain.relative is not None
    assert scaled.relative is not None
    assert plain.p_value is not None
    assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-6)
    assert scaled.relative.value == pytest.approx(plain.relative.value, rel=1e-6)
    lower, upper = plain.relative.interval.lower, plain.relative.interval.upper
    assert lower is not None
    assert upper is not None
    assert (plain.p_value < 1 - LEVEL) == (not lower <= 0 <= upper)


@pytest.mark.parametrize(
    ("draw", "trim"),
    [
        (lambda rng, n: rng.lognormal(0, 1.5, n), "1/20"),
        (lambda rng, n: rng.lognormal(0, 2, n) * (rng.random(n) < 0.7), "1/20"),
        (lambda rng, n: rng.pareto(1.5, n) + 1, "1/20"),
        (lambda rng, n: rng.lognormal(0, 2, n) * (rng.random(n) < 0.7), "1/5"),
    ],
    ids=["lognormal", "lognormal-zeros", "pareto", "deep-trim"],
)
def test_coverage_against_truth(
    draw: Callable[[np.random.Generator, int], Vector], trim: str
) -> None:
    """At 90/10 and heavy tails 95 % intervals hold a lift of 20 % in about 95 %.

    The mean of an unbounded Pareto law of this shape has an infinite variance; its
    middle has none. Band: 95 % less 1 point for the skewness that is left at 500 units
    of control, and three standard errors of the simulation.
    """
    rng, share, runs = np.random.default_rng(11), Fraction(trim), 1500
    inside = below = above = 0
    for _ in range(runs):
        sides = [draw(rng, 500), 1.2 * draw(rng, 4500)]
        middles = [Middle.of(counted(side), share) for side in sides]
        found = compare_middles(*middles, level=LEVEL, trim=share).relative
        assert found is not None
        assert found.interval.lower is not None
        assert found.interval.upper is not None
        below += found.interval.upper < 0.2
        above += found.interval.lower > 0.2
    inside = runs - below - above
    noise = 3 * sqrt(0.05 * 0.95 / runs)
    assert 0.94 - noise <= inside / runs <= 0.95 + noise
    assert max(below, above) / runs <= 0.04 + 3 * sqrt(0.025 * 0.975 / runs)


def test_power_against_itself() -> None:
    """Simulated power is the share of fresh tests, drawn and read by scipy, that find.

    The test of the difference is near that of the log ratio at these sizes, so the
    shares may differ by three Monte-Carlo errors and two points.
    """
    rng, trim, sizes = np.random.default_rng(12), Fraction(1, 10), (400, 1600)
    seen = shop(rng, 4000, sigma=1.0, zeros=0.3)
    metric = TrimmedMean(name="spend", source="orders", trim=trim)
    sample = Sample(columns=("spend",), rows=seen[seen > 0][:, None], n=len(seen))
    (found, none) = metric.simulated_power(
        sample, sizes=sizes, level=LEVEL, lifts=[0.2, 0.0], runs=400, seed=(5,)
    )
    hits = sum(
        stats.ttest_ind(
            1.2 * rng.choice(seen, sizes[1]),
            rng.choice(seen, sizes[0]),
            equal_var=False,
            trim=0.1,
        ).pvalue
        < 1 - LEVEL
        for _ in range(400)
    )
    share = hits / 400
    noise = 3 * sqrt(2 * share * (1 - share) / 400)
    assert abs(found.power - share) <= noise + 0.02
    assert 0.3 < share < 0.99
    assert none.power + none.wrong <= 0.05 + 3 * sqrt(0.05 * 0.95 / 400)


def test_only_zeros_left_degenerate() -> None:
    """Where nobody with a value is left there is no number, and the note says why."""
    rng = np.random.default_rng(13)
    arms = [shop(rng, 1000, sigma=1.0, zeros=0.97) for _ in range(2)]
    found = compared(*arms, Fraction(1, 20))
    assert (found.control, found.absolute, found.p_value) == (None, None, None)
    assert found.note == fact("trimmed_mean.only_zeros", side="control", trim=0.05)


def test_few_values_left_degenerate() -> None:
    """Below 20 units with a value the difference is told without a range."""
    few = np.concatenate([np.zeros(940), np.arange(1.0, 61.0)])
    many = np.arange(0.0, 1000.0)
    found = compared(few, many, Fraction(1, 20))
    assert found.control is not None
    assert found.absolute is not None
    assert found.control.value == pytest.approx(stats.trim_mean(few, 0.05))
    assert found.absolute.interval.lower is None
    assert found.p_value is None
    assert found.note == fact(
        "trimmed_mean.few_values", side="control", units=10, least=20
    )


def test_alike_and_tiny_arms_degenerate() -> None:
    """Values that are all alike, and arms of one unit, have no interval."""
    many = np.arange(0.0, 1000.0)
    alike = compared(np.full(100, 3.0), many, Fraction(1, 5))
    assert alike.note == fact("trimmed_mean.no_spread", side="control")
    found = compared(np.array([3.0]), many, Fraction(1, 5))
    assert found.control is None
    assert found.note == fact("trimmed_mean.few_units", side="control", units=1)


YAML = """\
version: 1
experiment: spend
timezone: UTC
window: {start: 2026-10-01, end: 2026-10-28}
arms: {holdback: {share: 10%, control: true}, recs: {share: 90%}}
assignment: {source: visitors}
sources:
  visitors: {csv: visitors.csv, columns: {unit: visitor, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: visitor, time: at}}
metrics:
  spend: {kind: trimmed_mean, source: orders, value: total, trim: 10%, within: 7 days}
primary: spend
"""


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, dict[str, Vector]]:
    """A test on files, and what each unit of the arms spent."""
    rng = np.random.default_rng(14)
    arms = rng.choice(["holdback", "recs"], 2000, p=[0.1, 0.9])
    spent = shop(rng, 2000, sigma=1.5, zeros=0.25)
    with (tmp_path / "visitors.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["visitor", "arm", "at"])
        rows.writerows(
            [f"v{i}", arm, f"2026-10-{1 + i % 20:02}T10:00:00"]
            for i, arm in enumerate(arms)
        )
    with (tmp_path / "orders.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["visitor", "at", "total"])
        rows.writerows(
            [f"v{i}", f"2026-10-{2 + i % 20:02}T10:00:00", f"{total:.1f}"]
            for i, total in enumerate(spent)
            if total
        )
        rows.writerow(["v0", "2026-11-25T10:00:00", "1.0"])
    file_path = tmp_path / "spend.yaml"
    file_path.write_text(YAML)
    return file_path, {arm: spent[arms == arm] for arm in ("holdback", "recs")}


def test_analyze_against_rows(project: tuple[Path, dict[str, Vector]]) -> None:
    """From YAML to the scorecard the values are scipy's of the units' own sums."""
    file, spent = project
    card = hb.analyze(file).scorecard
    readout = next(r for r in card.readouts if r.role == "primary")
    assert readout.kind == "trimmed_mean"
    assert readout.method == "yuen_log_ratio"
    assert readout.estimates is not None
    for arm, found in (
        ("holdback", readout.estimates.control),
        ("recs", readout.estimates.treatment),
    ):
        assert found.value == pytest.approx(stats.trim_mean(spent[arm], 0.1))
        assert found.units == len(spent[arm])
    expected = stats.ttest_ind(
        spent["recs"], spent["holdback"], equal_var=False, trim=0.1
    ).confidence_interval(LEVEL)
    assert readout.absolute is not None
    assert readout.absolute.lower == pytest.approx(expected.low)
    assert readout.bayes is not None


def test_plan_against_formula(project: tuple[Path, dict[str, Vector]]) -> None:
    """A later test is planned from the rows, by formula and by simulation alike."""
    file, spent = project
    text = file.read_text().replace(
        "2026-10-01, end: 2026-10-28", "2026-10-22, end: 2026-11-04"
    )
    file.write_text(text.replace(", arm: arm", ""))
    plan = hb.plan(file)
    baseline = plan.metrics[0].baseline
    everyone = np.concatenate(list(spent.values()))
    assert baseline.mean == pytest.approx(stats.trim_mean(everyone, 0.1), rel=0.15)
    simulated = [point for point in plan.curve if point.simulated is not None]
    assert simulated
    for point in simulated:
        assert point.simulated is not None
        noise = 3 * point.simulated.se
        assert abs(point.simulated.power - point.power) <= noise + 0.08


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("trim: 50%", "below 50%"),
        ("trim: 0%", "above 0%"),
        ("trim: 10%, cap: 99%", "already leaves the largest values out"),
    ],
)
def test_load_rejects(
    project: tuple[Path, dict[str, Vector]], change: str, what: str
) -> None:
    """Half or nothing cut off, or a cap beside it, is refused where it is written."""
    file, _ = project
    file.write_text(file.read_text().replace("trim: 10%", change))
    with pytest.raises(ConfigError, match=what) as caught:
        load(file)
    assert "spend.yaml:11" in str(caught.value)


def test_money_rejects(project: tuple[Path, dict[str, Vector]]) -> None:
    """A trimmed mean adds to no sum, so it is never the money of a test."""
    file, _ = project
    text = file.read_text().replace("within: 7 days", "within: 7 days, unit: money")
    file.write_text(f"{text}currency: EUR\neconomics: {{value: spend, margin: 40%}}\n")
    with pytest.raises(ConfigError, match="not money per unit"):
        load(file)


def test_default_is_five_percent() -> None:
    """Without `trim` a twentieth is cut off at each end."""
    metric = TrimmedMean(name="spend", source="orders")
    assert metric.trim == Fraction(1, 20)
    assert replace(metric, aggregate="distinct").measures()[0].digits == 0
