"""Replays as text for a terminal."""

from __future__ import annotations

from holdback.experiments.replays import Simulation
from holdback.reports.words import Words

__all__ = ["table_of"]

NAMES = {"chosen": "this reading", "welch": "t test"}
COLUMNS = ("", "false wins", "false losses", "finds the lift", "range holds it")


def table_of(found: Simulation, locale: str) -> str:
    """What was replayed, and a line a method."""
    words = Words.plain(locale)
    rows = [COLUMNS] + [
        (
            NAMES[record.method],
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
    units = (
        f"{found.label}, {found.arm}: {words.count(found.units)} units "
        f"({words.count(found.with_value)} with a value), "
        f"{words.count(found.smaller_arm)} in the smaller arm"
    )
    splits = (
        f"{words.count(found.replays)} splits with nothing to find (promised: "
        f"{side} wins, {side} losses), {words.count(found.replays_with_lift)} with a "
        f"lift of {words.lift(found.lift)}"
    )
    return "\n".join([units, splits, *lines, f"read by: {methods}"])
