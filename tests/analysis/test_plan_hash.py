"""The plan hash: what changes the meaning changes it, what only dresses does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from holdback.analysis.preregistration.plan_hash import meaning_of, plan_hash
from holdback.experiments.definition.experiment import Attribution
from holdback.experiments.load import load

YAML = """\
version: 1
experiment: trial
hypothesis: More people buy.
owner: ann@example.com
tags: [email]
currency: EUR
timezone: Europe/Dublin
locale: en-IE
database: duckdb
arms: {old: {share: 20%, control: true}, new: {share: 80%, label: The new page}}
assignment: {source: visits, salt: trial-1, traffic: 50%, holdout: always}
window: {start: 2026-10-01, end: 2026-10-28}
primary: revenue
secondary: [conversion]
guardrails: {returns: 1 point}
sources:
  visits: {csv: visits.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
  map: {csv: map.csv}
identities: {source: map, columns: {from: anonymous, to: user}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 14 days}
  conversion: {kind: conversion, source: orders, within: 14 days}
  returns: {kind: conversion, source: orders, where: back > 0, better: lower}
analysis: {level: 95%, looks: end, multiplicity: holm, prior: weak}
economics:
  value: revenue
  margin: 40%
  costs: [{name: tool, amount: 300, per: month}]
decision: {rule: profit}
"""
PROJECT = "version: 1\nholdouts: {always: {share: 5%}}\n"

MEANS = {
    "experiment": ("experiment: trial", "experiment: other"),
    "currency": ("currency: EUR", "currency: USD"),
    "timezone": ("Europe/Dublin", "Europe/Paris"),
    "database": ("database: duckdb", "database: sqlite:///shop.db"),
    "arms": ("{share: 20%, control: true}, new: {share: 80%",
             "{share: 30%, control: true}, new: {share: 70%"),
    "assignment": ("traffic: 50%", "traffic: 60%"),
    "window": ("end: 2026-10-28", "end: 2026-10-27"),
    "primary": ("primary: revenue\nsecondary: [conversion]",
                "primary: conversion\nsecondary: [revenue]"),
    "secondary": ("secondary: [conversion]\n", ""),
    "guardrails": ("returns: 1 point", "returns: 2 points"),
    "sources": ("{csv: orders.csv", "{csv: bought.csv"),
    "metrics": ("value: total", "value: total - back"),
    "analysis": ("level: 95%", "level: 90%"),
    "economics": ("margin: 40%", "margin: 41%"),
    "decision": ("{rule: profit}", "{rule: lift}"),
    "holdouts": ("share: 5%", "share: 6%"),
    "identities": ("to: user", "to: account"),
    "control of the arms": ("{share: 20%, control: true}, new: {share: 80%, label",
                            "{share: 20%}, new: {share: 80%, control: true, label"),
    "order of the arms": (
        "old: {share: 20%, control: true}, new: {share: 80%, label: The new page}",
        "new: {share: 80%, label: The new page}, old: {share: 20%, control: true}"),
}  # fmt: skip
DRESSES = {
    "hypothesis": ("More people buy", "Fewer people buy"),
    "owner": ("ann@", "bob@"),
    "tags": ("[email]", "[email, spring]"),
    "locale": ("locale: en-IE", "locale: de-DE"),
    "label": ("The new page", "The newest page"),
    "title": ("hypothesis: More", "title: A page\nhypothesis: More"),
    "unit_name": ("locale: en-IE", "locale: en-IE\nunit_name: person/people"),
}


def hashed(folder: Path, old: str = "", new: str = "") -> str:
    """The plan hash of the experiment with one text of its files replaced."""
    assert not old or (YAML + PROJECT).count(old) == 1
    yaml, project = (
        text.replace(old, new) if old else text for text in (YAML, PROJECT)
    )
    (folder / "holdback.yaml").write_text(project, encoding="utf-8")
    (folder / "trial.yaml").write_text(yaml, encoding="utf-8")
    return plan_hash(load(folder / "trial.yaml"))


@pytest.mark.parametrize("key", MEANS)
def test_what_a_plan_means_changes_its_hash(tmp_path: Path, key: str) -> None:
    """One value of each key of the file in turn."""
    assert hashed(tmp_path, *MEANS[key]) != hashed(tmp_path)


@pytest.mark.parametrize("key", DRESSES)
def test_what_dresses_a_report_does_not(tmp_path: Path, key: str) -> None:
    """Title, owner, hypothesis, tags, locale, labels and what a unit is called."""
    assert hashed(tmp_path, *DRESSES[key]) == hashed(tmp_path)


CREDITED = Attribution(source="orders", channel="channel", conversion="conversion")


@pytest.mark.parametrize(
    "change",
    [{"primary": "returns"}, {"layers": {"front": "salt"}}, {"attribution": CREDITED}],
)
def test_what_no_single_line_changes_alone(
    tmp_path: Path, change: dict[str, object]
) -> None:
    """In a file something else changes with it; here nothing does."""
    hashed(tmp_path)
    experiment = load(tmp_path / "trial.yaml")
    assert plan_hash(replace(experiment, **change)) != plan_hash(experiment)


def test_every_key_of_the_resolved_file_is_tried(tmp_path: Path) -> None:
    """A key that is new in the file must be added to one of the two tables."""
    hashed(tmp_path)
    experiment = load(tmp_path / "trial.yaml")
    assert set(experiment.resolved) - {"version"} <= set(MEANS) | set(DRESSES)
    meant = set(experiment.resolved) - set(DRESSES) | {"defaults", "arm_order"}
    assert set(meaning_of(experiment)) == meant - {"label"}
