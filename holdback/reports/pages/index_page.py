"""All experiments of a project on one page, each linked to its report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from holdback.atomic_files import read_whole
from holdback.errors import ReportError
from holdback.portfolio.experiment_list import Listed
from holdback.reports.html import named, section, table
from holdback.reports.pages.experiment_page import document
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import headline, money_told
from holdback.results.json_codec import from_json
from holdback.results.scorecard import Scorecard

__all__ = ["index"]


def index(project: Path, listed: Sequence[Listed], beside: Path) -> str:
    """A page for the folder `beside`; links are relative to it.

    Figures are those of `results/NAME/scorecard.json`, where `analyze` puts them.
    """
    rows = [_row(project, experiment, beside) for experiment in listed]
    return document(
        say("index.title"),
        Markup("<h1>{}</h1>\n{}").format(
            say("index.title"),
            section(
                say("index.caption"),
                table(
                    say("index.caption"), heads("index.columns"), rows, numeric=(4, 5)
                ),
                Markup('<p class="small">{}</p>').format(say("index.note")),
                anchor="experiments",
            ),
        ),
    )


def _row(project: Path, experiment: Listed, beside: Path) -> tuple[str | Markup, ...]:
    name = named(experiment.experiment or experiment.file)
    if experiment.problem:
        problem = named(say("index.broken", problem=experiment.problem))
        return name, "", "", problem, "", ""
    folder = project / "results" / experiment.experiment
    card = _scorecard(folder / "scorecard.json")
    plan = say("index.locked") if experiment.locked else say("index.open")
    window = (
        f"{experiment.window_start} – {experiment.window_end}"
        if experiment.window_start
        else "–"
    )
    if experiment.decision == "edited":
        return name, window, plan, say("index.edited"), "", ""
    if card is None:
        return name, window, plan, say("index.none"), "", ""
    if (folder / "report.html").is_file():
        way = os.path.relpath(folder / "report.html", beside)
        name = Markup('<a href="{}">{}</a>').format(quote(Path(way).as_posix()), name)
    title = headline(card)
    decision = Markup('<span class="{}">{}</span>').format(title.tone, title.title)
    return name, window, plan, decision, *_figures(card)


def _scorecard(path: Path) -> Scorecard | None:
    try:
        return from_json(read_whole(path).decode("utf-8"))
    except (OSError, UnicodeDecodeError, ReportError):
        return None


def _figures(card: Scorecard) -> tuple[str, str]:
    """Lift and revenue with their ranges; none of an invalid result."""
    if card.validity.is_invalid:
        return "—", "—"
    words = Words.of(card)
    primary = [r for r in card.readouts if r.role == "primary" and r.segment is None]
    lifts = [r.relative for r in primary if r.relative is not None]
    told = money_told(card)
    money = told[0].incremental_revenue if len(told) == 1 else None
    return (
        "; ".join(
            f"{words.lift(q.value)} ({words.range(q, words.lift)})" for q in lifts
        )
        or "—",
        f"{words.money(money.value)} ({words.range(money, words.money)})"
        if money
        else "—",
    )
