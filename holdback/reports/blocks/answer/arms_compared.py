"""Which arm: how likely each is the best, and how they compare with each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import expm1

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import Axis, axis_of, forest_mark
from holdback.reports.html import forest_head, named, section, table
from holdback.reports.text.catalog import heads, say, texts
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.arms_compared import ArmsCompared, BestArm

__all__ = ["choices", "render"]

TOLD_UNITS = 1000
"""Units for which a loss is told, since of one it is a part of the smallest coin."""


@blocks.register("arms_compared", sheet="first", order=18)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Each arm against each, drawn on one scale, and how likely the first is best."""
    best, pairs = scorecard.section(BestArm), scorecard.section(ArmsCompared)
    if not best and not pairs:
        return Markup("")
    drawn = _pairs(words, pairs) if pairs else Markup("")
    return Markup(
        '<section class="card" aria-labelledby="arms"><div class="head">'
        '<h2 id="arms">{}</h2><p class="small">{}</p></div>\n{}</section>'
    ).format(say("arms.title"), named(_likeliest(words, best)), drawn)


def _likeliest(words: Words, best: Sequence[BestArm]) -> str:
    if not best:
        return ""
    first = max(best, key=lambda one: one.p_best)
    chance, arm = words.chance(first.p_best), words.arm(first.arm)
    return say("arms.likeliest", chance=chance[:1].upper() + chance[1:], arm=arm)


@blocks.register("best_arm", sheet="statisticians", order=15)
def choices(scorecard: Scorecard, words: Words) -> Markup:
    """Chances and costs of each choice, and the p-value of each pair."""
    best, pairs = scorecard.section(BestArm), scorecard.section(ArmsCompared)
    if not best:
        return Markup("")
    return section(
        say("arms.choices_title"),
        _choices(words, best),
        table(
            say("arms.pairs", level=words.round_share(pairs[0].level)),
            heads("arms.p_values"),
            [(named(_against(words, pair)), _p_value(words, pair)) for pair in pairs],
            numeric=(1,),
        )
        if pairs
        else Markup(""),
        anchor="best",
    )


def _choices(words: Words, best: Sequence[BestArm]) -> Markup:
    rows = [
        (named(words.arm(one.arm)), words.probability(one.p_best), _loss(words, one))
        for one in sorted(best, key=lambda one: -one.p_best)
    ]
    told = table(
        say("arms.choices", metric=words.label(best[0].metric)),
        heads("arms.choices_head"),
        rows,
        numeric=(1, 2),
    )
    if not any(one.rough for one in best):
        return told
    return told + Markup('<p class="small">{}</p>').format(say("arms.rough"))


def _loss(words: Words, one: BestArm) -> str:
    """In money where the metric is money, else as a share of the metric."""
    record = words.metrics.get(one.metric)
    if one.loss_per_unit is None or record is None or record.unit != "money":
        return words.share(-expm1(-one.expected_loss))
    return say(
        "arms.loss",
        money=words.money(round(TOLD_UNITS * one.loss_per_unit, 2)),
        units=words.count(TOLD_UNITS),
    )


def _against(words: Words, pair: ArmsCompared) -> str:
    return say("arms.against", ahead=words.arm(pair.a), other=words.arm(pair.b))


def _p_value(words: Words, pair: ArmsCompared) -> str:
    return "—" if pair.p_value is None else words.p_value(pair.p_value)


def _pairs(words: Words, pairs: Sequence[ArmsCompared]) -> Markup:
    axis = axis_of([pair.relative for pair in pairs if pair.relative is not None], [])
    change, likely = heads("metrics.forest")[2:]
    return table(
        Markup('<span class="vh">{}</span>').format(
            say("arms.pairs", level=words.round_share(pairs[0].level))
        ),
        (
            say("arms.pair"),
            change,
            forest_head(words, axis),
            likely,
            say("metrics.reading"),
        ),
        [_pair(words, pair, axis) for pair in pairs],
        classes=("", "chg", "f", "range", "read"),
        css=axis,
    )


def _pair(words: Words, pair: ArmsCompared, axis: Axis) -> tuple[str | Markup, ...]:
    def difference(value: float) -> str:
        return words.difference(pair.metric, value)

    effect, write = pair.relative, words.lift
    if effect is None:
        effect, write = pair.absolute, difference
    change, likely = ("—", "—")
    if effect is not None:
        change, likely = write(effect.value), words.range(effect, write)
    name, tone = _against(words, pair), "good" if pair.proven else "open"
    drawn = Markup("")
    if pair.relative is not None:
        label = say("metrics.alt", metric=name, change=change, range=likely)
        drawn = forest_mark(pair.relative, axis, label, tone, open_=not pair.proven)
    return (
        Markup('{} <span class="role">{}</span>').format(
            named(name), named(words.label(pair.metric))
        ),
        change,
        drawn,
        likely,
        Markup('<span class="{}">{}{}</span>').format(
            tone,
            "▲ " if pair.proven else "",
            texts("verdicts")["better" if pair.proven else "unclear"],
        ),
    )
