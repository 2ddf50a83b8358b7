"""Every data set with arms: a draft from its files, and the units and means of both.

Expected numbers are counted by pandas from the same files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from holdback.data.extraction.extract import extract
from holdback.drafting.draft import draft
from holdback.drafting.roles import Told
from holdback.experiments.load import load

SETS = {
    "hillstrom": ("hillstrom/hillstrom.csv.gz", "segment", "No E-Mail", "spend"),
    "cookie_cats": (
        "cookie_cats/cookie_cats.csv.gz",
        "version",
        "gate_30",
        "retention_7",
    ),
    "fastfood": (
        "fastfood_campaign/WA_Marketing-Campaign.csv.gz",
        "Promotion",
        1,
        "SalesInThousands",
    ),
}


@pytest.mark.parametrize("name", SETS)
def test_draft_against_pandas(name: str, shared: Path, tmp_path: Path) -> None:
    """The control, its units and its mean are those of the file, without an edit."""
    file, arm, control, outcome = SETS[name]
    path = str((shared / "data" / file).resolve())
    made = draft({"units": path}, {"units": path}, Told())
    (tmp_path / "test.yaml").write_text(made.text, encoding="utf-8")
    experiment = load(tmp_path / "test.yaml")
    frame: Any = pd.read_csv(path)
    rows = frame[frame[arm] == control]
    if name == "fastfood":
        rows = rows.groupby("LocationID", as_index=False)[outcome].sum()
    metric = experiment.metrics[outcome.lower()]
    moments = extract(experiment).cells.total(metric.name, [experiment.control.name])
    assert moments.n == len(rows)
    mean = moments.sums[0] / 10 ** moments.digits[0] / moments.n
    assert mean == pytest.approx(rows[outcome].mean(), rel=1e-9)


def test_one_of_two_tests_is_drafted(shared: Path, tmp_path: Path) -> None:
    """Of a file that holds two tests the larger is taken, and the other is named."""
    file = "practicum_recsys_assignment/final_ab_participants_upd_us.csv.gz"
    path = str((shared / "data" / file).resolve())
    made = draft({"units": path}, {"units": path}, Told())
    (tmp_path / "test.yaml").write_text(made.text, encoding="utf-8")
    assert load(tmp_path / "test.yaml").control.name == "A"
    assert "recommender_system_test" in made.text


def test_crossing_units_keep_their_id(shared: Path) -> None:
    """The id is the user's although some stand in two arms, or an order's is unique."""
    for file, unit in (
        ("udacity_ab/ab_data.csv.gz", "user_id"),
        ("practicum_orders_ab/orders_us.csv.gz", "visitorId"),
    ):
        path = str((shared / "data" / file).resolve())
        made = draft({"units": path}, {"units": path}, Told())
        assert f"unit: {unit}" in made.text
