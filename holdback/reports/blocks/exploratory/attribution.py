"""Attribution: what rules credit, beside what the holdback says was added."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import named, section, table
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.attribution import Attributed

__all__ = ["attribution"]


@blocks.register("attributed", order=190)
def attribution(scorecard: Scorecard, words: Words) -> Markup:
    """The rules' table and the factor that corrects each."""
    attributed = scorecard.single(Attributed)
    if attributed is None:
        return Markup("")
    return section(
        say("beside.attribution"),
        Markup("<p><strong>{}</strong></p>").format(say("beside.descriptive")),
        _channels(words, attributed),
        _rules(words, attributed),
        anchor="attribution",
    )


def _channels(words: Words, attributed: Attributed) -> Markup:
    rows = [
        (
            named(
                say("beside.the_treatments", channel=channel.channel)
                if channel.treatment
                else channel.channel
            ),
            *(
                words.count(credit)
                for credit in (
                    channel.first,
                    channel.last,
                    channel.linear,
                    channel.markov,
                )
            ),
        )
        for channel in attributed.channels
    ]
    return Markup("{}<p>{}</p>").format(
        table(
            say(
                "beside.conversions_credited_in_the",
                metric=words.label(attributed.metric),
            ),
            (
                say("beside.channel"),
                say("beside.first"),
                say("beside.last"),
                say("beside.linear"),
                say("beside.markov"),
            ),
            rows,
            numeric=(1, 2, 3, 4),
        ),
        say(
            "beside.of_conversions_had_no",
            conversions=words.count(attributed.conversions),
            untouched=words.count(attributed.untouched),
        ),
    )


def _rules(words: Words, attributed: Attributed) -> Markup:
    added = attributed.incremental
    if added is None:
        return Markup("")
    rows = [
        (
            rule.rule,
            words.count(rule.credited),
            "—"
            if rule.factor is None
            else f"{words.number(rule.factor.value)} "
            f"({words.range(rule.factor, words.number)})",
        )
        for rule in attributed.rules
    ]
    return Markup("<p>{}</p>{}").format(
        say(
            "beside.the_holdback_says_that",
            added=words.count(added.value),
            count=words.range(added, words.count),
        ),
        table(
            say("beside.incrementality_factor_added_by"),
            (
                say("beside.rule"),
                say("beside.credited_to_the_treatments"),
                say("beside.factor_likely"),
            ),
            rows,
            numeric=(1, 2),
        ),
    )
