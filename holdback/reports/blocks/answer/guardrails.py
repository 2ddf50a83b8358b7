"""What to watch: each guardrail in one of three states, and how the checks went."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["render"]

STATES = {
    "breached": ("bad", "✗"),
    "at_risk": ("watch", "!"),
    "safe": ("good", "✓"),
}
NO_NUMBER = ("watch", "?")


@blocks.register("guardrails", sheet="first", order=40)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """The worst guardrail first; last how many checks passed."""
    guardrails = [
        r for r in scorecard.readouts if r.role == "guardrail" and r.segment is None
    ]
    order = ["breached", "at_risk"]
    guardrails.sort(
        key=lambda r: order.index(r.verdict) if r.verdict in order else len(order)
    )
    items = [_guardrail(words, r) for r in guardrails]
    if not items:
        items = [_item("plain", "–", say("watch.none"))]
    return section(
        say("watch.title"),
        Markup('<ul class="watched">\n{}\n</ul>').format(
            join([*items, _checks(scorecard, words)])
        ),
        anchor="watch",
    )


def _guardrail(words: Words, readout: Readout) -> Markup:
    tone, mark = STATES.get(readout.verdict, NO_NUMBER)
    return _item(tone, mark, sentences.guardrail(words, readout))


def _checks(scorecard: Scorecard, words: Words) -> Markup:
    total = sum(c.status != "skip" for c in scorecard.checks)
    failed = sum(c.status == "fail" for c in scorecard.checks)
    warned = sum(c.status == "warn" for c in scorecard.checks)
    state = (
        "none"
        if not total
        else "failed"
        if failed
        else "looked"
        if warned > 1
        else "looked_one"
        if warned
        else "passed"
    )
    tone, mark = {
        "failed": ("bad", "✗"),
        "looked": ("watch", "!"),
        "looked_one": ("watch", "!"),
        "passed": ("good", "✓"),
        "none": ("plain", "–"),
    }[state]
    summary = say(
        f"summary.{state}",
        total=words.count(total),
        passed=words.count(total - failed - warned),
        warned=words.count(warned),
        failed=words.count(failed),
    )
    return _item(tone, mark, summary)


def _item(tone: str, mark: str, text: str) -> Markup:
    return Markup('<li><span class="{}" aria-hidden="true">{}</span> {}</li>').format(
        tone, mark, named(text)
    )
