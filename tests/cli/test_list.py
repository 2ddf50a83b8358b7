"""`holdback list` and `completion`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdback.cli import main as cli

PROJECT = """\
version: 1
currency: EUR
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics: {conversion: {kind: conversion, source: orders, within: 1 day}}
"""
SHOP = """\
version: 1
experiment: NAME
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
window: {start: 2026-10-01, end: 2026-10-02}
primary: conversion
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two experiments, one of them read and locked, and a broken file."""
    folder = tmp_path / "experiments"
    folder.mkdir()
    (tmp_path / "holdback.yaml").write_text(PROJECT)
    for name in ("banner", "checkout"):
        (folder / f"{name}.yaml").write_text(
            SHOP.replace("NAME", name) + "assignment: {source: visitors}\n"
        )
    (folder / "old.yaml").write_text("version: 1\nexperiment: old\n")
    visitors, orders = ["id,arm,at"], ["id,at"]
    for i in range(400):
        arm = ("holdback", "personalized")[i % 2]
        visitors.append(f"u{i},{arm},2026-10-01T08:00:00Z")
        orders += [f"u{i},2026-10-01T09:00:00Z"] * (i % 5 == 0)
    (tmp_path / "visitors.csv").write_text("\n".join(visitors) + "\n")
    (tmp_path / "orders.csv").write_text("\n".join(orders) + "\n")
    file = str(folder / "checkout.yaml")
    assert cli.run(["lock", file]) == 0
    assert cli.run(["analyze", file, "--as-of", "2026-10-09", "--quiet"]) == 0
    return tmp_path


def test_every_experiment_is_listed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How far each has come; a file with a problem says which."""
    capsys.readouterr()
    assert cli.run(["list", str(project)]) == 0
    head, banner, checkout, old = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "experiment",
        "window",
        "primary",
        "plan",
        "looks",
        "decision",
    ]
    assert "open" in banner
    assert banner.endswith("none")
    assert "locked" in checkout
    assert "2026-10-01 – 2026-10-02" in checkout
    assert "keep testing" in checkout
    assert "cannot be read" in old


def test_json_has_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object; keys that do not apply are absent."""
    capsys.readouterr()
    assert cli.run(["list", str(project), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "holdback/overview/1"
    banner, checkout, old = told["experiments"]
    assert banner["experiment"] == "banner"
    assert "decision" not in banner
    assert (checkout["locked"], checkout["looks"]) == (True, 1)
    assert old["file"] == "experiments/old.yaml"
    assert old["problem"]


@pytest.mark.parametrize("folder", ["absent", "."])
def test_nothing_to_list_is_told(
    tmp_path: Path, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No folder, or no experiment in it: exit code 2 and what to do."""
    assert cli.run(["list", str(tmp_path / folder)]) == 2
    assert "Fix:" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A script that asks the program itself."""
    assert cli.run(["completion", shell]) == 0
    assert cli.COMPLETE in capsys.readouterr().out


def test_the_program_completes() -> None:
    """As a shell asks: commands that begin with `s`."""
    environment = os.environ | {
        cli.COMPLETE: "bash_complete",
        "COMP_WORDS": "holdback s",
        "COMP_CWORD": "1",
    }
    found = subprocess.run(
        [sys.executable, "-m", "holdback"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert {"plain,schema", "plain,simulate"} <= set(found.stdout.split())


def test_the_page_has_a_place_of_its_own(project: Path, tmp_path: Path) -> None:
    """Without a name beside the reports, with one where the name says."""
    assert cli.run(["list", str(project), "--html"]) == 0
    page = (project / "results" / "index.html").read_text(encoding="utf-8")
    assert "All experiments of the project" in page
    named = tmp_path / "elsewhere" / "all.html"
    assert cli.run(["list", str(project), "--html", str(named)]) == 0
    assert named.is_file()
