"""Can we trust the data? Every check and where every unit went."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import named, section, table
from holdback.reports.text import precision_sentences
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import say, texts
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.simulation import Simulation

__all__ = ["render"]


ORDER = ("fail", "warn", "skip", "pass")
STATUS_TONES = {"pass": "good", "warn": "watch", "fail": "bad", "skip": "plain"}


@blocks.register("checks", order=10, shows_results=False)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """The checks as a table, the worst first, then the accounting."""
    rows = [
        (
            texts("trust.names").get(check.check, check.check),
            Markup('<span class="{}">{}</span>').format(
                STATUS_TONES[check.status], texts("trust.states")[check.status]
            ),
            named(sentences.checked(words, check)),
        )
        for check in sorted(scorecard.checks, key=lambda c: ORDER.index(c.status))
    ]
    return section(
        say("trust.can_we_trust_the"),
        table(
            say("trust.checks_of_the_data"),
            (say("trust.check"), say("trust.result"), say("trust.what_was_found")),
            rows,
            css="checks",
        ),
        _replays(scorecard, words),
        _accounting(scorecard, words),
        anchor="trust",
    )


def _replays(scorecard: Scorecard, words: Words) -> Markup:
    """What replays on the experiment's own units found."""
    simulation = scorecard.single(Simulation)
    if simulation is None:
        return Markup("")
    sentence = precision_sentences.replayed(words, simulation)
    return Markup("<p>{}</p>").format(named(sentence))


def _accounting(scorecard: Scorecard, words: Words) -> Markup:
    accounting = scorecard.accounting
    rows: list[tuple[str | Markup, str]] = [
        (named(say("trust.units_used", label=arm.label)), words.count(arm.units))
        for arm in scorecard.arms
    ]
    for left in accounting.excluded:
        where = f" ({words.arm(left.arm)})" if left.arm else ""
        reason = texts("trust.reasons").get(left.reason, left.reason)
        rows.append((named(f"{left.what} {reason}{where}"), words.count(left.count)))
    return Markup("<details><summary>{}</summary>{}</details>").format(
        say(
            "trust.where_every_unit_went",
            rows_read=words.count(accounting.rows_read),
            units_used=words.count(accounting.units_used),
        ),
        table(
            say("trust.units_used_and_left"),
            (say("common.what"), say("trust.count")),
            rows,
            numeric=(1,),
        ),
    )
