"""The plan as a page in the report's design: the answer in words first."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from holdback.experiments.metric_plan import MetricPlan
from holdback.experiments.plan import Plan
from holdback.experiments.scorecard import MetricRecord
from holdback.reports import plan_pictures
from holdback.reports.blocks import join, named, section, table
from holdback.reports.page import document
from holdback.reports.plan_pictures import detects
from holdback.reports.words import Words

__all__ = ["body", "render"]


def render(plan: Plan) -> str:
    """One self-contained HTML file; the same plan, the same bytes."""
    return document(f"{plan.experiment}: plan", body(plan))


def body(plan: Plan) -> Markup:
    """The plan's blocks, for the page and for a notebook."""
    words = _words(plan)
    return join(
        [
            Markup("<header>{}{}</header>").format(
                Markup('<p class="small">Plan of an experiment</p>'),
                Markup("<h1>{}</h1>").format(named(plan.experiment)),
            ),
            _answer(plan, words),
            _metrics(plan, words),
            plan_pictures.by_week(plan, words),
            plan_pictures.by_size(plan, words),
            plan_pictures.by_share(plan, words),
            plan_pictures.at_looks(plan, words),
            section(
                "To keep in mind",
                *(
                    Markup("<p>{}</p>").format(named(words.localized(note)))
                    for note in plan.notes
                ),
                anchor="notes",
            ),
        ]
    )


def _words(plan: Plan) -> Words:
    """The plan's numbers, each metric in its own unit."""
    metrics = {
        m.metric: MetricRecord(
            metric=m.metric,
            label=m.label,
            kind="",
            role=m.role,
            better="higher",
            unit=m.unit,
            scale=m.scale,
        )
        for m in plan.metrics
    }
    plain = Words.plain(plan.locale)
    return replace(plain, currency=plan.currency, metrics=metrics)


def _answer(plan: Plan, words: Words) -> Markup:
    found = [
        f"With {words.count(plan.units)} units, "
        f"{words.round_share(plan.control_share)} of them in control, a true "
        f"{'lift' if m.detectable_points is None else 'change'} of "
        f"{detects(m, words)} in {m.label} is found {m.power * 10:.3g} times in 10; "
        "smaller ones less often."
        for m in plan.metrics
        if m.role == "primary" and (m.detectable_lift or m.detectable_points)
    ]
    aimed = plan.design is not None and plan.design.target_lift is not None
    design = [words.localized(text) for text in plan.told()]
    first, rest = design[:1] if aimed else [], design[1:] if aimed else design
    told = [*first, *found]
    return Markup(
        '<section class="decision plain" aria-labelledby="answer">'
        '<h2 id="answer">What this test can show</h2>{}</section>{}'
    ).format(
        join(
            Markup('<p class="lead">{}</p>' if i == 0 else "<p>{}</p>").format(
                named(text)
            )
            for i, text in enumerate(told)
        ),
        section(
            "What follows from it",
            Markup("<ul>{}</ul>").format(
                join(Markup("<li>{}</li>").format(named(text)) for text in rest)
            ),
            anchor="follows",
        )
        if rest
        else "",
    )


def _metrics(plan: Plan, words: Words) -> Markup:
    rows = [
        (
            Markup('{} <span class="role">{}</span>').format(named(m.label), m.role),
            words.value(m.metric, m.baseline.mean),
            _spread(m, words),
            detects(m, words),
            _needed(m, words),
        )
        for m in plan.metrics
    ]
    days = {m.baseline.days for m in plan.metrics if m.baseline.days is not None}
    if plan.earlier is not None:
        first, last = plan.earlier
        source = (
            f"Baselines from a rehearsal on {words.day(first)} – {words.day(last)}: "
            "the units that would have joined then, with the outcomes that followed."
        )
    else:
        source = _before(days)
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


def _before(days: set[int]) -> str:
    return (
        f"Baselines from the {min(days)} days before each unit joined."
        if len(days) == 1
        else "Baselines from before each unit joined, or as given."
    )


def _spread(m: MetricPlan, words: Words) -> str:
    if m.baseline.cv is None:
        return f"SD {words.number(m.baseline.sd or 0.0)}"
    return words.number(m.baseline.cv)


def _needed(m: MetricPlan, words: Words) -> str:
    if m.safety is not None:
        return (
            f"shown safe with a chance of {words.chance(m.safety.chance)}, if nothing "
            f"is harmed; {words.count(m.safety.units_needed)} units for full power"
        )
    if m.units_needed is None or m.power_at_minimum is None:
        return "no minimum lift is set"
    return (
        f"{words.count(m.units_needed)} units for {words.lift(m.minimum_lift)}; now "
        f"{words.chance(m.power_at_minimum)}"
    )
