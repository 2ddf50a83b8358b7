"""The JSON Schema that editors read, and the currencies."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from babel.numbers import get_currency_precision, list_currencies

from holdback.experiments.config.json_schema import schema
from holdback.experiments.kinds.metric import kinds as metric_kinds
from holdback.experiments.kinds.source import kinds as source_kinds
from holdback.experiments.language.quantities import CODES, minor_digits
from holdback.experiments.starter import TEMPLATES, starter


def words(node: Any) -> set[str]:
    """Every word that stands in a schema."""
    return set(json.dumps(node).replace('"', " ").replace(",", " ").split())


@pytest.mark.parametrize("which", ["experiment", "project"])
def test_schema_refuses_unknown_keys(which: Any) -> None:
    """Each block of known keys is closed and described."""
    found = schema(which)
    assert found["$schema"].startswith("https://json-schema.org/")
    assert found["additionalProperties"] is False
    for name, block in found["$defs"].items():
        if name.startswith("Later") or name.endswith("_source"):
            continue
        assert block["additionalProperties"] is False, name
    for key, value in found["properties"].items():
        assert value.get("description"), key


def test_schema_knows_every_kind() -> None:
    """A kind that is registered can be completed in an editor."""
    known = words(schema("project"))
    assert set(metric_kinds) <= known
    assert set(source_kinds) <= known


def test_schema_requires_what_the_loader_requires() -> None:
    """An experiment needs four keys, a project only its version."""
    assert set(schema("experiment")["required"]) == {
        "version",
        "experiment",
        "arms",
        "primary",
    }
    assert schema("project")["required"] == ["version"]
    assert "arms" not in schema("project")["properties"]


def test_schema_takes_what_the_loader_takes() -> None:
    """Versions are numbers and days are dates, as they are written."""
    found = schema("experiment")
    assert found["properties"]["version"]["const"] == 1
    start = found["$defs"]["WrittenWindow"]["properties"]["start"]
    assert re.fullmatch(start["pattern"], "2026-10-01")
    duration = found["$defs"]["WrittenLookback"]["properties"]["lookback"]["pattern"]
    assert re.fullmatch(duration, "28 days")
    shares = found["$defs"]["WrittenArm"]["properties"]["share"]["anyOf"]
    for text in ("10%", "0.1", "1/3"):
        assert any(re.fullmatch(s.get("pattern", "$^"), text) for s in shares)


def test_schema_is_plain_json() -> None:
    """No null types and no references that lead nowhere."""
    found = schema("experiment")
    text = json.dumps(found, allow_nan=False)
    assert '"null"' not in text
    for reference in {w for w in words(found) if w.startswith("#/$defs/")}:
        assert reference.removeprefix("#/$defs/") in found["$defs"]


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_starter_invariance(template: str) -> None:
    """The same template gives the same bytes."""
    assert starter(template) == starter(template)


def test_minor_digits_against_cldr() -> None:
    """Babel's data of the CLDR agree, but where the CLDR leaves ISO 4217 on purpose.

    The CLDR rounds some currencies to the coins that are in use.
    """
    known = list_currencies()
    assert set(CODES) <= known | {"XCG", "SLE", "VED", "XAD", "ZWG"}
    for code in ("EUR", "USD", "GBP", "JPY", "KRW", "KWD", "TND", "CHF", "CLF", "BHD"):
        assert minor_digits(code) == get_currency_precision(code)
