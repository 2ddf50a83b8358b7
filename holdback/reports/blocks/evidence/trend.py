"""How the result settled: the lift to date, with its band."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import Marked, axis_of, trend_picture
from holdback.reports.html import chart, folded, join, named, section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.events import EventSeen
from holdback.results.sections.trend import Trend

__all__ = ["render"]

LEAST_DAYS_DRAWN = 3
LISTED = 6
WIDEST_DRAWN = 2.0
"""Days with a wider range, against that of the end, stand in the numbers only."""


@blocks.register("trend", order=60)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """One picture an arm; nothing where there are too few days."""
    trend = scorecard.section(Trend)
    pictures = [
        _picture(
            words,
            points,
            _break_even(scorecard, points[0].metric, arm.arm),
            _marks(scorecard, words),
        )
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


def _some(points: list[Trend]) -> list[Trend]:
    """Half a dozen days, from the last back; all are in the scorecard."""
    step = max(1, round(len(points) / LISTED))
    return points[::-step][::-1]


def _settled(points: list[Trend]) -> list[Trend]:
    """The days from which on the range is at most twice as wide as at the end."""
    widths = [
        upper - lower
        for p in points
        if (lower := p.relative.lower) is not None
        and (upper := p.relative.upper) is not None
    ]
    if len(widths) < len(points):
        return points
    wide = [i for i, width in enumerate(widths) if width > WIDEST_DRAWN * widths[-1]]
    drawn = points[wide[-1] + 1 :] if wide else points
    return drawn if len(drawn) >= LEAST_DAYS_DRAWN else points


def _break_even(scorecard: Scorecard, metric: str, arm: str) -> float | None:
    """The lift that covers the costs, where money is made of this metric."""
    return next(
        (
            money.break_even_lift
            for money in scorecard.money
            if money.arm == arm
            and money.value_metric == metric
            and not money.measured_profit
        ),
        None,
    )


def _marks(scorecard: Scorecard, words: Words) -> list[Marked]:
    """The days of events, to be shaded."""
    return [
        (
            event.date,
            event.until,
            say(
                "events.mark",
                what=event.what,
                days=words.days(event.date, event.until),
            ),
        )
        for event in scorecard.section(EventSeen)
    ]


def _picture(
    words: Words, points: list[Trend], even: float | None, marks: list[Marked]
) -> Markup:
    drawn = _settled(points)
    axis = axis_of([p.relative for p in drawn])
    first, last = drawn[0], points[-1]
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
        for p in _some(points)
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
                trend_picture(drawn, axis, label, even, marks),
                [words.tick(at) for at in reversed(axis.ticks)],
                (
                    words.day(drawn[0].date),
                    f"{words.day(last.date)}: {words.lift(last.relative.value)}",
                ),
            ),
            folded(say("picture.numbers"), numbers),
        ]
    )
