"""Sentences about what a test can find: its precision, more time, replays."""

from __future__ import annotations

from math import expm1, log1p

from holdback.experiments.expected import Outlook
from holdback.experiments.replays import MethodRecord, Simulation
from holdback.experiments.scorecard import Readout
from holdback.reports.words import Words
from holdback.stats.normal import quantile

__all__ = ["outlook", "reach", "replayed"]

POWER = 0.8


def reach(words: Words, readout: Readout, level: float, minimum: float) -> str:
    """What a test of this precision can find, whatever it has found.

    From the width of the range alone: 80 % power at this standard error, never power
    at the lift that was seen. `level` is that of the range.
    """
    lift = readout.relative
    if lift is None or lift.lower is None or lift.upper is None or lift.lower <= -1:
        return ""
    width = log1p(lift.upper) - log1p(lift.lower)
    z = quantile((1 + level) / 2)
    found = (z + quantile(POWER)) * width / (2 * z)
    least = words.share(expm1(found))
    told = f"A test as precise as this one finds a true lift of {least} 8 times in 10"
    if 0 < minimum < expm1(found):
        times = (found / log1p(minimum)) ** 2
        return (
            f"{told}; to find {words.share(minimum)}, the smallest that matters, as "
            f"often takes {words.number(times)} times as many units."
        )
    return f"{told}."


def outlook(words: Words, found: Outlook) -> str:
    """How much longer a test would have to run to find what it looks for."""
    aim = f"{words.lift(found.lift)} {10 * found.power:.3g} times in 10"
    if found.weeks_more == 0:
        return (
            f"It was large enough to find {aim}, so more time would mostly make the "
            "range narrower."
        )
    if found.weeks_more is None:
        return (
            f"To find {aim} would take {words.count(found.units_needed)} units, more "
            "than a further year brings: aim at a larger change, or at a metric that "
            "varies less."
        )
    weeks = f"{found.weeks_more} more week{'s' if found.weeks_more > 1 else ''}"
    return (
        f"To find {aim} takes about {weeks} of the traffic that came "
        f"({words.count(found.units_needed)} units in all)."
    )


def replayed(words: Words, found: Simulation) -> str:
    """How often the reading was wrong on the experiment's own units."""
    ours, welch = found.record("chosen"), found.record("welch")
    alarms = (
        f"On these units, split at random {words.count(found.replays)} times with "
        f"nothing to find, this reading of {found.label} cried wolf in "
        f"{_alarms(words, ours)}, and the usual t test would have in "
        f"{_alarms(words, welch)}; {words.share(1 - found.level)} is what was promised."
    )
    return (
        f"{alarms} With a true lift of {words.lift(found.lift)} put in, it was found "
        f"in {words.share(ours.power)} of {words.count(found.replays_with_lift)} "
        f"replays (t test: {words.share(welch.power)}), and the range held it in "
        f"{words.share(ours.coverage)} ({words.share(welch.coverage)})."
    )


def _alarms(words: Words, record: MethodRecord) -> str:
    return (
        f"{words.share(record.false_alarms)} ({words.share(record.false_wins)} wins, "
        f"{words.share(record.false_losses)} losses)"
    )
