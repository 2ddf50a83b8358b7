"""Replays as text for a terminal."""

from __future__ import annotations

from holdback.reports.text.locale_format import Words
from holdback.results.simulation import Simulation
from holdback.wording import heads, say, texts

__all__ = ["table_of"]


def table_of(found: Simulation, locale: str) -> str:
    """What was replayed, and a line a method."""
    words = Words.plain(locale)
    rows = [heads("replays.columns")] + [
        (
            texts("replays.names")[record.method],
            words.share(record.false_wins),
            words.share(record.false_losses),
            words.share(record.power),
            words.share(record.coverage),
        )
        for record in found.records
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  "
        + "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    methods = ", ".join(f"{name} {count:,}" for name, count in found.methods.items())
    side = words.share((1 - found.level) / 2)
    units = say(
        "replays.units_with_a_value",
        label=found.label,
        arm=found.arm,
        units=words.count(found.units),
        with_value=words.count(found.with_value),
        smaller_arm=words.count(found.smaller_arm),
    )
    splits = say(
        "replays.splits_with_nothing_to",
        replays=words.count(found.replays),
        side=side,
        replays_with_lift=words.count(found.replays_with_lift),
        lift=words.lift(found.lift),
    )
    return "\n".join([units, splits, *lines, say("replays.read_by", methods=methods)])
