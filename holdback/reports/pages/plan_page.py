"""The plan as a page in the report's design: the answer in words first."""

from __future__ import annotations

from markupsafe import Markup

from holdback.planning.design import Week
from holdback.planning.metric_power import MetricPlan
from holdback.planning.plan import Plan
from holdback.reports.figures.charts import Axis, axis_of, curve
from holdback.reports.html import chart, folded, join, named, section, table
from holdback.reports.pages.experiment_page import document
from holdback.reports.text.catalog import in_its_language, say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.plan_sentences import design_sentences, words_of
from holdback.reports.text.telling import tell
from holdback.results.quantity import Quantity
from holdback.stats.design.simulated_power import SimulatedPower

__all__ = ["at_looks", "body", "by_share", "by_size", "by_week", "detects", "render"]


@in_its_language
def render(plan: Plan) -> str:
    """One self-contained HTML file; the same plan, the same bytes."""
    return document(say("plan_page.plan", experiment=plan.experiment), body(plan))


def body(plan: Plan) -> Markup:
    """The plan's blocks, for the page and for a notebook."""
    words = words_of(plan)
    return join(
        [
            Markup("<header>{}{}</header>").format(
                Markup('<p class="small">{}</p>').format(say("plan_page.plan_of")),
                Markup("<h1>{}</h1>").format(named(plan.experiment)),
            ),
            _answer(plan, words),
            _metrics(plan, words),
            by_week(plan, words),
            by_size(plan, words),
            by_share(plan, words),
            at_looks(plan, words),
            section(
                say("plan_page.to_keep_in_mind"),
                *(
                    Markup("<p>{}</p>").format(
                        named(words.localized(tell(words, note)))
                    )
                    for note in plan.notes
                ),
                anchor="notes",
            ),
        ]
    )


def _answer(plan: Plan, words: Words) -> Markup:
    sentences = [
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
    design = [words.localized(text) for text in design_sentences(plan)]
    first, rest = design[:1] if aimed else [], design[1:] if aimed else design
    texts = [*first, *sentences]
    return Markup(
        '<section class="decision plain" aria-labelledby="answer">'
        '<h2 id="answer">{}</h2>{}</section>{}'
    ).format(
        say("plan_page.shows"),
        join(
            Markup('<p class="lead">{}</p>' if i == 0 else "<p>{}</p>").format(
                named(text)
            )
            for i, text in enumerate(texts)
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


TOO_FAR = 5.0


def by_share(plan: Plan, words: Words) -> Markup:
    """The smallest lift by the share held back."""
    primary = next((m for m in plan.metrics if m.role == "primary"), None)
    if primary is None or not primary.alternatives:
        return Markup("")
    costs = any(a.forgone is not None for a in primary.alternatives)
    rows = [
        (
            words.round_share(a.control_share),
            _lift(words, a.detectable_lift),
            *([words.money(a.forgone or 0.0)] if costs else []),
        )
        for a in primary.alternatives
    ]
    minimum = words.share(primary.minimum_lift)
    shown = [a for a in primary.alternatives if a.detectable_lift is not None]
    lifts = [a.detectable_lift or 0.0 for a in shown]
    picture = Markup("")
    if len(shown) > 1:
        axis = Axis(low=0.0, high=axis_of([Quantity(value=v) for v in lifts]).high)
        first, last = (
            words.round_share(a.control_share) for a in (shown[0], shown[-1])
        )
        picture = chart(
            curve(
                lifts,
                axis,
                say(
                    "plan_pictures.from_with_held_back",
                    share=words.share(lifts[0]),
                    first=first,
                    share_2=words.share(lifts[-1]),
                    last=last,
                ),
                [a.control_share for a in shown],
            ),
            (words.share(axis.high), words.share(0.0)),
            (say("plan_pictures.held_back", first=first), last),
        )
    return section(
        say("plan_pictures.with_another_share_of"),
        Markup("<p>{}</p>").format(
            say("plan_pictures.the_smallest_lift_that")
            + (say("plan_pictures.and_what_holding_it") if costs else ".")
        ),
        picture,
        table(
            say("plan_pictures.lift_in_that_the", label=primary.label),
            (
                say("common.control"),
                say("common.detects_a_lift_of"),
                *(
                    [say("plan_pictures.gives_up_if_the", minimum=minimum)]
                    if costs
                    else []
                ),
            ),
            rows,
            numeric=(1, 2) if costs else (1,),
        ),
        anchor="shares",
    )


def by_week(plan: Plan, words: Words) -> Markup:
    """The detectable lift by week, as a picture with its numbers."""
    if plan.design is None or len(plan.design.weeks) < 2:
        return Markup("")
    weeks = [w for w in plan.design.weeks if w.detectable_lift or w.detectable_points]
    if len(weeks) < 2:
        return Markup("")
    sizes = [w.detectable_lift or w.detectable_points or 0.0 for w in weeks]
    axis = Axis(low=0.0, high=axis_of([Quantity(value=v) for v in sizes]).high)
    label = say(
        "plan_pictures.from_after_week_to",
        detects=detects(weeks[0], words),
        week=weeks[0].week,
        detects_2=detects(weeks[-1], words),
        week_2=weeks[-1].week,
    )
    ends = (axis.high, 0.0)
    if weeks[0].detectable_points is None:
        high, low = (words.share(end) for end in ends)
    else:
        high, low = (say("plan_pictures.points", end=words.number(end)) for end in ends)
    numbers = table(
        say("plan_pictures.detectable_lift_by_week"),
        (say("plan_pictures.week"), say("common.units"), say("plan_pictures.detects")),
        [
            (str(w.week), words.count(w.units), detects(w, words))
            for w in plan.design.weeks
        ],
        numeric=(1, 2),
    )
    return section(
        say("plan_pictures.week_by_week"),
        Markup("<p>{}</p>").format(say("plan_pictures.the_smallest_true_change")),
        chart(
            curve(sizes, axis, label),
            (high, low),
            (
                say("plan_pictures.week_2", week=weeks[0].week),
                say("plan_pictures.week_2", week=weeks[-1].week),
            ),
        ),
        folded(say("picture.numbers"), numbers),
        anchor="weeks",
    )


def by_size(plan: Plan, words: Words) -> Markup:
    """Power by true lift: the formula's, and of tests with the user's own units."""
    if len(plan.curve) < 2:
        return Markup("")
    drawn = [point.simulated for point in plan.curve if point.simulated is not None]
    powers = [point.power for point in drawn or plan.curve]
    sizes = [point.size for point in plan.curve]
    score = any(m.role == "primary" and m.baseline.cv is None for m in plan.metrics)

    def size(value: float) -> str:
        return (
            say("plan_pictures.points_2", value=words.number(value))
            if score
            else words.share(value)
        )

    label = say(
        "plan_pictures.from_at_to_at",
        share=words.share(powers[0]),
        size=size(sizes[0]),
        share_2=words.share(powers[-1]),
        size_2=size(sizes[-1]),
    )
    sentence = (
        say("plan_pictures.tests_for_each_lift", runs=words.count(drawn[0].runs))
        if drawn
        else say("plan_pictures.the_chance_to_find")
    )
    return section(
        say("plan_pictures.how_likely_a_change"),
        Markup("<p>{}</p>").format(sentence),
        chart(
            curve(powers, Axis(low=0.0, high=1.0), label, sizes),
            (words.share(1.0), words.share(0.0)),
            (size(sizes[0]), size(sizes[-1])),
        ),
        table(
            say("plan_pictures.chance_to_find_a"),
            (
                say("plan_pictures.true_change"),
                say("plan_pictures.by_formula"),
                *(
                    [
                        say("plan_pictures.simulated"),
                        say("plan_pictures.on_the_wrong_side"),
                    ]
                    if drawn
                    else []
                ),
            ),
            [
                (
                    size(point.size),
                    words.share(point.power),
                    *(_found(point.simulated, words) if drawn else ()),
                )
                for point in plan.curve
            ],
            numeric=(1, 2, 3) if drawn else (1,),
        ),
        anchor="power",
    )


def _found(simulated: SimulatedPower | None, words: Words) -> tuple[str, str]:
    if simulated is None:
        return "–", "–"
    return (
        f"{words.share(simulated.power)} ± {words.share(1.96 * simulated.se)}",
        words.share(simulated.wrong),
    )


def at_looks(plan: Plan, words: Words) -> Markup:
    """What each look demands, and how likely it is to end the test."""
    if plan.design is None or not plan.design.looks:
        return Markup("")
    planned = plan.design.looks[0].on is not None
    rows = [
        (
            str(look.week) if look.on is None else words.day(look.on),
            words.round_share(look.information),
            say("plan_pictures.too_early")
            if look.boundary > TOO_FAR
            else words.number(look.boundary),
            words.share(look.chance),
        )
        for look in plan.design.looks
    ]
    return section(
        say("plan_pictures.the_planned_looks")
        if planned
        else say("plan_pictures.if_you_read_it"),
        table(
            say(
                "plan_pictures.at_a_true_lift",
                share=words.share(plan.design.target_lift or 0.0),
            ),
            (
                say("plan_pictures.day") if planned else say("plan_pictures.week"),
                say("plan_pictures.seen"),
                say("plan_pictures.standard_errors_needed"),
                say("plan_pictures.found_by_then"),
            ),
            rows,
            numeric=(1, 2, 3),
        ),
        anchor="looks",
    )


def detects(m: MetricPlan | Week, words: Words) -> str:
    """The change that is found often enough; `none` where no size is."""
    if m.detectable_points is not None:
        return say(
            "plan_pictures.points_3",
            detectable_points=words.number(m.detectable_points),
        )
    return _lift(words, m.detectable_lift)


def _lift(words: Words, lift: float | None) -> str:
    return say("words.none") if lift is None else words.share(lift)
