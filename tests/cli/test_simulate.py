"""`holdback simulate` and `analyze --replays`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdback.cli.main import run
from tests.analysis.test_looks import shop


def test_simulate_writes_and_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line a method, and the same numbers as JSON; twice the same bytes."""
    file = str(shop(tmp_path))
    out = tmp_path / "out"
    arguments = ["simulate", file, "--replays", "120", "--lift", "30%", "-o", str(out)]
    assert run(arguments) == 0
    text = capsys.readouterr().out
    assert "this reading" in text
    assert "t test" in text
    first = (out / "simulate.json").read_bytes()
    found = json.loads(first)
    assert found["schema"] == "holdback/simulation/1"
    assert found["replays"] == 120
    assert found["replays_with_lift"] == 40
    assert found["methods"] == {"skewness_corrected_score": 160}
    assert run([*arguments, "--format", "json"]) == 0
    assert capsys.readouterr().out.encode() == first
    assert (out / "simulate.json").read_bytes() == first


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--replays", "50", "too few"),
        ("--lift", "0%", "cannot be put in"),
        ("--lift", "-100%", "cannot be put in"),
        ("--lift", "much", "not a change in per cent"),
    ],
)
def test_simulate_refuses_what_shows_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    value: str,
    told: str,
) -> None:
    """Too few replays or no lift: one clear sentence, exit 2, nothing written."""
    assert run(["simulate", str(shop(tmp_path)), option, value]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_report_tells_what_replays_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence stands in the page; the page comes again from the JSON alone."""
    file = str(shop(tmp_path))
    out = tmp_path / "out"
    assert run(["analyze", file, "-o", str(out), "--replays", "100"]) == 0
    page = (out / "report.html").read_bytes()
    assert b"cried wolf in" in page
    again = tmp_path / "again"
    assert run(["report", str(out / "scorecard.json"), "-o", str(again)]) == 0
    assert (again / "report.html").read_bytes() == page
    capsys.readouterr()
