"""Sensitivity: the same lift computed in other ways."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.scorecard import Scorecard
from holdback.reports.blocks import named, section, table
from holdback.reports.phrases import SENSITIVITY, SENSITIVITY_HEAD, VARIANTS
from holdback.reports.sentences import VERDICT_WORDS
from holdback.reports.words import Words

__all__ = ["render"]


def render(scorecard: Scorecard, words: Words) -> Markup:
    """Each way of computing a lift, with its reading; nothing where there is one."""
    if not scorecard.sensitivity:
        return Markup("")
    rows = [
        (
            named(words.names(s.metric, s.arm)),
            named(VARIANTS.get(s.variant) or _compared(s.variant)),
            words.lift(s.relative.value),
            words.range(s.relative, words.lift),
            VERDICT_WORDS[s.verdict],
        )
        for s in scorecard.sensitivity
    ]
    return section(
        SENSITIVITY["title"],
        table(
            SENSITIVITY["caption"],
            SENSITIVITY_HEAD,
            rows,
            numeric=(2, 3),
        ),
        anchor="sensitivity",
    )


def _compared(variant: str) -> str:
    """Words of ``within device`` and the like."""
    return SENSITIVITY["within"].format(dimension=variant.removeprefix("within "))
