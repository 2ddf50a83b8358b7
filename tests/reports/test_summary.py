"""The answer on a terminal."""

from __future__ import annotations

from reports.examples import broken_split, clear_win, decided, no_answer

from holdback.reports.summary import summary


def test_chances_stand_below_the_lifts() -> None:
    """As in the report, each from what it is the chance of: P(lift > 0) is 90.5 %."""
    lines = summary(no_answer()).splitlines()
    (told,) = [n for n, line in enumerate(lines) if "really rose because of it" in line]
    assert "is about 91 in 100" in lines[told]
    assert lines[told - 1] == ""
    assert lines[told + 1].startswith("  The chance that it earns more than it costs")
    assert lines[told + 2] == ""
    assert lines[told + 3].startswith("  Extra revenue")


def test_chances_are_not_told_twice_nor_of_spoiled_data() -> None:
    """A reason that says it already says it once; a failed check leaves none."""
    told = "The chance that Revenue per visitor really rose because of it"
    assert summary(clear_win()).count(told) == 1
    (chance,) = [line for line in summary(clear_win()).splitlines() if told in line]
    again = summary(decided(clear_win(), "ship", chance.strip()))
    assert again.count(told) == 1
    assert told not in summary(broken_split())
