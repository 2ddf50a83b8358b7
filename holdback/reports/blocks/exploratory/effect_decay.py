"""Does it last: the lift by days since exposure."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import days, join, lift_table, named, section
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.effect_decay import Lasting

__all__ = ["render"]

LIKELY = 0.05


@blocks.register("lasting", order=70)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """The lift in each slice of the primary's time, and whether it fades."""
    effects = scorecard.section(Lasting)
    if not effects:
        return Markup("")
    return section(
        say("lasting.title"),
        Markup("<p>{}</p>").format(say("lasting.fixed_cohort")),
        *(_one(words, one) for one in effects),
        anchor="lasting",
    )


def _one(words: Words, one: Lasting) -> Markup:
    slices = lift_table(
        words,
        say("lasting.caption", metric=words.label(one.metric), arm=words.arm(one.arm)),
        (say("lasting.since_exposure"), *heads("metrics.forest")[:2]),
        [
            (
                (
                    days(words, s.start, s.end),
                    words.value(one.metric, s.control),
                    words.value(one.metric, s.treatment),
                ),
                s.relative,
            )
            for s in one.slices
        ],
    )
    sentences = [_change(words, one), _half_life(words, one)]
    return join(
        [slices, *(Markup("<p>{}</p>").format(named(t)) for t in sentences if t)]
    )


def _change(words: Words, one: Lasting) -> str:
    p = words.p_told(one.p_slope)
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
        sentence = say("lasting.half_life_at_least", low=low)
    else:
        sentence = say(
            "lasting.half_life",
            value=words.count(round(one.half_life)),
            low=low,
            high=words.count(round(one.half_life_upper)),
        )
    if one.planned is None:
        return sentence
    shorter = one.half_life_upper is not None and one.half_life_upper < one.planned
    days = words.count(one.planned)
    return f"{sentence} " + (
        say("lasting.plan_assumes_longer", days=days)
        if shorter
        else say("lasting.plan_assumes", days=days)
    )
