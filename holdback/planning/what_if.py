"""A plan under other circumstances: another share, more weeks, another lift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from holdback.errors import ConfigError, Problem
from holdback.experiments.definition.experiment import Experiment

__all__ = ["WhatIf", "supposed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What to suppose: control's `share`, `weeks` of joining units, a true `lift`."""

    share: Fraction | None = None
    weeks: int | None = None
    lift: Fraction | None = None

    @classmethod
    def of(cls, given: Mapping[str, float | Fraction]) -> WhatIf:
        """From numbers by name. Raises ConfigError with everything that is wrong."""
        problems = list(_problems(given))
        if problems:
            raise ConfigError(problems)
        exact = {name: Fraction(str(value)) for name, value in given.items()}
        weeks = exact.pop("weeks", None)
        return cls(**exact, weeks=None if weeks is None else int(weeks))


def _problems(given: Mapping[str, float | Fraction]) -> Iterator[Problem]:
    known = ("share", "weeks", "lift")
    for name, value in given.items():
        where = f"--what-if {name}"
        if name not in known:
            yield Problem(
                where=where,
                what="is nothing that can be supposed.",
                fix=f"Write {', '.join(known[:-1])} or {known[-1]}.",
            )
        elif name == "share" and not 0 < value < 1:
            yield Problem(where=where, what="lies between 0% and 100%.")
        elif name == "weeks" and (value != int(value) or not 1 <= value <= 520):
            yield Problem(where=where, what="is a whole number from 1 to 520.")
        elif name == "lift" and not value > 0:
            yield Problem(
                where=where,
                what="lies above 0%.",
                why="No number of units proves that nothing has changed.",
            )


def supposed(
    experiment: Experiment, units: int, given: WhatIf
) -> tuple[Experiment, int]:
    """The experiment and its units as supposed; treatment arms share what is left."""
    found = experiment
    if given.share is not None:
        rest = (1 - given.share) / (1 - experiment.control.share)
        found = replace(
            found,
            arms=tuple(
                replace(arm, share=given.share if arm.control else arm.share * rest)
                for arm in found.arms
            ),
        )
    if given.lift is not None:
        found = replace(
            found, decision=replace(found.decision, minimum_lift=given.lift)
        )
    if given.weeks is None:
        return found, units
    window = found.window
    if window is None:
        raise ConfigError(
            Problem(
                where="--what-if weeks",
                what="the experiment has no window, so nothing says how many units "
                "join in a week.",
                fix="Add `window: {start: …, end: …}`, or use --units.",
            )
        )
    days = (window.end - window.start).days + 1
    end = window.start + timedelta(days=7 * given.weeks - 1)
    longer = replace(found, window=replace(window, end=end))
    return longer, max(2, round(units * 7 * given.weeks / days))
