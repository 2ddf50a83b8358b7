"""Times as people write them: declared, guessed where one form fits, or refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from holdback.analysis.checks.time.dates import DatesCheck
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError
from holdback.experiments.language.date_forms import MONTHS, pattern_of
from holdback.experiments.load import load
from tests.data.test_extract_rejects import refused, write

DAYS = (2, 3, 13, 25)
WRITTEN = {
    "d/m/y": [
        "02/10/2026",
        "3.10.26 9:05",
        "13-10-2026 9:05 PM",
        "25/10/2026 12:30 AM",
    ],
    "m/d/y": ["10/02/2026", "10/3/26 9:05", "10-13-2026 9:05 p.m.", "10/25/2026 0:30"],
    "y/m/d": ["2026/10/2", "2026.10.03 9:05", "2026/10/13 21:05:00", "2026/10/25 0:30"],
    "d mon y": ["2 Oct 2026", "03-Okt-26 9:05", "13 October 2026 21:05", "25 Oct 2026"],
    "mon d y": ["Oct 2, 2026", "October 3rd 2026", "Oct 13 2026", "Oct 25, 2026"],
    "yyyymmdd": ["20261002", "20261003", "20261013", "20261025"],
    "seconds": ["1790899200", "1790985600.5", "1791849600", "1792886400"],
    "milliseconds": [
        "1790899200000",
        "1790985600500",
        "1791849600000",
        "1792886400001",
    ],
    "microseconds": [
        f"{seconds}000000"
        for seconds in (1790899200, 1790985600, 1791849600, 1792886400)
    ],
    "excel": ["46297", "46298.378472222", "46308.878472222", "46320.5"],
}
"""2, 3, 13 and 25 October 2026; the numbers were made with `datetime` and a sheet."""


def written(folder: Path, times: list[str], **changes: str) -> Path:
    """A test over October whose orders have these times, one a unit."""
    file = write(folder, **changes)
    text = file.read_text(encoding="utf-8").replace(
        "end: 2026-10-07", "end: 2026-10-31"
    )
    file.write_text(text, encoding="utf-8")
    lines = [f'o{i},u0,"{time}",10' for i, time in enumerate(times)]
    table = "\n".join(["order,visitor,at,total", *lines]) + "\n"
    (folder / "orders.csv").write_text(table, encoding="utf-8")
    return file


@pytest.mark.parametrize("form", WRITTEN)
def test_declared_forms_against_hand(tmp_path: Path, form: str) -> None:
    """Every time is on the day that it names."""
    for i, (text, day) in enumerate(zip(WRITTEN[form], DAYS, strict=True)):
        file = written(tmp_path, [text], options=f"    dates: {form}")
        planned = load(file)
        found = extract(planned)
        assert found.as_of is not None
        last = datetime(2026, 10, max(day, 5), tzinfo=UTC)
        assert (found.as_of.date() - last.date()).days in {0, 1}, (i, text, found.as_of)
        (finding,) = DatesCheck().examine(planned, found)
        assert finding.fact is not None
        assert finding.fact.code == "dates.declared"


@pytest.mark.parametrize("form", WRITTEN)
def test_the_only_form_is_taken_and_told(tmp_path: Path, form: str) -> None:
    """Nobody declared it, and no other form reads all rows."""
    file = written(tmp_path, WRITTEN[form])
    planned = load(file)
    found = extract(planned)
    assert found.cells.total("revenue", {"a", "b"}).sums[0] == 4000
    findings = list(DatesCheck().examine(planned, found))
    if form != "y/m/d":  # the engine reads some of these without help
        (finding,) = findings
        assert finding.status == "pass"
        assert finding.fact is not None
        assert finding.fact.code == "dates.guessed"
        assert finding.fact.numbers["form"] == form


OTHER_WORDS = {
    "Fri Oct 02 2026 20:31:37 GMT+0200 (Central European Summer Time)": 18,
    "2026-10-02 20:31:37 utc": 20,
    "2026-10-02 20:31:37 (UTC)": 20,
    "2026-10-02 20:31:37 UTC+02:00": 18,
    "2026-10-02 20:31:37,123": 20,
    "20261002T203137Z": 20,
    "20261002203137": 20,
    "202610022031": 20,
    "Oct 2, 2026 at 8:31 PM": 20,
    "2 octobre 2026 20h31": 20,
    "2 ottobre 2026 20:31": 20,
    "2-out-2026 20:31": 20,
    "2. Oktober 2026 20:31 Uhr": 20,
}
"""Times of 2 October 2026, and their hour in UTC."""


@pytest.mark.parametrize("text", OTHER_WORDS)
def test_times_in_other_words(tmp_path: Path, text: str) -> None:
    """Read as the hour that they are: counted within it, and not before it."""
    hour = OTHER_WORDS[text]
    for exposed, counted in ((hour, 1000), (hour + 1, 0)):
        file = written(tmp_path, [text])
        visitors = f"visitor,group,seen,age\nu0,a,2026-10-02T{exposed}:00:00Z,1\n"
        others = "".join(f"u{i},b,2026-10-02T10:00:00Z,1\n" for i in range(1, 4))
        (tmp_path / "visitors.csv").write_text(visitors + others, encoding="utf-8")
        total = extract(load(file)).cells.total("revenue", {"a", "b"})
        assert total.sums[0] == counted


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("juin", 6),
        ("juillet", 7),
        ("août", 8),
        ("févr.", 2),
        ("déc.", 12),
        ("gennaio", 1),
        ("ene", 1),
        ("agosto", 8),
        ("dicembre", 12),
        ("mei", 5),
        ("maart", 3),
        ("mrt", 3),
    ],
)
def test_months_of_other_languages(name: str, month: int) -> None:
    """By their first letters, and the French ones that share three by the fourth."""
    pattern, _ = pattern_of("d mon y")
    match = re.match(pattern, f"4 {name} 2026")
    assert match is not None
    begins = match[2].lower()
    assert [begins in names for names in MONTHS].index(True) == month - 1


def test_day_or_month_first_is_asked(tmp_path: Path) -> None:
    """Where both read every row, the message names both, and each mends it."""
    times = ["02/10/2026", "03/10/2026"]
    error = str(refused(written(tmp_path, times)))
    assert "orders.csv:2:3" in error
    assert "(`dates: d/m/y`)" in error
    assert "(`dates: m/d/y`)" in error
    day_first = written(tmp_path, times, options="    dates: d/m/y")
    assert extract(load(day_first)).cells.total("revenue", {"a", "b"}).sums[0] == 2000
    month_first = written(tmp_path, times, options="    dates: m/d/y")
    assert extract(load(month_first)).cells.total("revenue", {"a", "b"}).sums[0] == 0


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (["2026-10-02", "13/10/2026"], "`dates: d/m/y` at the source reads them"),
        (["2026-10-02", "NULL"], "`where: at != 'NULL'`"),
        (["2026-10-02", ""], "`where: at is not null`"),
        (["2026-10-02", "soon"], "Write times as 2026-10-01"),
        (["13/10/2026", "10/13/2026"], "Write times as 2026-10-01"),
    ],
)
def test_what_no_form_reads_rejects(
    tmp_path: Path, times: list[str], words: str
) -> None:
    """The remedy is a form that reads the rest, or to leave the row out."""
    assert words in str(refused(written(tmp_path, times)))


def test_iso_times_are_left_alone(tmp_path: Path) -> None:
    """Nothing is told of times that need no form, also where one is declared."""
    times = ["2026-10-02", "2026-10-03T10:00:00Z", "2026-10-04 10:00:00"]
    planned = load(written(tmp_path, times))
    assert not list(DatesCheck().examine(planned, extract(planned)))
    declared = load(written(tmp_path, times, options="    dates: d/m/y"))
    assert extract(declared).cells.total("revenue", {"a", "b"}).sums[0] == 3000


def test_places_stay_right(tmp_path: Path) -> None:
    """A bad amount in a file whose times were rewritten is named by its line."""
    file = written(tmp_path, ["13/10/2026", "14/10/2026"])
    text = (tmp_path / "orders.csv").read_text(encoding="utf-8")
    (tmp_path / "orders.csv").write_text(
        text.replace('"14/10/2026",10', '"14/10/2026",ten'), encoding="utf-8"
    )
    assert "orders.csv:3:4: total 'ten'" in str(refused(file))


def test_numbers_of_frames(tmp_path: Path) -> None:
    """Epoch seconds in a column of whole numbers."""
    visitors = pd.DataFrame(
        {
            "visitor": ["u0", "u1", "u2", "u3"],
            "group": ["a", "b"] * 2,
            "seen": [1790846600] * 4,
        }
    )
    orders = pd.DataFrame(
        {"visitor": ["u0", "u1"], "at": [46300.0, 46300.25], "total": [10.0, 20.0]}
    )
    found = extract(
        load(write(tmp_path)), frames={"visitors": visitors, "orders": orders}
    )
    assert {name: d.form for name, d in found.quality.dates.items()} == {
        "visitors": "seconds",
        "orders": "excel",
    }
    assert found.cells.total("revenue", {"a", "b"}).sums[0] == 3000


def test_an_unknown_form_rejects(tmp_path: Path) -> None:
    """The forms that there are stand in the message."""
    with pytest.raises(ConfigError, match="d/m/y"):
        load(written(tmp_path, ["2026-10-02"], options="    dates: day/month"))
