"""Is anybody harmed: the largest harm that the data still allow in any group."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section
from holdback.reports.text.catalog import counted, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.harm import GroupLimits, Harm

__all__ = ["render"]


@blocks.register("harm", order=155)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """A few sentences a metric and arm."""
    read = scorecard.section(Harm)
    if not read:
        return Markup("")
    return section(
        say("harm.title"),
        join(
            Markup("<p>{}</p>").format(named(" ".join(_sentences(words, one))))
            for one in read
        ),
        Markup('<p class="small">{}</p>').format(
            say("harm.note", level=words.round_share(read[0].level))
        ),
        anchor="harm",
    )


def _sentences(words: Words, harm: Harm) -> Iterator[str]:
    about = {"metric": words.label(harm.metric), "arm": words.arm(harm.arm)}
    if harm.harmed:
        groups = "; ".join(
            say(
                "harm.group",
                group=_group(words, one),
                least=words.lift(one.best),
                worst=words.lift(one.worst),
            )
            for one in harm.harmed
        )
        yield say("harm.shown", groups=groups, **about)
    else:
        yield say("harm.not_shown", **about)
        improves = words.metrics[harm.metric].better == "higher"
        sign = 1 if improves else -1
        told = {
            "worst": words.lift(harm.worst.worst),
            "group": _group(words, harm.worst),
        }
        if sign * harm.worst.worst < 0:
            yield say("harm.worst", **told)
        else:
            yield say("harm.all_gain", **told)
    low, high = map(words.lift, harm.lifts)
    if harm.read > 1:
        yield say("harm.lifts", read=words.count(harm.read), low=low, high=high)
    if harm.unknown:
        unknown = words.count(harm.unknown)
        yield counted("harm.unknown", harm.unknown, count=unknown)


def _group(words: Words, group: GroupLimits) -> str:
    return say(
        "harm.name",
        dimension=group.dimension,
        level=group.level,
        units=words.count(group.units),
    )
