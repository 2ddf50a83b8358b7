"""Experiments of one project that would share units: a layer's part, or a salt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from holdback.assignment.reserved import edge
from holdback.errors import ConfigError, EnvironmentFault, Problem
from holdback.experiments.config.issues import Issues
from holdback.experiments.config.models import ExperimentFile
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import share_text
from holdback.experiments.load import PROJECT_FILE, written_in

__all__ = ["check_layers", "same_salt"]

RANGE = ("assignment", "layer", "range")


def check_layers(experiment: Experiment, issues: Issues) -> None:
    """Note every experiment beside this one whose range of the same layer overlaps.

    Experiments whose windows do not meet may use one range after the other.
    """
    layer = experiment.assignment.layer
    if layer is None:
        return
    for other, places in _beside(experiment):
        theirs = other.assignment.layer if other.assignment else None
        if (
            theirs is None
            or theirs.name != layer.name
            or not _overlap(layer.range, theirs.range)
            or not _meet(experiment, other)
        ):
            continue
        issues.add(
            RANGE,
            f"the range {_told(layer.range)} of layer '{layer.name}' overlaps "
            f"{_told(theirs.range)} of experiment '{other.experiment}'.",
            why="Units in both would be in two experiments that exclude each "
            f"other; the other range is at {places.place(RANGE).where}.",
            fix="Give each experiment a part of the layer of its own.",
        )


def same_salt(experiment: Experiment, issues: Issues) -> tuple[Problem, ...]:
    """A warning for every experiment beside this one that draws the same hash.

    Only of the scheme `holdback`: the others have salts of their own in `params`.
    """
    plan = experiment.assignment
    if plan.scheme != "holdback":
        return ()
    where = issues.place(("assignment", "salt")).where
    return tuple(
        Problem(
            where=where,
            what=f"experiment '{other.experiment}' has the same salt, '{plan.salt}'.",
            why="The units held back here are held back there too, so each result "
            "holds the other's effect.",
            fix="Give the one that has not started a salt of its own.",
        )
        for other, _ in _beside(experiment)
        if _hashed(other) == (plan.salt, plan.phase)
        and _meet(experiment, other)
        and other.experiment != experiment.name  # a copy of this one
    )


def _hashed(other: ExperimentFile) -> tuple[str | None, int] | None:
    """Salt and phase of an experiment of our own scheme."""
    plan = other.assignment
    if plan is None:
        return other.experiment, 1
    if plan.scheme != "holdback":
        return None
    return plan.salt or other.experiment, plan.phase


def _beside(experiment: Experiment) -> Iterator[tuple[ExperimentFile, Issues]]:
    """What the experiment files beside this one say, where they can be read."""
    for file in _files(experiment):
        with suppress(ConfigError, EnvironmentFault):  # told when it is checked itself
            yield written_in(file)


def _files(experiment: Experiment) -> Iterator[Path]:
    """Other experiment files: of the same folder, and of the project's experiments."""
    own = (experiment.root / experiment.file).resolve()
    folders = dict.fromkeys([own.parent, (experiment.root / "experiments").resolve()])
    for folder in folders:
        for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            if file != own and file.name != PROJECT_FILE:
                yield Path(_shown(file))


def _shown(file: Path) -> str:
    """The file's name from the working folder, where it lies below it."""
    with suppress(ValueError):
        return str(file.relative_to(Path.cwd()))
    return str(file)


def _overlap(
    ours: tuple[Fraction, Fraction], theirs: tuple[Fraction, Fraction]
) -> bool:
    """Whether two ranges share a bucket."""
    (a, b), (c, d) = ours, theirs
    return edge(a) < edge(d) and edge(c) < edge(b)


def _meet(experiment: Experiment, other: ExperimentFile) -> bool:
    """Whether the windows share a day; without a window an experiment has no end."""
    ours, theirs = experiment.window, other.window
    if ours is None or theirs is None:
        return True
    return ours.start <= theirs.end and theirs.start <= ours.end


def _told(span: tuple[Fraction, Fraction]) -> str:
    return f"[{share_text(span[0])}, {share_text(span[1])}]"
