"""By when units joined: each cohort's lift, and the curves of what it brought."""

from __future__ import annotations

from itertools import accumulate

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import Axis, curves_picture, round_axis
from holdback.reports.html import (
    chart,
    folded,
    join,
    lift_table,
    named,
    section,
)
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.cohorts import Cohort, Cohorts

__all__ = ["render"]


@blocks.register("cohorts", order=80)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """The primary by week or month of joining, and what each cohort brought when."""
    cohorts = scorecard.single(Cohorts)
    if cohorts is None:
        return Markup("")
    treated = [one.arm for one in cohorts.cohorts[0].arms[1:]]
    sentences = [
        say(
            "lasting.one_lift",
            arm=words.arm(arm),
            p=words.p_told(p),
        )
        for arm, p in cohorts.p_same.items()
    ]
    if cohorts.hidden:
        sentences.append(say("lasting.hidden", count=words.count(cohorts.hidden)))
    body = [
        Markup("<p>{}</p>").format(say("lasting.cohorts_intro")),
        *(_cohort_table(words, cohorts, at) for at in range(len(treated))),
        *(Markup("<p>{}</p>").format(named(text)) for text in sentences),
    ]
    if cohorts.edges:
        body.append(folded(say("lasting.when_they_brought"), _brought(words, cohorts)))
    return section(say("lasting.cohorts"), *body, anchor="cohorts")


def _cohort_table(words: Words, cohorts: Cohorts, at: int) -> Markup:
    """Each cohort's lift in one treatment arm."""
    rows = []
    for cohort in cohorts.cohorts:
        first, second = cohort.arms[0], cohort.arms[at + 1]
        cells = (
            _span(words, cohort),
            words.count(first.units + second.units),
            words.value(cohorts.metric, first.value),
            words.value(cohorts.metric, second.value),
        )
        rows.append((cells, second.relative))
    arm = words.arm(cohorts.cohorts[0].arms[at + 1].arm)
    return lift_table(
        words,
        say("lasting.by_cohort", metric=words.label(cohorts.metric), arm=arm),
        (say("lasting.joined"), say("lasting.units"), *heads("metrics.forest")[:2]),
        rows,
    )


def _brought(words: Words, cohorts: Cohorts) -> Markup:
    """Every arm's curves on one axis."""
    sums = [
        [
            list(accumulate(cohort.arms[at].by_slice, initial=0.0))
            for cohort in cohorts.cohorts
        ]
        for at in range(len(cohorts.cohorts[0].arms))
    ]
    values = [value for arm in sums for line in arm for value in line]
    if min(values) == max(values):
        return Markup("")
    axis = round_axis(values)
    pictures = (
        _curves(words, cohorts, at, lines, axis) for at, lines in enumerate(sums)
    )
    return join([Markup("<p>{}</p>").format(say("lasting.which_line")), *pictures])


def _curves(
    words: Words, cohorts: Cohorts, at: int, lines: list[list[float]], axis: Axis
) -> Markup:
    """What each cohort of an arm has brought by then, in one picture."""
    arm = words.arm(cohorts.cohorts[0].arms[at].arm)
    first, last = lines[0][-1], lines[-1][-1]
    label = say(
        "lasting.curves_alt",
        metric=words.label(cohorts.metric),
        arm=arm,
        days=words.count(cohorts.edges[-1]),
        first=words.value(cohorts.metric, first),
        last=words.value(cohorts.metric, last),
    )
    return join(
        [
            Markup("<h3>{}</h3>").format(named(arm)),
            chart(
                curves_picture(lines, cohorts.edges, axis, label),
                [words.value(cohorts.metric, at) for at in reversed(axis.ticks)],
                (
                    say("lasting.first_exposure"),
                    say("lasting.days_later", days=words.count(cohorts.edges[-1])),
                ),
            ),
        ]
    )


def _span(words: Words, cohort: Cohort) -> str:
    return words.days(cohort.start, cohort.end)
