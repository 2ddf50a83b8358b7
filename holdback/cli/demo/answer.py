"""The demo's answer: what was done, what was found, what is true, what to try."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from holdback.cli.console import invocation
from holdback.cli.demo.run import EXPERIMENT, SCHEMA, Demo, truth_as_dict
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Quantity

__all__ = ["as_json", "as_text"]

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
    told = {
        "schema": SCHEMA,
        "units": demo.units,
        "assigned": demo.assigned,
        "truth": [truth_as_dict(truth) for truth in demo.truths],
        "outcome": decision.outcome,
        "changed": list(demo.changed),
        "report": str(demo.report),
        "scorecard": str(demo.report.with_name("scorecard.json")),
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def _lines(demo: Demo) -> Iterator[str]:
    words = Words.of(demo.analysis.scorecard)
    yield f"A simulated shop of {words.count(demo.units)} customers, in {demo.home}/"
    if demo.changed:
        yield f"  kept as you changed them: {', '.join(demo.changed)}"
    yield from _steps(demo, words)
    yield ""
    yield str(demo.analysis)
    yield ""
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
