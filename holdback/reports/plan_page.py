"""The plan as a page in the report's design: the answer in words first."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from holdback.experiments.metric_plan import MetricPlan
from holdback.experiments.plan import Plan
from holdback.experiments.planned_looks import Week
from holdback.experiments.scorecard import MetricRecord, Quantity
from holdback.reports.blocks import chart, join, named, section, table
from holdback.reports.figures import Axis, axis_of, curve
from holdback.reports.page import document
from holdback.reports.words import Words
from holdback.stats.power_simulated import SimulatedPower

__all__ = ["body", "render"]

TOO_FAR = 5.0


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
            _weeks(plan, words),
            _curve(plan, words),
            _shares(plan, words),
            _looks(plan, words),
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
        f"{_detects(m, words)} in {m.label} is found {m.power * 10:.3g} times in 10; "
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
            _detects(m, words),
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


def _detects(m: MetricPlan | Week, words: Words) -> str:
    if m.detectable_points is not None:
        return f"{words.number(m.detectable_points)} points"
    return _lift(words, m.detectable_lift)


def _lift(words: Words, lift: float | None) -> str:
    return "none" if lift is None else words.share(lift)


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


def _shares(plan: Plan, words: Words) -> Markup:
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
                f"From {words.share(lifts[0])} with {first} held back to "
                f"{words.share(lifts[-1])} with {last}",
                [a.control_share for a in shown],
            ),
            (words.share(axis.high), words.share(0.0)),
            (f"{first} held back", last),
        )
    return section(
        "With another share of control",
        Markup("<p>{}</p>").format(
            "The smallest lift that the same units find, by the share held back"
            + (", and what holding it back gives up." if costs else ".")
        ),
        picture,
        table(
            f"Lift in {primary.label} that the same units could show",
            (
                "Control",
                "Detects a lift of",
                *([f"Gives up, if the lift is {minimum}"] if costs else []),
            ),
            rows,
            numeric=(1, 2) if costs else (1,),
        ),
        anchor="shares",
    )


def _weeks(plan: Plan, words: Words) -> Markup:
    """The detectable lift by week, as a picture with its numbers."""
    if plan.design is None or len(plan.design.weeks) < 2:
        return Markup("")
    weeks = [w for w in plan.design.weeks if w.detectable_lift or w.detectable_points]
    if len(weeks) < 2:
        return Markup("")
    sizes = [w.detectable_lift or w.detectable_points or 0.0 for w in weeks]
    axis = Axis(low=0.0, high=axis_of([Quantity(value=v) for v in sizes]).high)
    label = (
        f"From {_detects(weeks[0], words)} after week {weeks[0].week} to "
        f"{_detects(weeks[-1], words)} after week {weeks[-1].week}"
    )
    ends = (axis.high, 0.0)
    if weeks[0].detectable_points is None:
        high, low = (words.share(end) for end in ends)
    else:
        high, low = (f"{words.number(end)} points" for end in ends)
    numbers = table(
        "Detectable lift by week",
        ("Week", "Units", "Detects"),
        [
            (str(w.week), words.count(w.units), _detects(w, words))
            for w in plan.design.weeks
        ],
        numeric=(1, 2),
    )
    return section(
        "Week by week",
        Markup("<p>{}</p>").format(
            "The smallest true change that is found often enough, if no more units "
            "join after a week."
        ),
        chart(
            curve(sizes, axis, label),
            (high, low),
            (f"week {weeks[0].week}", f"week {weeks[-1].week}"),
        ),
        Markup(
            "<details><summary>Numbers behind the picture</summary>{}</details>"
        ).format(numbers),
        anchor="weeks",
    )


def _curve(plan: Plan, words: Words) -> Markup:
    """Power by true lift: the formula's, and of tests with the user's own units."""
    if len(plan.curve) < 2:
        return Markup("")
    drawn = [one.simulated for one in plan.curve if one.simulated is not None]
    powers = [one.power for one in drawn or plan.curve]
    sizes = [one.size for one in plan.curve]
    score = any(m.role == "primary" and m.baseline.cv is None for m in plan.metrics)

    def size(value: float) -> str:
        return f"{words.number(value)} points" if score else words.share(value)

    label = (
        f"From {words.share(powers[0])} at {size(sizes[0])} to "
        f"{words.share(powers[-1])} at {size(sizes[-1])}"
    )
    told = (
        f"{words.count(drawn[0].runs)} tests for each lift were simulated with the "
        "units of the history and read as the analysis will read them. Where a few "
        "units spend most, believe them rather than the formula."
        if drawn
        else "The chance to find a true change, by its size."
    )
    return section(
        "How likely a change is to be found",
        Markup("<p>{}</p>").format(told),
        chart(
            curve(powers, Axis(low=0.0, high=1.0), label, sizes),
            (words.share(1.0), words.share(0.0)),
            (size(sizes[0]), size(sizes[-1])),
        ),
        table(
            "Chance to find a true change",
            (
                "True change",
                "By formula",
                *(["Simulated", "On the wrong side"] if drawn else []),
            ),
            [
                (
                    size(one.size),
                    words.share(one.power),
                    *(_found(one.simulated, words) if drawn else ()),
                )
                for one in plan.curve
            ],
            numeric=(1, 2, 3) if drawn else (1,),
        ),
        anchor="power",
    )


def _found(one: SimulatedPower | None, words: Words) -> tuple[str, str]:
    if one is None:
        return "–", "–"
    return (
        f"{words.share(one.power)} ± {words.share(1.96 * one.se)}",
        words.share(one.wrong),
    )


def _looks(plan: Plan, words: Words) -> Markup:
    """What each look demands, and how likely it is to end the test."""
    if plan.design is None or not plan.design.looks:
        return Markup("")
    planned = plan.design.looks[0].on is not None
    rows = [
        (
            str(look.week) if look.on is None else words.day(look.on),
            words.round_share(look.information),
            "too early" if look.boundary > TOO_FAR else words.number(look.boundary),
            words.share(look.chance),
        )
        for look in plan.design.looks
    ]
    return section(
        "The planned looks" if planned else "If you read it every week",
        table(
            f"At a true lift of {words.share(plan.design.target_lift or 0.0)}",
            (
                "Day" if planned else "Week",
                "Seen",
                "Standard errors needed",
                "Found by then",
            ),
            rows,
            numeric=(1, 2, 3),
        ),
        anchor="looks",
    )
