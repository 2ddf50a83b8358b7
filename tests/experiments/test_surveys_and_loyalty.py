"""Retention, churn, counts, NPS and CSAT: from files to readouts, against rows."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import holdback as hb
from holdback.errors import DataError
from holdback.experiments.load import load

YAML = """\
version: 1
experiment: loyalty
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  people: {csv: people.csv, columns: {unit: id, arm: arm, time: at}}
  visits: {csv: visits.csv, columns: {unit: id, time: at}}
  cancellations: {csv: cancellations.csv, columns: {unit: id, time: at}}
  surveys: {csv: surveys.csv, columns: {unit: id, time: at}}
metrics:
  retention_30d: {kind: retention, source: visits, between: [30 days, 37 days]}
  churn_30d: {kind: churn, source: cancellations, within: 30 days}
  visits: {kind: count, source: visits, within: 37 days}
  nps: {kind: nps, source: surveys, value: score, within: 37 days}
  csat: {kind: csat, source: surveys, value: stars, top: 4, within: 37 days}
assignment: {source: people}
window: {start: 2026-09-01, end: 2026-09-01}
primary: retention_30d
secondary: [visits, nps, csat]
guardrails: {churn_30d: 5 points}
analysis: {looks: end}
"""
N = 1_200


def world(folder: Path, *, answer: float = 0.4, odd: str = "") -> dict[str, Any]:
    """Files of 1,200 people, and the same values as arrays by person."""
    rng = np.random.default_rng(51)
    treated = np.arange(N) % 2 == 1
    back = rng.uniform(size=N) < np.where(treated, 0.5, 0.4)
    left = rng.uniform(size=N) < 0.1
    early = rng.poisson(1.5, N)
    answers = np.where(rng.uniform(size=N) < answer, 1 + (rng.uniform(size=N) < 0.2), 0)
    files = {
        "people": ["id,arm,at"],
        "visits": ["id,at"],
        "cancellations": ["id,at"],
        "surveys": ["id,at,score,stars"],
    }
    scores: list[list[tuple[int, int]]] = []
    for i in range(N):
        arm = ("holdback", "personalized")[int(treated[i])]
        files["people"].append(f"u{i},{arm},2026-09-01T08:00:00Z")
        files["visits"] += [
            f"u{i},2026-09-{2 + k:02d}T09:00:00Z" for k in range(early[i])
        ]
        if back[i]:
            files["visits"].append(f"u{i},2026-10-03T09:00:00Z")
        else:
            files["visits"].append(f"u{i},2026-10-09T09:00:00Z")
        if left[i]:
            files["cancellations"].append(f"u{i},2026-09-20T09:00:00Z")
        own = [
            (int(rng.integers(0, 11)), int(rng.integers(1, 6)))
            for _ in range(answers[i])
        ]
        scores.append(own)
        files["surveys"] += [f"u{i},2026-09-10T09:00:00Z,{a},{b}" for a, b in own]
    files["surveys"].append("u3,2026-09-11T09:00:00Z,,")
    if odd:
        files["surveys"].append(f"u5,2026-09-11T09:00:00Z,{odd},3")
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (folder / "loyalty.yaml").write_text(YAML)
    return {
        "treated": treated,
        "back": back,
        "left": left,
        "visits": early + back,
        "scores": scores,
    }


def analyzed(folder: Path) -> Any:
    """The scorecard when everyone has had 37 days."""
    return hb.analyze(
        hb.load(folder / "loyalty.yaml"), as_of=date(2026, 10, 20)
    ).scorecard


def by_arm(truth: dict[str, Any], values: Any) -> list[float]:
    """Means of control and of the treatment arm."""
    chosen = np.asarray(values, dtype=float)
    return [float(chosen[truth["treated"] == t].mean()) for t in (False, True)]


def test_rates_and_counts_against_rows(tmp_path: Path) -> None:
    """Retention only counts days 30 to 36; churn is lower-is-better; counts add up."""
    truth = world(tmp_path)
    card = analyzed(tmp_path)
    for name, key in (
        ("retention_30d", "back"),
        ("churn_30d", "left"),
        ("visits", "visits"),
    ):
        found = card.readout(name).estimates
        expected = by_arm(truth, truth[key])
        assert [found.control.value, found.treatment.value] == pytest.approx(expected)
    retention = card.readout("retention_30d")
    assert retention.method == "skewness_corrected_score"
    assert card.readout("churn_30d").verdict in {"safe", "at_risk"}
    visits = card.readout("visits")
    assert visits.bayes is not None
    assert visits.bayes.method == "confidence_distribution"
    assert visits.bayes.p_positive == pytest.approx(
        stats.norm.cdf(visits.relative.value / visits.relative.se), abs=0.03
    )
    record = {m.metric: m for m in card.metrics}
    assert record["churn_30d"].better == "lower"
    assert record["churn_30d"].scale == record["csat"].scale == "share"


def test_scores_against_rows(tmp_path: Path) -> None:
    """Units that answered, each once with its mean class; an empty answer is none.

    With some 240 answers an arm both ranges are close to scipy's of Welch.
    """
    truth = world(tmp_path)
    card = analyzed(tmp_path)
    for name, classed in (
        ("nps", lambda a, b: 100 * ((a >= 9) - (a <= 6))),  # noqa: ARG005
        ("csat", lambda a, b: float(b >= 4)),  # noqa: ARG005
    ):
        means = [
            [
                np.mean([classed(a, b) for a, b in own])
                for own, t in zip(truth["scores"], truth["treated"], strict=True)
                if own and t == arm
            ]
            for arm in (False, True)
        ]
        readout = card.readout(name)
        found = [readout.estimates.control.value, readout.estimates.treatment.value]
        assert found == pytest.approx([np.mean(side) for side in means], rel=1e-6)
        if name == "nps":
            test = stats.ttest_ind(means[1], means[0], equal_var=False)
            interval = test.confidence_interval(0.95)
            assert readout.relative is None
            assert readout.method == "net_score"
            got = (readout.absolute.lower, readout.absolute.upper)
            assert got == pytest.approx((interval.low, interval.high), abs=0.2)
            assert readout.p_value == pytest.approx(test.pvalue, abs=0.02)
        else:
            test = stats.ttest_ind(means[1], means[0], equal_var=False)
            interval = test.confidence_interval(0.95)
            assert readout.method == "skewness_corrected_score"
            got = (readout.absolute.lower, readout.absolute.upper)
            assert got == pytest.approx((interval.low, interval.high), abs=0.003)
            assert readout.p_value == pytest.approx(test.pvalue, abs=0.02)


def test_answers_outside_the_scale_are_refused(tmp_path: Path) -> None:
    """An 11 is no answer to a question from 0 to 10; the row is named."""
    world(tmp_path, odd="11")
    with pytest.raises(
        DataError, match=r"score is 11(\.0)?, outside 0 to 10"
    ) as caught:
        analyzed(tmp_path)
    lines = (tmp_path / "surveys.csv").read_text().splitlines()
    assert f"surveys.csv:{len(lines)}" in str(caught.value)


def test_response_rates_are_compared(tmp_path: Path) -> None:
    """Half the answers of one arm lost: the scores compare different people."""
    world(tmp_path)
    card = analyzed(tmp_path)
    found = [c for c in card.checks if c.check == "response_rate"]
    assert [c.status for c in found] == ["pass", "pass"]
    path = tmp_path / "surveys.csv"
    head, *rows = path.read_text().splitlines()
    kept = [r for k, r in enumerate(rows) if int(r[1 : r.index(",")]) % 2 or k % 2]
    path.write_text("\n".join([head, *kept]) + "\n")
    found = [c for c in analyzed(tmp_path).checks if c.check == "response_rate"]
    assert [c.status for c in found] == ["warn", "warn"]
    low, high = bounds_by_sorting(kept)
    span = re.search(r"is ([-+][\d.]+) to ([-+][\d.]+) \(with chance", found[0].message)
    assert span is not None
    assert float(span[1]) == pytest.approx(low, abs=0.1)
    assert float(span[2]) == pytest.approx(high, abs=0.1)


def bounds_by_sorting(rows: list[str]) -> tuple[float, float]:
    """Lee's bounds for NPS, with one number for each unit that answered.

    The 600 units of the even arm lost half their answers; the other arm answers more
    often, and loses its best or its worst.
    """
    classes: dict[int, list[int]] = {}
    for row in rows:
        unit, _, score, _ = row.split(",")
        if score:
            points = 100 * (int(score) >= 9) - 100 * (int(score) <= 6)
            classes.setdefault(int(unit[1:]), []).append(points)
    means = {unit: float(np.mean(own)) for unit, own in classes.items()}
    few, many = (
        np.sort([mean for unit, mean in means.items() if unit % 2 == odd])
        for odd in (0, 1)
    )
    return (
        float(many[: len(few)].mean() - few.mean()),
        float(many[-len(few) :].mean() - few.mean()),
    )


def test_the_mean_answer_and_its_scale(tmp_path: Path) -> None:
    """Without `top`, CSAT is the mean answer on the scale that is given."""
    truth = world(tmp_path)
    mean = "value: stars, answers: [1, 5]"
    text = YAML.replace("value: stars, top: 4", mean)
    (tmp_path / "loyalty.yaml").write_text(text)
    readout = analyzed(tmp_path).readout("csat")
    means = [
        np.mean(
            [
                np.mean([b for _, b in own])
                for own, t in zip(truth["scores"], truth["treated"], strict=True)
                if own and t == arm
            ]
        )
        for arm in (False, True)
    ]
    found = [readout.estimates.control.value, readout.estimates.treatment.value]
    assert found == pytest.approx(means, rel=1e-6)
    (tmp_path / "loyalty.yaml").write_text(text.replace("[1, 5]", "[1, 4]"))
    with pytest.raises(DataError, match="outside 1 to 4"):
        analyzed(tmp_path)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("value: stars", "the lowest answer that counts as satisfied"),
        ("value: stars, answers: [5, 1]", "the lowest and the highest"),
        ("value: stars, answers: [5]", "the lowest and the highest"),
        ("value: stars, answers: [1, 5], top: 6", "outside the scale"),
    ],
)
def test_satisfaction_needs_a_scale(tmp_path: Path, written: str, told: str) -> None:
    """The top boxes or the ends of the scale."""
    world(tmp_path)
    file = tmp_path / "loyalty.yaml"
    file.write_text(YAML.replace("value: stars, top: 4", written))
    with pytest.raises(hb.errors.ConfigError, match=told):
        load(file)


def test_answering_is_a_guardrail_like_any_other(tmp_path: Path) -> None:
    """A conversion of the survey's source: fewer answers by half are a breach."""
    world(tmp_path)
    text = YAML.replace(
        "metrics:\n",
        "metrics:\n  answered: {kind: conversion, source: surveys, within: 37 days}\n",
    ).replace("{churn_30d: 5 points}", "{answered: 10%}")
    (tmp_path / "loyalty.yaml").write_text(text)
    path = tmp_path / "surveys.csv"
    head, *rows = path.read_text().splitlines()
    kept = [r for k, r in enumerate(rows) if not int(r[1 : r.index(",")]) % 2 or k % 2]
    path.write_text("\n".join([head, *kept]) + "\n")
    assert analyzed(tmp_path).readout("answered").verdict == "breached"


@pytest.mark.parametrize(
    ("between", "told"),
    [
        ("between: [37 days, 30 days]", "the later one second"),
        ("within: 30 days, between: [30 days, 37 days]", "not `within`"),
        ("between: [30 days]", "needs two times"),
        ("within: 30 days", "has no 'between'"),
    ],
)
def test_retention_needs_two_times(tmp_path: Path, between: str, told: str) -> None:
    """A window of its own, and nothing else."""
    world(tmp_path)
    file = tmp_path / "loyalty.yaml"
    file.write_text(YAML.replace("between: [30 days, 37 days]", between))
    with pytest.raises(hb.errors.ConfigError, match=told):
        load(file)
