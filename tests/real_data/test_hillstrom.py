"""The Hillstrom e-mail test (64,000 customers, three arms) against its reference.

Source of the expected numbers: `reference/data_truth.json`, made with numpy, scipy
and statsmodels from the same file, sharing no code with the product.
"""

from __future__ import annotations

# ruff: noqa: E501  # records and YAML read best one a line
import csv
import gzip
import json
from math import ceil, log1p, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

import holdback as hb
from holdback.results.sections.sensitivity import Sensitivity
from holdback.stats.evidence.delta_method import estimate_rows
from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.own_spread import own_spread
from holdback.stats.methods.permutation import permutation
from tests.calibration.shops import mean

YAML = """
version: 1
experiment: womens-email
arms:
  none: {{share: 1/3, control: true, logged_as: No E-Mail}}
  womens: {{share: 1/3, logged_as: Womens E-Mail}}
  mens: {{share: 1/3, logged_as: Mens E-Mail}}
assignment: {{source: customers}}
currency: USD
sources:
  customers:
    csv: {path}
    columns: {{unit: row, arm: segment}}
metrics:
  visit: {{kind: conversion, source: customers, value: visit}}
  conversion: {{kind: conversion, source: customers, value: conversion}}
  spend: {{kind: mean, source: customers, value: spend, unit: money}}
  order_value: {{kind: ratio, source: customers, value: spend, per: conversion, unit: money}}
primary: spend
secondary: [visit, conversion, order_value]
analysis:
  looks: end
  covariates: [history]
  segments: [newbie, channel, zip_code]
economics:
  value: spend
  costs: [{{name: E-mail, amount: 0.10, per: treated unit}}]
"""


def corrected_p(rates: dict[str, Any]) -> float:
    """P-value of the skewness-corrected pooled test from the reference's counts.

    w = x + k (x² − 1), solved by a root finder. Within 1 % of the reference's z test.
    """
    arms = rates["control"], rates["treatment"]
    (y, m), (x, n) = ((arm["x"], arm["n"]) for arm in arms)
    p = (x + y) / (n + m)
    variance = p * (1 - p) * (1 / n + 1 / m) * (n + m) / (n + m - 1)
    third = p * (1 - p) * (1 - 2 * p) * (1 / n**2 - 1 / m**2)
    w, k = (x / n - y / m) / sqrt(variance), third / variance**1.5 / 6
    z = optimize.brentq(lambda at: at + k * (at * at - 1) - w, -40, 40)
    found = float(2 * stats.norm.sf(abs(z)))
    assert found == pytest.approx(rates["ztest_pooled_p"], rel=0.01, abs=1e-9)
    return found


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    """Reference figures of the data set."""
    text = (shared / "reference" / "data_truth.json").read_text(encoding="utf-8")
    figures: dict[str, Any] = json.loads(text)["hillstrom"]
    return figures


@pytest.fixture(scope="module")
def analysis(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> hb.Analysis:
    """The analysis of the whole file, from a YAML file."""
    path = shared / "data" / "hillstrom" / "hillstrom.csv.gz"
    file = tmp_path_factory.mktemp("hillstrom") / "womens-email.yaml"
    file.write_text(YAML.format(path=path.resolve()), encoding="utf-8")
    return hb.analyze(file)


def segment(analysis: hb.Analysis, metric: str, dimension: str, level: str) -> Any:
    """The readout of one segment level, womens against none."""
    (found,) = [
        r
        for r in analysis.scorecard.readouts
        if r.segment is not None
        and (r.metric, r.arm) == (metric, "womens")
        and (r.segment.dimension, r.segment.level) == (dimension, level)
    ]
    return found


@pytest.mark.parametrize("metric", ["visit", "conversion"])
def test_proportions_against_reference(
    analysis: hb.Analysis, truth: dict[str, Any], metric: str
) -> None:
    """Units, rates, difference and its standard error to 1e-9, p-value to 1e-6."""
    readout = analysis.scorecard.readout(metric, "womens")
    expected = truth["womens_vs_none"][metric]
    assert readout.estimates.control.units == expected["control"]["n"]
    assert readout.estimates.treatment.units == expected["treatment"]["n"]
    assert readout.estimates.control.nonzero == expected["control"]["x"]
    assert readout.estimates.treatment.nonzero == expected["treatment"]["x"]
    assert readout.absolute.value == pytest.approx(expected["diff"], rel=1e-9)
    assert readout.absolute.se == pytest.approx(expected["se_unpooled"], rel=1e-9)
    assert readout.relative.value == pytest.approx(
        expected["relative"]["rel_lift"], rel=1e-9
    )
    assert readout.p_value == pytest.approx(corrected_p(expected), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("metric", ["conversion", "visit"])
def test_posterior_against_reference(
    analysis: hb.Analysis, truth: dict[str, Any], metric: str
) -> None:
    """P(womens > none) under Beta(1, 1) agrees with the closed form to 1e-6.

    The reference's losses and means are of rates: E p_T − E p_C, from its posterior
    means, is also E[loss of holding] − E[loss of shipping] there.
    """
    readout = analysis.scorecard.readout(metric, "womens")
    expected = truth["womens_vs_none"][metric]["bayes"]
    assert readout.bayes.p_positive == pytest.approx(
        expected["p_treatment_better"], abs=1e-6
    )
    arms = readout.estimates
    means = [
        (one.nonzero + 1) / (one.units + 2) for one in (arms.control, arms.treatment)
    ]
    assert means[0] == pytest.approx(expected["post_mean_control"], rel=1e-9)
    assert means[1] == pytest.approx(expected["post_mean_treatment"], rel=1e-9)
    apart = (
        expected["expected_loss_choose_control"]
        - expected["expected_loss_choose_treatment"]
    )
    assert means[1] - means[0] == pytest.approx(apart, rel=1e-9)
    mean = readout.bayes.expected_loss_if_held - readout.bayes.expected_loss_if_shipped
    assert readout.bayes.mean == pytest.approx(mean, rel=1e-6)


def test_spend_against_reference(analysis: hb.Analysis, truth: dict[str, Any]) -> None:
    """Units, means, difference and standard error of spend to 1e-9."""
    readout = analysis.scorecard.readout("spend", "womens")
    expected = truth["womens_vs_none"]["revenue_per_user"]
    for side, name in (("control", "control"), ("treatment", "treatment")):
        estimate = getattr(readout.estimates, side)
        assert estimate.units == expected[name]["n"]
        assert estimate.value == pytest.approx(expected[name]["mean"], rel=1e-9)
    assert readout.absolute.value == pytest.approx(expected["diff"], rel=1e-9)
    assert readout.absolute.se == pytest.approx(expected["se"], rel=1e-9)


def test_order_value_against_reference(
    analysis: hb.Analysis, truth: dict[str, Any]
) -> None:
    """The ratio of sums and the delta-method standard error to 1e-9."""
    readout = analysis.scorecard.readout("order_value", "womens")
    expected = truth["womens_vs_none"]["aov"]
    assert readout.estimates.control.value == pytest.approx(
        expected["control"]["ratio"], rel=1e-9
    )
    assert readout.estimates.treatment.value == pytest.approx(
        expected["treatment"]["ratio"], rel=1e-9
    )
    assert readout.absolute.value == pytest.approx(expected["diff"], rel=1e-9)
    assert readout.absolute.se == pytest.approx(expected["delta_se"], rel=1e-9)


@pytest.mark.parametrize("dimension", ["newbie", "channel", "zip_code"])
def test_segments_against_reference(
    analysis: hb.Analysis, truth: dict[str, Any], dimension: str
) -> None:
    """Every segment level: differences, errors and p-values as in the reference."""
    levels = truth["segments"][dimension]["womens_vs_none"]
    levels = {k: v for k, v in levels.items() if not k.startswith("_")}
    assert levels
    for level, expected in levels.items():
        visit = segment(analysis, "visit", dimension, level)
        assert visit.estimates.control.units == expected["visit"]["control"]["n"]
        assert visit.absolute.value == pytest.approx(
            expected["visit"]["diff"], rel=1e-9
        )
        assert visit.absolute.se == pytest.approx(
            expected["visit"]["se_unpooled"], rel=1e-9
        )
        assert visit.p_value == pytest.approx(
            corrected_p(expected["visit"]), rel=1e-6, abs=1e-12
        )
        spend = segment(analysis, "spend", dimension, level)
        assert spend.absolute.value == pytest.approx(
            expected["spend"]["diff"], rel=1e-9
        )
        assert spend.absolute.se == pytest.approx(expected["spend"]["se"], rel=1e-9)


def test_split_against_reference(analysis: hb.Analysis, truth: dict[str, Any]) -> None:
    """The sample-ratio check agrees with the reference's chi-square of thirds."""
    (srm,) = [c for c in analysis.scorecard.checks if c.check == "srm"]
    assert srm.status == "pass"
    assert srm.p_value == pytest.approx(truth["srm_equal_thirds"]["p"], rel=1e-9)


def test_adjusted_spend_against_rows(analysis: hb.Analysis, shared: Path) -> None:
    """The adjusted lift has the slope of spend cut off at its pooled p99.9."""
    file = shared / "data" / "hillstrom" / "hillstrom.csv.gz"
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        rows = [
            (row["segment"], float(row["spend"]), float(row["history"]))
            for row in csv.DictReader(lines)
        ]
    top = sorted(spend for _, spend, _ in rows)[ceil(0.999 * len(rows)) - 1]
    arms = [
        np.array([row[1:] for row in rows if row[0] == name])
        for name in ("No E-Mail", "Womens E-Mail")
    ]
    within = [np.cov(np.minimum(a[:, 0], top), a[:, 1]) * (len(a) - 1) for a in arms]
    theta = sum(c[0, 1] for c in within) / sum(c[1, 1] for c in within)
    centre = np.concatenate(arms)[:, 1].mean()
    control, womens = (a[:, 0].mean() - theta * (a[:, 1].mean() - centre) for a in arms)
    (adjusted,) = [
        s
        for s in analysis.scorecard.section(Sensitivity)
        if (s.metric, s.arm, s.variant) == ("spend", "womens", "cuped")
    ]
    assert adjusted.relative.value == pytest.approx(womens / control - 1, rel=1e-9)


def test_money_follows_the_lift(analysis: hb.Analysis) -> None:
    """Incremental revenue is the treated sum times 1 − 1/R at each end of the lift."""
    (womens,) = [m for m in analysis.money if m.arm == "womens"]
    readout = analysis.scorecard.readout("spend", "womens")
    total = readout.estimates.treatment.value * readout.estimates.treatment.units
    for end in ("value", "lower", "upper"):
        lift = getattr(readout.relative, end)
        assert getattr(womens.incremental_revenue, end) == pytest.approx(
            total * (1 - 1 / (1 + lift)), rel=1e-9
        )
    assert womens.cost.total == pytest.approx(0.10 * 21387)


HILL = {
    # Arm: z of the spreads, weight, ends of the log ratio, one-sided p; from a script
    # that shares no code with the product (100,000 draws; p of 600,000 and 300,000).
    "Mens E-Mail": (1.4205, 0.5044, 0.4850, 1.0737, (0.0, 1e-5)),
    "Womens E-Mail": (0.8724, 0.0, 0.1955, 0.8071, (0.00050, 0.00075)),
}


@pytest.mark.parametrize("arm", sorted(HILL))
def test_raw_spend_against_draws_made_apart(shared: Path, arm: str) -> None:
    """Ends within four Monte-Carlo errors, spreads to their digits, p in its range."""
    spends: dict[str, list[float]] = {}
    path = shared / "data" / "hillstrom" / "hillstrom.csv.gz"
    with gzip.open(path, "rt", newline="") as rows:
        for row in csv.DictReader(rows):
            spends.setdefault(row["segment"], []).append(float(row["spend"]))
    control, treated = (
        Sample(
            columns=("spend",),
            rows=np.array([value for value in spends[name] if value])[:, None],
            n=len(spends[name]),
        )
        for name in ("No E-Mail", arm)
    )
    samples = TwoSamples(control=control, treatment=treated, formula=mean)
    found = permutation(
        estimate_rows(control, mean), estimate_rows(treated, mean), samples, level=0.95
    )
    z, weight, low, high, (least, most) = HILL[arm]
    spread = own_spread(samples)
    assert spread is not None
    assert spread.z == pytest.approx(z, abs=5e-5)
    assert spread.weight == pytest.approx(weight, abs=5e-5)
    assert found.relative is not None
    assert found.draws is not None
    assert found.p_value is not None
    ends = found.relative.interval
    assert ends.lower is not None
    assert ends.upper is not None
    error = 4 * found.draws.error_of_ends * (high - low)
    assert log1p(ends.lower) == pytest.approx(low, abs=error)
    assert log1p(ends.upper) == pytest.approx(high, abs=error)
    known = found.p_value / 2 if found.p_value_below is None else 0.0
    side = np.sqrt(max(most, 1e-4) / found.draws.number)
    assert least - 4 * side <= known <= most + 4 * side


TIERS = """
version: 1
experiment: womens-email
arms:
  none: {{share: 1/3, control: true, logged_as: No E-Mail}}
  womens: {{share: 1/3, logged_as: Womens E-Mail}}
  mens: {{share: 1/3, logged_as: Mens E-Mail}}
assignment: {{source: customers}}
sources:
  customers:
    csv: {path}
    columns: {{unit: row, arm: segment}}
metrics:
  visit: {{kind: conversion, source: customers, value: visit}}
primary: visit
analysis: {{looks: end, segments: [{{name: value, column: history, tiers: 4}}]}}
"""


def test_value_tiers_against_log_delta(shared: Path, tmp_path: Path) -> None:
    """Lifts of the quarters by earlier spend, against numpy on the rows.

    The bounds and ln lifts also stand in a study of these data made apart from the
    product: 64.66, 158.11, 325.657 and .42602, .43698, .28235, .31078.
    """
    path = shared / "data" / "hillstrom" / "hillstrom.csv.gz"
    with gzip.open(path, "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    history = np.array([float(row["history"]) for row in rows])
    visit = np.array([int(row["visit"]) for row in rows])
    arm = np.array([row["segment"] for row in rows])
    tier = np.searchsorted(np.quantile(history, [0.25, 0.5, 0.75]), history, "left")
    expected = [
        float(
            np.log(
                visit[(tier == i) & (arm == "Womens E-Mail")].mean()
                / visit[(tier == i) & (arm == "No E-Mail")].mean()
            )
        )
        for i in range(4)
    ]
    assert expected == pytest.approx([0.42602, 0.43698, 0.28235, 0.31078], abs=6e-6)
    (tmp_path / "t.yaml").write_text(TIERS.format(path=path))
    read = hb.analyze(tmp_path / "t.yaml").scorecard
    found = [
        log1p(r.relative.value)
        for r in read.readouts
        if r.segment is not None and r.arm == "womens"
    ]
    assert found == pytest.approx(expected, abs=1e-12)
    (test,) = [one for one in read.interactions if one.arm == "womens"]
    assert test.p_value == pytest.approx(0.0802, rel=0.05)
