"""Conditions: what they leave out unseen is counted, and what they mean is read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from holdback.analysis.checks.data.conditions import Conditions
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError
from holdback.experiments.load import load
from tests.data.test_extract_rejects import refused, write


def orders_of(folder: Path, states: list[str], column: str = "status") -> None:
    """Orders of 10 each of the units in turn, with a state."""
    lines = [
        f"o{i},u{i % 12},2026-10-06T11:00:00Z,10,{state}"
        for i, state in enumerate(states)
    ]
    text = "\n".join([f"order,visitor,at,total,{column}", *lines]) + "\n"
    (folder / "orders.csv").write_text(text, encoding="utf-8")


def counted(found: Evidence) -> int:
    """Orders whose amounts count."""
    return found.cells.total("revenue", {"a", "b"}).sums[0] // 1000


STATES = ["paid"] * 6 + ["refunded"] * 2 + [""] * 3

BLANKS = [
    ("status != 'refunded'", 6, 3, 9),
    ("status not in ('refunded', 'cancelled')", 6, 3, 9),
    ("total > 5 and status <> 'refunded'", 6, 3, 9),
    ("total > 50 or status != 'refunded'", 6, 3, 9),
    ("not status = 'refunded'", 9, 0, 9),
    ("not status in ('refunded')", 9, 0, 9),
    ("status = 'paid'", 6, 0, 6),
    ("status != 'refunded' or status is null", 9, 0, 9),
]


@pytest.mark.parametrize(("where", "kept", "blank", "meant"), BLANKS)
@pytest.mark.parametrize("at", ["source", "metric"])
def test_blanks_are_counted_and_the_remedy_mends(  # a table
    tmp_path: Path, where: str, kept: int, blank: int, meant: int, at: str
) -> None:
    """What is lost by an empty value alone; the printed condition brings it back."""

    def planned(condition: str) -> Path:
        if at == "source":
            return write(tmp_path, options=f'    where: "{condition}"')
        return write(tmp_path, metric=f', where: "{condition}"')

    file = planned(where)
    orders_of(tmp_path, STATES)
    found = extract(load(file))
    assert counted(found) == kept
    assert found.quality.blanks.get("orders", {}) == ({where: blank} if blank else {})
    findings = list(Conditions().examine(load(file), found))
    assert len(findings) == (1 if blank else 0)
    if findings:
        (finding,) = findings
        assert finding.status == "warn"
        assert finding.fact is not None
        again = planned(str(finding.fact.numbers["remedy"]))
        orders_of(tmp_path, STATES)
        assert counted(extract(load(again))) == meant


def test_few_blanks_are_told_without_a_warning(tmp_path: Path) -> None:
    """One row in two hundred is told."""
    file = write(tmp_path, options="    where: status != 'refunded'")
    orders_of(tmp_path, ["paid"] * 199 + [""])
    (finding,) = Conditions().examine(load(file), extract(load(file)))
    assert finding.status == "pass"


def test_other_spellings_are_named(tmp_path: Path) -> None:
    """'Paid' and 'paid ' are not 'paid': each is told with its rows."""
    file = write(tmp_path, options="    where: status = 'paid'")
    orders_of(tmp_path, ["paid"] * 5 + ["Paid"] * 3 + ["paid "] * 2 + ["open"])
    found = extract(load(file))
    seen = [(s.meant, s.written, s.rows) for s in found.quality.spellings["orders"]]
    assert seen == [("paid", "Paid", 3), ("paid", "paid ", 2)]
    both = write(tmp_path, options="    where: status in ('paid', 'Paid', 'paid ')")
    orders_of(tmp_path, ["paid"] * 5 + ["Paid"] * 3 + ["paid "] * 2 + ["open"])
    assert not extract(load(both)).quality.spellings
    assert found.quality.filtered == {"orders": 6}


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("status = 'true'", ["no row of 8 meets", "'True' (5)", "status = 'True'?"]),
        ("status = 'done'", ["no row of 8 meets", "'True' (5), 'False' (3)"]),
        ("total > 1000", ["no row of 8 meets `total > 1000`", "go from 10 to 10"]),
        ("status = false and total > 11", ["'True' (5), 'False' (3)", "10 to 10"]),
    ],
)
def test_a_condition_that_leaves_no_row_rejects(
    tmp_path: Path, where: str, words: list[str]
) -> None:
    """The values that there are stand in the message, and the nearest in the fix."""
    file = write(tmp_path, options=f"    where: {where}")
    orders_of(tmp_path, ["True"] * 5 + ["False"] * 3)
    error = str(refused(file))
    for word in words:
        assert word in error


TRUTHS = [
    ("status = true", 5),
    ("status != true", 3),
    ("FALSE = status", 3),
    ("not status = true", 4),
]


@pytest.mark.parametrize(
    ("yes", "no"),
    [("true", "false"), ("TRUE", "FALSE"), ("Y", "n"), ("yes", "No"), ("1", "0")],
)
def test_true_and_false_in_text(tmp_path: Path, yes: str, no: str) -> None:
    """All ways to say yes and no are read; an empty value is neither."""
    file = write(tmp_path)
    orders_of(tmp_path, [yes] * 5 + [no] * 3 + [""])
    of_each = "".join(
        f"  m{i}: {{kind: mean, source: orders, value: total, where: {where}}}\n"
        for i, (where, _) in enumerate(TRUTHS)
    )
    text = file.read_text(encoding="utf-8").replace("primary:", f"{of_each}primary:")
    text = text.replace("primary:", f"secondary: [m{', m'.join('0123')}]\nprimary:")
    file.write_text(text, encoding="utf-8")
    found = extract(load(file))
    for i, (_, rows) in enumerate(TRUTHS):
        assert found.cells.total(f"m{i}", {"a", "b"}).sums[0] == rows * 10 * 10**6


@pytest.mark.parametrize(("where", "rows"), TRUTHS)
def test_true_and_false_leave_out_rows(tmp_path: Path, where: str, rows: int) -> None:
    """The same in the condition of a source."""
    file = write(tmp_path, options=f"    where: {where}")
    orders_of(tmp_path, ["yes"] * 5 + ["No"] * 3 + [""])
    assert counted(extract(load(file))) == rows


def test_text_that_is_neither_rejects(tmp_path: Path) -> None:
    """A third word is no truth, and is shown with its place."""
    file = write(tmp_path, options="    where: status = true")
    orders_of(tmp_path, ["yes", "no", "open"])
    error = str(refused(file))
    assert "orders.csv:4:5" in error
    assert "neither true nor false" in error


def test_true_of_typed_columns(tmp_path: Path) -> None:
    """Booleans and numbers compare with true and false as well."""
    visitors = pd.DataFrame(
        {
            "visitor": ["x", "y"] * 2 + ["z", "w"],
            "group": ["a", "b"] * 3,
            "seen": ["2026-10-01T10:00:00Z"] * 6,
        }
    )
    for paid in ([True, False, True, None], [1, 0, 2, None]):
        orders = pd.DataFrame(
            {
                "visitor": ["x", "y", "z", "w"],
                "at": ["2026-10-02T10:00:00Z"] * 4,
                "total": [10.0] * 4,
                "paid": pd.array(paid),
            }
        )
        for where, rows in (("paid = true", 2), ("paid = false", 1)):
            file = write(tmp_path, options=f"    where: {where}")
            found = extract(load(file), frames={"visitors": visitors, "orders": orders})
            assert found.cells.total("revenue", {"a", "b"}).sums[0] == rows * 1000


def test_names_in_double_quotes(tmp_path: Path) -> None:
    """A column with a space and a sign, in roles and in conditions."""
    file = write(tmp_path, options="    where: '\"Paid in?\" = ''yes'''")
    orders_of(tmp_path, ["yes"] * 5 + ["no"] * 3, column="Paid in?")
    assert counted(extract(load(file))) == 5
    text = file.read_text(encoding="utf-8").replace("time: at}", "time: '`at`'}")
    file.write_text(text, encoding="utf-8")
    assert counted(extract(load(file))) == 5


def test_a_text_that_is_also_a_column_rejects(tmp_path: Path) -> None:
    """`status = "total"` may compare with the column total."""
    file = write(tmp_path, options="    where: 'status = \"total\"'")
    orders_of(tmp_path, ["total"] * 3)
    with pytest.raises(ConfigError, match="`total` for the column"):
        extract(load(file))


@pytest.mark.parametrize("space", ["\t", "\u00a0", "  "])
def test_unseen_spaces_are_other_spellings(tmp_path: Path, space: str) -> None:
    """A tab or a no-break space behind a text makes another one."""
    file = write(tmp_path, options="    where: status = 'paid'")
    orders_of(tmp_path, ["paid"] * 5 + [f"paid{space}"] * 2)
    (spelling,) = extract(load(file)).quality.spellings["orders"]
    assert (spelling.written, spelling.rows) == (f"paid{space}", 2)


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("paid = 'True'", 5),
        ("paid = 'yes'", 5),
        ("paid != '1'", 3),
        ("paid = 1", 5),
        ("paid = FALSE", 3),
        ("paid = 'no'", 3),
        ("paid", 5),
    ],
)
def test_booleans_compare_with_words(tmp_path: Path, where: str, rows: int) -> None:
    """A column of booleans, as Parquet and frames have them."""
    file = write(tmp_path, options=f'    where: "{where}"')
    frame = pd.DataFrame(
        {
            "visitor": [f"u{i}" for i in range(8)],
            "at": "2026-10-06T11:00:00Z",
            "total": 10,
            "paid": [True] * 5 + [False] * 3,
        }
    )
    seen = extract(load(file), frames={"orders": frame})
    assert seen.cells.total("revenue", {"a", "b"}).sums[0] == rows * 1000
