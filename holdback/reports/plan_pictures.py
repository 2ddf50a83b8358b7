"""Pictures of a plan, each with its numbers: by share, week, size of lift, look."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.metric_plan import MetricPlan
from holdback.experiments.plan import Plan
from holdback.experiments.planned_looks import Week
from holdback.experiments.scorecard import Quantity
from holdback.reports.blocks import chart, section, table
from holdback.reports.figures import Axis, axis_of, curve
from holdback.reports.words import Words
from holdback.stats.power_simulated import SimulatedPower

__all__ = ["at_looks", "by_share", "by_size", "by_week", "detects"]

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


def by_week(plan: Plan, words: Words) -> Markup:
    """The detectable lift by week, as a picture with its numbers."""
    if plan.design is None or len(plan.design.weeks) < 2:
        return Markup("")
    weeks = [w for w in plan.design.weeks if w.detectable_lift or w.detectable_points]
    if len(weeks) < 2:
        return Markup("")
    sizes = [w.detectable_lift or w.detectable_points or 0.0 for w in weeks]
    axis = Axis(low=0.0, high=axis_of([Quantity(value=v) for v in sizes]).high)
    label = (
        f"From {detects(weeks[0], words)} after week {weeks[0].week} to "
        f"{detects(weeks[-1], words)} after week {weeks[-1].week}"
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
            (str(w.week), words.count(w.units), detects(w, words))
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


def by_size(plan: Plan, words: Words) -> Markup:
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


def at_looks(plan: Plan, words: Words) -> Markup:
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


def detects(m: MetricPlan | Week, words: Words) -> str:
    """The change that is found often enough; `none` where no size is."""
    if m.detectable_points is not None:
        return f"{words.number(m.detectable_points)} points"
    return _lift(words, m.detectable_lift)


def _lift(words: Words, lift: float | None) -> str:
    return "none" if lift is None else words.share(lift)
