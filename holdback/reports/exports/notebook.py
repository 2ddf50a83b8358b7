"""Results as a notebook shows them: the page's blocks with the page's style, scoped."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup

from holdback.planning.plan import Plan
from holdback.reports.blocks.answer import money, verdict, withheld
from holdback.reports.blocks.evidence import checks as trust
from holdback.reports.blocks.evidence import metrics
from holdback.reports.html import join, named
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import in_its_language
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["fragment", "plan_fragment", "readout_fragment"]


@in_its_language
def fragment(scorecard: Scorecard) -> str:
    """Decision, money, what to watch, metrics: no script, nothing from elsewhere."""
    words = Words.of(scorecard)
    invalid = scorecard.validity.is_invalid
    shown = (verdict, withheld, trust) if invalid else (verdict, money, metrics)
    return _scoped(join(block.render(scorecard, words) for block in shown))


def readout_fragment(readout: Readout) -> str:
    """One metric: the sentence and its row. Names are those of the YAML."""
    if readout.withheld:
        return _scoped(withheld.told())
    words = Words.plain("en-US")
    return _scoped(
        join(
            [
                Markup("<p>{}</p>").format(named(sentences.changed(words, readout))),
                metrics.forest_table(
                    words, [readout], [named(readout.metric)], caption=readout.method
                ),
            ]
        )
    )


@in_its_language
def plan_fragment(plan: Plan) -> str:
    """What the test will be able to show, as on the plan's page."""
    from holdback.reports.pages.plan_page import body

    return _scoped(body(plan))


def _scoped(blocks: Markup) -> str:
    """Blocks with the page's style, which reaches nothing else in the notebook."""
    sheet = (files("holdback.reports.pages") / "page.css").read_text(encoding="utf-8")
    for root in ("\n:root {", "\n  :root {", "\nbody {"):
        sheet = ("\n" + sheet).replace(root, "\n& {")
    return str(
        Markup(
            '<div class="holdback">\n<style>\n.holdback {{\n{}}}\n</style>{}</div>'
        ).format(Markup(sheet), blocks)
    )
