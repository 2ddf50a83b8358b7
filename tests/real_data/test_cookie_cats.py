"""A mobile game's gate at level 30 or 40: retention after one and after seven days.

Expected numbers: counted here by plain Python, tests by statsmodels; the shares are
also those published with the data (44.82 % and 44.23 %, 19.02 % and 18.20 %).
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

import holdback as hb

YAML = """\
version: 1
experiment: gate
arms:
  later: {share: 1/2, control: true, logged_as: gate_30}
  sooner: {share: 1/2, logged_as: gate_40}
sources:
  players: {csv: cookie_cats.csv, columns: {unit: userid, arm: version}}
metrics:
  day_1: {kind: conversion, source: players, value: retention_1}
  day_7: {kind: conversion, source: players, value: retention_7}
  rounds: {kind: mean, source: players, value: sum_gamerounds}
assignment: {source: players}
primary: day_7
secondary: [day_1, rounds]
analysis: {looks: end}
"""
PUBLISHED = {"day_1": (0.4482, 0.4423), "day_7": (0.1902, 0.1820)}


@pytest.fixture(scope="module")
def players(shared: Path) -> list[dict[str, str]]:
    """The rows of the file."""
    file = shared / "data" / "cookie_cats" / "cookie_cats.csv.gz"
    with gzip.open(file, "rt", newline="") as rows:
        return list(csv.DictReader(rows))


@pytest.fixture(scope="module")
def card(
    players: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """The analysis."""
    folder = tmp_path_factory.mktemp("cookie_cats")
    with (folder / "cookie_cats.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(players[0]))
        writer.writeheader()
        writer.writerows(players)
    (folder / "gate.yaml").write_text(YAML)
    return hb.analyze(folder / "gate.yaml").scorecard


@pytest.mark.parametrize("days", [1, 7])
def test_retention_of_all_who_installed(
    card: Any, players: list[dict[str, str]], days: int
) -> None:
    """Shares against rows, ranges against statsmodels; nobody is left out below."""
    kept, all_of = [], []
    for version in ("gate_30", "gate_40"):
        mine = [row for row in players if row["version"] == version]
        kept.append(sum(row[f"retention_{days}"] == "TRUE" for row in mine))
        all_of.append(len(mine))
    assert all_of == [44_700, 45_489]
    readout = card.readout(f"day_{days}")
    found = (readout.estimates.control.value, readout.estimates.treatment.value)
    assert found == pytest.approx(PUBLISHED[f"day_{days}"], abs=5e-5)
    assert found == pytest.approx([k / n for k, n in zip(kept, all_of, strict=True)])
    low, high = confint_proportions_2indep(
        kept[1], all_of[1], kept[0], all_of[0], method="score", compare="diff"
    )
    assert readout.absolute.lower == pytest.approx(low, rel=1e-4)
    assert readout.absolute.upper == pytest.approx(high, rel=1e-4)
    worse = readout.verdict == "worse"
    assert worse == (days == 7)


def test_the_split_and_the_robot_are_pointed_out(
    card: Any, players: list[dict[str, str]]
) -> None:
    """P = .0086 of the shares by scipy; one player's 49,854 rounds are noticed."""
    counts = [
        sum(row["version"] == version for row in players)
        for version in ("gate_30", "gate_40")
    ]
    p_value = stats.chisquare(counts).pvalue
    (srm,) = [check for check in card.checks if check.check == "srm"]
    assert srm.p_value == pytest.approx(p_value, rel=1e-3)
    assert p_value == pytest.approx(0.0086, abs=5e-5)
    assert max(int(row["sum_gamerounds"]) for row in players) == 49_854
    rounds = card.readout("rounds")
    assert rounds.relative.lower < 0 < rounds.relative.upper
