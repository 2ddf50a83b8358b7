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
        *(_one(words, effect) for effect in effects),
        anchor="lasting",
    )


def _one(words: Words, effect: Lasting) -> Markup:
    slices = lift_table(
        words,
        say(
            "lasting.caption",
            metric=words.label(effect.metric),
            arm=words.arm(effect.arm),
        ),
        (say("lasting.since_exposure"), *heads("metrics.forest")[:2]),
        [
            (
                (
                    days(words, s.start, s.end),
                    words.value(effect.metric, s.control),
                    words.value(effect.metric, s.treatment),
                ),
                s.relative,
            )
            for s in effect.slices
        ],
    )
    sentences = [_change(words, effect), _half_life(words, effect)]
    return join(
        [slices, *(Markup("<p>{}</p>").format(named(t)) for t in sentences if t)]
    )


def _change(words: Words, effect: Lasting) -> str:
    p = words.p_told(effect.p_slope)
    week = words.points(7 * effect.slope.value)
    low, high = (
        words.points(7 * (end or 0.0))
        for end in (effect.slope.lower, effect.slope.upper)
    )
    if effect.p_slope >= LIKELY:
        return say("lasting.no_change_shown", slope=week, low=low, high=high, p=p)
    fades = effect.slope.value * effect.slices[0].relative.value < 0
    return (
        say("lasting.fades", slope=week, low=low, high=high, p=p)
        if fades
        else say("lasting.grows", slope=week, low=low, high=high, p=p)
    )


def _half_life(words: Words, effect: Lasting) -> str:
    """The half-life where the data bound it from below, and what the plan assumes."""
    if effect.half_life_lower is None:
        return ""
    low = words.count(round(effect.half_life_lower))
    if effect.half_life is None or effect.half_life_upper is None:
        sentence = say("lasting.half_life_at_least", low=low)
    else:
        sentence = say(
            "lasting.half_life",
            value=words.count(round(effect.half_life)),
            low=low,
            high=words.count(round(effect.half_life_upper)),
        )
    if effect.planned is None:
        return sentence
    shorter = (
        effect.half_life_upper is not None and effect.half_life_upper < effect.planned
    )
    days = words.count(effect.planned)
    return f"{sentence} " + (
        say("lasting.plan_assumes_longer", days=days)
        if shorter
        else say("lasting.plan_assumes", days=days)
    )
