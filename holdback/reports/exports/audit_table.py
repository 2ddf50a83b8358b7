"""An audit of the assignment as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from holdback.analysis.comparison.small_groups import SMALLEST
from holdback.audit.result import (
    Audit,
    AuditedDay,
    AuditedPeriod,
    Cause,
    Compared,
    Noted,
)
from holdback.errors import printable
from holdback.reports.text.locale_format import Words

__all__ = ["table_of"]

TOO_FEW = f"<{SMALLEST}"
HIDDEN = "hidden"
NEARLY = 0.999
AUDITED_REASONS = {
    "holdout": "global holdout",
    "not_eligible": "not eligible",
    "outside_layer": "outside the layer",
    "outside_traffic": "outside the traffic",
    "invalid_id": "no usable id",
}
NOTES = {
    "after_as_of": "after the as-of date",
    "crossover": "logged in two arms; the first one is compared",
    "duplicate": "copies of another row",
    "no_arm": "without an arm",
    "no_time": "without a time",
    "outside_window": "outside the window",
    "placeholder": "with a word in place of the unit's id",
    "where": "left out by `where`",
}


def table_of(audit: Audit, locale: str) -> str:
    """What was compared, by arms and by days, and what explains the differences."""
    words = Words.plain(locale)
    keys = {"salt": audit.salt} | dict(audit.params or {})
    head = (
        f"{audit.experiment}: {_count(audit.compared, 'units', words)} units of "
        f"source '{audit.source}', recomputed by scheme {audit.scheme} with "
        + ", ".join(f"{key} '{text}'" for key, text in keys.items())
    )
    blocks = [[head, *_table(_pair_rows(audit, words), left=2)]]
    if audit.days:
        blocks.append(_table(_day_rows(audit.days, words), left=1))
    blocks.append(list(_findings(audit, words)))
    notes = [_note(row, words, timed=bool(audit.days)) for row in audit.noted]
    blocks += [notes] if notes else []
    return "\n\n".join("\n".join(map(printable, block)) for block in blocks)


def _pair_rows(audit: Audit, words: Words) -> Iterator[tuple[str, ...]]:
    yield "recomputed", "logged", "units", ""
    for pair in audit.pairs:
        none = f"none: {AUDITED_REASONS.get(pair.reason, pair.reason)}"
        units = TOO_FEW if pair.below_10 else HIDDEN
        if pair.units is not None:
            units = words.count(pair.units)
        differs = "" if pair.planned == pair.logged else "differ"
        yield pair.planned or none, pair.logged, units, differs


def _day_rows(days: Sequence[AuditedDay], words: Words) -> Iterator[tuple[str, ...]]:
    """A row a day; days on which every unit agrees are drawn together."""
    yield "first seen", "units", "differ", "agree"
    for perfect, group in groupby(days, key=lambda d: d.compared.disagreeing == 0):
        run = list(group)
        if perfect and len(run) > 1:
            units = sum(day.compared.units or 0 for day in run)
            label = _days(run[0].day, run[-1].day, words)
            yield label, words.count(units), "0", words.share(1.0)
            continue
        for day in run:
            compared = day.compared
            yield (
                words.day(day.day),
                _count(compared, "units", words),
                _count(compared, "disagreeing", words),
                _share(compared, words),
            )


def _findings(audit: Audit, words: Words) -> Iterator[str]:
    if audit.agrees:
        yield "Every unit was logged in the arm that was recomputed."
        return
    compared = audit.compared
    yield (
        f"{_count(compared, 'disagreeing', words)} units were logged in another arm "
        f"than recomputed; {_share(compared, words)} agree."
    )
    for day in audit.changes:
        yield f"Agreement changes on {words.day(day)}."
    for period in audit.periods:
        yield f"  {_when(period, words)}: {_why(period, words)}"


def _when(period: AuditedPeriod, words: Words) -> str:
    if period.first is None or period.last is None:
        return "All units"
    return _days(period.first, period.last, words)


def _why(period: AuditedPeriod, words: Words) -> str:
    share = _share(period.compared, words)
    share_text = "" if share == HIDDEN else f"{share} agree with the plan; "
    if period.cause is not None:
        return share_text + _explained(period.cause, words)
    verdicts = {
        "agrees": "the plan explains the log.",
        "changing": "the change came during this day.",
        "unexplained": "no variation of the plan that was tried explains the log.",
    }
    return share_text + verdicts[period.verdict]


def _explained(cause: Cause, words: Words) -> str:
    what = " and ".join(change.what for change in cause.changes)
    share = (
        f"all but fewer than {SMALLEST}"
        if cause.agreement is None
        else _below_all(cause.agreement, words)
    )
    sampled = words.count(cause.sampled)
    return f"most likely cause: {what} ({share} of {sampled} sampled units agree)."


def _note(noted: Noted, words: Words, *, timed: bool) -> str:
    count = TOO_FEW if noted.count is None else words.count(noted.count)
    what = NOTES.get(noted.reason) or AUDITED_REASONS.get(noted.reason, noted.reason)
    if noted.reason == "crossover" and not timed:
        what = "logged in two arms, left out: no time says which was first"
    return f"{count} {noted.what} {what}."


def _days(first: str, last: str, words: Words) -> str:
    if first == last:
        return words.day(first)
    return f"{words.day(first)} to {words.day(last)}"


def _count(compared: Compared, name: str, words: Words) -> str:
    value = getattr(compared, name)
    if value is not None:
        return words.count(value)
    return TOO_FEW if name in compared.below_10 else HIDDEN


def _share(compared: Compared, words: Words) -> str:
    """Share that agrees; nothing that would give a small count away."""
    if compared.agreement is not None:
        return _below_all(compared.agreement, words)
    if "disagreeing" in compared.below_10 and "units" not in compared.below_10:
        return f"all but {TOO_FEW}"
    return HIDDEN


def _below_all(share: float, words: Words) -> str:
    """A share of which all is said only where it is all."""
    text = words.share(share)
    if share < 1 and text == words.share(1.0):
        return f">{words.share(NEARLY)}"
    return text


def _table(rows: Iterator[tuple[str, ...]], *, left: int) -> list[str]:
    """Aligned columns, the first ones to the left."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
