"""`holdback weekly`: where running tests stand, read from what was looked at before."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from worlds.looked_shop import shop

from holdback import analyze, lock
from holdback.cli import main as cli
from holdback.portfolio.weekly import weekly

EVENT = "events: [{date: 2026-10-07, until: 2026-10-08, what: Price campaign}]\n"


def looked_at(folder: Path, *days: str) -> Path:
    """A locked project of 4,000 visitors that was analyzed as of some days."""
    folder.mkdir()
    file = shop(folder)
    file.write_text(file.read_text() + EVENT)
    lock(file, planned_units=4_000)
    for day in days:
        assert cli.run(["analyze", str(file), "--as-of", day, "--quiet"]) == 0
    return file


def written(folder: Path, *options: str) -> str:
    """The page of the week."""
    assert cli.run(["weekly", str(folder), *options]) == 0
    return (folder / "results" / "weekly.html").read_text(encoding="utf-8")


def test_reading_the_page_spends_nothing(tmp_path: Path) -> None:
    """The log stays as it was, and the next look decides as if nobody had read it."""
    read_twice, alone = (looked_at(tmp_path / n, "2026-10-05") for n in ("a", "b"))
    logs = [read_twice.with_name(name) for name in ("audit.jsonl", "audit.head")]
    before = [log.read_bytes() for log in logs]
    for day in ("2026-10-05", "2026-10-06", "2026-10-07"):
        written(read_twice.parent, "--as-of", day)
    assert [log.read_bytes() for log in logs] == before
    after, never = (
        analyze(file, as_of="2026-10-08").scorecard for file in (read_twice, alone)
    )
    assert after.readouts == never.readouts
    assert after.look == never.look
    assert after.looks_taken == never.looks_taken


def test_page_against_the_log(tmp_path: Path) -> None:
    """Days to the last visitor's full time, 400 visitors a day, the look's range."""
    file = looked_at(tmp_path / "a", "2026-10-05")
    (test,) = weekly(file.parent, date(2026, 10, 6)).tests
    assert (test.phase, test.days) == (
        "joining",
        5,
    )  # 10 October and one day, of the 6th
    assert (test.units, test.planned) == (5 * 400, 4_000)
    assert test.next_look is None  # alpha is spent over whatever looks are taken
    page = written(file.parent, "--as-of", "2026-10-06")
    assert "2,000 of 4,000 planned" in page
    assert "Price campaign" in page
    assert "read up to Oct 5, 2026" in page
    assert test.card is not None
    (readout,) = (r for r in test.card.readouts if r.role == "primary")
    assert readout.relative is not None
    assert readout.look is not None  # the range is that of the looks' boundary
    assert f"{100 * readout.relative.value:.1f}" in page.replace("\u2212", "-")


def test_page_tells_what_changed_since_the_last_one(tmp_path: Path) -> None:
    """A look between two pages; the same day's page is made again, to the byte."""
    file = looked_at(tmp_path / "a", "2026-10-04")
    first = written(file.parent, "--as-of", "2026-10-05")
    assert "What changed" not in first
    assert cli.run(["analyze", str(file), "--as-of", "2026-10-06", "-q"]) == 0
    second = written(file.parent, "--as-of", "2026-10-07")
    assert "it was looked at (2 looks in all)" in second
    assert written(file.parent, "--as-of", "2026-10-07") == second
    assert "Nothing changed." in written(file.parent, "--as-of", "2026-10-08")


def test_page_tells_what_is_due(tmp_path: Path) -> None:
    """A test that is over and was not read to its end; one that runs without a lock."""
    file = looked_at(tmp_path / "a", "2026-10-05")
    assert "a look is due" in written(file.parent, "--as-of", "2026-10-12")
    other = tmp_path / "b"
    other.mkdir()
    shop(other)
    page = written(other, "--as-of", "2026-10-05")
    assert "it runs without a locked plan" in page
    assert "not looked at yet" in page


def test_page_shows_no_figure_of_an_invalid_result(tmp_path: Path) -> None:
    """Where a check failed it says so, and nothing of the lift."""
    folder = tmp_path / "a"
    folder.mkdir()
    file = shop(folder)
    rows = (folder / "visitors.csv").read_text().splitlines()
    kept = [row for i, row in enumerate(rows) if i % 6 or not i]
    (folder / "visitors.csv").write_text("\n".join(kept) + "\n")
    assert cli.run(["analyze", str(file), "--as-of", "2026-10-05", "-q"]) in {0, 4}
    page = written(folder, "--as-of", "2026-10-05")
    assert "can’t be used: a check failed" in page
    assert "find the cause before anything else" in page
    assert not re.search(r"<td[^>]*>[^<]*[+\u2212]\d", page)


def test_weekly_rejects_a_folder_without_a_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was looked at, and no day is named."""
    shop(tmp_path)
    assert cli.run(["weekly", str(tmp_path)]) == 2
    assert "--as-of" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
