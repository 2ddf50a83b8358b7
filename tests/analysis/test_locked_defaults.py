"""A plan locked under older defaults means what it meant then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import holdback as hb
from holdback.analysis.preregistration.audit_log import LogEntry, append
from holdback.analysis.preregistration.history import as_locked
from holdback.analysis.preregistration.plan_hash import meaning_of, plan_hash
from holdback.experiments.definition.experiment import DEFAULTS, Experiment

FILE = """
version: 1
experiment: shop
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
assignment: {source: exposures, salt: shop}
window: {start: 2026-10-01, end: 2026-10-14}
sources:
  exposures: {csv: e.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: o.csv, columns: {unit: id, time: at}}
metrics: {conversion: {kind: conversion, source: orders, within: 7 days}}
primary: conversion
analysis: {looks: end}
"""


def written(folder: Path, text: str = FILE) -> Experiment:
    """The experiment of a file."""
    file = folder / "shop.yaml"
    file.write_text(text, encoding="utf-8")
    return hb.load(file)


def locked_under(folder: Path, planned: Experiment, defaults: int) -> Experiment:
    """The plan as it was locked by a version with other defaults."""
    then = replace(
        planned,
        assignment=replace(planned.assignment, crossovers="exclude"),
        defaults=defaults,
    )
    append(
        folder / "audit.jsonl",
        LogEntry(
            kind="lock",
            experiment="shop",
            key="then",
            says={"plan_hash": plan_hash(then), "plan": meaning_of(then)},
        ),
    )
    return then


def test_first_exposure_is_the_default_where_a_time_tells_it(tmp_path: Path) -> None:
    """Without a time of exposure units in two arms are left out, as ever."""
    assert DEFAULTS == 2
    timed = written(tmp_path)
    assert timed.assignment.crossovers == "first"
    assert meaning_of(timed)["defaults"] == 2
    timeless = FILE.replace(", time: at}}\n  orders", "}}\n  orders")
    timeless = timeless.replace("window: {start: 2026-10-01, end: 2026-10-14}\n", "")
    timeless = timeless.replace(", within: 7 days", "")
    assert written(tmp_path, timeless).assignment.crossovers == "exclude"
    said = FILE.replace("salt: shop}", "salt: shop, crossovers: exclude}")
    assert written(tmp_path, said).assignment.crossovers == "exclude"


def test_an_old_lock_keeps_its_defaults(tmp_path: Path) -> None:
    """What the file leaves open is read as then; what it says stays."""
    planned = written(tmp_path)
    assert as_locked(planned) == planned
    then = locked_under(tmp_path, planned, 1)
    read = as_locked(planned)
    assert read.assignment.crossovers == "exclude"
    assert plan_hash(read) == plan_hash(then) != plan_hash(planned)
    assert read.resolved["assignment"]["crossovers"] == "exclude"
    said = FILE.replace("salt: shop}", "salt: shop, crossovers: first}")
    assert as_locked(written(tmp_path, said)).assignment.crossovers == "first"


def test_an_old_lock_is_told(tmp_path: Path) -> None:
    """The result is confirmatory, and a finding names the older defaults."""
    days = [f"2026-10-{1 + i % 14:02d}T10:00:00+00:00" for i in range(200)]
    arms = ["holdback" if i % 2 else "personalized" for i in range(200)]
    rows = [
        f"u{i},{arm},{day}" for i, (arm, day) in enumerate(zip(arms, days, strict=True))
    ]
    later = [f"u{i},{day[:8]}28T10:00:00+00:00" for i, day in enumerate(days)]
    (tmp_path / "e.csv").write_text("\n".join(["id,arm,at", *rows]))
    (tmp_path / "o.csv").write_text("\n".join(["id,at", *later]))
    planned = written(tmp_path)
    locked_under(tmp_path, planned, 1)
    scorecard = hb.analyze(planned).scorecard
    assert scorecard.status == "confirmatory"
    (told,) = [check for check in scorecard.checks if check.check == "defaults"]
    assert told.status == "warn"
    assert "they are left out of both arms" in told.message
