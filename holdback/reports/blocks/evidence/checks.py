"""The checks: what they found, how many passed; and where every unit went."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import folded, join, named, section, table
from holdback.reports.text import precision_sentences
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import counted, say, texts
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Finding, Scorecard
from holdback.results.sections.simulation import Simulation

__all__ = ["accounting", "checks_told", "render"]


STATUS_MARKS = {
    "fail": ("bad", "✕"),
    "warn": ("watch", "!"),
    "pass": ("good", "✓"),
    "skip": ("open", "–"),
}
LOOKED_AT_FIRST = ("fail", "warn")


@blocks.register("checks", sheet="first", order=40, shows_results=False)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """What the checks found, the worst first; those that passed are folded."""
    checks = scorecard.checks
    found = [c for status in LOOKED_AT_FIRST for c in checks if c.status == status]
    quiet = [c for status in ("pass", "skip") for c in checks if c.status == status]
    ticks = (
        Markup('<span class="{}">{}</span>').format(tone, mark * count)
        for status, (tone, mark) in STATUS_MARKS.items()
        if (count := sum(c.status == status for c in checks)) and status != "skip"
    )
    return Markup(
        '<section class="card checks" aria-labelledby="trust"><div>'
        '<h2 id="trust">{}</h2>'
        '<p class="marks" aria-hidden="true">{}</p>{}</div>\n<div>{}{}</div></section>'
    ).format(
        checks_told(scorecard, words)[2],
        join(ticks, ""),
        _passed(words, quiet) if quiet else "",
        Markup('<ul class="find">{}</ul>').format(
            join(_finding(words, check) for check in found)
        )
        if found
        else Markup('<p class="small">{}</p>').format(say("trust.nothing_found")),
        _replays(scorecard, words),
    )


def checks_told(scorecard: Scorecard, words: Words) -> tuple[str, str, str]:
    """How many checks passed, with the tone and the mark of the worst."""
    made = [check for check in scorecard.checks if check.status != "skip"]
    passed = sum(check.status == "pass" for check in made)
    worst = next(
        (s for s in LOOKED_AT_FIRST if any(c.status == s for c in made)), "pass"
    )
    if not made:
        return *STATUS_MARKS["skip"], say("summary.none")
    if passed == len(made):
        return *STATUS_MARKS["pass"], say("summary.passed", total=words.count(passed))
    told = say(
        "summary.looked", passed=words.count(passed), total=words.count(len(made))
    )
    return *STATUS_MARKS[worst], told


def _finding(words: Words, check: Finding) -> Markup:
    tone, mark = STATUS_MARKS[check.status]
    found, stop, more = sentences.checked(words, check).partition(". ")
    return Markup(
        '<li><span class="{} mark" aria-hidden="true">{}</span>'
        "<strong>{}</strong> {}</li>"
    ).format(tone, mark, named(found + stop.strip()), named(more))


def _passed(words: Words, quiet: Sequence[Finding]) -> Markup:
    """The checks that passed, and those that could not be made, folded."""
    items = (
        Markup("<li>{} {}</li>").format(
            STATUS_MARKS[check.status][1], named(sentences.checked(words, check))
        )
        for check in quiet
    )
    passed = sum(check.status == "pass" for check in quiet)
    return folded(
        counted("trust.passed", passed, count=words.count(passed)),
        Markup('<ul class="passed small">{}</ul>').format(join(items)),
        css="nums",
    )


@blocks.register("accounting", sheet="provenance", order=10, shows_results=False)
def accounting(scorecard: Scorecard, words: Words) -> Markup:
    """Where every row and unit went."""
    rows: list[tuple[str | Markup, str]] = [
        (named(say("trust.units_used", label=arm.label)), words.count(arm.units))
        for arm in scorecard.arms
    ]
    for left in scorecard.accounting.excluded:
        where = f" ({words.arm(left.arm)})" if left.arm else ""
        reason = texts("trust.reasons").get(left.reason, left.reason)
        rows.append((named(f"{left.what} {reason}{where}"), words.count(left.count)))
    return section(
        say("trust.accounting"),
        table(
            say(
                "trust.where_every_unit_went",
                rows_read=words.count(scorecard.accounting.rows_read),
                units_used=words.count(scorecard.accounting.units_used),
            ),
            (say("common.what"), say("trust.count")),
            rows,
            numeric=(1,),
        ),
        anchor="accounting",
    )


def _replays(scorecard: Scorecard, words: Words) -> Markup:
    """What replays on the experiment's own units found."""
    simulation = scorecard.single(Simulation)
    if simulation is None:
        return Markup("")
    sentence = precision_sentences.replayed(words, simulation)
    return Markup('<p class="small">{}</p>').format(named(sentence))
