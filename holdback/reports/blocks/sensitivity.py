"""Sensitivity: the same lift computed in other ways."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.scorecard import Scorecard
from holdback.reports.blocks import named, section, table
from holdback.reports.sentences import VERDICT_WORDS
from holdback.reports.words import Words

__all__ = ["render"]

VARIANTS = {
    "raw": "without the cap",
    "capped": "amounts cut off at the 99.9th percentile",
    "cuped": "adjusted for behaviour before the test",
    "unadjusted": "not adjusted for behaviour before the test",
    "fixed_horizon": "as if this were the only look",
    "within_days": "compared within days of first exposure",
    "without_largest": "without each arm’s largest unit",
    "bayes": "posterior under the chosen prior",
}


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
        "Does the answer depend on how it is computed?",
        table(
            "The same lift, computed in other ways",
            ("Metric", "Computed", "Change", "Likely range", "Reading"),
            rows,
            numeric=(2, 3),
        ),
        anchor="sensitivity",
    )


def _compared(variant: str) -> str:
    """Words of ``within device`` and the like."""
    return f"compared within levels of {variant.removeprefix('within ')}"
