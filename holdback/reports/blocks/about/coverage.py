"""From when to when the rows of each source reach, in a small table."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import named, section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.coverage import Covered

__all__ = ["coverage"]

MINUTES = len("2026-10-01T12:00")


@blocks.register("coverage", sheet="provenance", order=20, shows_results=False)
def coverage(scorecard: Scorecard, words: Words) -> Markup:
    """A row a source; nothing where none has a time."""
    covered = scorecard.section(Covered)
    if not covered:
        return Markup("")
    rows = [
        (
            named(one.source),
            _shown(one.from_),
            _shown(one.until),
            words.count(one.stray),
        )
        for one in covered
    ]
    shown = table(say("coverage.caption"), heads("coverage.head"), rows, numeric=(3,))
    return section(say("coverage.title"), shown, anchor="coverage")


def _shown(moment: str) -> str:
    """A moment of the project's timezone, to the minute."""
    return moment[:MINUTES].replace("T", " ")
