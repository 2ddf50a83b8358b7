"""How many checks passed: those that were made, never those that were skipped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reports.examples import clear_win

from holdback.facts import fact
from holdback.reports.blocks.evidence.checks import checks_told
from holdback.reports.exports.terminal import summary
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Finding, Scorecard, Status


def with_checks(*statuses: Status) -> Scorecard:
    """The example with checks of these statuses."""
    told = fact("maturity.over")
    return replace(
        clear_win(),
        checks=tuple(
            Finding(check="maturity", status=status, fact=told) for status in statuses
        ),
    )


@pytest.mark.parametrize(
    ("statuses", "line", "sentence"),
    [
        (("pass", "pass", "skip"), "2 of 2 passed", "All 2 data checks"),
        (("pass", "warn", "skip", "skip"), "1 of 2 passed", "1 of 2 data checks"),
        (("skip",), "0 of 0 passed", "No data check was made"),
    ],
)
def test_skipped_checks_are_not_counted(
    statuses: tuple[Status, ...], line: str, sentence: str
) -> None:
    """On the terminal and on the page's first sheet."""
    card = with_checks(*statuses)
    assert line in summary(card)
    assert sentence in checks_told(card, Words.of(card))[2]
