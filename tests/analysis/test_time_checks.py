"""Checks of times: each warns for its own reason, and keeps quiet over honest data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from worlds.evidence import evidence, experiment
from worlds.words import in_words

from holdback.analysis.checks.time.clock_skew import ClockSkew
from holdback.analysis.checks.time.coverage import Coverage
from holdback.analysis.checks.time.maturity import Maturity
from holdback.analysis.checks.time.timezones import Timezones
from holdback.analysis.checks.time.whole_days import WholeDays
from holdback.data.evidence.cells import Evidence, Quality, Reach
from holdback.data.evidence.near_exposure import hours_early, is_piled

BUYER, NOBODY = (20.0, 1.0), (0.0, 0.0)
START = datetime(2026, 10, 1, tzinfo=UTC)
QUARTERS = 56


def world(buyers: int = 100, quality: Quality | None = None) -> Evidence:
    """A tenth held back; `buyers` of 900 treated units buy, and 10 of 100 others."""
    return evidence(
        {
            "holdback": [BUYER] * 10 + [NOBODY] * 90,
            "personalized": [BUYER] * buyers + [NOBODY] * (900 - buyers),
        },
        quality=quality,
    )


def reach(source: str, days: int, **more: object) -> Reach:
    """A source from 1 October on."""
    until = START + timedelta(days=days)
    return Reach(source=source, first=START, until=until, **more)  # type: ignore[arg-type]


def test_days_of_exposure_are_told_with_the_lift_without_them() -> None:
    """Of 900 units 120 buy, or 60: against 10 of 100 that is +33 % or −33 %."""
    seen = world(120, Quality(own_day={"orders": 66}))
    seen = replace(seen, variants={"own_day": world(60).cells})
    (finding,) = in_words(experiment(), WholeDays().examine(experiment(), seen))
    assert finding.status == "warn"
    assert "66 rows lie on that day" in finding.message
    assert "+33.3 %" in finding.message
    assert "\N{MINUS SIGN}33.3 %" in finding.message
    alike = replace(seen, variants={"own_day": world(119).cells})
    (finding,) = in_words(experiment(), WholeDays().examine(experiment(), alike))
    assert finding.status == "pass"
    assert list(WholeDays().examine(experiment(), world())) == []


def test_rows_piled_up_before_exposure_are_told() -> None:
    """137 rows in five minutes, none in the hour before; usual rows say nothing."""
    skewed = Quality(skewed={"orders": 137}, nearby={"orders": 0})
    seen = replace(world(120, skewed), variants={"tolerance": world(150).cells})
    (finding,) = in_words(experiment(), ClockSkew().examine(experiment(), seen))
    assert finding.status == "warn"
    assert "137 rows of orders were logged in the 5 minutes before" in finding.message
    assert "+33.3 %" in finding.message
    assert "+66.7 %" in finding.message
    usual = world(120, Quality(skewed={"orders": 20}, nearby={"orders": 240}))
    assert list(ClockSkew().examine(experiment(), usual)) == []
    plan = experiment()
    orders = replace(plan.sources["orders"], tolerance=timedelta(minutes=5))
    plan = replace(plan, sources={**plan.sources, "orders": orders})
    (finding,) = in_words(plan, ClockSkew().examine(plan, seen))
    assert finding.status == "pass"
    assert "count, as its `tolerance` says" in finding.message


def test_piles_are_rare_where_rows_come_evenly() -> None:
    """Of 4,000 sources with an even stream of rows before exposure none piles up."""
    rng = np.random.default_rng(5)
    rate = rng.uniform(0, 300, 4000)
    near, before = rng.poisson(rate), rng.poisson(12 * rate)
    assert not any(
        is_piled(int(a), int(b), 12) for a, b in zip(near, before, strict=True)
    )
    assert is_piled(30, 12, 12)
    assert not is_piled(9, 0, 12)


@pytest.mark.parametrize("hours", [1, 4, 5, 12])
def test_rows_of_another_zone_begin_whole_hours_early(hours: int) -> None:
    """Orders that follow exposures, some within the hour, moved by whole hours."""
    rng = np.random.default_rng(hours)
    for _ in range(50):
        delay = np.concatenate([rng.exponential(0.5, 60), rng.uniform(0, 168, 400)])
        gap = delay - hours
        early = gap[(gap < 0) & (gap >= -14)]
        quarters = np.bincount(((early + 14) * 4).astype(int), minlength=QUARTERS)
        assert hours_early(tuple(map(int, quarters)), 0) == hours


def test_what_comes_before_an_exposure_is_no_zone() -> None:
    """A session that leads to the exposure, and the customers' usual rows, are none."""
    rng = np.random.default_rng(7)
    for _ in range(200):
        session = rng.exponential(0.3, 80)
        usual = rng.uniform(0, 14, rng.poisson(40))
        gap = np.concatenate([session[session < 14], usual])
        quarters = np.bincount(((14 - gap) * 4).astype(int).clip(0), minlength=56)[:56]
        assert hours_early(tuple(map(int, quarters)), int(rng.poisson(40))) is None


def hours_of(rng: np.random.Generator, shift: int, rows: int) -> tuple[int, ...]:
    """A shop's hours of the day: an evening, a day, and a night."""
    shape = np.array([1] * 7 + [4] * 10 + [9] * 5 + [3] * 2, dtype=float)
    counts = rng.multinomial(rows, np.roll(shape / shape.sum(), shift))
    return tuple(int(n) for n in counts)


@pytest.mark.parametrize("shift", [-7, -4, 0, 5, 9])
def test_hours_of_the_day_that_are_shifted(shift: int) -> None:
    """Seen and told with its direction; alike ones never."""
    rng = np.random.default_rng(100 + shift)
    for _ in range(30):
        seen = replace(
            world(),
            reaches=(
                reach("exposures", 28, hours=hours_of(rng, 0, 3000)),
                reach("orders", 28, hours=hours_of(rng, shift, 400)),
            ),
        )
        (finding,) = in_words(experiment(), Timezones().examine(experiment(), seen))
        assert finding.status == ("warn" if shift else "pass")
        way = "later" if shift > 0 else "earlier"
        assert not shift or f"{abs(shift)} hours {way}" in finding.message


def test_other_habits_are_no_other_zone() -> None:
    """Mails at nine, flat hours, or an hour's difference: no shift makes them alike."""
    rng = np.random.default_rng(9)
    orders = hours_of(rng, 0, 400)
    mails = tuple(900 if hour == 9 else 0 for hour in range(24))
    for exposures in (mails, (40,) * 24, hours_of(rng, 1, 3000)):
        seen = replace(
            world(),
            reaches=(
                reach("exposures", 28, hours=exposures),
                reach("orders", 28, hours=orders),
            ),
        )
        (finding,) = Timezones().examine(experiment(), seen)
        assert finding.status == "pass"


def test_sources_that_end_or_lie_ahead_are_told() -> None:
    """Orders that stop, and cancellations of which most are dated ahead."""
    plan = experiment()
    gone = replace(plan.sources["orders"], name="gone")
    plan = replace(plan, sources={**plan.sources, "gone": gone})
    seen = replace(
        world(),
        as_of=START + timedelta(days=19),
        reaches=(
            reach("exposures", 28, rows=900, ahead=300),
            reach("orders", 19, rows=200, ended=True),
            reach("gone", 40, rows=84, ahead=62),
        ),
    )
    orders, ahead = in_words(plan, Coverage().examine(plan, seen))
    assert orders.status == ahead.status == "warn"
    assert "orders stops on 2026-10-19" in orders.message
    assert "62 rows of gone (73.8 %) lie after 2026-10-19" in ahead.message
    (running,) = in_words(plan, Maturity().examine(plan, seen))
    assert "the data stop before that" in running.message
    whole = replace(seen, reaches=(reach("exposures", 14), reach("orders", 28)))
    (fine,) = in_words(plan, Coverage().examine(plan, whole))
    assert fine.status == "pass"
    assert list(Coverage().examine(plan, replace(seen, as_of=None))) == []
