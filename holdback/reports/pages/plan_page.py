"""The plan as a page in the report's design: the answer in words first."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from holdback.planning.metric_power import MetricPlan
from holdback.planning.plan import Plan
from holdback.reports.blocks import join, named, section, table
from holdback.reports.pages import plan_charts as plan_pictures
from holdback.reports.pages.experiment_page import document
from holdback.reports.pages.plan_charts import detects
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import MetricRecord
from holdback.wording import in_its_language, say

__all__ = ["body", "render"]


@in_its_language
def render(plan: Plan) -> str:
    """One self-contained HTML file; the same plan, the same bytes."""
    return document(say("plan_page.plan", experiment=plan.experiment), body(plan))


def body(plan: Plan) -> Markup:
    """The plan's blocks, for the page and for a notebook."""
    words = _words(plan)
    return join(
        [
            Markup("<header>{}{}</header>").format(
                Markup('<p class="small">{}</p>').format(say("plan_page.plan_of")),
                Markup("<h1>{}</h1>").format(named(plan.experiment)),
            ),
            _answer(plan, words),
            _metrics(plan, words),
            plan_pictures.by_week(plan, words),
            plan_pictures.by_size(plan, words),
            plan_pictures.by_share(plan, words),
            plan_pictures.at_looks(plan, words),
            section(
                say("plan_page.to_keep_in_mind"),
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
        say(
            "plan_page.with_units_of_them",
            units=words.count(plan.units),
            control_share=words.round_share(plan.control_share),
            what=say("plan_page.lift")
            if m.detectable_points is None
            else say("plan_page.change"),
            size=detects(m, words),
            label=m.label,
            power=f"{m.power * 10:.3g}",
        )
        for m in plan.metrics
        if m.role == "primary" and (m.detectable_lift or m.detectable_points)
    ]
    aimed = plan.design is not None and plan.design.target_lift is not None
    design = [words.localized(text) for text in plan.told()]
    first, rest = design[:1] if aimed else [], design[1:] if aimed else design
    told = [*first, *found]
    return Markup(
        '<section class="decision plain" aria-labelledby="answer">'
        '<h2 id="answer">{}</h2>{}</section>{}'
    ).format(
        say("plan_page.shows"),
        join(
            Markup('<p class="lead">{}</p>' if i == 0 else "<p>{}</p>").format(
                named(text)
            )
            for i, text in enumerate(told)
        ),
        section(
            say("plan_page.what_follows_from_it"),
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
        source = say(
            "plan_page.baselines_from_a_rehearsal",
            first=words.day(first),
            last=words.day(last),
        )
    else:
        source = _before(days)
    return section(
        say("plan_page.metric_by_metric"),
        Markup("<p>{}</p>").format(source),
        table(
            say("plan_page.what_each_metric_can"),
            (
                say("common.metric"),
                say("plan_page.baseline"),
                say("plan_page.spread_cv"),
                say("common.detects_a_lift_of"),
                say("plan_page.for_the_minimum_lift"),
            ),
            rows,
            numeric=(1, 2, 3),
        ),
        anchor="metrics",
    )


def _before(days: set[int]) -> str:
    return (
        say("plan_page.baselines_from_the_days", days=min(days))
        if len(days) == 1
        else say("plan_page.baselines_from_before_each")
    )


def _spread(m: MetricPlan, words: Words) -> str:
    if m.baseline.cv is None:
        return say("plan_page.spread", number=words.number(m.baseline.sd or 0.0))
    return words.number(m.baseline.cv)


def _needed(m: MetricPlan, words: Words) -> str:
    if m.safety is not None:
        return say(
            "plan_page.shown_safe_with_a",
            chance=words.chance(m.safety.chance),
            units_needed=words.count(m.safety.units_needed),
        )
    if m.units_needed is None or m.power_at_minimum is None:
        return say("plan_page.no_minimum_lift_is")
    return say(
        "plan_page.units_for_now",
        units_needed=words.count(m.units_needed),
        minimum_lift=words.lift(m.minimum_lift),
        power_at_minimum=words.chance(m.power_at_minimum),
    )
