"""Funnels: how many of all assigned units got to each step."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section, table
from holdback.reports.text.catalog import counted, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.funnel import FunnelArm, StepShare

__all__ = ["render"]


@blocks.register("funnels", order=30)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """A table for each funnel and arm; nothing without one."""
    funnels = scorecard.section(FunnelArm)
    if not funnels:
        return Markup("")
    return section(
        say("funnel.title"),
        *(_one(scorecard, words, funnel) for funnel in funnels),
        Markup('<p class="small">{}</p>').format(say("funnel.of_all_units")),
        anchor="funnel",
    )


def _one(scorecard: Scorecard, words: Words, funnel: FunnelArm) -> Markup:
    control = next(arm.arm for arm in scorecard.arms if arm.control)
    steps = table(
        say(
            "funnel.caption",
            metric=words.label(funnel.metric),
            arm=words.arm(funnel.arm),
        ),
        (
            say("funnel.step"),
            words.arm(control),
            words.arm(funnel.arm),
            say("funnel.points_likely"),
            say("funnel.lift_likely"),
        ),
        [_row(words, step) for step in funnel.steps],
        numeric=(1, 2, 3, 4),
        css="wide",
    )
    notes = []
    if funnel.more_than_before is not None:
        notes.append(say("funnel.more_than_before", step=funnel.more_than_before))
    if funnel.out_of_order:
        notes.append(
            counted(
                "funnel.out_of_order",
                funnel.out_of_order,
                units=words.count(funnel.out_of_order),
                step=funnel.steps[-1].step,
            )
        )
    return join([steps, *(Markup("<p>{}</p>").format(named(note)) for note in notes)])


def _row(words: Words, step: StepShare) -> tuple[str | Markup, ...]:
    points, lift = step.absolute, step.relative
    return (
        named(step.step),
        words.share(step.control),
        words.share(step.treatment),
        "—"
        if points is None
        else f"{words.points(points.value)} ({words.range(points, words.points)})",
        "—"
        if lift is None
        else f"{words.lift(lift.value)} ({words.range(lift, words.lift)})",
    )
