"""What a holdback without an end has shown and earned, month by month."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import axis_of, trend_picture
from holdback.reports.html import chart, join, named, section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard
from holdback.results.sections.month_ends import OverTime
from holdback.results.sections.trend import Trend

__all__ = ["render"]

LEAST_POINTS = 2


@blocks.register("over_time", order=50)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Money to date (else the lift) of each arm; nothing for tests that end."""
    ends = scorecard.section(OverTime)
    parts = [
        _arm(words, points)
        for arm in dict.fromkeys(point.arm for point in ends)
        if len(points := [p for p in ends if p.arm == arm]) >= LEAST_POINTS
    ]
    if not parts:
        return Markup("")
    return section(
        say("over_time.what_it_has_brought"),
        Markup("<p>{}</p>").format(say("over_time.by_the_end_of")),
        *parts,
        anchor="over-time",
    )


def _arm(words: Words, points: list[OverTime]) -> Markup:
    paid = all(point.revenue is not None for point in points)
    write = words.money if paid else words.lift
    shown = [_shown(point, paid=paid) for point in points]
    axis = axis_of([point.relative for point in shown])
    first, last = shown[0], shown[-1]
    what = (
        say("over_time.extra_revenue_to_date")
        if paid
        else say("over_time.lift_to_date")
    )
    label = say(
        "over_time.by_by",
        what=what,
        relative=write(first.relative.value),
        date=words.day(first.date),
        relative_2=write(last.relative.value),
        date_2=words.day(last.date),
    )
    return join(
        [
            Markup("<h3>{}: {}</h3>").format(named(words.arm(first.arm)), what),
            chart(
                trend_picture(shown, axis, label),
                [write(at) for at in reversed(axis.ticks)],
                (words.day(first.date), words.day(last.date)),
            ),
            _numbers(words, points),
        ]
    )


def _shown(point: OverTime, *, paid: bool) -> Trend:
    drawn = point.revenue if paid and point.revenue is not None else point.relative
    return Trend(metric=point.metric, arm=point.arm, date=point.date, relative=drawn)


def _numbers(words: Words, points: list[OverTime]) -> Markup:
    rows = [
        (
            words.day(point.date),
            words.count(point.units),
            (
                f"{words.lift(point.relative.value)} "
                f"({words.range(point.relative, words.lift)})"
            ),
            _money(words, point.revenue),
        )
        for point in points
    ]
    return table(
        say("over_time.by_the_end_of_each_month", metric=words.label(points[0].metric)),
        heads("over_time.head"),
        rows,
        numeric=(1, 2, 3),
    )


def _money(words: Words, revenue: Quantity | None) -> str:
    if revenue is None:
        return "—"
    return f"{words.money(revenue.value)} ({words.range(revenue, words.money)})"
