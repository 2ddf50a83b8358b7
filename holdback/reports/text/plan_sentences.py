"""A plan in words: what it asks for, what it costs, what to keep in mind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import ceil

from holdback.experiments.language.quantities import WEEKS_PER_YEAR
from holdback.planning.design import Design
from holdback.planning.metric_power import MetricPlan
from holdback.planning.plan import Plan
from holdback.planning.plan_returns import PlannedReturns
from holdback.reports.text.catalog import counted, heads, in_its_language, say
from holdback.reports.text.codes import filled, tell, tells
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import MetricRecord
from holdback.stats.numeric import quantile

__all__ = ["complete", "design_sentences", "text", "words_of"]


@in_its_language
def text(plan: Plan) -> str:
    """The whole plan as a terminal shows it."""
    return "\n".join(_lines(plan))


def words_of(plan: Plan) -> Words:
    """The plan's numbers, each metric by its name and in its own unit."""
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
    return replace(
        Words.plain(plan.locale),
        currency=plan.currency,
        metrics=metrics,
        labels={name: record.label for name, record in metrics.items()},
    )


@in_its_language
def complete(plan: Plan) -> Plan:
    """The plan in which every note carries its sentence, in its own language."""
    words = words_of(plan)
    notes = (replace(note, message=tell(words, note)) for note in plan.notes)
    return replace(plan, notes=tuple(notes))


def design_sentences(plan: Plan) -> list[str]:
    """The design around the primary metric, and what it costs to prove a return."""
    if plan.design is None:
        return []
    label = next(m.label for m in plan.metrics if m.metric == plan.design.metric)
    currency = plan.currency or ""
    sentences = _design(
        plan.design,
        label=label,
        control_share=plan.control_share,
        power=plan.metrics[0].power,
        currency=currency,
    )
    if plan.returns is None:
        return list(sentences)
    return [*sentences, *_returns(plan.returns, currency)]


def _lines(made: Plan) -> Iterator[str]:
    yield say(
        "plan_text.plan_of_units_in",
        experiment=made.experiment,
        units=f"{made.units:,}",
        control_share=f"{100 * made.control_share:.4g}",
        level=f"{100 * made.level:g}",
        power=f"{100 * made.power:g}",
    )
    yield ""
    width = max([len(m.label) for m in made.metrics] + [6])
    metric, baseline, lift = heads("plan_text.head")
    yield f"{metric:<{width}}  {baseline:>10}  {lift:>17}"
    for m in made.metrics:
        yield f"{m.label:<{width}}  {m.baseline.mean:>10.4g}  {_detects(m):>17}"
    for m in made.metrics:
        if m.role == "primary":
            yield ""
            yield from _primary(m, made)
    for m in made.metrics:
        if m.safety is not None:
            yield say(
                "plan_text.can_be_shown_safe",
                label=m.label,
                m=_signed(m),
                chance=f"{100 * m.safety.chance:.0f}",
            )
    design = design_sentences(made)
    yield from ("", *design) if design else ()
    yield from _curve(made)
    words = words_of(made)
    yield from ("", *(tell(words, note) for note in made.notes))


def _primary(m: MetricPlan, made: Plan) -> Iterator[str]:
    often = say("plan_text.times_in", power=f"{m.power * 10:.3g}")
    yield say(
        "plan_text.with_these_units_a",
        what=say("plan_page.change") if m.detectable_points else say("plan_page.lift"),
        size=_detects(m),
        label=m.label,
        often=often,
    )
    if m.baseline.response_rate is not None and m.baseline.response_rate < 1:
        rate = m.baseline.response_rate
        yield say(
            "plan_text.of_the_units_answer",
            rate=f"{100 * rate:.3g}",
            units=f"{made.units * rate:,.0f}",
        )
    if m.units_needed is not None and m.power_at_minimum is not None:
        yield say(
            "plan_text.for_the_minimum_lift",
            minimum_lift=f"{100 * m.minimum_lift:g}",
            units_needed=f"{m.units_needed:,}",
            control_needed=f"{ceil(m.units_needed * made.control_share):,}",
            units=f"{made.units:,}",
            power_at_minimum=f"{100 * m.power_at_minimum:.0f}",
        )
    if m.chance_of_no_change is not None and m.chance_of_no_change >= 0.005:
        yield say(
            "plan_text.if_nothing_changes_the",
            minimum_lift=f"{100 * m.minimum_lift:g}",
            chance_of_no_change=f"{100 * m.chance_of_no_change:.0f}",
        )
    if m.alternatives:
        options = ", ".join(
            f"{100 * a.control_share:g} % → {_percent(a.detectable_lift)}"
            for a in m.alternatives
        )
        yield say("plan_text.detectable_lift_by_share", options=options)


def _curve(made: Plan) -> Iterator[str]:
    simulated = [point for point in made.curve if point.simulated is not None]
    points = ", ".join(
        f"{100 * point.size:.3g} % → {100 * point.simulated.power:.0f} % ± "
        f"{196 * point.simulated.se:.0f}"
        for point in simulated
        if point.simulated is not None
    )
    if simulated and simulated[0].simulated is not None:
        yield ""
        yield say("plan_text.curve", runs=simulated[0].simulated.runs, points=points)


def _signed(m: MetricPlan) -> str:
    assert m.safety is not None  # noqa: S101  # the caller has looked
    if m.baseline.cv is None:
        return say("plan_text.signed", margin=f"{m.safety.margin:+g}")
    return f"{100 * m.safety.margin:+.3g} %"


def _detects(m: MetricPlan) -> str:
    if m.detectable_points is not None:
        return say("plan_text.detects", detectable_points=f"{m.detectable_points:.3g}")
    return _percent(m.detectable_lift)


def _percent(lift: float | None) -> str:
    return say("words.none") if lift is None else f"{100 * lift:.1f} %"


def _design(
    design: Design, *, label: str, control_share: float, power: float, currency: str
) -> Iterator[str]:
    """Sentences about the primary metric, the most important first."""
    if design.target_lift is not None:
        yield from _target(design, label, control_share, power)
        yield from _cost(design, control_share, currency)
    if design.answer_on is not None:
        yield say(
            "plan_told.about_units_join_in",
            units_per_week=f"{design.units_per_week:,.0f}",
            answer_on=design.answer_on,
        )
    yield from _coming_back(design)
    if design.looks_factor is not None:
        planned = design.looks[0].on is not None
        half = next((look for look in design.looks if look.chance >= 0.5), None)
        early = (
            say("plan_told.at_that_lift_half")
            + (
                say("plan_told.by_week", week=half.week)
                if half.on is None
                else say("plan_told.on", on=half.on)
            )
            if half is not None
            else ""
        )
        yield say(
            "plan_told.more_units",
            what=say("plan_told.the_planned_looks_cost")
            if planned
            else say("plan_told.reading_every_week_costs"),
            percent=_told_percent(design.looks_factor - 1),
            early=early,
        )
    if design.test_and_roll is not None:
        yield say(
            "plan_told.where_the_better_arm",
            test_and_roll=f"{design.test_and_roll:,}",
        )


def _coming_back(design: Design) -> Iterator[str]:
    """Different units of a year, where later weeks bring fewer of them."""
    if design.year_units is None:
        return
    if design.target_lift is None or design.weeks_needed is not None:
        yield say("plan_told.units_come_back", year_units=f"{design.year_units:,.0f}")
    other = design.if_nobody_new
    if other is not None:
        yield say(
            "plan_told.if_nobody_new",
            year_units=f"{other.year_units:,.0f}",
            weeks=say("plan_told.never_enough")
            if other.weeks_needed is None
            else say("plan_told.enough_in_weeks", weeks=other.weeks_needed),
        )


def _target(
    design: Design, label: str, control_share: float, power: float
) -> Iterator[str]:
    lift = _told_percent(design.target_lift or 0.0)
    often = say("plan_told.times_in", power=f"{10 * power:.3g}")
    if design.weeks_at_half is None:
        yield say("plan_told.a_lift_of_in", lift=lift, label=label)
        yield from _not_enough(design)
        return
    if design.weeks_needed is None:
        yield say(
            "plan_told.with_held_back_finding",
            control_share=_told_percent(control_share),
            lift=lift,
            label=label,
            often=often,
            year=WEEKS_PER_YEAR,
            weeks_at_half=design.weeks_at_half,
        )
        yield from _not_enough(design)
        return
    shorter = (
        say("plan_told.with_half_held_back", weeks_at_half=design.weeks_at_half)
        if design.weeks_at_half < design.weeks_needed
        else ""
    )
    yield say(
        "plan_told.run_it_for_weeks",
        weeks_needed=design.weeks_needed,
        control_share=_told_percent(control_share),
        shorter=shorter,
        lift=lift,
        label=label,
        often=often,
    )


def _not_enough(design: Design) -> Iterator[str]:
    """Where units come back: how many different ones there are in a year."""
    if design.units_needed is not None and design.year_units is not None:
        yield say(
            "plan_told.not_enough_different",
            units_needed=f"{design.units_needed:,}",
            year_units=f"{design.year_units:,.0f}",
        )


def _cost(design: Design, control_share: float, currency: str) -> Iterator[str]:
    if design.forgone is not None:
        yield say(
            "plan_told.if_the_lift_is",
            control_share=_told_percent(control_share),
            forgone=f"{design.forgone:,.0f}",
            currency=currency,
        )
    if design.cheapest_share is not None:
        money = (
            say(
                "plan_told.which_gives_up",
                forgone_cheapest=f"{design.forgone_cheapest:,.0f}",
                currency=currency,
            )
            if design.forgone_cheapest is not None
            else ""
        )
        yield say(
            "plan_told.the_smallest_share_that",
            cheapest_share=_told_percent(design.cheapest_share),
            money=money,
        )
    elif not design.hopeless:
        yield say("plan_told.with_the_planned_units")
    stepped = design.stepped
    if stepped is not None and stepped.detectable_lift is not None:
        price = (
            say(
                "plan_told.and_gives_up",
                forgone=f"{stepped.forgone:,.0f}",
                currency=currency,
            )
            if stepped.forgone is not None
            else ""
        )
        yield say(
            "plan_told.half_held_back_for",
            weeks=stepped.weeks,
            control_share=_told_percent(control_share),
            detectable_lift=_told_percent(stepped.detectable_lift),
            price=price,
        )


def _told_percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _returns(returns: PlannedReturns, currency: str) -> Iterator[str]:
    """One sentence of break-even, and of the chance to prove it."""
    even, needed = returns.break_even_lift, returns.lift_needed
    yield (
        say(
            "plan_returns.the_planned_costs_of",
            cost=f"{returns.cost:,.0f}",
            currency=currency,
            even=f"{100 * even:.3g}",
            power=f"{10 * returns.power:.3g}",
            needed=f"{100 * needed:.3g}",
        )
        if even > 0
        else say(
            "plan_returns.the_savings_cover_the",
            cost=f"{returns.cost:,.0f}",
            currency=currency,
        )
    )
    if returns.minimum_lift is None:
        return
    if returns.chance is None:
        yield say(
            "plan_returns.the_minimum_lift_of",
            minimum_lift=f"{100 * returns.minimum_lift:.3g}",
        )
    else:
        yield say(
            "plan_returns.at_the_minimum_lift",
            minimum_lift=f"{100 * returns.minimum_lift:.3g}",
            chance=f"{100 * returns.chance:.0f}",
        )
        yield (
            say("plan_returns.no_share_held_back")
            if returns.cheapest_share is None
            else say(
                "plan_returns.the_smallest_share_held",
                power=f"{10 * returns.power:.3g}",
                cheapest_share=f"{100 * returns.cheapest_share:.3g}",
            )
        )


filled("plan.rehearsed", "plan_text.nobody_has_joined_yet")


@tells("plan.season")
def _season(_words: Words, *, weeks: tuple[int, ...], times: float) -> str:
    listed = ", ".join(map(str, weeks))
    return say("plan_text.week_of_that_time", listed=listed, peak=f"{times:g}")


@tells("plan.season_last_year")
def _season_last_year(_words: Words, *, weeks: tuple[int, ...], times: float) -> str:
    listed = ", ".join(map(str, weeks))
    return say("plan_text.in_week_of_the", listed=listed, peak=f"{times:g}")


@tells("plan.short_history")
def _short_history(_words: Words, *, known_days: int, days: int) -> str:
    return say("plan_text.the_history_holds_days", known=known_days, days=days)


@tells("plan.untimed")
def _untimed(_words: Words, *, rows_of: str) -> str:
    units = (
        say("baselines.the_control_arm")
        if rows_of == "control"
        else say("baselines.all_units")
    )
    return say("plan_text.the_rows_have_no", untimed=units)


@tells("plan.saved")
def _saved(words: Words, *, variance_reduction: Mapping[str, float]) -> str:
    saved = (
        f"{words.label(metric)} {100 * share:.0f} %"
        for metric, share in variance_reduction.items()
    )
    return say("plan_text.saved", saved=", ".join(saved))


@tells("plan.unknown")
def _unknown(_words: Words, *, metrics: tuple[str, ...]) -> str:
    return say("plan_text.nothing_to_plan_with", unknown=", ".join(metrics))


@tells("plan.guardrails")
def _guardrails(_words: Words, *, guardrails: int, power: float) -> str:
    return counted(
        "plan_text.with_guardrails",
        guardrails,
        guards=guardrails,
        power=f"{100 * power:.0f}",
    )


filled("plan.several_arms", "plan_text.treatment_arms_the_lifts")
filled("plan.amounts", "plan_text.for_amounts_of_money")


@tells("plan.rates")
def _rates(_words: Words, *, level: float, power: float) -> str:
    return say(
        "plan_text.rates",
        z=f"{quantile((1 + level) / 2):.2f}",
        z_power=f"{quantile(power):.2f}",
    )


@tells("plan.event")
def _event(words: Words, *, what: str, first: str, last: str, excluded: bool) -> str:
    days = words.days(first, last)
    if excluded:
        return say("plan_text.event.excluded", what=what, days=days)
    return say("plan_text.event.met", what=what, days=days)


@tells("plan.part_week")
def _part_week(_words: Words, *, days: int, over: int) -> str:
    return counted("plan_text.part_week", over, days=days, over=over)


filled("plan.proportional", "plan_text.proportional")


@tells("plan.returning_unsure")
def _returning_unsure(_words: Words, *, known_weeks: int, weeks: int) -> str:
    return counted(
        "plan_text.returning_unsure", known_weeks, known=known_weeks, weeks=weeks
    )
