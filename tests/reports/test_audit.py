"""An audit as text: every verdict, and nothing that small counts would give away."""

from __future__ import annotations

from typing import Any

import pytest

from holdback.audit.result import (
    Audit,
    AuditedDay,
    AuditedPeriod,
    Cause,
    Change,
    Noted,
    Pair,
    compared,
)
from holdback.reports.exports.audit_table import table_of

DAYS = {
    "2026-10-01": (500, 0),
    "2026-10-02": (490, 0),
    "2026-10-03": (450, 40),
    "2026-10-04": (300, 200),
    "2026-10-05": (3, 0),
}
SHOWN = compared(DAYS)
CAUSE = Cause(
    changes=(
        Change(kind="salt", what="salt 'a\x1b' in place of 'b'"),
        Change(kind="column", what="ids of column 'e' in place of 'u'"),
    ),
    sampled=12_000,
    agreement=0.9999,
)


def audit(**parts: Any) -> Audit:
    """An audit of five days with a change during the third."""
    values: dict[str, Any] = {
        "experiment": "recs",
        "plan_hash": "0" * 64,
        "source": "exposures",
        "scheme": "unleash",
        "salt": "recs",
        "params": {"group_id": "g"},
        "agrees": False,
        "compared": compared({"all": (1_743, 240)})["all"],
        "pairs": (
            Pair(planned="holdback", logged="holdback", units=900),
            Pair(planned="holdback", logged="personalized", below_10=("units",)),
            Pair(planned=None, logged="personalized", reason="holdout"),
        ),
        "days": tuple(AuditedDay(day=day, compared=one) for day, one in SHOWN.items()),
        "changes": ("2026-10-03",),
        "periods": (
            period("agrees", "2026-10-01", "2026-10-02", (990, 0)),
            period("changing", "2026-10-03", "2026-10-03", (450, 40)),
            period("explained", "2026-10-04", "2026-10-04", (300, 200), cause=CAUSE),
            period("unexplained", "2026-10-05", "2026-10-05", (3, 0)),
        ),
        "noted": (
            Noted(reason="crossover", what="units", count=12),
            Noted(reason="outside_window", what="rows", below_10=("count",)),
            Noted(reason="not_eligible", what="rows", count=40),
        ),
    }
    return Audit(**(values | parts))


def period(
    verdict: Any, first: str, last: str, counts: tuple[int, int], **more: Any
) -> AuditedPeriod:
    """A stretch of days."""
    one = compared({"all": counts})["all"]
    return AuditedPeriod(verdict=verdict, first=first, last=last, compared=one, **more)


@pytest.mark.parametrize(
    "line",
    [
        "scheme unleash with salt 'recs', group_id 'g'",
        "  holdback              personalized     <10  differ",
        "  none: global holdout  personalized  hidden  differ",
        "  1 Oct 2026     500       0    100%",
        "  2 Oct 2026  hidden  hidden  hidden",
        "  3 Oct 2026     490      40   91.8%",
        "  5 Oct 2026     <10  hidden  hidden",
        "240 units were logged in another arm than recomputed; 87.9% agree.",
        "Agreement changes on 3 Oct 2026.",
        "  3 Oct 2026: 91.8% agree with the plan; the change came during this day.",
        "salt 'a\\x1b' in place of 'b' and ids of column 'e' in place of 'u'",
        "(>99.9% of 12,000 sampled units agree).",
        "  5 Oct 2026: no variation of the plan that was tried explains the log.",
        "12 units logged in two arms; the first one is compared.",
        "<10 rows outside the window.",
        "40 rows not eligible.",
    ],
)
def test_text_tells(line: str) -> None:
    """Each thing found has its line; terminals see no control character."""
    assert line in table_of(audit(), "en-IE")


def test_without_times_there_are_no_days() -> None:
    """One period of all units; crossed ones are said to be left out."""
    found = audit(
        days=(),
        changes=(),
        periods=(AuditedPeriod(verdict="unexplained", compared=SHOWN["2026-10-04"]),),
    )
    text = table_of(found, "en-IE")
    assert "first seen" not in text
    assert "  All units: " in text
    assert "left out: no time says which was first" in text


def test_small_cells_and_their_complement_are_hidden() -> None:
    """One small day hides the next smallest; a small side hides the other."""
    assert SHOWN["2026-10-05"].units is None
    assert SHOWN["2026-10-05"].below_10 == ("units", "agreeing")
    hidden = [day for day, one in SHOWN.items() if one.units is None]
    assert len(hidden) == 2
    few = compared({"all": (992, 8)})["all"]
    assert (few.units, few.agreeing, few.disagreeing) == (1_000, None, None)
    assert few.below_10 == ("disagreeing",)
