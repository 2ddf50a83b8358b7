"""What the prior did: prior, likelihood and posterior in one picture."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.beliefs_record import Beliefs
from holdback.experiments.scorecard import Readout
from holdback.reports.blocks import chart, join, named, table
from holdback.reports.figures import densities
from holdback.reports.words import Words

__all__ = ["render"]


def render(words: Words, overall: list[Readout]) -> Markup:
    """The primary's picture, and every metric under half and twice the width."""
    believed = [(r, r.beliefs) for r in overall if r.beliefs is not None]
    if not believed:
        return Markup("")
    pictures = [
        _picture(words, r, found)
        for r, found in believed
        if r.role == "primary" and found.lifts
    ]
    return Markup(
        "<details><summary>What the prior did</summary>{}{}</details>"
    ).format(
        join(pictures),
        table(
            "Under other widths of the prior, and within a region of no consequence",
            ("Metric", "Half the width", "Twice the width", "No consequence"),
            [_row(words, r, found) for r, found in believed],
            numeric=(1, 2, 3),
        ),
    )


def _picture(words: Words, readout: Readout, found: Beliefs) -> Markup:
    name = words.names(readout.metric, readout.arm)
    curves = [
        ("prior", found.prior),
        ("likelihood", found.likelihood),
        ("posterior", found.posterior),
    ]
    shown = [(css, curve) for css, curve in curves if curve]
    told = " and ".join(
        part
        for part in (
            "dotted: before the test (prior)" if found.prior else "",
            "dashed: the data alone (likelihood)" if found.likelihood else "",
            "full: both together (posterior)",
        )
        if part
    ).replace(" and ", ", ", len(shown) - 2)
    return Markup("<p>{} <span class='small'>{}.</span></p>{}").format(
        named(name),
        told,
        chart(
            densities(found.lifts, shown, f"How likely each lift is, {told}"),
            ("likelier", ""),
            (words.lift(found.lifts[0]), words.lift(found.lifts[-1])),
        ),
    )


def _row(words: Words, readout: Readout, found: Beliefs) -> tuple[str | Markup, ...]:
    cells = [
        f"{words.lift(one.mean)} ({words.lift(one.lower)} to {words.lift(one.upper)}), "
        f"P(lift > 0) {words.probability(one.p_positive)}"
        for one in found.by_width
    ] or ["—", "—"]
    edge = words.share(found.equivalence)
    return (
        named(words.names(readout.metric, readout.arm)),
        *[*cells, "—"][:2],
        f"{words.probability(found.p_equivalent)} within {edge}",
    )
