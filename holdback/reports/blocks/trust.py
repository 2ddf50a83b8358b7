"""Can we trust the data? Every check and where every unit went."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.scorecard import Scorecard
from holdback.reports import precision_sentences, sentences
from holdback.reports.blocks import named, section, table
from holdback.reports.words import Words

__all__ = ["render"]

NAMES = {
    "srm": "Arms have the planned shares",
    "response_rate": "The arms answered equally often",
    "dilution": "The treatment reached its units",
    "crossovers": "Nobody is in two arms",
    "unit_mismatch": "Units are those that were split",
    "holdout": "The holdout holds",
    "pre_period": "Arms were alike before",
    "maturity": "The test is complete",
    "duplicates": "Nothing counts twice",
    "missing": "Rows can be used",
    "few_converters": "Enough converting units",
    "influence": "No unit carries the result",
    "split_drift": "The split stayed the same",
    "phase": "No unit stands in two phases",
    "identity": "Units kept their ids",
    "bots": "No robot among the units",
    "novelty": "The lift does not fade",
    "twyman": "The lift is believable",
    "implausible_return": "The return is believable",
    "restated": "Data are as they were",
}
ORDER = ("fail", "warn", "pass")
STATES = {"pass": "✓ Pass", "warn": "! Look", "fail": "✗ Fail"}
TONES = {"pass": "good", "warn": "watch", "fail": "bad"}
REASONS = {
    "where": "left out by the filter",
    "outside_window": "outside the window",
    "after_as_of": "after the last moment analyzed",
    "no_arm": "without an arm",
    "no_time": "without a time",
    "duplicate": "that stood there twice",
    "crossover": "seen in more than one arm",
    "override": "placed by hand",
    "holdout": "kept out by the global holdout",
    "not_eligible": "not eligible",
    "outside_layer": "outside the layer's range",
    "outside_traffic": "outside the traffic",
    "invalid_id": "without a usable id",
    "not_matured": "without their full time yet",
    "repeated_exposure": "later exposures of the same unit",
}


def render(scorecard: Scorecard, words: Words) -> Markup:
    """The checks as a table, the worst first, then the accounting."""
    rows = [
        (
            NAMES.get(check.check, check.check),
            Markup('<span class="{}">{}</span>').format(
                TONES[check.status], STATES[check.status]
            ),
            named(sentences.checked(words, check)),
        )
        for check in sorted(scorecard.checks, key=lambda c: ORDER.index(c.status))
    ]
    return section(
        "Can we trust the data?",
        table(
            "Checks of the data",
            ("Check", "Result", "What was found"),
            rows,
            css="checks",
        ),
        _replays(scorecard, words),
        _accounting(scorecard, words),
        anchor="trust",
    )


def _replays(scorecard: Scorecard, words: Words) -> Markup:
    """What replays on the experiment's own units found."""
    if scorecard.simulation is None:
        return Markup("")
    told = precision_sentences.replayed(words, scorecard.simulation)
    return Markup("<p>{}</p>").format(named(told))


def _accounting(scorecard: Scorecard, words: Words) -> Markup:
    accounting = scorecard.accounting
    rows: list[tuple[str | Markup, str]] = [
        (named(f"{arm.label}: units used"), words.count(arm.units))
        for arm in scorecard.arms
    ]
    for left in accounting.excluded:
        where = f" ({words.arm(left.arm)})" if left.arm else ""
        reason = REASONS.get(left.reason, left.reason)
        rows.append((named(f"{left.what} {reason}{where}"), words.count(left.count)))
    return Markup("<details><summary>{}</summary>{}</details>").format(
        f"Where every unit went: {words.count(accounting.rows_read)} rows of exposures "
        f"read, {words.count(accounting.units_used)} units used",
        table("Units used and left out", ("What", "Count"), rows, numeric=(1,)),
    )
