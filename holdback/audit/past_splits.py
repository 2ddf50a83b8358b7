"""Salts, shares and schemes that an experiment had before, or might well have had."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from holdback.analysis.preregistration.audit_log import Entry, log_path, read
from holdback.assignment.params import scheme_or_faults
from holdback.assignment.schemes import Scheme
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import share

__all__ = ["Former", "former_of"]

PHASES, VERSIONS, FILES = 3, 4, 20
SEPARATOR = re.compile(r"[-_.]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What may have been deployed in place of the plan, the likelier first."""

    salts: tuple[str, ...] = ()
    arms: tuple[tuple[tuple[str, Fraction], ...], ...] = ()
    schemes: tuple[Scheme, ...] = ()


def former_of(experiment: Experiment, texts: tuple[str, ...] = ()) -> Former:
    """From the log's locked plans, and from names near the experiment's own.

    `texts` are other keys that its scheme hashes by.
    Raises ConfigError where the log was changed.
    """
    path = log_path(experiment)
    entries = () if path is None else read(path)
    plans = [plan for plan in map(_plan, reversed(entries)) if plan]
    own = [plan for plan in plans if plan["experiment"] == experiment.name]
    others = dict.fromkeys(e.experiment for e in reversed(entries))
    salts = [str(plan["assignment"]["salt"]) for plan in own]
    salts += _names(experiment)
    salts += [near for text in texts for near in _near(text)]
    salts += [name for name in others if name != experiment.name]
    salts += [] if path is None else _beside(path.parent)
    return Former(
        salts=tuple(dict.fromkeys(filter(None, salts))),
        arms=tuple(dict.fromkeys(map(_arms, own))),
        schemes=tuple(found for plan in own if (found := _scheme(plan)) is not None),
    )


def _plan(entry: Entry) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = entry.says.get("plan")
    return found if entry.kind == "lock" else None


def _names(experiment: Experiment) -> Iterator[str]:
    salt = experiment.assignment.salt
    stems = dict.fromkeys((salt, experiment.name, Path(experiment.file).stem))
    yield from stems
    for phase in range(2, experiment.assignment.phase + PHASES):
        yield f"{salt}.phase{phase}"
    yield experiment.assignment.source
    for stem in stems:
        yield from _near(stem)


def _near(name: str) -> Iterator[str]:
    """Other spellings of a name, its beginnings, and versions of it.

    >>> list(_near("recs-eu"))[:7]
    ['recs-eu', 'recs_eu', 'recs-eu', 'recs', 'recs-eu-v1', 'recs-eu_v1', 'recs-eu-1']
    """
    yield from (name.lower(), name.replace("-", "_"), name.replace("_", "-"))
    for end in reversed(list(SEPARATOR.finditer(name))):
        yield name[: end.start()]
    for version in range(1, VERSIONS):
        for between in ("-v", "_v", "-"):
            yield f"{name}{between}{version}"


def _beside(folder: Path) -> list[str]:
    """Names of the experiments' files in the same folder: a salt copied from one."""
    return [path.stem for path in sorted(folder.glob("*.yaml"))[:FILES]]


def _arms(plan: Mapping[str, Any]) -> tuple[tuple[str, Fraction], ...]:
    return tuple((n, share(plan["arms"][n]["share"])) for n in plan["arm_order"])


def _scheme(plan: Mapping[str, Any]) -> Scheme | None:
    assignment = plan["assignment"]
    name, params = assignment.get("scheme", "holdback"), assignment.get("params", {})
    return scheme_or_faults(name, params)[0]
