"""Checks of what values and ids mean: each warns for its own reason, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds.evidence import METRICS, experiment

from holdback.analysis.checks.check import findings
from holdback.data.evidence.cells import (
    Currencies,
    IdSpelling,
    Quality,
    ReadDates,
    Spelling,
)
from holdback.experiments.language.expression import parse
from holdback.experiments.metrics.mean import Mean
from holdback.results.scorecard import Input
from tests.analysis.test_checks import found, world


def test_words_in_place_of_ids_warn() -> None:
    """The words are named with their rows; without any there is nothing to say."""
    quality = Quality(placeholders={"orders": {"(not set)": 58, "null": 2}})
    finding = found("placeholders", experiment(), world(quality=quality))
    assert finding.status == "warn"
    assert "60 rows of orders have '(not set)', 'null' as unit" in finding.message
    sound = findings(experiment(), world())
    assert "placeholders" not in {finding.check for finding in sound}


def test_shared_and_missing_row_ids_warn() -> None:
    """Ids on rows of different units, and words in place of row ids."""
    quality = Quality(idless={"orders": 20}, shared_ids={"orders": 1})
    finding = found("duplicates", experiment(), world(quality=quality))
    assert finding.status == "warn"
    assert "20 rows of orders have a word such as (not set)" in finding.message
    assert "1 id of orders" in finding.message


def test_numbers_of_two_readings_warn() -> None:
    """1.234 is asked about, but not in a currency with three decimals."""
    seen = world(quality=Quality(two_readings={"orders": {"total": 3}}))
    finding = found("notation", experiment(), seen)
    assert finding.status == "warn"
    assert "3 numbers in total of orders" in finding.message
    dinars = Mean(
        name="revenue", source="orders", value=parse("total"), unit="money", digits=3
    )
    planned = experiment(metrics=METRICS | {"revenue": dinars})
    assert "notation" not in {f.check for f in findings(planned, seen)}


def test_blanks_warn_above_one_percent() -> None:
    """The condition is printed with what brings the rows back."""
    inputs = (Input(source="orders", rows=1000),)
    for rows, status in ((20, "warn"), (9, "pass")):
        blanks = {"orders": {"status != 'x'": rows}}
        seen = replace(world(quality=Quality(blanks=blanks)), inputs=inputs)
        finding = found("conditions", experiment(), seen)
        assert finding.status == status
        assert "write `status != 'x' or status is null`" in finding.message


def test_another_spelling_warns() -> None:
    """The value that there is, beside the one that a condition says."""
    paid = Spelling(column="status", meant="paid", written="Paid", rows=95)
    seen = world(quality=Quality(spellings={"orders": (paid,)}))
    finding = found("conditions", experiment(), seen)
    assert finding.status == "warn"
    assert "95 rows of orders have 'Paid' in status" in finding.message


def test_the_currency_is_told() -> None:
    """Named or guessed, converted or not, and what is blank."""
    plain = Currencies(column="money", guessed=False, rows={"EUR": 9}, blank=0)
    finding = found(
        "currency", experiment(), world(quality=Quality(currencies={"orders": plain}))
    )
    assert finding.status == "pass"
    assert finding.message == (
        "The currency of orders stands in money. All amounts are in EUR."
    )
    mixed = Currencies(
        column="currency",
        guessed=True,
        rows={"EUR": 9, "USD": 3},
        blank=2,
        rates={"USD": 0.92},
    )
    finding = found(
        "currency", experiment(), world(quality=Quality(currencies={"orders": mixed}))
    )
    assert finding.status == "warn"
    assert "taken from currency, which nobody named" in finding.message
    assert "3 rows in USD were multiplied by 0.92 to be in EUR." in finding.message
    assert "2 rows name no currency and count as EUR." in finding.message


def test_the_form_of_times_is_told() -> None:
    """With an example of how it was read."""
    dates = ReadDates(
        column="at",
        form="d/m/y",
        guessed=True,
        written="13/10/2026",
        meant="2026-10-13",
    )
    finding = found(
        "dates", experiment(), world(quality=Quality(dates={"orders": dates}))
    )
    assert finding.status == "pass"
    assert "`dates: d/m/y`: 13/10/2026 is 2026-10-13" in finding.message


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("leading_zeros", "leading zeros, which spreadsheets drop"),
        ("case", "capital and small letters"),
        ("spaces", "spaces at their ends"),
        ("point_zero", "the .0 at their end"),
        ("dashes", "dashes and braces"),
        ("several", "spaces, case, leading zeros"),
    ],
)
def test_a_misspelling_is_told_with_its_cause(cause: str, words: str) -> None:
    """The form of both ids stands in the message, and the remedy."""
    spelling = IdSpelling(cause=cause, ids=30, of=40, pair=("00nn", "nn"))
    finding = found(
        "unit_mismatch",
        experiment(),
        world(quality=Quality(id_spellings={"orders": spelling})),
    )
    assert finding.status == "warn"
    assert "30 of 40 ids in orders" in finding.message
    assert words in finding.message
    assert "like 00nn in the exposures and like nn there" in finding.message


@pytest.mark.parametrize(("rows", "warns"), [(250, True), (9, False), (4, False)])
def test_amounts_on_several_rows_warn(rows: int, *, warns: bool) -> None:
    """Lines of orders are many; a pair that chance makes is not told."""
    seen = replace(
        world(quality=Quality(repeated_amounts={"orders": rows})),
        inputs=(Input(source="orders", rows=1000),),
    )
    told = [f for f in findings(experiment(), seen) if f.check == "repeated_amounts"]
    assert [finding.status for finding in told] == ["warn"] * warns
    if warns:
        message = found("repeated_amounts", experiment(), seen).message
        assert "250 rows of orders (25 %) have the same unit, moment" in message


def test_refunds_are_told() -> None:
    """With their share, and what they do."""
    seen = replace(
        world(quality=Quality(refunds={"orders": 30})),
        inputs=(Input(source="orders", rows=1000),),
    )
    finding = found("refunds", experiment(), seen)
    assert finding.status == "pass"
    assert "30 rows of orders (3 %) have an amount below 0" in finding.message


@pytest.mark.parametrize("rows", [10_000, 9_999, 65_536, 1_048_575])
def test_a_source_of_as_many_rows_as_exports_hold_warns(rows: int) -> None:
    """Exactly so many, or one less for the header; of events only."""
    inputs = (Input(source="orders", rows=rows),)
    finding = found("cut", experiment(), replace(world(), inputs=inputs))
    assert finding.status == "warn"
    assert f"orders holds exactly {rows:,} rows" in finding.message
    drawn = (Input(source=experiment().assignment.source, rows=rows),)
    names = {f.check for f in findings(experiment(), replace(world(), inputs=drawn))}
    assert "cut" not in names


@pytest.mark.parametrize(
    ("orders", "visits", "warns"), [(400, 50, True), (400, 5, False), (300, 200, False)]
)
def test_sources_of_unlike_shares_warn(orders: int, visits: int, warns: bool) -> None:  # noqa: FBT001  # a table
    """Of 1,000 rows each; a source of the experiment's units alone says nothing."""
    inputs = tuple(Input(source=name, rows=1_000) for name in ("orders", "visits"))
    quality = Quality(unassigned={"orders": orders, "visits": visits})
    seen = replace(world(quality=quality), inputs=inputs)
    finding = found("unit_mismatch", experiment(), seen)
    assert finding.status == ("warn" if warns else "pass")
    told = "60 % of the rows of orders belong to a unit of the experiment, but 95 %"
    assert (told in finding.message) == warns
