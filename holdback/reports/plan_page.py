"""The plan as a page in the report's design: the answer in words first."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.plan import MetricPlan, Plan
from holdback.reports.blocks import join, named, section, table
from holdback.reports.page import document
from holdback.reports.words import Words

__all__ = ["render"]


def render(plan: Plan) -> str:
    """One self-contained HTML file; the same plan, the same bytes."""
    words = Words(locale="en_US", currency=None, labels={}, arms={}, metrics={})
    return document(
        f"{plan.experiment}: plan",
        join(
            [
                Markup("<header>{}{}</header>").format(
                    Markup('<p class="small">Plan of an experiment</p>'),
                    Markup("<h1>{}</h1>").format(named(plan.experiment)),
                ),
                _answer(plan, words),
                _metrics(plan, words),
                _shares(plan, words),
                section(
                    "To keep in mind",
                    *(Markup("<p>{}</p>").format(named(note)) for note in plan.notes),
                    anchor="notes",
                ),
            ]
        ),
    )


def _answer(plan: Plan, words: Words) -> Markup:
    told = [
        f"With {words.count(plan.units)} units, "
        f"{words.round_share(plan.control_share)} of them in control, a true lift of "
        f"{_lift(words, m.detectable_lift)} in {m.label} is found "
        f"{plan.power * 10:.0f} times in 10; smaller ones less often."
        for m in plan.metrics
        if m.role == "primary" and m.detectable_lift is not None
    ]
    return Markup(
        '<section class="decision plain" aria-labelledby="answer">'
        '<h2 id="answer">What this test can show</h2>{}</section>'
    ).format(join(Markup("<p>{}</p>").format(named(text)) for text in told))


def _metrics(plan: Plan, words: Words) -> Markup:
    rows = [
        (
            Markup('{} <span class="role">{}</span>').format(named(m.label), m.role),
            words.number(m.baseline.mean),
            words.number(m.baseline.cv),
            _lift(words, m.detectable_lift),
            _needed(m, words),
        )
        for m in plan.metrics
    ]
    days = {m.baseline.days for m in plan.metrics if m.baseline.days is not None}
    source = (
        f"Baselines from the {min(days)} days before each unit joined."
        if len(days) == 1
        else "Baselines from before each unit joined, or as given."
    )
    return section(
        "Metric by metric",
        Markup("<p>{}</p>").format(source),
        table(
            "What each metric can show",
            (
                "Metric",
                "Baseline",
                "Spread (CV)",
                "Detects a lift of",
                "For the minimum lift",
            ),
            rows,
            numeric=(1, 2, 3),
        ),
        anchor="metrics",
    )


def _lift(words: Words, lift: float | None) -> str:
    return "none" if lift is None else words.share(lift)


def _needed(m: MetricPlan, words: Words) -> str:
    if m.units_needed is None or m.power_at_minimum is None:
        return "no minimum lift is set"
    return (
        f"{words.count(m.units_needed)} units for {words.lift(m.minimum_lift)}; now "
        f"{words.chance(m.power_at_minimum)}"
    )


def _shares(plan: Plan, words: Words) -> Markup:
    primary = next((m for m in plan.metrics if m.role == "primary"), None)
    if primary is None or not primary.alternatives:
        return Markup("")
    rows = [
        (words.round_share(a.control_share), _lift(words, a.detectable_lift))
        for a in primary.alternatives
    ]
    return section(
        "With another share of control",
        table(
            f"Lift in {primary.label} that the same units could show",
            ("Control", "Detects a lift of"),
            rows,
            numeric=(1,),
        ),
        anchor="shares",
    )
