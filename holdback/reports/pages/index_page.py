"""All experiments of a project on one page, each linked to its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from holdback.atomic_files import read_whole
from holdback.errors import ReportError
from holdback.portfolio.experiment_list import Listed
from holdback.reports.html import join, linked, named, section, table
from holdback.reports.pages.experiment_page import document
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import headline, money_told
from holdback.results.json_codec import from_json
from holdback.results.scorecard import Scorecard

__all__ = ["index", "stored_card"]

GROUPED_ABOVE = 12
"""With more experiments than these, they stand by their decisions."""


def index(
    project: Path,
    listed: Sequence[Listed],
    reports: Mapping[str, str],
    plans: Mapping[str, str] | None = None,
    more: Markup | None = None,
) -> str:
    """A page of all experiments; `reports` and `plans`: experiment → way to its page.

    Figures are those of `results/NAME/scorecard.json`, where `analyze` puts them. From
    a dozen experiments on they stand by decision, each reached from the top. `more`
    goes below the heading.
    """
    rows = [_row(project, one, reports, plans or {}) for one in listed]
    parts = {say("index.caption"): [row for _, row in rows]}
    if len(rows) > GROUPED_ABOVE:
        parts = {
            decision: [row for other, row in rows if other == decision]
            for decision in dict.fromkeys(decision for decision, _ in rows)
        }
    shown = [
        section(
            caption,
            table(say("index.table"), heads("index.columns"), part, numeric=(4, 5)),
            anchor=f"part-{i}" if i else "experiments",
        )
        for i, (caption, part) in enumerate(parts.items())
    ]
    ways = [
        Markup('<a href="#{}">{} ({})</a>').format(
            f"part-{i}" if i else "experiments", caption, len(part)
        )
        for i, (caption, part) in enumerate(parts.items())
    ]
    jump = Markup("<p>{}</p>").format(join(ways, " · ")) if len(parts) > 1 else ""
    note = Markup('<p class="small">{}</p>').format(say("index.note"))
    body = Markup("<h1>{}</h1>\n{}{}{}\n{}").format(
        say("index.title"), more or "", jump, join(shown), note
    )
    return document(say("index.title"), body)


def _row(
    project: Path,
    experiment: Listed,
    reports: Mapping[str, str],
    plans: Mapping[str, str],
) -> tuple[str, tuple[str | Markup, ...]]:
    """The decision in words, and the cells of the row."""
    name = named(experiment.experiment or experiment.file)
    if experiment.problem:
        problem = say("index.broken", problem=experiment.problem)
        return say("index.unread"), (name, "", "", named(problem), "", "")
    window = (
        f"{experiment.window_start} – {experiment.window_end}"
        if experiment.window_start
        else "–"
    )
    plan = linked(
        say("index.locked") if experiment.locked else say("index.open"),
        plans.get(experiment.experiment),
    )
    card = stored_card(project, experiment.experiment)
    if experiment.decision == "edited" or card is None:
        edited = experiment.decision == "edited"
        state = say("index.edited") if edited else say("index.none")
        return state, (name, window, plan, state, "", "")
    title = headline(card)
    decision = Markup('<span class="{}">{}</span>').format(title.tone, title.title)
    name = linked(experiment.experiment, reports.get(experiment.experiment))
    return title.title, (name, window, plan, decision, *_figures(card))


def stored_card(project: Path, experiment: str) -> Scorecard | None:
    """What `analyze` wrote last; None where it is absent, edited or not readable."""
    path = project / "results" / experiment / "scorecard.json"
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
