"""The demo's work: a project folder, a simulated shop, plan, assign, analyze."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from holdback import workflow
from holdback.analysis.preregistration.audit_log import HEAD_NAME, LOG_NAME
from holdback.assignment.files import assign_file
from holdback.atomic_files import replacing, write_files
from holdback.cli.console import invocation
from holdback.data.simulated import ArmTruth, Lift, Shop, simulate
from holdback.errors import ConfigError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import split_of
from holdback.planning.plan import Plan
from holdback.reports.text.locale_format import Words
from holdback.results.json_codec import to_json
from holdback.results.quantity import Quantity

__all__ = [
    "DEMO_SCHEMA",
    "EXPERIMENT",
    "Demo",
    "as_json",
    "as_text",
    "demonstrate",
    "truth_as_dict",
]

DEMO_SCHEMA = "holdback/demo/1"
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
    truths = simulate(_shop(experiment, units=units, seed=seed), data)
    world = {
        "schema": DEMO_SCHEMA,
        "units": units,
        "seed": seed,
        "arms": [truth_as_dict(truth) for truth in truths],
    }
    mark = json.dumps(world, indent=2) + "\n"
    if mark != known:
        # Another shop is another test: what was seen of the old one does not count.
        for name in (LOG_NAME, HEAD_NAME):
            (home / EXPERIMENT).with_name(name).unlink(missing_ok=True)
        (results / "scorecard.json").unlink(missing_ok=True)
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
    write_files(home, {MARK: json.dumps({"schema": DEMO_SCHEMA}) + "\n", **missing})
    return tuple(n for n in YAML if (home / n).read_bytes() != texts[n].encode())


def _is_ours(home: Path) -> bool:
    """Whether a folder is empty, or carries the mark of a demo."""
    try:
        if not any(home.iterdir()):
            return True
        mark = json.loads((home / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(mark, dict) and mark.get("schema") == DEMO_SCHEMA


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


# Metric of the demo's YAML -> which true lift it measures.
MEASURED = {
    "revenue_per_visitor": "revenue",
    "conversion": "conversion",
    "average_order_value": "order_value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """One estimate beside the truth, in words."""

    name: str
    truth: str
    estimate: str
    likely: str
    inside: bool


def as_text(demo: Demo) -> str:
    """The answer for people."""
    return "\n".join(_lines(demo))


def as_json(demo: Demo) -> str:
    """The answer for programs."""
    decision = demo.analysis.decision
    summary = {
        "schema": DEMO_SCHEMA,
        "units": demo.units,
        "assigned": demo.assigned,
        "truth": [truth_as_dict(truth) for truth in demo.truths],
        "outcome": decision.outcome,
        "changed": list(demo.changed),
        "report": str(demo.report),
        "scorecard": str(demo.report.with_name("scorecard.json")),
    }
    return json.dumps(summary, indent=2, ensure_ascii=False)


def _lines(demo: Demo) -> Iterator[str]:
    words = Words.of(demo.analysis.scorecard)
    yield f"A simulated shop of {words.count(demo.units)} customers, in {demo.home}/"
    if demo.changed:
        yield f"  kept as you changed them: {', '.join(demo.changed)}"
    yield from _steps(demo, words)
    yield ""
    yield str(demo.analysis)
    yield ""
    if not demo.analysis.scorecard.validity.is_invalid:
        compared = list(_compared(demo, words))
        yield "And the truth, which only a simulation knows:"
        yield from _table(compared)
        yield _verdict(compared, words.round_share(demo.analysis.scorecard.level))
        yield ""
    yield f"Report: {demo.report}"
    file = demo.home / EXPERIMENT
    if EXPERIMENT in demo.changed:
        yield f"Next: change another number in {file}, then run"
    else:
        yield f"Next: in {file} change the margin from 42% to 15%, then run"
    yield f"  {invocation()} analyze {file}"


def _steps(demo: Demo, words: Words) -> Iterator[str]:
    primary = next(m for m in demo.plan.metrics if m.role == "primary")
    if primary.detectable_lift is not None:
        yield (
            f"  plan     a true lift of {words.share(primary.detectable_lift)} in "
            f"{primary.label.lower()} is found 8 times in 10"
        )
    arms = ", ".join(
        f"{words.count(units)} {arm}" for arm, units in demo.assigned.items()
    )
    yield f"  assign   {arms}"
    rows = sum(table.rows for table in demo.analysis.scorecard.inputs)
    yield f"  analyze  {words.count(rows)} rows of exposures and orders"


def _compared(demo: Demo, words: Words) -> Iterator[_Compared]:
    scorecard = demo.analysis.scorecard
    truths = {truth.arm: truth for truth in demo.truths}
    several = len(scorecard.arms) > 2
    for readout in scorecard.readouts:
        known = readout.segment is None and readout.metric in MEASURED
        if known and readout.relative is not None:
            lift = getattr(truths[readout.arm].lift, MEASURED[readout.metric])
            name = words.label(readout.metric)
            yield _Compared(
                name=f"{name}, {words.arm(readout.arm)}" if several else name,
                truth=words.lift(lift),
                estimate=words.lift(readout.relative.value),
                likely=words.range(readout.relative, words.lift),
                inside=_holds(readout.relative, lift),
            )
    total = next((m for m in scorecard.money if m.arm == "*"), None)
    if total is not None:
        revenue = sum(truth.incremental_revenue for truth in demo.truths)
        yield _Compared(
            name="Extra revenue",
            truth=words.money(revenue),
            estimate=words.money(total.incremental_revenue.value),
            likely=words.range(total.incremental_revenue, words.money),
            inside=_holds(total.incremental_revenue, revenue),
        )


def _holds(quantity: Quantity, truth: float) -> bool:
    above = quantity.lower is None or quantity.lower <= truth
    return above and (quantity.upper is None or truth <= quantity.upper)


def _table(compared: list[_Compared]) -> Iterator[str]:
    widths = [
        max(len(getattr(row, column)) for row in compared)
        for column in ("name", "truth", "estimate", "likely")
    ]
    for row in compared:
        name, truth, estimate, likely = widths
        yield (
            f"  {row.name:<{name}}  true {row.truth:>{truth}}   found "
            f"{row.estimate:>{estimate}}   likely {row.likely:<{likely}}   "
            f"{'inside' if row.inside else 'OUTSIDE'}"
        )


def _verdict(compared: list[_Compared], level: str) -> str:
    missed = sum(not row.inside for row in compared)
    if not missed:
        return f"Every {level} range holds the truth."
    return (
        f"{missed} of {len(compared)} ranges miss the truth. A {level} range may: "
        "about once in twenty worlds. Try another --seed."
    )
