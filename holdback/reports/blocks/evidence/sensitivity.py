"""Sensitivity: the same lift computed in other ways."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section, table
from holdback.reports.text.catalog import heads, say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import tell
from holdback.results.scorecard import Scorecard
from holdback.results.sections.sensitivity import WITHIN, Sensitivity

__all__ = ["render"]


@blocks.register("sensitivity", sheet="statisticians", order=60)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Each way of computing a lift, with its reading; nothing where there is one."""
    variants = scorecard.section(Sensitivity)
    if not variants:
        return Markup("")
    tables = []
    for name in dict.fromkeys(words.names(s.metric, s.arm) for s in variants):
        rows = [
            (
                named(texts("variants").get(s.variant) or _compared(s.variant)),
                words.lift(s.relative.value),
                words.range(s.relative, words.lift),
                texts("verdicts")[s.verdict],
            )
            for s in variants
            if words.names(s.metric, s.arm) == name
        ]
        caption = say("sensitivity.caption", metric=name)
        tables.append(
            table(caption, heads("sensitivity.head"), rows, numeric=(1, 2, 3))
        )
    return section(
        say("sensitivity.title"),
        *tables,
        _models(words, variants),
        anchor="sensitivity",
    )


def _models(words: Words, variants: Sequence[Sensitivity]) -> Markup:
    """What the models take for granted, and that they decide nothing."""
    modelled = [s for s in variants if s.note is not None]
    if not modelled:
        return Markup("")
    notes = dict.fromkeys(
        f"{words.names(s.metric, s.arm)}: {tell(words, s.note)}" for s in modelled
    )
    return join(
        Markup('<p class="small">{}</p>').format(named(text))
        for text in (say("sensitivity.models"), *notes)
    )


def _compared(variant: str) -> str:
    """Words of ``within device`` and the like."""
    return say(
        "sensitivity.within",
        dimension=variant.removeprefix(WITHIN),
    )
