"""Lifetime value: what was measured, what is projected, and how far to trust it."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section, table
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import tell
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard
from holdback.results.sections.lifetime_value import Lifetime, LifetimeArm

__all__ = ["render"]

MOSTLY_AHEAD = 0.5
"""Share of the value that is projected, from which that is said."""


@blocks.register("lifetime", order=130)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Each arm's value beside control's; nothing where no such metric is read."""
    values = scorecard.section(Lifetime)
    if not values:
        return Markup("")
    return section(
        say("lifetime.title"),
        *(_one(words, lifetime) for lifetime in values),
        anchor="lifetime",
    )


def _one(words: Words, lifetime: Lifetime) -> Markup:
    parts = [Markup("<h3>{}</h3>").format(named(_heading(words, lifetime)))]
    if lifetime.refused:
        parts.append(_paragraph(words.localized(tell(words, lifetime.refused))))
    else:
        parts += [_paragraph(text) for text in _conclusion(words, lifetime)]
    parts.append(_values(words, lifetime))
    parts.append(_paragraph(_unit(words, lifetime)))
    if not lifetime.refused:
        parts += [
            _paragraph(words.localized(tell(words, warning)))
            for warning in lifetime.warnings
        ]
        parts += [_held_out(words, lifetime), _paragraph(_fitted(words, lifetime))]
    parts.append(_paragraph(say("lifetime.simple")))
    return join(parts)


def _heading(words: Words, lifetime: Lifetime) -> str:
    return say("lifetime.heading", label=lifetime.label, arm=words.arm(lifetime.arm))


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(named(text))


def _conclusion(words: Words, lifetime: Lifetime) -> list[str]:
    """The strongest caution first, then what the model says."""
    days, watched = (
        words.count(lifetime.horizon_days),
        words.count(lifetime.watched_days),
    )
    share = words.round_share(round(lifetime.ahead_share or 0.0, 2))
    sentences = []
    if lifetime.too_early:
        sentences.append(
            say("lifetime.too_early", share=share, watched=watched, days=days)
        )
    sentences.append(say("lifetime.not_measured", watched=watched, days=days))
    if lifetime.p_positive is not None:
        arm, chance = words.arm(lifetime.arm), words.chance(lifetime.p_positive)
        sentences.append(
            say("lifetime.higher_without_lift", arm=arm, chance=chance)
            if lifetime.lift is None
            else say(
                "lifetime.higher",
                arm=arm,
                chance=chance,
                lift=words.lift(lifetime.lift.value),
                range=words.range(lifetime.lift, words.lift),
            )
        )
    if not lifetime.too_early and (lifetime.ahead_share or 0.0) > MOSTLY_AHEAD:
        sentences.append(say("lifetime.mostly_model", share=share))
    if lifetime.model == "subscriptions":
        sentences.append(say("lifetime.subscribers"))
    return sentences


def _unit(words: Words, lifetime: Lifetime) -> str:
    if lifetime.margin is None:
        return say("lifetime.of_money")
    return say("lifetime.of_profit", margin=words.round_share(lifetime.margin))


def _values(words: Words, lifetime: Lifetime) -> Markup:
    control, treatment = lifetime.control, lifetime.treatment
    parts = [
        (say("lifetime.came"), control.came, treatment.came, lifetime.came),
        (say("lifetime.ahead"), control.ahead, treatment.ahead, lifetime.ahead),
        (say("lifetime.total"), control.total, treatment.total, lifetime.total),
        (
            say("lifetime.carried_on"),
            control.carried_on,
            treatment.carried_on,
            lifetime.carried_on,
        ),
    ]
    rows = [
        (
            name,
            _value(words, lifetime, first),
            _value(words, lifetime, second),
            _change(words, lifetime, more),
        )
        for name, first, second, more in parts
        if more is not None
    ]
    return table(
        say("lifetime.per_unit", days=words.count(lifetime.horizon_days)),
        (
            say("lifetime.part"),
            words.arm(control.arm),
            words.arm(treatment.arm),
            say("lifetime.difference_likely"),
        ),
        rows,
        numeric=(1, 2, 3),
    )


def _value(words: Words, lifetime: Lifetime, quantity: Quantity | None) -> str:
    return "—" if quantity is None else words.value(lifetime.metric, quantity.value)


def _change(words: Words, lifetime: Lifetime, difference: Quantity) -> str:
    def write(value: float) -> str:
        return words.difference(lifetime.metric, value)

    return f"{write(difference.value)} ({words.range(difference, write)})"


def _held_out(words: Words, lifetime: Lifetime) -> Markup:
    arms = [
        arm
        for arm in (lifetime.control, lifetime.treatment)
        if arm.held_out is not None
    ]
    if not arms:
        return Markup("")
    renewals = lifetime.model == "subscriptions"
    return table(
        say("lifetime.held_out_renewals") if renewals else say("lifetime.held_out"),
        (
            say("lifetime.arm"),
            say("lifetime.foreseen"),
            say("lifetime.orders_came"),
            say("lifetime.miss"),
        ),
        [_missed(words, arm) for arm in arms],
        numeric=(1, 2, 3),
    )


def _missed(words: Words, arm: LifetimeArm) -> tuple[str | Markup, ...]:
    held = arm.held_out
    if held is None:
        return ()
    off = words.lift(held.foreseen / held.orders - 1) if held.orders else "—"
    return (
        named(words.arm(arm.arm)),
        words.count(round(held.foreseen)),
        words.count(held.orders),
        off,
    )


def _fitted(words: Words, lifetime: Lifetime) -> str:
    parameters = ", ".join(
        f"{name} = {words.number(value)}" for name, value in lifetime.parameters.items()
    )
    return say(
        "lifetime.fitted",
        parameters=parameters,
        discount=words.round_share(lifetime.discount),
    )
