"""What the checks of the data found, in words: one function a code."""

from __future__ import annotations

from collections.abc import Mapping

from holdback.reports.text.codes import tells
from holdback.reports.text.locale_format import Words
from holdback.wording import counted, say, texts

__all__ = ["percent", "plural"]


def percent(share: float) -> str:
    """A share as a percentage with three significant digits.

    >>> percent(0.01234), percent(0.25)
    ('1.23 %', '25 %')
    """
    return f"{float(f'{100 * share:.3g}'):g} %"


def plural(count: int, noun: str) -> str:
    """A count with its noun, one of those that the catalog knows.

    >>> plural(1, "unit"), plural(1200, "row")
    ('1 unit', '1,200 rows')
    """
    return counted(f"nouns.{noun}", count, count=f"{count:,}")


@tells("crossovers.none")
def _no_crossovers(_words: Words, *, arms: int) -> str:
    if arms == 2:
        return say("checks.crossovers.no_unit_was_seen")
    return say("checks.crossovers.no_unit_was_seen_in_more")


@tells("crossovers.seen")
def _crossovers(
    words: Words, *, units: int, share: float, by_arm: Mapping[str, int], treated: str
) -> str:
    return say(
        "checks.crossovers.were_seen_in_both",
        crossed=plural(units, "unit"),
        share=percent(share),
        by_arm=", ".join(f"{words.arm(a)} {n:,}" for a, n in by_arm.items()),
        treated=texts("checks.crossovers.treated")[treated],
    )
