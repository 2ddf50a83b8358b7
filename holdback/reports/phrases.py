"""Fixed wording of the page: titles, explanations, glossary. Sentences have numbers."""

from __future__ import annotations

__all__ = [
    "AGAIN",
    "BELIEF",
    "BELIEF_HEAD",
    "BELIEF_POINTS_HEAD",
    "CHAT",
    "CONFIDENCE",
    "GLOSSARY",
    "INDEX",
    "INDEX_COLUMNS",
    "METRIC_COLUMNS",
    "MONEY",
    "PICTURE",
    "PRIORS",
    "STATUS",
    "SUMMARY",
    "WATCH",
    "WATERFALL",
    "WATERFALL_HEAD",
]

WATCH = {
    "title": "What to watch",
    "none": "No guardrail was set, so nothing was watched for harm.",
}
SUMMARY = {
    "passed": "All {total} checks of the data passed.",
    "looked": "{passed} of {total} checks of the data passed; {warned} need a look.",
    "looked_one": "{passed} of {total} checks of the data passed; one needs a look.",
    "failed": "{failed} of {total} checks of the data failed.",
    "none": "No check of the data was made.",
}
WATERFALL_HEAD = ("Step", "Change per unit", "Likely range", "Adds up to")
WATERFALL = {
    "title": "Where the change came from",
    "caption": "Change in revenue per unit, step by step",
    "conversion": "More or fewer buyers",
    "orders": "Orders per buyer",
    "value": "Order value",
    "total": "All together",
    "note": (
        "The plain difference between the arms, taken apart: the steps add up to it "
        "exactly, and their ranges hold together. Order value compares different "
        "buyers in the two arms, so it is not an effect on any one customer."
    ),
}
CONFIDENCE = {
    "title": "How sure we are",
    "prior": (
        "These chances take the prior into account: {prior}. The picture of what the "
        "data changed shows how much it weighs."
    ),
    "preview": (
        "This is a preview: such chances swing until the end, and a test that stops "
        "at a good moment finds too many winners."
    ),
    "without": (
        "No chance of a lift can be given for the primary; the metrics below say why."
    ),
}
PRIORS = {
    "weak": "weak (lifts of ±30% usual)",
    "skeptical": "skeptical (lifts of ±5% usual)",
    "none": "none (flat)",
    "custom": "as configured",
}
MONEY = {
    "break_even": "Break-even lift",
    "break_even_note": "the lift in {metric} that would just cover the costs",
}
PICTURE = {"numbers": "Numbers behind the picture"}
STATUS = {
    "confirmatory": "plan locked beforehand",
    "exploratory": "plan not locked, so exploratory",
    "amended": "plan changed after it was locked",
    "as_of": "data to {day}",
    "owner": "owner {owner}",
}
BELIEF = {
    "title": "What the data changed",
    "intro": (
        "Which lifts in {metric} were plausible before the test, which ones the data "
        "point to, and what to believe after both. The dashed upright line is no "
        "change. Where “after” and “the data” differ much, the prior speaks loudly."
    ),
    "label": "Plausible lifts in {metric} after the test: {told}",
    "likely": "likely",
    "likelier": "likelier",
    "before": "Before (prior)",
    "data": "The data alone (likelihood)",
    "after": "After (posterior)",
    "flat": "every lift alike",
    "caption": "The lift before, by the data alone, and after",
    "points": "Height of each curve: chance per percentage point of lift",
}
BELIEF_HEAD = ("", "Middle", "Likely range", "P(lift > 0)")
BELIEF_POINTS_HEAD = ("Lift", "Before", "Data", "After")
AGAIN = (
    "With the same data and files, this command gives the same report, to the byte. "
    "With the scorecard alone, “holdback report scorecard.json” draws it again."
)
GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "Arm",
        "One of the versions compared. Chance decides who is in which.",
    ),
    (
        "Holdback",
        ("The part of the customers who get no personalization, for comparison."),
    ),
    (
        "Unit",
        "Who is counted once: a customer, a visitor, an account.",
    ),
    (
        "Lift",
        (
            "By how much a metric differs between an arm and the holdback, in "
            "percent of the holdback’s value."
        ),
    ),
    (
        "Likely range",
        (
            "The values that fit the data. At a level of 95%, ranges made in this"
            " way hold the true value 95 times in 100."
        ),
    ),
    (
        "Can’t tell yet",
        (
            "The range holds a rise and a fall. It does not mean that there is no"
            " effect."
        ),
    ),
    (
        "Chance of 90 in 100",
        (
            "Of 100 situations with such data, the statement would be true in "
            "about 90, given the prior."
        ),
    ),
    (
        "Prior",
        (
            "Which lifts were thought plausible before the data. The method "
            "section shows what others would give."
        ),
    ),
    (
        "Guardrail",
        "A metric that must not get worse by more than a limit set before.",
    ),
    (
        "Extra revenue",
        (
            "What the treated units brought beyond what they would have brought "
            "without the treatment. It is turnover, not profit."
        ),
    ),
    (
        "Extra profit",
        "The margin’s part of the extra revenue.",
    ),
    (
        "ROPI",
        (
            "Return on personalization investment: (extra profit + savings − "
            "cost) / cost. At 0% it breaks even."
        ),
    ),
    (
        "3:1",
        (
            "What each unit of cost brings back: (extra profit + savings) / cost,"
            " which is ROPI + 1. At 1:1 it breaks even, so 3:1 is a ROPI of 200%."
        ),
    ),
    (
        "Break-even lift",
        "The lift at which the extra profit just covers the costs.",
    ),
    (
        "Check",
        (
            "A test of the data themselves. When one fails, the figures are not "
            "to be used, however good they look."
        ),
    ),
    (
        "Segment",
        (
            "A part of the units, such as those on phones. Looked at for ideas, "
            "never to decide."
        ),
    ),
)

METRIC_COLUMNS = ("Metric", "Change", "Likely range", "Reading")
INDEX_COLUMNS = (
    "Experiment",
    "Window",
    "Plan",
    "Decision",
    "Change in the primary",
    "Extra revenue",
)
CHAT = {
    "money": "Money",
    "metrics": "Metrics",
    "revenue": "Extra revenue",
    "profit": "Extra profit before costs",
    "cost": "Cost",
    "ropi": "ROPI",
    "pays": "Chance that it pays",
    "likely": "likely {range}",
    "watch": "To watch",
    "more": "The full report is the attached or linked report.html.",
}
INDEX = {
    "title": "Experiments",
    "caption": "All experiments of the project",
    "broken": "cannot be read: {problem}",
    "note": (
        "Do not add the figures of the winners up: picked for being large, they are "
        "too large on average."
    ),
    "open": "open",
    "locked": "locked",
    "none": "not analyzed yet",
}
