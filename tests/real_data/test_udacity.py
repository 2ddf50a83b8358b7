"""The Udacity landing-page test: rows to filter, crossovers, a copied unit.

Source of the expected numbers: `reference/data_truth.json` (numpy, scipy and
statsmodels), and a brute-force count over the rows written here.
"""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import holdback as hb
from holdback.results.sections.trend import Trend

YAML = """
version: 1
experiment: landing-page
arms:
  control: {{share: 50%, control: true}}
  treatment: {{share: 50%}}
assignment: {{source: visits, crossovers: {crossovers}}}
window: {{start: 2017-01-02, end: 2017-01-24}}
sources:
  visits:
    csv: {path}
    columns: {{unit: user_id, arm: group, time: timestamp}}
{where}
metrics:
  conversion: {{kind: conversion, source: visits, value: converted}}
primary: conversion
analysis: {{looks: end}}
"""

MATCHING = (
    "    where: group = 'control' and landing_page = 'old_page' or "
    "group = 'treatment' and landing_page = 'new_page'"
)


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    """Reference figures of the data set."""
    text = (shared / "reference" / "data_truth.json").read_text(encoding="utf-8")
    figures: dict[str, Any] = json.loads(text)["udacity_ab"]
    return figures


def analyzed(
    shared: Path, folder: Path, *, crossovers: str, where: str = ""
) -> hb.Analysis:
    """The analysis of the file with one treatment of crossovers."""
    path = shared / "data" / "udacity_ab" / "ab_data.csv.gz"
    file = folder / "landing-page.yaml"
    file.write_text(
        YAML.format(path=path.resolve(), crossovers=crossovers, where=where),
        encoding="utf-8",
    )
    return hb.analyze(file)


def check_against(readout: Any, expected: dict[str, Any]) -> None:
    """Units, conversions, difference, standard error and p-value agree."""
    for side in ("control", "treatment"):
        estimate = getattr(readout.estimates, side)
        assert (estimate.units, estimate.nonzero) == (
            expected[side]["n"],
            expected[side]["x"],
        )
    assert readout.absolute.value == pytest.approx(expected["diff"], rel=1e-9)
    assert readout.absolute.se == pytest.approx(expected["se_unpooled"], rel=1e-9)
    assert readout.p_value == pytest.approx(expected["ztest_pooled_p"], abs=1e-6)


def test_filtered_rows_against_reference(
    shared: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    """`where` drops the mismatched rows; the copied unit counts once."""
    analysis = analyzed(shared, tmp_path, crossovers="exclude", where=MATCHING)
    check_against(
        analysis.scorecard.readout("conversion"), truth["cleaned_drop_mismatch_dedup"]
    )
    accounting = analysis.scorecard.accounting
    assert accounting.rows_read == truth["quality"]["rows"]
    assert accounting.units_used == truth["quality"]["users_after_drop_mismatch"]
    filtered = [e for e in accounting.excluded if e.reason == "where"]
    assert (
        sum(e.count for e in filtered) == truth["quality"]["mismatched_group_page_rows"]
    )


def test_crossovers_excluded_against_reference(
    shared: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    """Units seen in both arms leave both; the rest count with all their rows."""
    analysis = analyzed(shared, tmp_path, crossovers="exclude")
    check_against(
        analysis.scorecard.readout("conversion"),
        truth["users_both_groups_removed_then_user_level_max"],
    )
    crossed = [
        e for e in analysis.scorecard.accounting.excluded if e.reason == "crossover"
    ]
    assert sum(e.count for e in crossed) == truth["quality"]["users_in_both_groups"]
    (finding,) = [c for c in analysis.scorecard.checks if c.check == "crossovers"]
    assert finding.status == "warn"
    assert "1,895" in finding.message


def test_crossovers_kept_first_against_rows(shared: Path, tmp_path: Path) -> None:
    """`first` puts each unit in the arm of its earliest row, counted by hand."""
    first: dict[str, tuple[str, str]] = {}
    converted: set[str] = set()
    path = shared / "data" / "udacity_ab" / "ab_data.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            unit = row["user_id"]
            stamp = (row["timestamp"], row["group"])
            first[unit] = min(first.get(unit, stamp), stamp)
            if row["converted"] == "1":
                converted.add(unit)
    counts = {"control": [0, 0], "treatment": [0, 0]}
    for unit, (_, arm) in first.items():
        counts[arm][0] += 1
        counts[arm][1] += unit in converted

    readout = analyzed(shared, tmp_path, crossovers="first").scorecard.readout(
        "conversion"
    )
    for side in ("control", "treatment"):
        estimate = getattr(readout.estimates, side)
        assert [estimate.units, estimate.nonzero] == counts[side]


def test_crossovers_stop_refuses(shared: Path, tmp_path: Path) -> None:
    """`stop` refuses to analyze and says how many units crossed over."""
    with pytest.raises(hb.HoldbackError, match="1,895"):
        analyzed(shared, tmp_path, crossovers="stop")


def test_day_trend_against_reference(
    shared: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    """The lift to date of each day agrees with the reference's daily counts."""
    analysis = analyzed(shared, tmp_path, crossovers="exclude", where=MATCHING)
    expected = {
        row[0]: (row[4] / row[3]) / (row[2] / row[1]) - 1
        for row in truth["cumulative_by_day_[day,nc,xc,nt,xt,pooled_p]"]
    }
    found = {t.date: t.relative.value for t in analysis.scorecard.section(Trend)}
    assert found.keys() == expected.keys()
    for day, lift in expected.items():
        assert found[day] == pytest.approx(lift, rel=1e-9)


def test_reading_is_final(shared: Path, tmp_path: Path) -> None:
    """Data that reach the window's last day are complete."""
    analysis = analyzed(shared, tmp_path, crossovers="exclude", where=MATCHING)
    assert analysis.scorecard.final
    assert analysis.decision.outcome == "keep_testing"
