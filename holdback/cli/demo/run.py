"""The demo's work: a project folder, a simulated shop, plan, assign, analyze."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from holdback import workflow
from holdback.analysis.preregistration.audit_log import NAME
from holdback.assignment.files import assign_file
from holdback.atomic_files import replacing, write_files
from holdback.errors import ConfigError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import split_of
from holdback.experiments.sources.simulated import ArmTruth, Lift, Shop
from holdback.planning.plan import Plan
from holdback.results.json_codec import to_json

__all__ = ["EXPERIMENT", "SCHEMA", "Demo", "demonstrate", "truth_as_dict"]

SCHEMA = "holdback/demo/1"
MARK = "truth.json"
EXPERIMENT = "experiments/recs-holdback.yaml"
YAML = ("holdback.yaml", EXPERIMENT)
TRUE_LIFT = Lift(conversion=0.10, order_value=0.04)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What one demo did. `changed` names the YAML files that were found changed."""

    home: Path
    units: int
    changed: tuple[str, ...]
    truths: tuple[ArmTruth, ...]
    plan: Plan
    assigned: dict[str, int]
    analysis: workflow.Analysis
    report: Path


def demonstrate(home: Path, *, units: int, seed: int) -> Demo:
    """Simulate a shop in a folder, then plan, lock, assign, analyze and report.

    Raises ConfigError for a folder with files that no demo made.
    """
    known = _text(home / MARK)
    changed = _prepared(home)
    experiment = workflow.load(home / EXPERIMENT)
    data, results = home / "data", home / "results" / experiment.name
    truths = _shop(experiment, units=units, seed=seed).write(data)
    told = {
        "schema": SCHEMA,
        "units": units,
        "seed": seed,
        "arms": [truth_as_dict(truth) for truth in truths],
    }
    mark = json.dumps(told, indent=2) + "\n"
    if mark != known:
        # Another shop is another test: what was seen of the old one does not count.
        (home / EXPERIMENT).with_name(NAME).unlink(missing_ok=True)
    write_files(home, {MARK: mark})
    plan = workflow.plan(experiment)
    write_files(results, {"plan.json": to_json(plan)})
    workflow.lock(experiment)
    assigned = _assigned(experiment, data)
    analysis = workflow.analyze(experiment)
    written = analysis.write(results)
    return Demo(
        home=home,
        units=units,
        changed=changed,
        truths=truths,
        plan=plan,
        assigned=assigned,
        analysis=analysis,
        report=next(path for path in written if path.suffix == ".html"),
    )


def _text(file: Path) -> str:
    """A file's text, empty where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def truth_as_dict(truth: ArmTruth) -> dict[str, Any]:
    """What is true of an arm, as plain values."""
    lift = asdict(truth.lift) | {"revenue": truth.lift.revenue}
    return asdict(truth) | {"lift": lift}


def _prepared(home: Path) -> tuple[str, ...]:
    """Write the YAML files that are missing; names of those that were changed."""
    if home.exists() and not _is_ours(home):
        raise ConfigError(
            Problem(
                where=str(home),
                what="is not empty and was not made by `holdback demo`.",
                why="Your files are not overwritten.",
                fix="Name another folder: holdback demo NEW-FOLDER.",
            )
        )
    project = files("holdback.cli.demo") / "project"
    texts = {name: (project / name).read_text(encoding="utf-8") for name in YAML}
    missing = {n: text for n, text in texts.items() if not (home / n).exists()}
    write_files(home, {MARK: json.dumps({"schema": SCHEMA}) + "\n", **missing})
    return tuple(n for n in YAML if (home / n).read_bytes() != texts[n].encode())


def _is_ours(home: Path) -> bool:
    """Whether a folder is empty, or carries the mark of a demo."""
    try:
        if not any(home.iterdir()):
            return True
        told = json.loads((home / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("schema") == SCHEMA


def _shop(experiment: Experiment, *, units: int, seed: int) -> Shop:
    """The shop under the split and the dates that the experiment's file says."""
    if experiment.window is None:
        raise ConfigError(
            Problem(
                where=experiment.file,
                what="has no window, so the demo cannot tell when customers come.",
                fix="Write for instance: window: {start: 2026-09-01, end: 2026-10-12}",
            )
        )
    return Shop(
        units=units,
        seed=seed,
        split=split_of(experiment),
        lifts={arm.name: TRUE_LIFT for arm in experiment.treatments},
        conversion_rate=0.12,
        order_value=55.0,
        spread=0.6,
        start=experiment.window.start,
        days=experiment.window.days,
        timezone=experiment.timezone,
    )


def _assigned(experiment: Experiment, data: Path) -> dict[str, int]:
    """Give every customer of the shop an arm, as `holdback assign` does."""
    with replacing(data / "assigned.csv") as temporary:
        tally = assign_file(
            split_of(experiment),
            data / "customers.csv",
            temporary,
            unit="customer_id",
            shape=".csv",
        )
    return dict(tally.by_arm())
