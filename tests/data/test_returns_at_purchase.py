"""Returns at the time of their purchase: counted where the sale was, or left out."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import holdback as hb
from holdback.data.extraction.extract import extract
from holdback.errors import HoldbackError
from holdback.experiments.load import load

START = datetime(2026, 10, 1, tzinfo=UTC)
YAML = """
version: 1
experiment: sent-back
currency: EUR
arms: {{a: {{share: 50%, control: true}}, b: {{share: 50%}}}}
assignment: {{source: visitors}}
window: {{start: 2026-10-01, end: 2026-10-14}}
sources:
  visitors: {{csv: visitors.csv, columns: {{unit: id, arm: arm, time: seen}}{visitors}}}
  rows: {{csv: rows.csv, columns: {{unit: id, time: at}}{rows}}}
metrics:
  revenue: {{kind: mean, source: rows, value: amount, unit: money}}
  early: {{kind: mean, source: rows, value: amount, unit: money, within: 7 days}}
primary: revenue
secondary: [early]
analysis: {{looks: end}}
"""
RULE = ', returns: {where: "amount < 0", match: [product]}'


def written(
    folder: Path, rows: list[tuple[Any, ...]], *, rule: str = RULE, own: str = ""
) -> Path:
    """Two units an arm, exposed as the window begins, and rows of purchases."""
    visitors = [f"u{i},{'ab'[i % 2]},{START.isoformat()}" for i in range(4)]
    (folder / "visitors.csv").write_text("\n".join(["id,arm,seen", *visitors]))
    told = [",".join(map(str, row)) for row in rows]
    (folder / "rows.csv").write_text("\n".join(["id,at,product,amount", *told]))
    file = folder / "sent-back.yaml"
    file.write_text(YAML.format(visitors=own, rows=rule), encoding="utf-8")
    return file


def cents(file: Path, metric: str = "revenue", as_of: datetime | None = None) -> int:
    """What all units spent, in cents."""
    return extract(load(file), as_of=as_of).cells.total(metric, {"a", "b"}).sums[0]


BY_HAND = [
    ("u0", "2026-09-20T10:00:00Z", "cup", 30),
    ("u0", "2026-10-02T10:00:00Z", "cup", 20),
    ("u0", "2026-10-03T10:00:00Z", "lamp", 50),
    ("u0", "2026-10-12T10:00:00Z", "cup", -20),
    ("u1", "2026-09-25T10:00:00Z", "rug", 90),
    ("u1", "2026-10-02T10:00:00Z", "rug", -90),
    ("u2", "2026-10-05T10:00:00Z", "cup", 10),
    ("u2", "2026-10-20T10:00:00Z", "cup", -10),
    ("u3", "2026-10-04T10:00:00Z", "pen", -7),
]


def test_by_hand(tmp_path: Path) -> None:
    """20 + 50 - 20 of u0 and 10 - 10 of u2: the rug and the pen were not sold here.

    Within a week, too: the cup that came back on the 12th was bought on the 2nd.
    """
    file = written(tmp_path, BY_HAND)
    assert cents(file) == 5000
    assert cents(file, "early") == 5000
    plain = written(tmp_path, BY_HAND, rule="")
    assert cents(plain) == 100 * (20 + 50 - 20 - 90 + 10 - 7)
    assert cents(plain, "early") == 100 * (20 + 50 - 90 + 10 - 7)


def test_what_was_not_yet_sent_back(tmp_path: Path) -> None:
    """As of the 10th, nothing is known of what comes back on the 12th."""
    file = written(tmp_path, BY_HAND)
    assert cents(file, as_of=datetime(2026, 10, 10, tzinfo=UTC)) == 8000


def test_without_columns_the_latest_purchase(tmp_path: Path) -> None:
    """A return by nothing but the unit belongs to what it bought last."""
    rows = [
        ("u0", "2026-09-20T10:00:00Z", "cup", 30),
        ("u0", "2026-10-02T10:00:00Z", "lamp", 50),
        ("u0", "2026-10-03T10:00:00Z", "cup", -30),
    ]
    assert cents(written(tmp_path, rows)) == 5000
    loose = ', returns: {where: "amount < 0"}'
    assert cents(written(tmp_path, rows, rule=loose)) == 2000


def test_the_check_counts_them(tmp_path: Path) -> None:
    """Of four returns, the one without a purchase is told, and is no stranger's row."""
    quality = extract(load(written(tmp_path, BY_HAND))).quality
    assert quality.returns["rows"].rows == 4
    assert quality.returns["rows"].unmatched == 1
    assert quality.unassigned["rows"] == 0
    told = {c.check: c for c in hb.analyze(written(tmp_path, BY_HAND)).scorecard.checks}
    assert told["returns"].status == "pass"
    assert "3 of 4 returns in rows" in told["returns"].message
    assert "1 (25 %) have no purchase" in told["returns"].message
    wrong = ', returns: {where: "amount < 0", match: [product, at]}'
    cards = hb.analyze(written(tmp_path, BY_HAND, rule=wrong)).scorecard
    (bad,) = [one for one in cards.checks if one.check == "returns"]
    assert bad.status == "warn"
    assert "(product, at)" in bad.message


def spent(rows: list[tuple[Any, ...]], end: datetime) -> int:
    """The same by loops over the rows: each return looks for its purchase."""
    found = 0
    for unit, at, product, amount in rows:
        moment = datetime.fromisoformat(at)
        if amount < 0:
            sales = [
                datetime.fromisoformat(when)
                for one, when, what, paid in rows
                if one == unit and what == product and paid >= 0
            ]
            before = [sale for sale in sales if sale <= moment]
            if not before:
                continue
            moment = max(before)
        found += 100 * amount if START <= moment < end else 0
    return found


@pytest.mark.parametrize("seed", range(8))
def test_against_loops(tmp_path: Path, seed: int) -> None:
    """Random rows, ties of the hour included, sum to what plain loops say."""
    rng = random.Random(seed)
    rows = [
        (
            f"u{rng.randrange(4)}",
            (START + timedelta(hours=6 * rng.randrange(-40, 90))).isoformat(),
            rng.choice(["cup", "lamp", "rug"]),
            rng.choice([5, 12, 40, -5, -12]),
        )
        for _ in range(120)
    ]
    end = datetime(2026, 10, 15, tzinfo=UTC)
    assert cents(written(tmp_path, rows)) == spent(rows, end)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rule": ', returns: {where: "amount < 0", match: [prodct]}'}, "'product'?"),
        ({"rule": ", returns: {match: [product]}"}, "where"),
        ({"rule": ', returns: {where: "amount <"}'}, "amount <"),
        ({"own": RULE}, "an exposure is not returned"),
    ],
)
def test_bad_rules(tmp_path: Path, change: dict[str, str], told: str) -> None:
    """One sentence that says what is wrong with the rule."""
    with pytest.raises(HoldbackError) as caught:
        extract(load(written(tmp_path, BY_HAND, **change)))
    assert told in str(caught.value)
