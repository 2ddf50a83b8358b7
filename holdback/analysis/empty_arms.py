"""Arms that end with nobody to compare, and what removed their units."""

from __future__ import annotations

from collections.abc import Iterator

from holdback.data.evidence.cells import Evidence
from holdback.errors import Problem, StatsError
from holdback.experiments.definition.experiment import Experiment

__all__ = ["refuse_empty_arms"]

REMOVED = {
    "crossover": "were seen in another arm as well and are left out",
    "outside_window": "lie outside `window`",
    "after_as_of": "lie after the last moment analyzed",
    "not_matured": "have not had their full time yet",
    "override": "were placed by hand",
    "no_time": "have no time",
    "where": "were left out by `where`",
    "not_eligible": "may not take part by `assignment.where`",
    "no_arm": "name no arm",
    "placeholder": "have a word in place of a unit's id",
    "holdout": "were kept out by the global holdout",
    "outside_layer": "are outside the layer's range",
    "outside_traffic": "are outside the traffic",
    "invalid_id": "have no usable id",
}
"""What became of units and rows that do not count."""
REMEDIES = {
    "crossover": "Find out why units change arms, or set `crossovers: first`, which "
    "needs the time of exposure.",
    "outside_window": "Set `window` to the days on which units joined.",
    "after_as_of": "Read up to a later day.",
    "not_matured": "Wait until the time of `within` has passed for its units.",
    "where": "Look at what `where` asks for, and how the values are written.",
    "not_eligible": "Look at what `assignment.where` asks for.",
    "no_time": "Give every exposure a time.",
    "placeholder": "Give every unit an id.",
}
"""The way out, by what removed most."""
LEAST_UNITS = 2


def refuse_empty_arms(experiment: Experiment, evidence: Evidence) -> None:
    """Raise StatsError for arms of fewer than 2 units, naming what removed the rest."""
    metric = experiment.metrics[experiment.primary]
    cells = evidence.cells.pooled
    problems = []
    for arm in experiment.arms:
        units = cells.total(metric.name, {arm.name}, within=metric.within).n
        if units >= LEAST_UNITS:
            continue
        noun = "unit" if units == 1 else "units"
        removed = sorted(_removed(experiment, evidence, arm.name), key=lambda r: -r[1])
        told = ", ".join(
            f"{n:,} {what} {_one(REMOVED[why]) if n == 1 else REMOVED[why]}"
            for why, n, what in removed
        )
        problems.append(
            Problem(
                what=f"arm '{arm.name}' has {units} {noun} with a complete "
                f"{metric.title}" + (f": {told}." if told else "."),
                why="An arm of fewer than 2 units has no spread, so nothing can be "
                "compared.",
                fix=next((REMEDIES[r[0]] for r in removed if r[0] in REMEDIES), "")
                or "Check the arm's name in the data (`logged_as`).",
            )
        )
    if problems:
        raise StatsError(problems)


def _one(done: str) -> str:
    """The same of one: "were" is "was", "lie" is "lies".

    >>> _one("lie outside")
    'lies outside'
    """
    verb, _, rest = done.partition(" ")
    singular = {"were": "was", "have": "has", "lie": "lies", "name": "names"}
    return f"{singular.get(verb, verb)} {rest}"


def _removed(
    experiment: Experiment, evidence: Evidence, arm: str
) -> Iterator[tuple[str, int, str]]:
    """Reason, count and noun of what was left out of an arm, or of no arm's."""
    metric = experiment.metrics[experiment.primary]
    cells = evidence.cells.pooled
    early = cells.total(metric.name, {arm}).n
    early -= cells.total(metric.name, {arm}, within=metric.within).n
    if early:
        yield "not_matured", early, "unit" if early == 1 else "units"
    for one in evidence.accounting.excluded:
        if one.arm in {arm, None} and one.reason in REMOVED and one.count:
            noun = one.what.removesuffix("s") if one.count == 1 else one.what
            yield one.reason, one.count, noun
