"""By when units joined: each cohort's lift, and the curves of what it brought."""

from __future__ import annotations

from itertools import accumulate

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import Axis, curves_picture
from holdback.reports.html import chart, days, join, lift_table, named, section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.cohorts import BeforeAfter, Cohort, Cohorts

__all__ = ["context", "render"]


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
        body.append(
            Markup("<details><summary>{}</summary>{}</details>").format(
                say("lasting.when_they_brought"),
                _brought(words, cohorts),
            )
        )
    return section(say("lasting.cohorts"), *body, anchor="cohorts")


@blocks.register("before_after", order=170)
def context(scorecard: Scorecard, words: Words) -> Markup:
    """Each arm before and after its exposure: not causal, and said to be."""
    arms = scorecard.section(BeforeAfter)
    if not arms:
        return Markup("")
    first = arms[0]
    return section(
        say("lasting.before_after"),
        Markup("<p><strong>{}</strong> {}</p>").format(
            say("lasting.not_causal"), say("lasting.why_not_causal")
        ),
        table(
            say(
                "lasting.per_day",
                metric=words.label(first.metric),
                before=words.count(first.days_before),
                after=words.count(first.days_after),
            ),
            (
                say("lasting.arm"),
                say("lasting.before"),
                say("lasting.after"),
                say("lasting.change"),
            ),
            [_before_row(words, arm) for arm in arms],
            numeric=(1, 2, 3),
        ),
        anchor="before-after",
    )


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
    """Every arm's curves on one axis, each above its numbers."""
    sums = [
        [
            list(accumulate(cohort.arms[at].by_slice, initial=0.0))
            for cohort in cohorts.cohorts
        ]
        for at in range(len(cohorts.cohorts[0].arms))
    ]
    values = [value for arm in sums for line in arm for value in line]
    if min(values) == max(values):
        return join(_numbers(words, cohorts, at) for at in range(len(sums)))
    axis = Axis(low=min(values), high=max(values))
    pictures = (
        join([_curves(words, cohorts, at, lines, axis), _numbers(words, cohorts, at)])
        for at, lines in enumerate(sums)
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
                (
                    words.value(cohorts.metric, axis.high),
                    words.value(cohorts.metric, axis.low),
                ),
                (
                    say("lasting.first_exposure"),
                    say("lasting.days_later", days=words.count(cohorts.edges[-1])),
                ),
            ),
        ]
    )


def _numbers(words: Words, cohorts: Cohorts, at: int) -> Markup:
    """Rows are cohorts, columns slices of time since exposure."""
    arm = cohorts.cohorts[0].arms[at].arm
    heads = [
        days(words, start, end)
        for start, end in zip(cohorts.edges[:-1], cohorts.edges[1:], strict=True)
    ]
    return table(
        say("lasting.by_slice", metric=words.label(cohorts.metric), arm=words.arm(arm)),
        (say("lasting.joined"), *heads),
        [
            (
                _span(words, cohort),
                *(words.value(cohorts.metric, v) for v in cohort.arms[at].by_slice),
            )
            for cohort in cohorts.cohorts
        ],
        numeric=tuple(range(1, len(heads) + 1)),
        css="wide",
    )


def _span(words: Words, cohort: Cohort) -> str:
    return f"{words.day(cohort.start)} – {words.day(cohort.end)}"


def _before_row(words: Words, arm: BeforeAfter) -> tuple[str | Markup, ...]:
    change = words.lift(arm.after / arm.before - 1) if arm.before > 0 else "—"
    return (
        named(words.arm(arm.arm)),
        words.value(arm.metric, arm.before),
        words.value(arm.metric, arm.after),
        change,
    )
