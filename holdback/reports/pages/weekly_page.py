"""The running tests of a project on one page, for the weekly meeting."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date

from markupsafe import Markup

from holdback.portfolio.weekly import RunningTest, RunningWeek, WeekNote, read_through
from holdback.reports.blocks.evidence.checks import checks_told
from holdback.reports.html import join, linked, named, section, table
from holdback.reports.pages.experiment_page import document
from holdback.reports.text.catalog import heads, say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import headline

__all__ = ["lines", "notes_of", "weekly_page", "written_notes"]

WEEK_SCHEMA = "holdback/weekly/1"
WEEK_LOCALE = "en-US"


def weekly_page(week: RunningWeek, reports: Mapping[str, str]) -> str:
    """The page; `reports`: experiment → the way to its page."""
    words = _words(week)
    title = say("weekly.title", day=words.day(week.day.isoformat()))
    rows = [_row(words, test, reports) for test in week.tests]
    parts = [
        section(
            say("weekly.due"), _list(_due(week), "weekly.nothing_due"), anchor="due"
        ),
        *_since(week, words),
        section(
            say("weekly.caption"),
            table(say("weekly.table"), heads("weekly.columns"), rows)
            if rows
            else Markup("<p>{}</p>").format(say("weekly.none")),
            Markup('<p class="small">{}</p>').format(say("weekly.note")),
            anchor="tests",
        ),
        *_events(week, words),
    ]
    return document(title, Markup("<h1>{}</h1>\n{}").format(title, join(parts)))


def _words(week: RunningWeek) -> Words:
    """Dates and numbers as the reports have them."""
    locales = (test.card.locale for test in week.tests if test.card is not None)
    return Words.plain(next(locales, WEEK_LOCALE))


def lines(week: RunningWeek) -> Iterator[str]:
    """What is due and where each test stands, for a terminal."""
    words = _words(week)
    yield say("weekly.title", day=words.day(week.day.isoformat()))
    yield from (f"  ! {text}" for text in _due(week) or [say("weekly.nothing_due")])
    for test in week.tests:
        name = test.listed.experiment
        yield f"  {name}: {', '.join(filter(None, _told(words, test)))}"
    yield from (f"  ? {text}" for text in _broken(week))


def _told(words: Words, test: RunningTest) -> tuple[str, ...]:
    """Days left, customers, checks, the primary, guardrails and the next look."""
    left = texts("weekly.left").get(test.phase) or words.count(test.days or 0)
    planned = None if test.planned is None else words.count(test.planned)
    units = "" if test.units is None else words.count(test.units)
    if units and planned:
        units = say("weekly.units", units=units, planned=planned)
    look = (
        "—"
        if test.phase == "complete"
        else say("weekly.any_day")
        if test.next_look is None
        else words.day(test.next_look.isoformat())
    )
    card = test.card
    if card is None:
        return left, units, "", say("weekly.not_looked"), "", look
    own = Words.of(card)
    checks = checks_told(card, own)[2]
    return left, units, checks, _primary(test, own), _guardrails(test, own), look


def _primary(test: RunningTest, words: Words) -> str:
    """The primary as it was looked at; nothing of an invalid result."""
    card = test.card
    if card is None or card.validity.is_invalid:
        return say("weekly.invalid")
    through = read_through(card)
    day = "—" if through is None else words.day(through.isoformat())
    key = "preview" if card.validity.is_preview else "lift"
    several = sum(not arm.control for arm in card.arms) > 1
    told = [
        (f"{words.arm(r.arm)}: " if several else "")
        + say(
            f"weekly.{key}",
            lift=words.lift(r.relative.value),
            range=words.range(r.relative, words.lift),
            day=day,
        )
        for r in card.readouts
        if r.role == "primary" and r.segment is None and r.relative is not None
    ]
    return "; ".join(told) or "—"


def _guardrails(test: RunningTest, words: Words) -> str:
    card = test.card
    if card is None or card.validity.is_invalid:
        return ""
    rails = [r for r in card.readouts if r.role == "guardrail" and r.segment is None]
    if not rails:
        return say("weekly.no_guardrail")
    odd = [
        say(
            "weekly.not_safe",
            metric=words.label(r.metric),
            verdict=texts("verdicts")[r.verdict],
        )
        for r in rails
        if r.verdict != "safe"
    ]
    return "; ".join(dict.fromkeys(odd)) or say("weekly.all_safe")


def _row(
    words: Words, test: RunningTest, reports: Mapping[str, str]
) -> tuple[str | Markup, ...]:
    name = test.listed.experiment
    cells = (named(text) for text in _told(words, test))
    return linked(name, reports.get(name)), *cells


def _due(week: RunningWeek) -> list[str]:
    """What somebody should do, test by test."""
    told = []
    for test in week.tests:
        numbers = {
            "decision": "" if test.card is None else headline(test.card).title,
            "file": test.listed.file,
            "checks": ", ".join(test.noted.failed),
        }
        told += [
            say(
                "weekly.item",
                test=test.listed.experiment,
                what=texts("weekly.do")[what].format(**numbers),
            )
            for what in test.due
        ]
    return told


def _since(week: RunningWeek, words: Words) -> Iterator[Markup]:
    """What is new since the page before; nothing on the first one."""
    if week.before is None:
        return
    told = []
    for test in week.tests:
        numbers = {
            "decision": "" if test.card is None else headline(test.card).title,
            "looks": words.count(test.noted.looks),
            "checks": ", ".join(test.noted.failed),
        }
        told += [
            say(
                "weekly.item",
                test=test.listed.experiment,
                what=texts("weekly.news")[what].format(**numbers),
            )
            for what in test.changed
        ]
    title = say("weekly.changed", day=words.day(week.before.isoformat()))
    yield section(title, _list(told, "weekly.nothing_changed"), anchor="changed")


def _events(week: RunningWeek, words: Words) -> Iterator[Markup]:
    told = [
        say(
            "weekly.event",
            days=words.days(event.first.isoformat(), event.last.isoformat()),
            what=event.what,
        )
        for event in week.events
    ] + _broken(week)
    if told:
        yield section(say("weekly.events"), _list(told, ""), anchor="events")


def _broken(week: RunningWeek) -> list[str]:
    return [
        say("weekly.broken", file=one.file, problem=one.problem) for one in week.broken
    ]


def _list(told: list[str], otherwise: str) -> Markup:
    if not told:
        return Markup("<p>{}</p>").format(texts("weekly")[otherwise.split(".")[1]])
    items = join(Markup("<li>{}</li>").format(named(text)) for text in told)
    return Markup("<ul>{}</ul>").format(items)


def written_notes(
    week: RunningWeek, before: tuple[date, tuple[WeekNote, ...]] | None
) -> str:
    """What the next page compares with, as JSON: this page, and the one before it."""
    pages = [(week.day, tuple(test.noted for test in week.tests)), before]
    return (
        json.dumps(
            {
                "schema": WEEK_SCHEMA,
                "pages": [
                    {
                        "day": day.isoformat(),
                        "tests": [
                            {
                                "experiment": one.experiment,
                                "locked": one.locked,
                                "looks": one.looks,
                                "outcome": one.outcome,
                                "failed": list(one.failed),
                            }
                            for one in noted
                        ],
                    }
                    for day, noted in (page for page in pages if page is not None)
                ],
            },
            indent=2,
        )
        + "\n"
    )


def notes_of(text: str, day: date | None) -> tuple[date, tuple[WeekNote, ...]] | None:
    """The last page before a day, of what an earlier one wrote; None without one.

    A page of the same day is made again and compares with the one before it.
    """
    try:
        for page in json.loads(text)["pages"]:
            then = date.fromisoformat(page["day"])
            if day is None or then < day:
                noted = (
                    WeekNote(**{**one, "failed": tuple(one["failed"])})
                    for one in page["tests"]
                )
                return then, tuple(noted)
    except (ValueError, KeyError, TypeError):
        return None
    return None
