"""Data that bear no posterior: a sentence each, and never a number that is none."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isfinite
from typing import Any

import pytest
from worlds.evidence import Rows, analyzed, evidence, experiment

from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import changed
from holdback.reports.text.telling import in_words
from holdback.results.json_codec import to_json

BUYS, NOTHING = (20.0, 1.0), (0.0, 0.0)


def rows(buyers: int, n: int = 1_000) -> Rows:
    """So many buyers of the same amount, and others who buy nothing."""
    return [BUYS] * buyers + [NOTHING] * (n - buyers)


def numbers(value: Any) -> list[float]:
    """All numbers of a JSON value."""
    if isinstance(value, dict):
        return [n for item in value.values() for n in numbers(item)]
    if isinstance(value, list):
        return [n for item in value for n in numbers(item)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize(
    ("control", "treated", "told"),
    [
        (0, 0, "no unit converted in either arm"),
        (0, 50, "no conversion in control"),
        (1, 50, "With 1 conversion in control the lift's posterior is too wide"),
    ],
)
def test_conversions_too_few_for_a_chance(
    control: int, treated: int, told: str
) -> None:
    """Why there is no chance stands in the note; rates and money alike have none."""
    plan = replace(experiment(), primary="conversion", secondary=("revenue",))
    found = analyzed(
        plan,
        evidence({"holdback": rows(control), "personalized": rows(treated, 9_000)}),
    )
    found = in_words(found)
    readout = found.readout("conversion")
    assert readout.bayes is None
    assert told in str(readout.note)
    money = found.readout("revenue")
    assert money.bayes is None
    assert "below 20 the spread of amounts cannot be judged" in str(money.note)
    assert all(map(isfinite, numbers(json.loads(to_json(found)))))


def test_identical_values() -> None:
    """Everybody spends the same: no change is said to be none, up or down."""
    found = analyzed(
        experiment(),
        evidence({"holdback": rows(200), "personalized": rows(1_800, 9_000)}),
    )
    readout = found.readout("revenue")
    assert readout.bayes is not None
    assert readout.bayes.method == "normal_log_ratio"
    told = changed(Words.of(found), readout)
    assert "Revenue was the same with “On” as with “Off”" in told
