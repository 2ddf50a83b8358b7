"""Orders that are none: what a column says that no condition reads, with its money."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from holdback.analysis.checks.data.statuses import StatusesCheck
from holdback.data.extraction.extract import extract
from holdback.experiments.language.status_words import is_no_sale
from holdback.experiments.load import load
from holdback.results.scorecard import Finding
from tests.data.test_extract_rejects import write
from tests.worlds.words import in_words


def orders_of(folder: Path, column: str, states: list[str]) -> pd.DataFrame:
    """Orders of 10, 11, 12 … of the units in turn, with what a column says of each."""
    frame = pd.DataFrame(
        {
            "order": [f"o{i}" for i in range(len(states))],
            "visitor": [f"u{i % 12}" for i in range(len(states))],
            "at": "2026-10-06T11:00:00Z",
            "total": [10 + i for i in range(len(states))],
            column: states,
        }
    )
    frame.to_csv(folder / "orders.csv", index=False)
    return frame


def found(file: Path) -> list[Finding]:
    """What the check tells of an experiment's data."""
    planned = load(file)
    findings = StatusesCheck().examine(planned, extract(planned))
    return list(in_words(planned, findings))


def revenue(file: Path) -> float:
    """Revenue of all units."""
    return extract(load(file)).cells.total("revenue", {"a", "b"}).sums[0] / 100


COLUMNS = {
    "status": ["wc-completed", "wc-failed", "wc-checkout-draft", "wc-pending"],
    "Order Status": ["Paid", "CANCELED", "Completed", "Test"],
    "state": ["succeeded", "requires_payment_method", "", "canceled"],
    "zahlung": ["bezahlt", "Storniert", "versendet"],
    "is_test": ["false", "true", "no", "Yes", ""],
    "Cancelled at": ["", "2026-10-07 10:00:00", "null"],
    "captured": ["1", "0", ""],
    "livemode": ["true", "false"],
}
NONE = {
    "is_test": {"true", "Yes"},
    "Cancelled at": {"2026-10-07 10:00:00"},
    "captured": {"0"},
    "livemode": {"false"},
}


@pytest.mark.parametrize("column", COLUMNS)
def test_the_money_of_no_sales_against_pandas(tmp_path: Path, column: str) -> None:
    """Its share is that of the rows that are none, and the remedy leaves them out.

    With an id all columns are read, without one those that are needed.
    """
    states = (COLUMNS[column] * 20)[: 19 + len(column)]
    none = NONE.get(column, {s for s in states if is_no_sale(s)})
    file = write(tmp_path, ids=", id: order" if column in NONE else "")
    frame = orders_of(tmp_path, column, states)
    is_none = frame[column].isin(none)
    (finding,) = found(file)
    assert finding.status == "warn"
    assert finding.fact is not None
    share = finding.fact.numbers["share"]
    assert share == pytest.approx(frame.total[is_none].sum() / frame.total.sum())
    assert f"that {column} calls no sale" in finding.message
    remedy = finding.fact.numbers["remedy"]
    again = write(tmp_path, options=f'    where: "{remedy}"')
    orders_of(tmp_path, column, states)
    left = extract(load(again))
    total = left.cells.total("revenue", {"a", "b"}).sums[0] / 100
    assert total == frame.total[~is_none].sum()
    assert not left.quality.statuses


def test_a_condition_is_kept_in_the_remedy(tmp_path: Path) -> None:
    """What the source's `where` says already stands before it."""
    file = write(tmp_path, options="    where: total > 12")
    frame = orders_of(tmp_path, "status", ["paid", "failed"] * 10)
    (finding,) = found(file)
    assert finding.fact is not None
    again = write(tmp_path, options=f'    where: "{finding.fact.numbers["remedy"]}"')
    orders_of(tmp_path, "status", ["paid", "failed"] * 10)
    kept = frame[(frame.total > 12) & (frame.status == "paid")]
    assert revenue(again) == kept.total.sum()


SOUND = {
    "country": ["IE", "FR", "DE"],
    "status": ["paid", "shipped"],
    "fulfillment_status": ["pending", "fulfilled"],
    "state": ["CA", "NY", "TX"],
    "subscription_status": ["active", "cancelled"],
    "channel": ["email", "test", "ads"],
    "tested": ["yes", "no"],
    "note": ["pending review of a customer", "paid by card"],
}


@pytest.mark.parametrize("column", SOUND)
def test_sound_columns_do_not_warn(tmp_path: Path, column: str) -> None:
    """Other columns are no states of orders; those of sales are told at most."""
    file = write(tmp_path, ids=", id: order")
    orders_of(tmp_path, column, SOUND[column] * 10)
    assert {finding.status for finding in found(file)} <= {"pass"}


def test_little_money_is_told_without_a_warning(tmp_path: Path) -> None:
    """A failed order of 1 % of the money passes; a metric's own condition counts."""
    file = write(tmp_path)
    orders_of(tmp_path, "status", ["failed"] + ["paid"] * 60)
    (finding,) = found(file)
    assert finding.status == "pass"
    assert "failed (1 row" in finding.message
    own = write(tmp_path, metric=", where: status = 'paid'")
    orders_of(tmp_path, "status", ["failed", "paid"] * 20)
    assert not found(own)
