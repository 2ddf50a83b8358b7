"""`holdback validate`: what it prints where, and its exit codes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from holdback.cli.main import run

GOOD = """\
version: 1
experiment: first
arms: {holdback: {share: 10%}, personalized: {share: 90%}}
window: {start: 2026-10-01, end: 2026-10-28}
primary: conversion
sources:
  visits: {csv: visits.csv, columns: {unit: id, arm: arm, time: at}}
metrics:
  conversion: {kind: conversion, source: visits, value: bought}
"""
BAD = GOOD.replace("10%", "20%").replace("primary: conversion", "primary: convrsion")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a good and a bad file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    return tmp_path


def test_validate_confirms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good file is told in a few lines on the standard output."""
    assert run(["validate", "good.yaml"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "holdback 10% (control), personalized 90%" in out
    assert "2026-10-01 to 2026-10-28 (28 days, UTC)" in out
    assert "source 'visits', salt 'first'" in out
    assert sorted(p.name for p in folder.iterdir()) == ["bad.yaml", "good.yaml"]


@pytest.mark.usefixtures("folder")
def test_validate_rejects_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Problems of all files go to the standard error with their places; exit 2."""
    assert run(["validate", "good.yaml", "bad.yaml", "absent.yaml"]) == 2
    out, err = capsys.readouterr()
    assert "good.yaml: fine" in out
    assert "bad.yaml:3:1: the shares sum to 110%" in err
    assert "bad.yaml:5:10: there is no metric 'convrsion'" in err
    assert "Did you mean 'conversion'?" in err
    assert "absent.yaml: there is no such file." in err


@pytest.mark.usefixtures("folder")
def test_validate_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON goes to the standard output."""
    assert run(["validate", "bad.yaml", "--format", "json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["valid"] is False
    assert [p["where"] for p in told["problems"]] == ["bad.yaml:3:1", "bad.yaml:5:10"]


@pytest.mark.usefixtures("folder")
def test_validate_as_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    """GitHub reads file, line, column and an escaped text of one line."""
    assert run(["validate", "bad.yaml", "--format", "github"]) == 2
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(
        "::error file=bad.yaml,line=3,col=1::the shares sum to 110%25"
    )
    assert second.startswith("::error file=bad.yaml,line=5,col=10::")


@pytest.mark.usefixtures("folder")
def test_validate_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    """Quiet and fine is silent."""
    assert run(["validate", "-q", "good.yaml"]) == 0
    assert capsys.readouterr() == ("", "")


def test_validate_in_budget(folder: Path) -> None:
    """A process uses little time and none of the heavy libraries."""
    code = (
        "import sys; from holdback.cli.main import run; run(['validate', 'good.yaml']);"
        "heavy = {'numpy', 'scipy', 'duckdb', 'pandas', 'sqlglot', 'babel'};"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    root = str(Path(__file__).resolve().parents[2])
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environ |= {"PYTHONPATH": root, "PYTHONPYCACHEPREFIX": str(folder / "cache")}
    for _ in range(2):  # the first run compiles
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < 1.0  # the budget is 0.5 s; a busy machine is slower


def test_schema_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Both schemas are JSON on the standard output."""
    for which in ("experiment", "project"):
        assert run(["schema", which]) == 0
        assert json.loads(capsys.readouterr().out)["type"] == "object"


WEAK = GOOD + "assignment: {scheme: growthbook_v1, phase: 2, traffic: 50%}\n"


def test_validate_warns(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is weak is told on the standard error, and the file is fine."""
    (folder / "weak.yaml").write_text(WEAK, encoding="utf-8")
    assert run(["validate", "weak.yaml"]) == 0
    out, err = capsys.readouterr()
    assert "  assignment  scheme growthbook_v1, traffic 50%, phase 2\n" in out
    assert err.startswith("Warning: weak.yaml:10:22: growthbook_v1 ties experiments")
    assert run(["validate", "-q", "weak.yaml"]) == 0
    assert capsys.readouterr() == ("", "")
    assert run(["validate", "weak.yaml", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["valid"] is True
    assert [w["where"] for w in told["warnings"]] == ["weak.yaml:10:22"] * 2
    assert run(["validate", "weak.yaml", "--format", "github"]) == 0
    first, _ = capsys.readouterr().out.splitlines()
    assert first.startswith("::warning file=weak.yaml,line=10,col=22::growthbook_v1")


def test_validate_confirms_what_is_special(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Holdout, layer, eligibility and overrides are told in a line."""
    (folder / "all.yaml").write_text(
        GOOD
        + "assignment:\n  holdout: away\n  layer: {name: home, range: [0%, 1/3]}\n"
        + "  where: country = 'IE'\n  overrides: {u1: holdback}\n"
        + "holdouts: {away: {share: 5%}}\nlayers: {home: {}}\n",
        encoding="utf-8",
    )
    assert run(["validate", "all.yaml"]) == 0
    want = (
        "  assignment  holdout away (5%), layer home from 0% to 1/3, "
        "where country = 'IE', 1 placed by hand\n"
    )
    assert want in capsys.readouterr().out
