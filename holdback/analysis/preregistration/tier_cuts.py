"""Bounds of equal tiers: found at the first look, and kept from then on.

Quantiles move with every unit that joins, and then a unit would change its tier from
one look to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from holdback.analysis.preregistration.audit_log import entries_of, log_path, read
from holdback.experiments.definition.experiment import DerivedSegment, Experiment

__all__ = ["cuts_told", "with_cuts"]


def with_cuts(experiment: Experiment) -> Experiment:
    """The experiment with the bounds that its first look found, if the log has them.

    Raises ConfigError where the log was changed.
    """
    path = log_path(experiment)
    if path is None or not experiment.analysis.derived:
        return experiment
    known: dict[str, Any] = {}
    for entry in entries_of(experiment, read(path)):
        if entry.kind == "look":
            known = {**entry.says.get("tiers", {}), **known}
    derived = tuple(
        replace(one, cuts=tuple(known[one.name]["cuts"]))
        if one.name in known and known[one.name]["of"] == _defined(one)
        else one
        for one in experiment.analysis.derived
    )
    return replace(experiment, analysis=replace(experiment.analysis, derived=derived))


def cuts_told(
    experiment: Experiment, tiers: Mapping[str, tuple[int, ...]]
) -> dict[str, Any]:
    """What the log is told of them; nothing where there are none."""
    if not tiers:
        return {}
    defined = {one.name: _defined(one) for one in experiment.analysis.derived}
    return {
        "tiers": {
            name: {"of": defined[name], "cuts": list(cuts)}
            for name, cuts in tiers.items()
        }
    }


def _defined(one: DerivedSegment) -> list[Any]:
    """What the tiers are of: another definition has other bounds."""
    value = None if one.value is None else one.value.text
    lookback = None if one.lookback is None else one.lookback.total_seconds()
    return [one.source, one.column, value, lookback, one.tiers]
