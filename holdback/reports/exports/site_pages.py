"""A project as a site: what a team shares, for any web server or bucket.

Every page is one that the other commands write, with links from one to the other, and
a page of what was decided when, from the audit log. Nothing is read but the results:
no data, no clock, so the same results give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from holdback.analysis.preregistration.audit_log import LOG_NAME, LogEntry, read
from holdback.atomic_files import read_whole
from holdback.errors import ConfigError, ReportError
from holdback.portfolio.experiment_list import REPORT, Listed
from holdback.portfolio.result import Portfolio
from holdback.portfolio.weekly import weekly
from holdback.reports.exports.csv_table import readouts_csv
from holdback.reports.html import join, linked, named, section, table
from holdback.reports.pages.experiment_page import document, last_day
from holdback.reports.pages.experiment_page import render as report
from holdback.reports.pages.index_page import index, stored_card
from holdback.reports.pages.portfolio_page import render as portfolio_page
from holdback.reports.pages.weekly_page import weekly_page
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.result_sentences import headline
from holdback.results.scorecard import Scorecard

__all__ = ["site"]

PLAN_PAGE, CHANGES, TOGETHER = "plan.html", "changes.html", "portfolio.html"
WEEKLY = "weekly.html"


def site(
    project: Path, listed: Sequence[Listed], portfolio: Portfolio | None, why: str = ""
) -> dict[str, str | bytes]:
    """The files of the site, by their names; links are relative.

    A result that was edited or mixed is named on the first page and has none of its
    own; `why` says what keeps the portfolio from being there. Raises EnvironmentFault
    where a file cannot be read.
    """
    cards = {
        one.experiment: card
        for one in listed
        if not one.problem and (card := stored_card(project, one.experiment))
    }
    files: dict[str, str | bytes] = {}
    for name, card in cards.items():
        files[f"{name}/{REPORT}"] = report(card)
        files[f"{name}/readouts.csv"] = readouts_csv(card)
    reports = {name: f"{name}/{REPORT}" for name in cards}
    names = dict.fromkeys(one.experiment for one in listed if not one.problem)
    read = {name: _plan(project / "results" / name / PLAN_PAGE) for name in names}
    files |= {f"{name}/{PLAN_PAGE}": page for name, page in read.items() if page}
    plans = {name: f"{name}/{PLAN_PAGE}" for name, page in read.items() if page}
    beside = {
        WEEKLY: (say("weekly.caption"), _week(project, reports)),
        TOGETHER: (
            say("portfolio_page.title"),
            portfolio_page(portfolio, reports) if portfolio else "",
        ),
        CHANGES: (say("changes.title"), _changes(project, cards, reports)),
    }
    files |= {name: page for name, (_, page) in beside.items() if page}
    ways = [linked(title, name) for name, (title, page) in beside.items() if page]
    notes = [
        *([say("index.not_together", why=why)] if why else []),
        *(
            say("index.edited_plan", experiment=name)
            for name, page in read.items()
            if page == b""
        ),
    ]
    more = join(
        Markup("<p>{}</p>\n").format(part)
        for part in (join(ways, " · "), *map(named, notes))
    )
    files["index.html"] = index(project, listed, reports, plans, more)
    return files


def _week(project: Path, reports: Mapping[str, str]) -> str:
    """Where the running tests stand on the last day read; nothing where none runs."""
    try:
        week = weekly(project)
    except ConfigError:
        return ""
    return weekly_page(week, reports) if week.tests else ""


def _plan(path: Path) -> bytes | None:
    """A plan's page; None where there is none, nothing of one that was edited."""
    try:
        return read_whole(path)
    except ReportError:
        return b""
    except OSError:
        return None


def _changes(
    project: Path, cards: dict[str, Scorecard], reports: dict[str, str]
) -> str:
    """What the audit logs say, the latest of each first."""
    parts = []
    for number, place in enumerate((project, project / "experiments")):
        try:
            entries = read(place / LOG_NAME)
        except ConfigError as error:
            problem = f"{error.problems[0].where}: {error.problems[0].what}"
            parts.append(Markup("<p>{}</p>").format(named(problem)))
            continue
        rows = list(_rows(entries, cards, reports))
        if rows:
            caption = say("changes.caption")
            shown = table(caption, heads("changes.columns"), reversed(rows))
            parts.append(section(caption, shown, anchor=f"log-{number}"))
    if not parts:
        parts = [Markup("<p>{}</p>").format(say("changes.none"))]
    note = Markup('<p class="small">{}</p>').format(say("changes.note"))
    head = Markup("<p>{}</p>\n<h1>{}</h1>").format(
        linked(say("index.title"), "index.html"), say("changes.title")
    )
    return document(say("changes.title"), join([head, *parts, note]))


def _rows(
    entries: Sequence[LogEntry], cards: dict[str, Scorecard], reports: dict[str, str]
) -> Iterator[tuple[str | Markup, ...]]:
    newest = {one.experiment: one.key for one in entries if one.kind == "look"}
    for number, entry in enumerate(entries, 1):
        says, name = entry.says, entry.experiment
        card = cards.get(name)
        decided = ""
        until = last_day(str(says["as_of"])) if says.get("as_of") else ""
        if entry.kind == "lock":
            day, because = str(says.get("time") or "")[:10], says.get("again")
            what = (
                say("changes.locked_again", day=day, because=because)
                if because
                else say("changes.locked", day=day)
            )
        elif entry.kind == "look":
            what = say("changes.read", day=until) if until else say("changes.read_all")
        elif entry.kind == "events":
            what = say("changes.events", day=str(says["time"])[:10])
        else:
            what = say("changes.lost")
        if entry.kind == "look" and newest[name] == entry.key and card is not None:
            own = card.as_of == says.get("as_of")
            decided = headline(card).title if own else ""
        yield str(number), linked(name, reports.get(name)), named(what), decided
