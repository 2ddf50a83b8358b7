"""Uplift by past spend in the Hillstrom e-mail test, against brute force by unit."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import holdback as hb
from holdback.results.sections.uplift import Uplift

YAML = """
version: 1
experiment: womens-email
arms:
  none: {{share: 1/3, control: true, logged_as: No E-Mail}}
  womens: {{share: 1/3, logged_as: Womens E-Mail}}
  mens: {{share: 1/3, logged_as: Mens E-Mail}}
assignment: {{source: customers}}
sources: {{customers: {{csv: {path}, columns: {{unit: row, arm: segment}}}}}}
metrics:
  visit: {{kind: conversion, source: customers, value: visit}}
  conversion: {{kind: conversion, source: customers, value: conversion}}
primary: {primary}
analysis: {{looks: end, uplift: {score}}}
"""


def analyzed(shared: Path, folder: Path, primary: str, score: str) -> Any:
    """The scorecard of one score for one outcome."""
    path = folder / "hillstrom.csv"
    source = shared / "data" / "hillstrom" / "hillstrom.csv.gz"
    path.write_bytes(gzip.decompress(source.read_bytes()))
    file = folder / "e.yaml"
    file.write_text(YAML.format(path=path.name, primary=primary, score=score))
    return hb.analyze(file).scorecard


def test_area_against_units(shared: Path, tmp_path: Path) -> None:
    """Ranked by whether women's goods were bought: trapezoids over the two steps."""
    card = analyzed(shared, tmp_path, "visit", "womens")
    rows = pd.read_csv(tmp_path / "hillstrom.csv")
    for found in card.section(Uplift):
        name = {"womens": "Womens E-Mail", "mens": "Mens E-Mail"}[found.arm]
        both = rows[rows["segment"].isin([name, "No E-Mail"])]
        treated, score = both["segment"] == name, both["womens"]
        gains = [0.0]
        shares = [0.0]
        for top in (score == 1, score >= 0):
            effect = (
                both.loc[top & treated, "visit"].mean()
                - both.loc[top & ~treated, "visit"].mean()
            )
            gains.append(top.mean() * effect)
            shares.append(top.mean())
        above = np.array(gains) - np.array(shares) * gains[-1]
        area = np.sum(np.diff(shares) * (above[1:] + above[:-1]) / 2)
        assert found.area.value == pytest.approx(area, rel=1e-9)
    womens = card.section(Uplift)[0]
    assert womens.area.lower > 0  # past buyers of women's goods answer women's mail
    assert womens.area.value > 3 * card.section(Uplift)[1].area.value


def test_ranked_by_past_spend_in_tenths(shared: Path, tmp_path: Path) -> None:
    """Ten steps of one tenth each; all of them together are the plain difference."""
    card = analyzed(shared, tmp_path, "visit", "history")
    found = card.section(Uplift)[0]
    shares = [point.share for point in found.curve]
    assert shares[-1] == 1
    assert len(shares) <= 10
    whole = card.readout("visit", "womens").absolute.value
    assert found.curve[-1].gain.value == pytest.approx(whole)


def test_buyers_are_too_few(shared: Path, tmp_path: Path) -> None:
    """122 buyers counted in 21,306 without mail: 2,000 take 2000 · 21306 / 122."""
    card = analyzed(shared, tmp_path, "conversion", "history")
    found = card.section(Uplift)[0]
    assert found.area is None
    assert "none has 122 units" in str(found.refused)
    assert found.units_needed == pytest.approx(2000 * 21_306 / 122, abs=1)
