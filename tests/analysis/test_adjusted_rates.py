"""Rates and scores with covariates, from files: adjusted, or plain where too few."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import holdback as hb
from holdback.results.scorecard import Readout
from holdback.stats.methods.proportion import ConversionCounts, ratio_interval

Z = 1.959963984540054
YAML = """\
version: 1
experiment: rates
arms: {holdback: {share: 10%, control: true}, personalized: {share: 90%}}
sources:
  people: {csv: people.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
  surveys: {csv: surveys.csv, columns: {unit: id, time: at}}
metrics:
  conversion: {kind: conversion, source: orders}
  nps: {kind: nps, source: surveys, value: score}
assignment: {source: people}
window: {start: 2026-09-01, end: 2026-09-14}
primary: conversion
secondary: [nps]
analysis: {looks: end, covariates: [loyalty]}
decision: {rule: lift}
"""


def files(folder: Path, rates: tuple[float, float], sizes: tuple[int, int]) -> Path:
    """People whose loyalty tells much of whether they buy and what they answer."""
    rng = np.random.default_rng(8)
    people, orders = ["id,arm,at,loyalty"], ["id,at"]
    surveys = ["id,at,score"]
    for arm, rate, n in zip(("holdback", "personalized"), rates, sizes, strict=True):
        loyal = rng.normal(0, 1, n)
        order = np.argsort(loyal + rng.normal(0, 0.4, n))
        buys = np.zeros(n, bool)
        buys[order[n - round(rate * n) :]] = True
        score = np.clip(np.round(7.5 + 2 * loyal), 0, 10).astype(int)
        for i in range(n):
            unit = f"{arm[0]}{i}"
            people.append(f"{unit},{arm},2026-09-02T08:00:00Z,{loyal[i]:.3f}")
            if buys[i]:
                orders.append(f"{unit},2026-09-03T08:00:00Z")
            surveys.append(f"{unit},2026-09-04T08:00:00Z,{score[i]}")
    for name, lines in (("people", people), ("orders", orders), ("surveys", surveys)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (folder / "rates.yaml").write_text(YAML)
    return folder / "rates.yaml"


def readout(file: Path, metric: str) -> Readout:
    """The readout of a metric once everything has happened."""
    card = hb.analyze(hb.load(file), as_of="2026-09-20").scorecard
    return card.readout(metric)


def test_few_conversions_fall_back_against_the_plain_range(tmp_path: Path) -> None:
    """13 conversions in control: the plain score range decides, and it says why."""
    found = readout(files(tmp_path, (0.0325, 0.12), (400, 3_600)), "conversion")
    low, high = ratio_interval(ConversionCounts(x=432, n=3_600, y=13, m=400), z=Z)
    assert found.relative.lower == pytest.approx(low - 1, abs=1e-9)
    assert found.relative.upper == pytest.approx(high - 1, abs=1e-9)
    assert found.verdict == "better"
    assert found.unadjusted is None
    parts = [part.code for part in found.note.numbers["parts"]]
    assert parts == ["methods.proportion", "proportion.too_few_to_adjust"]
    assert "of control only 13 units converted" in str(found.note)


def test_nearly_all_converted_falls_back_as_well(tmp_path: Path) -> None:
    """8 of 400 did not: the log of a rate near 1 leans, so the plain range decides."""
    found = readout(files(tmp_path, (0.98, 0.98), (400, 3_600)), "conversion")
    assert found.method == "skewness_corrected_score"
    assert "only 8 units did not convert" in str(found.note)


def test_enough_conversions_are_adjusted(tmp_path: Path) -> None:
    """60 of 400 and 648 of 3,600: the covariate narrows the range."""
    found = readout(files(tmp_path, (0.15, 0.18), (400, 3_600)), "conversion")
    plain = found.unadjusted.relative
    assert found.method == "log_delta"
    assert found.variance_reduction > 0.2
    assert found.relative.upper - found.relative.lower < plain.upper - plain.lower


def test_an_adjusted_score_has_no_lift(tmp_path: Path) -> None:
    """The covariate narrows the difference by about √(1 − r²); no ratio is told."""
    found = readout(files(tmp_path, (0.15, 0.18), (400, 3_600)), "nps")
    plain = found.unadjusted.absolute
    assert found.relative is None
    assert found.method == "net_score"
    narrowed = (found.absolute.upper - found.absolute.lower) / (
        plain.upper - plain.lower
    )
    assert narrowed == pytest.approx(np.sqrt(1 - found.variance_reduction), abs=0.03)
    assert found.variance_reduction > 0.3
