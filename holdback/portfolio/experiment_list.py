"""The experiments of a project: what each is, and how far it has come."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from holdback.analysis.preregistration.audit_log import log_path, read
from holdback.atomic_files import read_whole
from holdback.errors import ConfigError, EnvironmentFault, Problem, ReportError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.load import PROJECT_FILE, is_project_file, load

__all__ = ["REPORT", "Listed", "Overview", "lines", "overview", "reports_in"]

REPORT = "report.html"

PATTERNS = ("*.yaml", "*.yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One experiment file. With a `problem`, its first one, nothing else is known.

    `locked` and `looks` are what the audit log says; `decision` is that of the
    scorecard in `results/`, absent where there is none.
    """

    file: str
    experiment: str = ""
    arms: tuple[str, ...] = ()
    primary: str = ""
    window_start: str | None = None
    window_end: str | None = None
    locked: bool = False
    looks: int = 0
    decision: str | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All experiments found, as JSON holds them."""

    experiments: tuple[Listed, ...]
    schema: str = "holdback/overview/1"


def overview(folder: Path) -> tuple[Listed, ...]:
    """Experiment files in `folder` and in its `experiments/`, by name of the file.

    Raises ConfigError where there is no such folder or no experiment in it.
    """
    if not folder.is_dir():
        raise ConfigError(
            Problem(where=str(folder), what="is no folder.", fix="Name a project's.")
        )
    files = sorted(
        {
            file
            for place in (folder, folder / "experiments")
            for pattern in PATTERNS
            for file in place.glob(pattern)
            if not _is_project(file)
        }
    )
    if not files:
        raise ConfigError(
            Problem(
                where=str(folder),
                what="holds no experiment.",
                fix="Name the folder of holdback.yaml, or begin with `holdback init`.",
            )
        )
    return tuple(_listed(folder, file) for file in files)


def reports_in(folders: Iterable[Path], beside: Path) -> dict[str, str]:
    """Experiment → its page, as a way from the folder `beside`.

    The folders are projects', or hold results.
    """
    found: dict[str, str] = {}
    for folder in folders:
        for place in (folder, folder / "results"):
            for report in sorted(place.glob(f"*/{REPORT}")):
                way = Path(os.path.relpath(report, beside)).as_posix()
                found.setdefault(report.parent.name, way)
    return found


def _is_project(file: Path) -> bool:
    return file.name == PROJECT_FILE and is_project_file(file)


def _listed(folder: Path, file: Path) -> Listed:
    shown = file.relative_to(folder).as_posix()
    try:
        experiment = load(file)
        locked, looks = _logged(experiment)
        decision = _decision(experiment)
    except (ConfigError, EnvironmentFault) as error:
        return Listed(file=shown, problem=error.problems[0].what)
    window = experiment.window
    return Listed(
        file=shown,
        experiment=experiment.name,
        arms=tuple(arm.name for arm in experiment.arms),
        primary=experiment.primary,
        window_start=None if window is None else window.start.isoformat(),
        window_end=None if window is None else window.end.isoformat(),
        locked=locked,
        looks=looks,
        decision=decision,
    )


def _logged(experiment: Experiment) -> tuple[bool, int]:
    path = log_path(experiment)
    kinds = [
        entry.kind
        for entry in (() if path is None else read(path))
        if entry.experiment == experiment.name
    ]
    return "lock" in kinds, kinds.count("look")


def _decision(experiment: Experiment) -> str | None:
    """Of the scorecard that `analyze` writes by default."""
    path = experiment.root / "results" / experiment.name / "scorecard.json"
    try:
        scorecard = json.loads(read_whole(path))
        if scorecard.get("validity", {}).get("state") == "invalid":
            return "invalid"
        return str(scorecard["decision"]["outcome"])
    except ReportError:
        return "edited"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def lines(listed: tuple[Listed, ...]) -> Iterator[str]:
    """One line an experiment, aligned."""
    rows = [("experiment", "window", "primary", "plan", "looks", "decision")]
    for experiment in listed:
        window = (
            f"{experiment.window_start} – {experiment.window_end}"
            if experiment.window_start
            else "–"
        )
        rows.append(
            (
                experiment.experiment or experiment.file,
                "–" if experiment.problem else window,
                experiment.primary or "–",
                "–"
                if experiment.problem
                else "locked"
                if experiment.locked
                else "open",
                "–" if experiment.problem else str(experiment.looks),
                (experiment.decision or "none").replace("_", " "),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    problems = ["", *(experiment.problem for experiment in listed)]
    for row, problem in zip(rows, problems, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        if problem:
            cells = [cells[0], f"cannot be read: {problem}"]
        yield "  ".join(cells).rstrip()
