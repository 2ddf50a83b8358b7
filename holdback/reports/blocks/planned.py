"""The plan beside what came."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.scorecard import Scorecard
from holdback.reports.blocks import section, table
from holdback.reports.words import Words

__all__ = ["render"]


def render(scorecard: Scorecard, words: Words) -> Markup:
    """A table of what was expected and found; nothing without a locked plan."""
    found = scorecard.expected
    if found is None:
        return Markup("")
    metric = words.label(found.metric)
    rows = [
        (
            "Units with their full time",
            words.count(found.planned_units),
            words.count(found.units),
        ),
        (
            f"{metric} without the treatment",
            words.value(found.metric, found.planned_mean),
            "–" if found.mean is None else words.value(found.metric, found.mean),
        ),
    ]
    if found.planned_cv is not None:
        rows.append(
            (
                "Spread (CV)",
                words.number(found.planned_cv),
                "–" if found.cv is None else words.number(found.cv),
            )
        )
    if found.planned_detectable_lift is not None:
        often = f"{10 * found.power:.3g} times in 10"
        rows.append(
            (
                f"Lift that is found {often}",
                words.share(found.planned_detectable_lift),
                "–"
                if found.detectable_lift is None
                else words.share(found.detectable_lift),
            )
        )
    return section(
        "The plan and what came",
        Markup("<p>{}</p>").format(
            "What was planned before the test, as it was locked, beside what the data "
            "of this test could really show. It says nothing about the lift itself."
        ),
        table("Planned and found", ("", "Planned", "Found"), rows, numeric=(1, 2)),
        anchor="planned",
    )
