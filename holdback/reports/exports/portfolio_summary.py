"""A portfolio as a few lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from holdback.errors import printable
from holdback.portfolio.result import Portfolio
from holdback.reports.text import portfolio_sentences as told
from holdback.reports.text.locale_format import Words
from holdback.wording import in_its_language, say

__all__ = ["summary"]


@in_its_language
def summary(found: Portfolio) -> str:
    """The headline, a line an experiment, and what did not count."""
    words = told.words_of(found)
    blocks = [
        [*told.headline(found, words), told.keeping(found, words)],
        list(_rows(found, words)),
        list(told.spread(found, words)),
        [told.reconciliation(one, words) for one in found.long_run],
        [
            say("portfolio_text.summary", name=name, why=why)
            for name, why in told.left_out(found)
        ],
    ]
    return "\n\n".join(
        "\n".join(printable(line) for line in block) for block in blocks if block
    )


def _rows(found: Portfolio, words: Words) -> Iterator[str]:
    rows = [
        (
            "experiment",
            "decision",
            "reported",
            say("portfolio_text.pulled_together"),
            say("portfolio_text.extra_revenue"),
        )
    ]
    rows += [
        (
            one.experiment,
            one.decision.replace("_", " "),
            words.lift(one.lift.value),
            words.lift(one.shrunk.value) if one.shrunk else "–",
            words.money(one.revenue_shrunk.value) if one.revenue_shrunk else "–",
        )
        for one in found.experiments
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for name, decision, *figures in rows:
        cells = [figure.rjust(w) for figure, w in zip(figures, widths[2:], strict=True)]
        yield "  ".join(
            ["", name.ljust(widths[0]), decision.ljust(widths[1]), *cells]
        ).rstrip()
