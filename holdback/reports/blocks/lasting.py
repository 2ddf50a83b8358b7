"""Does it last: the lift by days since exposure, by cohort, and before and after."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from holdback.experiments.lasting_record import BeforeAfter, Cohort, Lasting
from holdback.experiments.quantity import Quantity
from holdback.experiments.scorecard import Scorecard
from holdback.reports.blocks import join, named, section, table
from holdback.reports.figures import axis_of, forest_mark
from holdback.reports.words import Words
from holdback.wording import heads, say

__all__ = ["cohorts", "context", "render"]

LIKELY = 0.05


def render(scorecard: Scorecard, words: Words) -> Markup:
    """The lift in each slice of the primary's time, and whether it fades."""
    if not scorecard.lasting:
        return Markup("")
    return section(
        say("lasting.title"),
        Markup("<p>{}</p>").format(say("lasting.fixed_cohort")),
        *(_one(words, one) for one in scorecard.lasting),
        anchor="lasting",
    )


def cohorts(scorecard: Scorecard, words: Words) -> Markup:
    """The primary by week or month of joining, and what each cohort brought when."""
    found = scorecard.cohorts
    if found is None:
        return Markup("")
    treated = [one.arm for one in found.cohorts[0].arms[1:]]
    told = [
        say(
            "lasting.one_lift",
            arm=words.arm(arm),
            p=words.p_value(p),
        )
        for arm, p in found.p_same.items()
    ]
    if found.hidden:
        told.append(say("lasting.hidden", count=words.count(found.hidden)))
    body = [
        Markup("<p>{}</p>").format(say("lasting.cohorts_intro")),
        *(_cohort_table(words, scorecard, at) for at in range(len(treated))),
        *(Markup("<p>{}</p>").format(named(text)) for text in told),
    ]
    if found.edges:
        body.append(
            Markup("<details><summary>{}</summary>{}</details>").format(
                say("lasting.when_they_brought"),
                join(_curves(words, scorecard, at) for at in range(len(treated) + 1)),
            )
        )
    return section(say("lasting.cohorts"), *body, anchor="cohorts")


def context(scorecard: Scorecard, words: Words) -> Markup:
    """Each arm before and after its exposure: not causal, and said to be."""
    if not scorecard.before_after:
        return Markup("")
    first = scorecard.before_after[0]
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
            [_before_row(words, one) for one in scorecard.before_after],
            numeric=(1, 2, 3),
        ),
        anchor="before-after",
    )


def _one(words: Words, one: Lasting) -> Markup:
    found = _lifts(
        words,
        say("lasting.caption", metric=words.label(one.metric), arm=words.arm(one.arm)),
        (say("lasting.since_exposure"),),
        [
            (
                (
                    _days(words, s.start, s.end),
                    words.value(one.metric, s.control),
                    words.value(one.metric, s.treatment),
                ),
                s.relative,
            )
            for s in one.slices
        ],
    )
    told = [_change(words, one), _half_life(words, one)]
    return join([found, *(Markup("<p>{}</p>").format(named(t)) for t in told if t)])


def _change(words: Words, one: Lasting) -> str:
    p = words.p_value(one.p_slope)
    week = words.points(7 * one.slope.value)
    low, high = (
        words.points(7 * (end or 0.0)) for end in (one.slope.lower, one.slope.upper)
    )
    if one.p_slope >= LIKELY:
        return say("lasting.no_change_shown", slope=week, low=low, high=high, p=p)
    fades = one.slope.value * one.slices[0].relative.value < 0
    return (
        say("lasting.fades", slope=week, low=low, high=high, p=p)
        if fades
        else say("lasting.grows", slope=week, low=low, high=high, p=p)
    )


def _half_life(words: Words, one: Lasting) -> str:
    """The half-life where the data bound it from below, and what the plan assumes."""
    if one.half_life_lower is None:
        return ""
    low = words.count(round(one.half_life_lower))
    if one.half_life is None or one.half_life_upper is None:
        told = say("lasting.half_life_at_least", low=low)
    else:
        told = say(
            "lasting.half_life",
            value=words.count(round(one.half_life)),
            low=low,
            high=words.count(round(one.half_life_upper)),
        )
    if one.planned is None:
        return told
    shorter = one.half_life_upper is not None and one.half_life_upper < one.planned
    days = words.count(one.planned)
    return f"{told} " + (
        say("lasting.plan_assumes_longer", days=days)
        if shorter
        else say("lasting.plan_assumes", days=days)
    )


def _span(words: Words, one: Cohort) -> str:
    return f"{words.day(one.start)} – {words.day(one.end)}"


def _cohort_table(words: Words, scorecard: Scorecard, at: int) -> Markup:
    found = scorecard.cohorts
    if found is None:
        return Markup("")
    rows = []
    for one in found.cohorts:
        first, second = one.arms[0], one.arms[at + 1]
        cells = (
            _span(words, one),
            words.count(first.units + second.units),
            words.value(found.metric, first.value),
            words.value(found.metric, second.value),
        )
        rows.append((cells, second.relative))
    arm = words.arm(found.cohorts[0].arms[at + 1].arm)
    return _lifts(
        words,
        say("lasting.by_cohort", metric=words.label(found.metric), arm=arm),
        (say("lasting.joined"), say("lasting.units")),
        rows,
    )


def _lifts(
    words: Words,
    caption: str,
    first: tuple[str, ...],
    rows: Sequence[tuple[tuple[str, ...], Quantity | None]],
) -> Markup:
    """A table of lifts with their ranges, drawn on one axis."""
    axis = axis_of([lift for _, lift in rows if lift is not None])
    told = []
    for cells, lift in rows:
        if lift is None:
            told.append((*cells, "—", "—", Markup("")))
            continue
        change, likely = words.lift(lift.value), words.range(lift, words.lift)
        label = say("metrics.alt", metric=cells[0], change=change, range=likely)
        told.append((*cells, change, likely, forest_mark(lift, axis, label, "plain")))
    ends = f"{words.lift(axis.low)} … {words.lift(axis.high)}"
    count = len(first) + len(heads("metrics.forest"))
    return table(
        caption,
        (*first, *heads("metrics.forest"), ends),
        told,
        numeric=tuple(range(1, count)),
        css="metrics",
    )


def _days(words: Words, start: int, end: int) -> str:
    return say("lasting.days", start=words.count(start + 1), end=words.count(end))


def _curves(words: Words, scorecard: Scorecard, at: int) -> Markup:
    """Rows are cohorts, columns slices of time since exposure."""
    found = scorecard.cohorts
    if found is None:
        return Markup("")
    arm = found.cohorts[0].arms[at].arm
    heads = [
        _days(words, start, end)
        for start, end in zip(found.edges[:-1], found.edges[1:], strict=True)
    ]
    return table(
        say("lasting.by_slice", metric=words.label(found.metric), arm=words.arm(arm)),
        (say("lasting.joined"), *heads),
        [
            (
                _span(words, one),
                *(words.value(found.metric, v) for v in one.arms[at].by_slice),
            )
            for one in found.cohorts
        ],
        numeric=tuple(range(1, len(heads) + 1)),
        css="wide",
    )


def _before_row(words: Words, one: BeforeAfter) -> tuple[str | Markup, ...]:
    change = words.lift(one.after / one.before - 1) if one.before > 0 else "—"
    return (
        named(words.arm(one.arm)),
        words.value(one.metric, one.before),
        words.value(one.metric, one.after),
        change,
    )
