"""Which arm: how likely each is the best, and how they compare with each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import expm1

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import named, section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.arms_compared import ArmsCompared, BestArm

__all__ = ["render"]

TOLD_UNITS = 1000
"""Units for which a loss is told, since of one it is a part of the smallest coin."""


@blocks.register("arms_compared", sheet="first", order=18)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Chances and costs of each choice, then each arm against each."""
    best, pairs = scorecard.section(BestArm), scorecard.section(ArmsCompared)
    if not best and not pairs:
        return Markup("")
    return section(
        say("arms.title"),
        _choices(words, best),
        _pairs(words, pairs),
        anchor="arms",
    )


def _choices(words: Words, best: Sequence[BestArm]) -> Markup:
    if not best:
        return Markup("")
    rows = [
        (named(words.arm(one.arm)), words.probability(one.p_best), _loss(words, one))
        for one in sorted(best, key=lambda one: -one.p_best)
    ]
    choices = table(
        say("arms.choices", metric=words.label(best[0].metric)),
        heads("arms.choices_head"),
        rows,
        numeric=(1, 2),
    )
    if not any(one.rough for one in best):
        return choices
    return choices + Markup('<p class="small">{}</p>').format(say("arms.rough"))


def _loss(words: Words, one: BestArm) -> str:
    """In money where the metric is money, else as a share of the metric."""
    record = words.metrics.get(one.metric)
    if one.loss_per_unit is None or record is None or record.unit != "money":
        return words.share(-expm1(-one.expected_loss))
    return say(
        "arms.loss",
        money=words.money(TOLD_UNITS * one.loss_per_unit),
        units=words.count(TOLD_UNITS),
    )


def _pairs(words: Words, pairs: Sequence[ArmsCompared]) -> Markup:
    if not pairs:
        return Markup("")
    return table(
        say("arms.pairs", level=words.round_share(pairs[0].level)),
        heads("arms.pairs_head"),
        [_pair(words, pair) for pair in pairs],
        numeric=(2, 3, 4),
    )


def _pair(words: Words, pair: ArmsCompared) -> tuple[str | Markup, ...]:
    def difference(value: float) -> str:
        return words.difference(pair.metric, value)

    effect, write = pair.relative, words.lift
    if effect is None:
        effect, write = pair.absolute, difference
    change, likely = ("—", "—")
    if effect is not None:
        change, likely = write(effect.value), words.range(effect, write)
    return (
        named(say("arms.against", ahead=words.arm(pair.a), other=words.arm(pair.b))),
        named(words.label(pair.metric)),
        change,
        likely,
        "—" if pair.p_value is None else words.p_value(pair.p_value),
        say("arms.proven") if pair.proven else say("arms.not_proven"),
    )
