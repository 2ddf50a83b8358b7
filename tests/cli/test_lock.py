"""`holdback lock`: what it records and prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdback.cli.main import run
from tests.analysis.test_looks import look, shop


def test_lock_tells_the_hash_to_keep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plan hash, entry hash and log; a second lock of the same plan adds nothing."""
    file = shop(tmp_path)
    assert run(["lock", str(file), "--units", "4000"]) == 0
    out = capsys.readouterr().out
    (entry,) = (tmp_path / "audit.jsonl").read_text().splitlines()
    said = json.loads(entry)
    assert said["hash"] in out
    assert said["says"]["plan_hash"] in out
    assert said["says"]["planned_units"] == 4000
    assert run(["lock", str(file), "--units", "4000", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["entry_hash"] == said["hash"]
    assert told["in_time"] is True
    assert len((tmp_path / "audit.jsonl").read_text().splitlines()) == 1


def test_lock_too_late_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a look the lock is kept, with a word on what it cannot prove."""
    file = shop(tmp_path)
    look(file, 4)
    assert run(["lock", str(file), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["lock", str(file)]) == 0
    assert "stay exploratory" in capsys.readouterr().err


def test_lock_refuses_a_broken_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed log is told with its line, exit 2, and left as it is."""
    file = shop(tmp_path)
    (tmp_path / "audit.jsonl").write_text("{}\n")
    assert run(["lock", str(file)]) == 2
    assert "audit.jsonl:1" in capsys.readouterr().err
    assert (tmp_path / "audit.jsonl").read_text() == "{}\n"
