"""The Python face: frames in place of files, and results that convert themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from cli.test_bad_input import Case, project

import holdback as hb


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The YAML file of a project that is fine."""
    return project(tmp_path, Case())


def test_frames_replace_files(shop: Path) -> None:
    """pandas, polars and Arrow frames give the numbers that the files give."""
    expected = hb.analyze(shop).to_dict()["readouts"]
    experiment = hb.load(shop)
    orders = pd.read_csv(
        shop.parent / "orders.csv", dtype={"user_id": str, "order_id": str}
    )
    for frame in (orders, pl.from_pandas(orders), pl.from_pandas(orders).to_arrow()):
        (shop.parent / "orders.csv").unlink(missing_ok=True)
        assert hb.analyze(experiment, orders=frame).to_dict()["readouts"] == expected


def test_data_names_frames_and_as_of_may_be_text(shop: Path) -> None:
    """`data` is what keywords are; a day's text is that day."""
    orders = pl.read_csv(shop.parent / "orders.csv", infer_schema=False)
    by_name = hb.analyze(shop, orders=orders, as_of=date(2026, 10, 28))
    by_data = hb.analyze(shop, data={"orders": orders}, as_of="2026-10-28")
    assert by_name.to_dict()["readouts"] == by_data.to_dict()["readouts"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"replys": 3}, "replys: this is neither an option nor a source"),
        ({"data": [1, 2]}, "data: a list does not say which source it replaces"),
        ({"as_of": "soon"}, "as_of: 'soon' is not a date"),
        ({"as_of": 20261028}, "as_of: 20261028 is not a date"),
    ],
)
def test_an_odd_argument_rejects(shop: Path, asked: dict[str, Any], said: str) -> None:
    """One sentence that names the argument, for every entry that reads data."""
    with pytest.raises(hb.ConfigError, match=said):
        hb.analyze(shop, **asked)


def test_an_edited_experiment_is_read_as_its_file_would_be(shop: Path) -> None:
    """`replace` gives what the edited file gives, with a resolved form of its own."""
    whole = hb.load(shop)
    edited = replace(whole, analysis=replace(whole.analysis, level=Fraction(9, 10)))
    text = shop.read_text("utf-8")
    assert text.count("{looks: end}") == 1
    text = text.replace("{looks: end}", "{looks: end, level: 90%}")
    shop.write_text(text, encoding="utf-8")
    by_hand, by_file = hb.analyze(edited).scorecard, hb.analyze(shop).scorecard
    assert by_hand.level == 0.9
    assert by_hand.configuration["analysis"]["level"] == "90%"
    assert by_hand.plan_hash == by_file.plan_hash
    assert by_hand.readouts == by_file.readouts


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"primary": "revenu"}, "there is no metric 'revenu'"),
        ({"currency": "EURO"}, "EURO"),
        ({"timezone": "Mars/Base"}, "Mars/Base"),
    ],
)
def test_an_edited_experiment_rejects_what_its_file_would(
    shop: Path, change: dict[str, Any], said: str
) -> None:
    """The problems of a file, told of the experiment that was edited."""
    with pytest.raises(hb.ConfigError, match=f"the edited experiment .*{said}"):
        hb.analyze(replace(hb.load(shop), **change))


@pytest.mark.parametrize("given", [{"experiment": "x"}, ["a.yaml"], 3, None])
def test_what_is_no_experiment_rejects(given: Any) -> None:
    """A dict, a list, a number: one sentence with the way out."""
    with pytest.raises(hb.ConfigError, match="is no experiment"):
        hb.analyze(given)


def test_results_convert_themselves(shop: Path) -> None:
    """dict, pandas, Arrow, text and HTML say the same."""
    analysis = hb.analyze(shop)
    card = analysis.scorecard
    assert analysis.to_dict()["experiment"] == "spring-recs"
    frame = analysis.to_pandas()
    assert list(frame["metric"]) == [r.metric for r in card.readouts]
    assert analysis.to_arrow().num_rows == len(card.readouts)
    assert "spring-recs" in str(analysis)
    assert "<script" not in analysis._repr_html_()
    assert "Revenue" in analysis._repr_html_()
    assert analysis.decision.outcome in {"ship", "hold_back", "keep_testing"}
    assert analysis.money[-1].arm == "*"


def test_write_gives_three_files(shop: Path, tmp_path: Path) -> None:
    """The scorecard, the page and the table."""
    written = hb.analyze(shop).write(tmp_path / "out")
    assert sorted(p.name for p in written) == [
        "readouts.csv",
        "report.html",
        "scorecard.json",
    ]
    text = (tmp_path / "out" / "scorecard.json").read_text(encoding="utf-8")
    assert json.loads(text)["schema"] == "holdback/scorecard/2"


def test_readout_names_what_there_is(shop: Path) -> None:
    """Asking for another metric names those that exist."""
    with pytest.raises(KeyError, match="conversion, revenue"):
        hb.analyze(shop).scorecard.readout("clicks")


def test_assign_keeps_the_container(shop: Path) -> None:
    """Ids come back as arms, in a list."""
    arms = hb.assign(shop, ["u1", "u2", 3])
    assert set(arms) <= {"holdback", "personalized"}
    assert arms == hb.assign(hb.load(shop), ["u1", "u2", "3"])


def test_plan_measures_before_exposure(shop: Path) -> None:
    """Typed baselines give a plan that prints itself."""
    plan = hb.plan(
        shop,
        baselines={"revenue": (1.8, 12.5), "conversion": (0.03, None)},
        units=20_000,
    )
    assert plan.units == 20_000
    assert "Detects a lift of" in str(plan)
