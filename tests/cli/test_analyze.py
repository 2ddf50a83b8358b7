"""analyze, report and plan from a small project of files to what is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.test_bad_input import Case, project

from holdback.cli.main import run


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is fine; the working directory is its folder."""
    project(tmp_path, Case())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_two_runs_give_the_same_bytes(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """scorecard.json, report.html and readouts.csv are byte-identical."""
    for folder in ("one", "two"):
        assert run(["analyze", "experiment.yaml", "-o", folder, "-q"]) == 0
    for name in ("scorecard.json", "report.html", "readouts.csv"):
        assert (shop / "one" / name).read_bytes() == (shop / "two" / name).read_bytes()
    assert capsys.readouterr().out == ""


def test_results_name_no_path_of_the_machine(shop: Path) -> None:
    """No absolute path stands in what is written."""
    assert run(["analyze", str(shop / "experiment.yaml"), "-o", "out", "-q"]) == 0
    for name in ("scorecard.json", "report.html", "readouts.csv"):
        assert str(shop) not in (shop / "out" / name).read_text(encoding="utf-8")


def test_the_printed_command_gives_the_same_result(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Running the report's own command again changes nothing."""
    assert run(["analyze", "experiment.yaml", "-o", "one", "-q"]) == 0
    card = json.loads((shop / "one" / "scorecard.json").read_text(encoding="utf-8"))
    words = card["command"].split()
    assert words[:2] == ["holdback", "analyze"]
    assert run([*words[1:], "-o", "two", "-q"]) == 0
    for name in ("scorecard.json", "report.html"):
        assert (shop / "one" / name).read_bytes() == (shop / "two" / name).read_bytes()
    capsys.readouterr()


def test_report_renders_the_scorecard_alone(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`report` needs no data and gives the same page."""
    assert run(["analyze", "experiment.yaml", "-o", "one", "-q"]) == 0
    (shop / "orders.csv").unlink()
    assert run(["report", "one/scorecard.json", "-o", "two"]) == 0
    assert "report.html" in capsys.readouterr().out
    for name in ("report.html", "readouts.csv"):
        assert (shop / "one" / name).read_bytes() == (shop / "two" / name).read_bytes()


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b'{"schema": "x"}'])
def test_report_refuses_other_files(
    shop: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not a scorecard is told, and nothing is written."""
    (shop / "other.json").write_bytes(content)
    assert run(["report", "other.json", "-o", "two"]) == 5
    assert run(["report", "missing.json", "-o", "two"]) == 5
    assert not (shop / "two").exists()
    capsys.readouterr()


def test_json_on_standard_output_is_the_scorecard(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--format json` prints what is written."""
    assert run(["analyze", "experiment.yaml", "-o", "one", "--format", "json"]) == 0
    printed = capsys.readouterr().out
    assert printed == (shop / "one" / "scorecard.json").read_text(encoding="utf-8")


def test_as_of_cuts_the_data(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the window's end the result is a preview, and later rows are counted."""
    arguments = ["analyze", "experiment.yaml", "-o", "one", "--as-of", "2025-03-12"]
    assert run(arguments) == 0
    card = json.loads((shop / "one" / "scorecard.json").read_text(encoding="utf-8"))
    assert card["final"] is False
    assert card["decision"]["outcome"] == "keep_testing"
    (missing,) = [c for c in card["checks"] if c["check"] == "missing"]
    assert "after the last moment" in missing["message"]
    capsys.readouterr()


def test_as_of_must_be_a_date(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another word is refused before anything is read."""
    assert run(["analyze", "experiment.yaml", "--as-of", "yesterday"]) == 2
    assert "--as-of: 'yesterday' is not a date" in capsys.readouterr().err
    assert shop.exists()


def test_strict_turns_a_failed_check_into_an_exit_code(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken split exits 0, and 4 with --strict; the report is written both times."""
    text = (shop / "experiment.yaml").read_text(encoding="utf-8")
    broken = text.replace("{share: 50%, control", "{share: 10%, control").replace(
        "personalized: {share: 50%}", "personalized: {share: 90%}"
    )
    (shop / "experiment.yaml").write_text(broken, encoding="utf-8")
    assert run(["analyze", "experiment.yaml", "-o", "one", "-q"]) == 0
    assert run(["analyze", "experiment.yaml", "-o", "two", "-q", "--strict"]) == 4
    assert "failed checks: srm" in capsys.readouterr().err
    assert (shop / "two" / "report.html").is_file()


def test_plan_from_given_baselines(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without history the baselines are typed; page and JSON are written."""
    arguments = ["plan", "experiment.yaml", "-o", "out", "--units", "20000"]
    arguments += ["--baseline", "revenue=1.80,12.5", "--baseline", "conversion=3%"]
    assert run(arguments) == 0
    assert "20,000 units" in capsys.readouterr().out
    made = json.loads((shop / "out" / "plan.json").read_text(encoding="utf-8"))
    conversion = next(m for m in made["metrics"] if m["metric"] == "conversion")
    # Cohen's arcsine at 3 %, 10,000 units an arm, 80 % power: a rate of 3.7146 %.
    assert conversion["detectable_lift"] == pytest.approx(0.238, abs=0.005)
    assert "What this test can show" in (shop / "out" / "plan.html").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("baseline", "told"),
    [
        ("revenue", "is not METRIC=MEAN"),
        ("revenue=1.8", "standard deviation"),
        ("conversion=0", "between 0 % and 100 %"),
        ("nothing=1", "not a metric"),
    ],
)
def test_plan_refuses_impossible_baselines(
    shop: Path, baseline: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each impossible baseline is told in one sentence."""
    assert run(["plan", "experiment.yaml", "--baseline", baseline, "--units", "9"]) == 2
    assert told in capsys.readouterr().err
    assert shop.exists()


def test_plan_says_when_nothing_can_be_found(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a handful of units no rate up to 100 % would be found; that is said."""
    arguments = ["plan", "experiment.yaml", "-o", "out", "--units", "4"]
    arguments += ["--baseline", "revenue=1.80,12.5", "--baseline", "conversion=50%"]
    assert run(arguments) == 0
    assert "none" in capsys.readouterr().out
    made = json.loads((shop / "out" / "plan.json").read_text(encoding="utf-8"))
    conversion = next(m for m in made["metrics"] if m["metric"] == "conversion")
    assert "detectable_lift" not in conversion
