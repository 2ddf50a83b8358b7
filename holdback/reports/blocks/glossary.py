"""The terms of the page in plain words."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.scorecard import Scorecard
from holdback.reports.blocks import join, section
from holdback.reports.glossary_words import GLOSSARY
from holdback.reports.phrases import GLOSSARY_WORDS
from holdback.reports.words import Words

__all__ = ["render"]


def render(_scorecard: Scorecard, _words: Words) -> Markup:
    """Every term, with one or two sentences; folded away on a screen."""
    terms = join(
        Markup("<dt>{}</dt><dd>{}</dd>").format(term, meaning)
        for term, meaning in GLOSSARY
    )
    return section(
        GLOSSARY_WORDS["title"],
        Markup(
            '<details><summary>{}</summary><dl class="terms">\n{}\n</dl></details>'
        ).format(GLOSSARY_WORDS["count"].format(count=len(GLOSSARY)), terms),
        anchor="glossary",
    )
