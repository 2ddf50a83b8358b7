"""What happened outside while the test ran: a list of days."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section
from holdback.reports.text.catalog import counted, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.events import EventSeen

__all__ = ["render"]


@blocks.register("events", order=65, shows_results=False)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """One item an event; nothing where none met the test."""
    seen = scorecard.section(EventSeen)
    if not seen:
        return Markup("")
    return section(
        say("events.title"),
        Markup("<p>{}</p>").format(say("events.intro")),
        Markup("<ul>{}</ul>").format(
            join(
                Markup("<li>{}</li>").format(named(" ".join(_told(words, event))))
                for event in seen
            )
        ),
        anchor="events",
    )


def _told(words: Words, event: EventSeen) -> Iterator[str]:
    yield say("events.event", days=words.days(event.date, event.until), what=event.what)
    if event.units is not None:
        units = words.count(event.units)
        yield counted("events.joined", event.units, units=units)
    if event.exclude and event.units:
        yield say("events.excluded")
    if event.late is not None:
        yield say(f"events.late.{event.late}")
