"""The glossary: terms of the page in plain words."""

from __future__ import annotations

__all__ = ["GLOSSARY"]

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
