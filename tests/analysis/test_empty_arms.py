"""Arms that end with nobody: the message names what removed their units."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds.evidence import evidence, experiment, unmatured

from holdback.analysis.empty_arms import refuse_empty_arms
from holdback.errors import StatsError
from holdback.results.scorecard import Accounting, Excluded

UNITS = [(20.0, 1.0), (0.0, 0.0)] * 10


def told(**left_out: int) -> str:
    """The error where nobody is left of control; counts by reason."""
    seen = evidence({"personalized": UNITS})
    excluded = tuple(
        Excluded(
            reason=reason,
            count=count,
            arm=None if reason == "where" else "holdback",
            what="units" if reason == "crossover" else "rows",
        )
        for reason, count in left_out.items()
    )
    accounting = Accounting(rows_read=100, units_used=20, excluded=excluded)
    with pytest.raises(StatsError) as caught:
        refuse_empty_arms(experiment(), replace(seen, accounting=accounting))
    return str(caught.value)


def test_what_removed_most_comes_first_with_its_remedy() -> None:
    """Counts by reason, of the arm and of no arm's, and the way out of the largest."""
    text = told(crossover=36, outside_window=1, where=12)
    assert (
        "arm 'holdback' has 0 units with a complete Revenue: 36 units were seen" in text
    )
    assert "12 rows were left out by `where`, 1 row lies outside `window`" in text
    assert "`crossovers: first`" in text
    assert "Set `window`" in told(outside_window=40, crossover=2)


def test_nothing_removed_points_to_the_name() -> None:
    """An arm that never was: its name in the data may be another."""
    assert "logged_as" in told()


def test_units_without_their_full_time_are_counted() -> None:
    """Too early is told as what it is."""
    seen = unmatured(evidence({"personalized": UNITS}), "holdback", 40)
    with pytest.raises(StatsError, match="40 units have not had their full time yet"):
        refuse_empty_arms(experiment(), seen)


def test_arms_with_units_are_let_pass() -> None:
    """Two units are enough to have a spread."""
    refuse_empty_arms(
        experiment(), evidence({"holdback": UNITS[:2], "personalized": UNITS})
    )
