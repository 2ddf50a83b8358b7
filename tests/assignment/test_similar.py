"""Ids that look alike: the same in Python and in the engine, and bounded."""

from __future__ import annotations

import duckdb
import pytest

from holdback.assignment import unit_ids as similar
from holdback.assignment.unit_ids import Similar, plain, plain_sql

SPACED = "\t\u00a0x\u2003"
ACCENTS = ["\u00c9t\u00e9", "E\u0301te\u0301", "\u017b\u00f3\u0142w"]
IDS = ["u1", "U1 ", "7.0", "7.00", ".0", " ", "a b", "7.0.0", SPACED, *ACCENTS]


@pytest.mark.parametrize("unit", IDS)
def test_plain_against_the_engine(unit: str) -> None:
    """DuckDB folds an id as Python does."""
    query = f"SELECT {plain_sql('$1')}"
    ((found,),) = duckdb.execute(query, [unit]).fetchall()
    assert found == plain(unit)


def test_similar_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound there is no count, and memory does not grow."""
    monkeypatch.setattr(similar, "COMPARED", 3)
    seen = Similar()
    for unit in ("a", "A", "b"):
        seen.add(unit)
    assert seen.count == 1
    for n in range(10):
        seen.add(f"c{n}")
    assert seen.count is None
    assert len(seen._ids) == 4
