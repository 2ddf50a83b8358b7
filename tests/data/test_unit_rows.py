"""Listed rows: the same whatever order the engine gave them in."""

from __future__ import annotations

from typing import Any

from holdback.data.evidence.unit_rows import UnitRows, unit_rows


def listed(found: list[tuple[Any, ...]]) -> UnitRows:
    """Rows of (arm, day, matured, device, cents)."""
    return unit_rows(
        found,
        arms=["holdback", "personalized"],
        dimensions=["device"],
        digits=[2],
        at={("revenue", "revenue.0"): 0},
    )


ROWS = [(0, 5, 1, "phone", 250), (1, 4, 1, "desktop", 1999), (1, None, 0, "phone", 100)]


def test_the_order_of_the_engine_does_not_matter() -> None:
    """Sorted by everything they hold; equal where that is equal."""
    one, other = listed(ROWS), listed(ROWS[::-1])
    assert one == other
    assert one.values[:, 0].tolist() == [2.5, 1.0, 19.99]
    for changed in ((0, 5, 1, "phone", 251), (0, 5, 1, "tablet", 250)):
        assert one != listed([changed, *ROWS[1:]])
    assert one != ROWS
