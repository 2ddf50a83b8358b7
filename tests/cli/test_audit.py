"""`holdback audit`: what it prints, and its exit codes."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from holdback.cli.main import run
from holdback.experiments.definition.split import split_of
from holdback.experiments.load import load

YAML = """\
version: 1
experiment: recs-holdback
locale: en-IE
arms:
  holdback: {share: 10%, control: true}
  personalized: {share: 90%}
assignment: {source: assignments}
window: {start: 2026-10-01, end: 2026-10-14}
primary: conversion
sources:
  assignments:
    csv: assignments.csv
    columns: {unit: customer_id, arm: group, time: exposed_at}
  orders: {csv: none.csv, columns: {unit: customer_id, time: ordered_at}}
metrics:
  conversion: {kind: conversion, source: orders, within: 14 days}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A log whose salt changed on 8 October; the orders are not needed."""
    file = tmp_path / "recs.yaml"
    file.write_text(YAML, encoding="utf-8")
    planned = split_of(load(file))
    other = replace(planned, salt="recs")
    with (tmp_path / "assignments.csv").open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["customer_id", "group", "exposed_at"])
        for n in range(2_800):  # ids of zeros alone stand for nobody
            day, unit = 1 + n // 200, f"00{n + 1}"
            arm = (planned if day < 8 else other).assign(unit).arm
            rows.writerow([unit, arm, f"2026-10-{day:02} 09:00:00"])
    return file


def test_text_tells_pairs_days_and_cause(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both arms, the days, the day of the change, and the salt that explains it."""
    assert run(["audit", str(shop)]) == 0
    text = capsys.readouterr().out
    assert "recs-holdback: 2,800 units of source 'assignments'" in text
    assert "1 Oct 2026 to 7 Oct 2026  1,400       0   100%" in text
    assert "Agreement changes on 8 Oct 2026." in text
    assert "1 Oct 2026 to 7 Oct 2026: 100% agree with the plan;" in text
    assert (
        "most likely cause: salt 'recs' in place of 'recs-holdback' "
        "(100% of 1,400 sampled units agree)."
    ) in text


def test_json_holds_the_same(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has every day; twice the same bytes; no id in it."""
    assert run(["audit", str(shop), "--format", "json"]) == 0
    text = capsys.readouterr().out
    found = json.loads(text)
    assert found["schema"] == "holdback/audit/1"
    assert found["compared"]["units"] == 2_800
    assert len(found["days"]) == 14
    assert found["changes"] == ["2026-10-08"]
    assert [p["verdict"] for p in found["periods"]] == ["agrees", "explained"]
    assert found["periods"][1]["cause"]["changes"][0]["kind"] == "salt"
    assert run(["audit", str(shop), "--format", "json"]) == 0
    assert capsys.readouterr().out == text
    assert not any(f'"00{n}"' in text for n in range(2_800))


def test_strict_is_about_disagreement(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--strict exits with 4 where arms differ, with 0 where none does."""
    assert run(["audit", str(shop), "--strict", "--quiet"]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert "logged in another arm" in told.err
    assert run(["audit", str(shop), "--strict", "--as-of", "2026-10-07"]) == 0
    assert "Every unit was logged in the arm" in capsys.readouterr().out


def test_small_differences_are_hidden(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three units in the wrong arm are fewer than 10, and no more is said."""
    log = shop.with_name("assignments.csv")
    rows = log.read_text().splitlines()
    swapped = {"holdback": "personalized", "personalized": "holdback"}
    for at in (1, 2, 3):
        unit, arm, when = rows[at].split(",")
        rows[at] = f"{unit},{swapped[arm]},{when}"
    log.write_text("\n".join(rows[:1401]) + "\n")
    assert run(["audit", str(shop)]) == 0
    text = capsys.readouterr().out
    assert "<10 units were logged in another arm than recomputed; all but <10" in text
    assert " 3 " not in text


def test_log_without_arms_is_rejected(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a column of logged arms: one sentence, exit 2."""
    shop.write_text(YAML.replace("arm: group, ", ""), encoding="utf-8")
    assert run(["audit", str(shop)]) == 2
    assert "no column of logged arms" in capsys.readouterr().err
