"""The table of a portfolio: one finished test a row."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from holdback.portfolio.result import Entry, Portfolio
from holdback.reports.blocks import named, section, table
from holdback.reports.figures.charts import Axis, axis_of, forest_mark
from holdback.reports.text.headline import outcome
from holdback.reports.text.locale_format import Words
from holdback.wording import say

__all__ = ["tests"]

LONGEST = 20


def tests(
    found: Portfolio, words: Words, folders: Sequence[Path], beside: Path | None
) -> Markup:
    """One row a finished test, its report linked where it is found."""
    axis = axis_of([one.shrunk or one.lift for one in found.experiments])
    return section(
        say("portfolio_tests.test_by_test"),
        table(
            say("portfolio_tests.finished_tests_by_the"),
            (
                say("common.experiment"),
                say("portfolio_tests.decision"),
                say("portfolio_tests.reported"),
                say("common.pulled_together"),
                say("common.extra_revenue"),
                say("common.likely_range"),
                say("common.chance_of_a_rise"),
            ),
            [_row(words, one, axis, folders, beside) for one in found.experiments],
            numeric=(2, 3, 4),
            css="metrics",
        ),
        Markup('<p class="small">{}</p>').format(
            say("portfolio_tests.the_picture_shows_the")
        ),
        anchor="tests",
    )


def _row(
    words: Words,
    one: Entry,
    axis: Axis,
    folders: Sequence[Path],
    beside: Path | None,
) -> tuple[str | Markup, ...]:
    shown = one.shrunk or one.lift
    decided = outcome(one.decision) if one.decision else None
    tone = decided.tone if decided else "plain"
    likely = words.range(shown, words.lift)
    mark = forest_mark(shown, axis, f"{words.lift(shown.value)}, {likely}", "plain")
    return (
        _linked(one.experiment, folders, beside),
        Markup('<span class="{}">{}</span>').format(
            tone, _unbroken(decided.title if decided else say("headline.no_decision"))
        ),
        words.lift(one.lift.value),
        words.lift(one.shrunk.value) if one.shrunk else "—",
        words.money(one.revenue_shrunk.value) if one.revenue_shrunk else "—",
        Markup('{}<span class="range">{}</span>').format(mark, likely),
        "—" if one.p_positive is None else words.chance(one.p_positive),
    )


def _linked(name: str, folders: Sequence[Path], beside: Path | None) -> Markup:
    if beside is not None:
        for folder in folders:
            for place in (folder, folder / "results"):
                report = place / name / "report.html"
                if report.is_file():
                    way = Path(os.path.relpath(report, beside)).as_posix()
                    return Markup('<a href="{}">{}</a>').format(quote(way), named(name))
    return named(name)


def _unbroken(title: str) -> str:
    """A short title on one line."""
    return title.replace(" ", "\N{NO-BREAK SPACE}") if len(title) < LONGEST else title
