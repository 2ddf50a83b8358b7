"""The scorecard's JSON: whole, readable again, and never a number that is none."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from reports.examples import EXAMPLES, clear_win

from holdback.errors import ReportError
from holdback.facts import Fact, fact
from holdback.reports.pages.experiment_page import render
from holdback.results.json_codec import _built, from_json, to_json


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
    assert json.loads(text)["schema"] == "holdback/scorecard/2"


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
        ('{"schema": "holdback/scorecard/3"}', "Upgrade holdback"),
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


FIRST = Path(__file__).with_name("scorecard-1.json")
"""A scorecard as the first schema had it, cut down: sentences and no codes."""


def test_the_first_schema_is_read() -> None:
    """Sentences come back as they were, and are written in today's schema."""
    old = json.loads(FIRST.read_text(encoding="utf-8"))
    card = from_json(FIRST.read_text(encoding="utf-8"))
    assert [(c.check, c.status, c.p_value, c.message) for c in card.checks] == [
        (c["check"], c["status"], c.get("p_value"), c["message"]) for c in old["checks"]
    ]
    assert list(map(str, card.decision.reasons)) == old["decision"]["reasons"]
    (readout,) = card.withheld["readouts"]  # a check failed
    assert str(readout.note) == old["readouts"][0]["note"]
    assert {c.fact.code for c in card.checks} == {""}
    again = to_json(card)
    assert json.loads(again)["schema"] == "holdback/scorecard/2"
    assert from_json(again) == card


def test_the_first_schema_is_shown() -> None:
    """The page of an older file says what its checks found then."""
    card = from_json(FIRST.read_text(encoding="utf-8"))
    page = render(card)
    assert "Chance alone does this less than once in 1,000 tests" in page
    assert "No unit was seen in both arms." in page


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A record with a fact among its own keys, and others beside it."""

    name: str
    fact: Fact = field(metadata={"flat": True})
    note: Fact | None = None
    reasons: tuple[Fact, ...] = ()


def told() -> Told:
    """Numbers of every type that a fact may have, also facts of its own."""
    seen = Fact(
        "split.seen",
        {
            "units": {"on": 3, "off": 5},
            "share": 0.5,
            "days": ("2026-10-01", "2026-10-02"),
            "part": fact("split.part", level="a", p=1.0),
        },
        "Three and five.",
    )
    return Told(name="split", fact=seen, note=fact("note"), reasons=(seen, seen))


def test_a_flat_fact_stands_among_the_keys() -> None:
    """Code, numbers and message, without an object of their own."""
    data = json.loads(to_json(told()))
    assert list(data) == ["name", "code", "numbers", "message", "note", "reasons"]
    assert data["numbers"]["part"] == {
        "code": "split.part",
        "numbers": {"level": "a", "p": 1.0},
    }
    assert data["note"] == {"code": "note", "numbers": {}}


def test_facts_come_back_as_they_were() -> None:
    """Numbers, also facts among them, and the message with them."""
    again = _built(Told, json.loads(to_json(told())), "told")
    assert again == told()
    assert again.fact.message == "Three and five."
    assert isinstance(again.fact.numbers["part"], Fact)


def test_a_sentence_of_an_older_file_is_a_fact_without_a_code() -> None:
    """What was text stays text."""
    old = {"name": "split", "message": "All is well.", "reasons": ["So it is."]}
    again = _built(Told, old, "told")
    assert again.fact == Fact("")
    assert str(again.fact) == "All is well."
    assert list(map(str, again.reasons)) == ["So it is."]


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        ({"code": 3}, r"told\.code.* str"),
        ({"numbers": []}, r"told\.numbers.* an object"),
        ({"message": ["x"]}, r"told\.message.* str"),
        ({"note": 5}, r"told\.note.* an object"),
    ],
)
def test_a_damaged_fact_is_located(damage: dict[str, object], where: str) -> None:
    """A wrong part of a fact is named by its place."""
    data = json.loads(to_json(told())) | damage
    with pytest.raises(ReportError, match=where):
        _built(Told, data, "told")
