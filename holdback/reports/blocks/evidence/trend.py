"""How the result settled: the lift to date, with its band."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import axis_of, trend_picture
from holdback.reports.html import chart, join, named, section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.trend import Trend

__all__ = ["render"]

LEAST_DAYS_DRAWN = 3


@blocks.register("trend", order=60)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """One picture an arm; nothing where there are too few days."""
    trend = scorecard.section(Trend)
    pictures = [
        _picture(words, points)
        for arm in scorecard.arms
        if len(points := [t for t in trend if t.arm == arm.arm]) >= LEAST_DAYS_DRAWN
    ]
    if not pictures:
        return Markup("")
    return section(
        say("trend.title"),
        Markup("<p>{}</p>").format(
            say("trend.intro", metric=words.label(trend[0].metric))
        ),
        *pictures,
        anchor="trend",
    )


def _picture(words: Words, points: list[Trend]) -> Markup:
    axis = axis_of([p.relative for p in points])
    first, last = points[0], points[-1]
    label = say(
        "trend.alt",
        first=words.lift(first.relative.value),
        start=words.day(first.date),
        last=words.lift(last.relative.value),
        end=words.day(last.date),
    )
    rows = [
        (
            words.day(p.date),
            words.lift(p.relative.value),
            words.range(p.relative, words.lift),
        )
        for p in points
    ]
    numbers = table(
        say("trend.caption"),
        heads("trend.head"),
        rows,
        numeric=(1, 2),
    )
    return join(
        [
            Markup("<h3>{}</h3>").format(named(words.arm(first.arm))),
            chart(
                trend_picture(points, axis, label),
                (words.lift(axis.high), words.lift(axis.low)),
                (words.day(first.date), words.day(last.date)),
            ),
            Markup("<details><summary>{}</summary>{}</details>").format(
                say("picture.numbers"), numbers
            ),
        ]
    )
