"""The scorecard's JSON: whole, readable again, and never a number that is none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from reports.examples import EXAMPLES, clear_win

from holdback.errors import ReportError
from holdback.results.json_codec import from_json, to_json


@pytest.mark.parametrize("name", EXAMPLES)
def test_round_trip(name: str) -> None:
    """A scorecard comes back from its JSON as it was."""
    scorecard = EXAMPLES[name]()
    assert from_json(to_json(scorecard)) == scorecard


def test_what_does_not_apply_is_absent() -> None:
    """No null anywhere; the schema stands first."""
    text = to_json(clear_win())
    assert "null" not in text
    assert next(iter(json.loads(text))) == "schema"
    assert json.loads(text)["schema"] == "holdback/scorecard/1"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_that_is_none(value: float) -> None:
    """NaN and infinity are a bug, and are refused."""
    with pytest.raises(ValueError, match="no number"):
        to_json(replace(clear_win(), minimum_lift=value))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not valid JSON"),
        ("[]", "schema"),
        ('{"schema": "other/1"}', "other/1"),
        ('{"schema": "holdback/scorecard/2"}', "Upgrade holdback"),
        ('{"schema": "holdback/scorecard/1"}', "damaged"),
    ],
)
def test_other_files_are_refused(text: str, told: str) -> None:
    """What is not a scorecard is said to be none."""
    with pytest.raises(ReportError, match=told):
        from_json(text)


def test_damage_is_located() -> None:
    """A wrong value is named by its place."""
    data = json.loads(to_json(clear_win()))
    data["readouts"][0]["relative"]["value"] = "high"
    with pytest.raises(ReportError, match=r"readouts\[0\]\.relative\.value"):
        from_json(json.dumps(data))


@pytest.mark.parametrize("outcome", [-5, [], "maybe"])
def test_words_that_are_none_of_the_few(outcome: object) -> None:
    """An outcome that no decision has is damage, and is said where."""
    data = json.loads(to_json(clear_win()))
    data["decision"]["outcome"] = outcome
    with pytest.raises(ReportError, match=r"decision\.outcome.*'ship' or 'hold_back'"):
        from_json(json.dumps(data))
