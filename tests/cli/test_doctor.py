"""`holdback doctor`: what it looks at, and what it says of a broken machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdback.cli import doctor
from holdback.cli import main as cli


def test_a_good_installation_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Here, where the tests run, nothing is missing and the exit code is 0."""
    assert cli.run(["doctor"]) == 0
    out, err = capsys.readouterr()
    assert "data engine" in out
    assert not err


def test_json_names_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """`--format json` prints one object with a sign for each thing looked at."""
    assert cli.run(["doctor", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "holdback/doctor/1"
    assert {"python", "psycopg", "time zones", "memory"} <= {
        sign["name"] for sign in told["signs"]
    }


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """`--quiet` leaves only the exit code."""
    assert cli.run(["doctor", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("oldest", "name", "status"),
    [
        ("1.0", "pytest", "ok"),
        ("9999.0", "pytest", "fail"),
        ("1.0", "no-such-library", "fail"),
    ],
)
def test_libraries_are_compared_by_number(oldest: str, name: str, status: str) -> None:
    """A library that is missing or older than asked for fails."""
    assert doctor._library(name, oldest).status == status


def test_requirements_of_an_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirements are those of the main job, without the extras'."""
    lines = ["numpy>=2.0", "psycopg[binary]>=3.2; extra == 'postgres'", "odd"]
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: lines)
    assert list(doctor._requirements()) == [("numpy", "2.0")]


def test_missing_things_are_told_with_a_fix(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """An old Python, a missing folder, no zones and no engine fail with exit code 5."""

    def no_zone(name: str) -> None:
        raise doctor.ZoneInfoNotFoundError(name)

    def no_engine(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (99, 0))
    monkeypatch.setattr(doctor, "ZoneInfo", no_zone)
    monkeypatch.setattr(doctor, "import_module", no_engine)
    monkeypatch.setattr(doctor, "LEAST_MEMORY", 10**18)
    monkeypatch.setattr(doctor.tempfile, "gettempdir", lambda: str(tmp_path / "no"))
    signs = {sign.name: sign for sign in doctor.examined()}
    failed = {name for name, sign in signs.items() if sign.status == "fail"}
    assert failed == {
        "python",
        "time zones",
        "data engine",
        "memory",
        "temporary folder",
    }
    assert all(signs[name].fix for name in failed)

    monkeypatch.setattr(cli.sys, "argv", ["holdback", "doctor"])
    monkeypatch.setattr(
        "holdback.cli.doctor.examined", lambda: iter([signs["time zones"]])
    )
    assert cli.run(["doctor"]) == 5
    assert "pip install tzdata" in capsys.readouterr().err


def test_memory_that_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not tell its memory, nothing is claimed."""
    monkeypatch.setattr(doctor, "_free_memory", lambda: None)
    assert doctor._memory().status == "absent"
