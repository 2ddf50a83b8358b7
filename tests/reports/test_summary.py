"""The answer on a terminal."""

from __future__ import annotations

from dataclasses import replace

from reports.examples import broken_split, clear_win, no_answer

from holdback.facts import Fact
from holdback.reports.blocks.answer.decision import told_first
from holdback.reports.exports.terminal import summary
from holdback.reports.text.locale_format import Words
from holdback.results.money import Chances


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
    assert summary(clear_win()).count("it earns more than it costs") == 1
    assert told not in summary(broken_split())


def test_of_several_arms_each_is_told_by_its_name() -> None:
    """Reasons, what to do now, and chances: never one arm's under another's name.

    The money is of the arm that the decision speaks of, never of several together.
    """
    plain = no_answer()
    first = plain.arms[-1]
    arms = (*plain.arms, replace(first, arm="rules", label="Rules"))
    assert plain.decision is not None
    one = plain.decision.arms[0]
    told = tuple(
        replace(
            one,
            arm=name,
            reasons=(Fact("example", {"of": name}, f"Reason of {name}."),),
        )
        for name in (first.arm, "rules")
    )
    risks = {first.arm: (90.0, 10.0), "rules": (5.0, 60.0)}
    money = [
        replace(
            plain.money[-1],
            arm=arm,
            chances=Chances(expected_loss_if_shipped=a, expected_loss_if_held=b),
        )
        for arm, (a, b) in risks.items()
    ]
    card = replace(
        plain,
        arms=arms,
        decision=replace(plain.decision, arms=told, reasons=told[0].reasons),
        money=(*money, plain.money[-1]),
    )
    printed = summary(card)
    assert "  Rules: Keep testing. Reason of rules." in printed
    assert f"  {first.label}: The chance that it earns more than it costs" in printed
    assert "All arms" not in printed
    page = told_first(card, Words.of(card))
    now = [text for text in page if "must be decided now" in text]
    assert [text.split(":")[0] for text in now] == [first.label, "Rules"]
    assert now[0].endswith("Switching it off risks less.")
    assert now[1].endswith("Keeping it on risks less.")
