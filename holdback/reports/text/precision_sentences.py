"""Sentences about what a test can find: its precision, more time, replays."""

from __future__ import annotations

from math import expm1, log1p

from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Readout
from holdback.results.sections.simulation import MethodRecord, Simulation
from holdback.stats.design.power import USUAL_POWER
from holdback.stats.numeric import quantile

__all__ = ["reach", "replayed"]


def reach(words: Words, readout: Readout, level: float, minimum: float) -> str:
    """What a test of this precision can find, whatever it has found.

    From the width of the range alone: 80 % power at this standard error, never power
    at the lift that was seen. `level` is that of the range.
    """
    lift = readout.relative
    if lift is None or lift.lower is None or lift.upper is None or lift.lower <= -1:
        return ""
    width = log1p(lift.upper) - log1p(lift.lower)
    if width <= 0:
        return ""
    z = quantile((1 + level) / 2)
    log_lift = (z + quantile(USUAL_POWER)) * width / (2 * z)
    least = words.share(expm1(log_lift))
    sentence = say("precision_sentences.a_test_as_precise", least=least)
    if 0 < minimum < expm1(log_lift):
        times = (log_lift / log1p(minimum)) ** 2
        return say(
            "precision_sentences.to_find_the_smallest",
            told=sentence,
            minimum=words.share(minimum),
            times=words.number(times),
        )
    return f"{sentence}."


def replayed(words: Words, simulation: Simulation) -> str:
    """How often the reading was wrong on the experiment's own units."""
    ours, welch = simulation.record("chosen"), simulation.record("welch")
    alarms = say(
        "precision_sentences.on_these_units_split",
        replays=words.count(simulation.replays),
        label=simulation.label,
        ours=_alarms(words, ours),
        welch=_alarms(words, welch),
        share=words.share(1 - simulation.level),
    )
    return say(
        "precision_sentences.with_a_true_lift",
        alarms=alarms,
        lift=words.lift(simulation.lift),
        power=words.share(ours.power),
        replays_with_lift=words.count(simulation.replays_with_lift),
        power_2=words.share(welch.power),
        coverage=words.share(ours.coverage),
        coverage_2=words.share(welch.coverage),
    )


def _alarms(words: Words, record: MethodRecord) -> str:
    return say(
        "precision_sentences.alarms",
        false_alarms=words.share(record.false_alarms),
        false_wins=words.share(record.false_wins),
        false_losses=words.share(record.false_losses),
    )
