"""The answer as Markdown: whole, for an issue or a wiki, and as a short message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdback.errors import printable
from holdback.reports.blocks.answer.decision import told_first
from holdback.reports.blocks.answer.probabilities import told as sure_told
from holdback.reports.blocks.answer.verdict import mark_of
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import heads, in_its_language, say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import headline, money_told, verdict_told
from holdback.reports.text.telling import tell
from holdback.results.money import Money
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["MESSAGE_LENGTH", "markdown", "message", "money_rows", "readout_row"]

MESSAGE_LENGTH = 1200
"""Characters that a chat shows without folding."""

SPECIAL = re.compile(r"[\\`*_{}\[\]<>#!|~&@]|(?<=[a-z]):(?=//)|(?<=www)\.")


@in_its_language
def markdown(scorecard: Scorecard) -> str:
    """Decision, money, metrics, what to watch; text of the data shown as it is."""
    words = Words.of(scorecard)
    lines = [
        _title(scorecard),
        "",
        *(f"- {_safe(text)}" for text in told_first(scorecard, words)),
        *(f"- {_safe(text)}" for text in sure_told(scorecard, words)),
    ]
    if scorecard.validity.is_invalid:
        lines += ["", _safe(sentences.withheld())]
    else:
        lines += [*_money(scorecard, words), *_metrics(scorecard, words)]
    watch = _watched(scorecard, words)
    if watch:
        lines += ["", f"**{say('chat.watch')}**", "", *(f"- {_safe(w)}" for w in watch)]
    return "\n".join([*lines, "", say("chat.more"), ""])


@in_its_language
def message(scorecard: Scorecard) -> str:
    """Decision, lift with its range, money and the reason, in at most 1,200 characters.

    What does not fit any more is left out from the end, in whole lines.
    """
    words = Words.of(scorecard)
    if scorecard.validity.is_invalid:
        figures, end = [], [_safe(sentences.withheld())]
    else:
        figures = list(_primary(scorecard, words))
        for money in money_told(scorecard):
            figures += _money_lines(words, money)
        end = [f"- {_safe(text)}" for text in _watched(scorecard, words)]
    said = [f"- {_safe(text)}" for text in told_first(scorecard, words)]
    more = say("chat.more")
    short = [_title(scorecard)[: MESSAGE_LENGTH - len(more) - 2]]
    for line in (*figures, *said, *end):
        if len("\n".join([*short, line, more, ""])) <= MESSAGE_LENGTH:
            short.append(line)
    return "\n".join([*short, more, ""])


def _primary(scorecard: Scorecard, words: Words) -> Iterator[str]:
    """Change, range and reading of the primary metric, an arm a line."""
    for readout in scorecard.readouts:
        if readout.role == "primary" and readout.segment is None:
            name, change, likely, reading = map(_safe, readout_row(words, readout))
            yield f"{name}: **{change}**, {likely}, {reading}"


def _money_lines(words: Words, money: Money) -> Iterator[str]:
    for name, value, likely in money_rows(words, money):
        yield f"{name}: **{_safe(value)}**" + (f", {_safe(likely)}" if likely else "")


def _title(scorecard: Scorecard) -> str:
    title = headline(scorecard)
    return (
        f"**{_safe(scorecard.experiment)}: {title.title}** {mark_of(scorecard, title)}"
    )


def _watched(scorecard: Scorecard, words: Words) -> list[str]:
    """Guardrails that are not safe, and checks that found something."""
    guardrails = [
        sentences.guardrail(words, r)
        for r in scorecard.readouts
        if r.role == "guardrail" and r.segment is None and r.verdict != "safe"
    ]
    return guardrails + [
        sentences.checked(words, c)
        for c in scorecard.checks
        if c.status in {"warn", "fail"}
    ]


def money_rows(words: Words, money: Money) -> Iterator[tuple[str, str, str]]:
    """Name, amount and range of each figure; revenue and profit never mixed."""
    revenue, profit = money.incremental_revenue, money.incremental_profit
    yield say("chat.revenue"), words.money(revenue.value), _likely(words, revenue)
    if profit != revenue:
        yield say("chat.profit"), words.money(profit.value), _likely(words, profit)
    if money.cost is not None:
        yield say("chat.cost"), words.money(money.cost.total), ""
    if money.ropi is None:
        return
    ropi = money.ropi
    interval = Quantity(
        value=ropi.value, lower=ropi.lower, upper=ropi.upper, unbounded=ropi.unbounded
    )
    per = money.return_per_unit_cost
    ratio = f" ({words.times(per.value)}:1)" if per is not None else ""
    likely = say("chat.likely", range=words.range(interval, words.lift))
    yield say("chat.ropi"), words.lift(ropi.value) + ratio, likely
    if ropi.p_positive is not None:
        yield say("chat.pays"), words.chance(ropi.p_positive), ""


def readout_row(words: Words, readout: Readout) -> tuple[str, str, str, str]:
    """Name, change, range and reading of a metric; or why there is no number."""
    name = words.names(readout.metric, readout.arm)
    reading = verdict_told(readout)
    if readout.relative is not None:
        effect, write = readout.relative, words.lift
    elif readout.absolute is not None and readout.absolute.has_interval:
        effect = readout.absolute

        def write(value: float) -> str:
            return words.difference(readout.metric, value)

    else:
        return name, "—", tell(words, readout.note), reading
    return name, write(effect.value), words.range(effect, write), reading


def _likely(words: Words, quantity: Quantity) -> str:
    return say("chat.likely", range=words.range(quantity, words.money))


def _money(scorecard: Scorecard, words: Words) -> list[str]:
    """Money of the arm that the decision speaks of, else of each."""
    lines = []
    for money in money_told(scorecard):
        title = say("chat.money")
        if words.several:
            title = say("chat.money_of", arm=words.arm(money.arm))
        rows = (f"- {line}" for line in _money_lines(words, money))
        lines += ["", f"**{_safe(title)}**", "", *rows]
    return lines


def _metrics(scorecard: Scorecard, words: Words) -> list[str]:
    rows = [readout_row(words, r) for r in scorecard.readouts if r.segment is None]
    head = heads("chat.columns")
    return [
        "",
        f"| {' | '.join(head)} |",
        "|" + " --- |" * len(head),
        *(f"| {' | '.join(map(_safe, row))} |" for row in rows),
    ]


def _safe(text: str) -> str:
    """Text in which Markdown and HTML find nothing to act on."""
    return SPECIAL.sub(lambda m: "\\" + m[0], " ".join(printable(text).split()))
