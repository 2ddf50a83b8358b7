"""`analyze --save-posterior`, from data to files: what is drawn, kept and told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import holdback as hb
from holdback.cli.main import run
from holdback.results.json_codec import from_json, to_json
from holdback.results.sections.mcmc import SampledModel
from holdback.stats.mcmc import diagnostics

pytest.importorskip("pymc", reason="PyMC is not installed: run `make test-bayes`")
pytestmark = pytest.mark.bayes

YAML = """\
version: 1
experiment: three-arms
currency: EUR
arms:
  holdback: {share: 30%, control: true}
  rules: {share: 35%}
  model: {share: 35%}
assignment: {source: exposures}
window: {start: 2026-09-01, end: 2026-09-21}
sources:
  exposures: {csv: e.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: o.csv, columns: {unit: id, time: at, id: order}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
  bought: {kind: conversion, source: orders, within: 7 days}
primary: revenue
secondary: [bought]
analysis: {looks: end, segments: [device]}
"""


def frames(n: int = 6_000) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three weeks of units in three arms, and what they bought."""
    rng = np.random.default_rng(90)
    start = datetime(2026, 9, 1, 8, tzinfo=UTC)
    at = [start + timedelta(days=int(d)) for d in rng.integers(0, 21, n)]
    arm = rng.choice(["holdback", "rules", "model"], n, p=[0.3, 0.35, 0.35])
    units = pd.DataFrame(
        {
            "id": [f"u{i}" for i in range(n)],
            "arm": arm,
            "at": [f"{t:%FT%TZ}" for t in at],
            "device": rng.choice(["phone", "desk", "tablet"], n, p=[0.5, 0.3, 0.2]),
        }
    )
    rate = np.select([arm == "rules", arm == "model"], [0.22, 0.24], 0.2)
    bought = np.flatnonzero(rng.random(n) < rate)
    orders = pd.DataFrame(
        {
            "id": units.id[bought].to_numpy(),
            "at": [f"{at[i] + timedelta(days=2):%FT%TZ}" for i in bought],
            "order": [f"o{i}" for i in bought],
            "total": np.round(rng.lognormal(3, 0.8, len(bought)), 2),
        }
    )
    late = {"id": ["u0"], "at": ["2026-10-05T08:00:00Z"], "order": ["z"], "total": [9]}
    return units, pd.concat([orders, pd.DataFrame(late)], ignore_index=True)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experiment with its data as files."""
    folder = tmp_path_factory.mktemp("three-arms")
    units, orders = frames()
    units.to_csv(folder / "e.csv", index=False)
    orders.to_csv(folder / "o.csv", index=False)
    path = folder / "three-arms.yaml"
    path.write_text(YAML)
    return path


@pytest.fixture(scope="module")
def found(file: Path) -> Any:
    """Analyzed once, with what is drawn."""
    told: list[float] = []
    analysis = hb.analyze(file, save_posterior=True, advance=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    return analysis


def test_every_model_is_drawn(found: Any) -> None:
    """Arms together, segments of two arms, and weeks of both: all believed."""
    models = [(one.model, one.arm) for one in found.scorecard.section(SampledModel)]
    assert ("arms", "*") in models
    for arm in ("rules", "model"):
        assert ("segments", arm) in models
        assert ("weeks", arm) in models
    (check,) = [c for c in found.scorecard.checks if c.check == "sampler"]
    assert check.status == "pass"
    for one in found.scorecard.section(SampledModel):
        assert one.faults == ()
        assert one.effects or one.model == "laws"
        assert all(e.relative.lower < e.relative.upper for e in one.effects)
    laws = [
        one.laws for one in found.scorecard.section(SampledModel) if one.model == "laws"
    ]
    assert [law[0].name for law in laws] == ["lognormal", "lognormal"]
    weeks = next(
        one for one in found.scorecard.section(SampledModel) if one.model == "weeks"
    )
    assert [e.name for e in weeks.effects][:2] == [
        "revenue, 2026-09-01",
        "revenue, 2026-09-08",
    ]


def test_segments_agree_with_the_exact_ones(found: Any) -> None:
    """The scorecard's pooled lifts and the sampled ones, to within their noise."""
    exact = {
        (r.arm, r.segment.level): r.pooled
        for r in found.scorecard.readouts
        if r.segment is not None and r.metric == "revenue"
    }
    drawn = {
        (one.arm, e.name): e.relative
        for one in found.scorecard.section(SampledModel)
        if one.model == "segments"
        for e in one.effects
    }
    assert drawn.keys() == exact.keys()
    for key, lift in drawn.items():
        width = exact[key].upper - exact[key].lower
        assert lift.value == pytest.approx(exact[key].value, abs=0.05 * width)
        assert lift.lower == pytest.approx(exact[key].lower, abs=0.1 * width)


def test_draws_for_arviz(found: Any, tmp_path: Path) -> None:
    """Each readout holds its draws; files hold the same, and open again."""
    import arviz

    readout = found.scorecard.readout("revenue", "model")
    draws = readout.inference_data.posterior["log_ratio"]
    assert np.isfinite(np.asarray(draws)).all()
    segment = next(r for r in found.scorecard.readouts if r.segment is not None)
    assert list(segment.inference_data.posterior["group"].values)
    assert "seen" in segment.inference_data.posterior_predictive
    written = found.write(tmp_path)
    files = sorted(path.name for path in written if path.suffix == ".nc")
    assert files == sorted(
        one.file for one in found.scorecard.section(SampledModel) if one.file
    )
    again = arviz.from_netcdf(str(tmp_path / files[0]))
    assert again.posterior["log_ratio"].shape[:2] == (2, 1000)
    for name in files:
        alone = arviz.from_netcdf(str(tmp_path / name))
        assert alone.attrs["plan_hash"] == found.scorecard.plan_hash
        assert alone.attrs["created_by"] == f"holdback {hb.__version__}"
        assert {"metric", "arm", "control", "model"} <= set(alone.attrs)
        assert alone["constant_data"]
        assert alone["prior"]
    page = (tmp_path / "report.html").read_text()
    assert "Drawn from models" in page
    assert files[0] in page


def test_same_bytes_again(found: Any, file: Path, tmp_path: Path) -> None:
    """Nothing of the clock or the machine: a second run writes the same files."""
    found.write(tmp_path / "a")
    hb.analyze(file, save_posterior=True).write(tmp_path / "b")
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_draws_are_not_stored(found: Any) -> None:
    """The scorecard reads back as it was, but for the draws."""
    text = to_json(found.scorecard)
    assert "inference_data" not in text
    assert from_json(text) == found.scorecard
    assert "pymc" in json.loads(text)["versions"]


def test_a_failed_sampler_prints_no_result(
    found: Any,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No draws, no lift, a warning, exit 4 with --strict; exact results as before."""
    monkeypatch.setattr(diagnostics, "LEAST_ESS", 10**9)
    words = ["analyze", str(file), "--save-posterior", "--strict", "-o", str(tmp_path)]
    assert run(words) == 4
    assert "failed checks: sampler" in capsys.readouterr().err
    card = from_json((tmp_path / "scorecard.json").read_text())
    assert all(
        one.faults and not one.effects and not one.laws
        for one in card.section(SampledModel)
    )
    (check,) = [c for c in card.checks if c.check == "sampler"]
    assert check.status == "warn"
    assert "the exact results stand" in check.message
    assert card.readouts == tuple(
        replace(r, inference_data=None) for r in found.scorecard.readouts
    )
    assert card.decision == found.scorecard.decision
    assert not list(tmp_path.glob("*.nc"))
    assert (
        "No result: too few effective draws" in (tmp_path / "report.html").read_text()
    )
