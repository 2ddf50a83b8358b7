"""Fixed wording of the page: titles, explanations, glossary. Sentences have numbers."""

from __future__ import annotations

__all__ = [
    "AGAIN",
    "BELIEF",
    "BELIEF_HEAD",
    "BELIEF_POINTS_HEAD",
    "CHAT",
    "CONFIDENCE",
    "FOREST_HEAD",
    "GLOSSARY_WORDS",
    "INDEX",
    "INDEX_COLUMNS",
    "INPUTS_HEAD",
    "METRICS",
    "METRIC_COLUMNS",
    "MONEY",
    "PICTURE",
    "PLANNED",
    "PLANNED_HEAD",
    "PRIORS",
    "PROVENANCE",
    "SEGMENTS",
    "SENSITIVITY",
    "SENSITIVITY_HEAD",
    "STATUS",
    "SUMMARY",
    "TREND",
    "TREND_HEAD",
    "VARIANTS",
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
    "past": "past experiments",
    "past_half": "past, half as wide",
    "past_double": "past, twice as wide",
    "half_width": "Half the width",
    "double_width": "Twice the width",
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
METRICS = {
    "title": "What changed, metric by metric",
    "intro": (
        "Change against {control}, with {level} ranges. A range that crosses the "
        "dashed line of no change does not tell a rise from a fall."
    ),
    "caption": "Metrics over all units",
    "metric": "Metric",
    "reading": "Reading",
    "alt": "{metric}: {change}, likely {range}",
}
FOREST_HEAD = ("Without", "With", "Change", "Likely range")
TREND = {
    "title": "How the result settled",
    "intro": (
        "Change in {metric} over all units that had joined by each day. Early days "
        "swing; they are shown to judge how calm the estimate has become, not to pick "
        "a day. The dashed line is no change."
    ),
    "alt": "From {first} on {start} to {last} on {end}",
    "caption": "Lift to date by day",
}
TREND_HEAD = ("Joined by", "Change", "Likely range")
SEGMENTS = {
    "title": "Segments (exploration)",
    "intro": (
        "Ideas for the next test. The first question is whether the groups differ at "
        "all; “clear here, not there” does not answer it. With many groups some differ "
        "by chance, so the last column pulls each group’s lift towards the others: go "
        "by that one. Groups below 10 units are hidden."
    ),
    "others": "Other metrics by segment",
    "caption": "{metric} by {dimension}",
    "pulled": "Others taken into account",
}
SENSITIVITY = {
    "title": "Does the answer depend on how it is computed?",
    "caption": "The same lift, computed in other ways",
    "within": "compared within levels of {dimension}",
}
SENSITIVITY_HEAD = ("Metric", "Computed", "Change", "Likely range", "Reading")
VARIANTS = {
    "raw": "without the cap",
    "capped": "amounts cut off at the 99.9th percentile",
    "cuped": "adjusted for behaviour before the test",
    "unadjusted": "not adjusted for behaviour before the test",
    "fixed_horizon": "as if this were the only look",
    "within_days": "compared within days of first exposure",
    "without_largest": "without each arm’s largest unit",
    "bayes": "posterior under the chosen prior",
}
PLANNED = {
    "title": "The plan and what came",
    "intro": (
        "What was planned before the test, as it was locked, beside what the data of "
        "this test could really show. It says nothing about the lift itself."
    ),
    "caption": "Planned and found",
    "units": "Units with their full time",
    "mean": "{metric} without the treatment",
    "spread": "Spread (CV)",
    "detects": "Lift that is found {often} times in 10",
}
PLANNED_HEAD = ("", "Planned", "Found")
PROVENANCE = {
    "title": "Run it again",
    "inputs": "Inputs and versions",
    "caption": "Inputs",
    "no_file": "no file",
    "plan": "Plan {plan}, seed {seed}, {versions}.",
    "configuration": "Configuration with all defaults",
}
INPUTS_HEAD = ("Source", "Rows", "SHA-256")
GLOSSARY_WORDS = {"title": "Words used here", "count": "{count} terms in plain words"}
AGAIN = (
    "With the same data and files, this command gives the same report, to the byte. "
    "With the scorecard alone, “holdback report scorecard.json” draws it again."
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
        "too large on average. “holdback portfolio” puts all of them together."
    ),
    "open": "open",
    "locked": "locked",
    "none": "not analyzed yet",
}
