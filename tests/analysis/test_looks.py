"""Looks, locks and status: what the log says decides how strictly a look is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds.evidence import evidence, experiment
from worlds.looked_shop import shop

import holdback as hb
from holdback.analysis.preregistration.history import History
from holdback.analysis.preregistration.interim_looks import Stage, stage_of
from holdback.errors import ConfigError
from holdback.experiments.definition.experiment import Window
from holdback.facts import fact
from holdback.stats.sequential.group_sequential import boundaries

START = date(2026, 10, 1)


def at(day: int, month: int = 10) -> datetime:
    """Just after the end of a day."""
    return datetime(2026, month, day, tzinfo=UTC)


def plan(looks: Any = "spending", **more: Any) -> Any:
    """The shop's experiment, 1 to 28 October and 14 days after, under some looks."""
    window = Window(start=START, end=date(2026, 10, 28))
    base = experiment(window=window, **more)
    return replace(base, analysis=replace(base.analysis, looks=looks))


@pytest.fixture
def cells() -> Any:
    """2,000 and 18,000 units, a tenth of them with a value."""
    rows = {
        "holdback": [(10.0, 1.0)] * 200 + [(0.0, 0.0)] * 1800,
        "personalized": [(12.0, 1.0)] * 1800 + [(0.0, 0.0)] * 16_200,
    }
    return evidence(rows).cells


def stage(
    cells: Any, looks: Any, when: datetime, history: History | None = None
) -> Stage:
    """The stage of a reading."""
    return stage_of(plan(looks), cells, when, history or History())


def test_one_look_at_the_end_costs_nothing(cells: Any) -> None:
    """Without earlier looks the end is read at the file's own level."""
    found = stage(cells, "spending", at(30, 12))
    assert found.level == found.harm_level == pytest.approx(0.95)
    assert found.look is None
    assert found.decides


def test_an_early_look_is_strict_by_its_information(cells: Any) -> None:
    """The boundary is that of the share of the time that has passed."""
    planned = plan()
    assert planned.window is not None
    whole = (planned.window.end - planned.window.start).days + 1 + 14
    found = stage(cells, "spending", at(22))
    share = 21 / whole
    assert found.information == pytest.approx(share)
    assert found.look is not None
    assert found.look.boundary == pytest.approx(boundaries([share])[0])
    assert found.look.number == 1
    assert found.level > 0.95


def test_earlier_looks_are_paid_for(cells: Any) -> None:
    """A second look, and the end after two, have the boundaries of the whole path."""
    past = History(looks=(0.4,))
    second = stage(cells, "spending", at(5, 11), past)
    assert second.look is not None
    times = [0.4, second.information]
    assert second.look.boundary == pytest.approx(boundaries(times)[-1])
    assert second.look.number == 2
    end = stage(cells, "spending", at(30, 12), History(looks=(0.4, 0.8)))
    assert end.look is not None
    assert end.final
    assert end.look.boundary == pytest.approx(boundaries([0.4, 0.8, 1.0])[-1])
    assert end.look.alpha_spent == pytest.approx(0.05)


def test_guardrails_are_harmed_sooner(cells: Any) -> None:
    """An early look is less strict for harm than for success."""
    found = stage(cells, "spending", at(22))
    assert 0.95 < found.harm_level < found.level
    assert found.level_of("guardrail") == found.harm_level
    assert found.level_of("segment") == pytest.approx(0.95)


def test_planned_units_measure_the_information(cells: Any) -> None:
    """A lock that counts on 40,000 units sees half of them in 20,000."""
    found = stage(cells, "spending", at(22), History(planned_units=40_000))
    assert found.information == pytest.approx(0.5)


def test_nothing_is_decided_before_sixty_values() -> None:
    """A holdback with 59 buyers is shown, and decides nothing."""
    rows = {
        "holdback": [(10.0, 1.0)] * 59 + [(0.0, 0.0)] * 1941,
        "personalized": [(12.0, 1.0)] * 1800 + [(0.0, 0.0)] * 16_200,
    }
    found = stage(evidence(rows).cells, "spending", at(5, 11))
    assert not found.decides
    assert found.why_preview == fact("preview.few_values", least=60)
    assert found.level == pytest.approx(0.95)


def test_read_once_means_once(cells: Any) -> None:
    """Under `end` everything before the end is a preview, whatever was seen before."""
    assert not stage(cells, "end", at(22)).decides
    end = stage(cells, "end", at(30, 12), History(looks=(0.3, 0.6)))
    assert end.decides
    assert end.level == pytest.approx(0.95)


def test_planned_days_are_the_only_looks(cells: Any) -> None:
    """Between planned days nothing is decided; on them the planned path holds."""
    days = (date(2026, 10, 21), date(2026, 11, 4))
    assert not stage(cells, days, at(23)).decides
    first = stage(cells, days, at(22))
    assert first.look is not None
    assert first.look.number == 1
    end = stage(cells, days, at(30, 12))
    assert end.look is not None
    assert end.look.number == 3


def test_always_valid_never_ends(cells: Any) -> None:
    """The sequence may be read at any time, and is wider for it."""
    found = stage(cells, "always_valid", at(30, 12))
    assert not found.final
    assert found.decides
    assert found.look is not None
    assert found.look.rule == "always_valid"
    assert 3.0 < found.look.boundary < 3.3


def look(file: Path, day: int) -> hb.Analysis:
    """An analysis as of the end of an October day."""
    return hb.analyze(hb.load(file), as_of=date(2026, 10, day))


def test_looks_are_recorded_and_come_out_the_same(tmp_path: Path) -> None:
    """Each look is one line; an old look read again gives the same scorecard."""
    file = shop(tmp_path)
    first, second = look(file, 4), look(file, 7)
    assert first.scorecard.look.number == 1
    assert second.scorecard.look.number == 2
    log = (tmp_path / "audit.jsonl").read_bytes()
    assert log.count(b"\n") == 2
    assert look(file, 7).scorecard == second.scorecard
    assert look(file, 4).scorecard == first.scorecard
    assert (tmp_path / "audit.jsonl").read_bytes() == log
    end = look(file, 12)
    assert end.scorecard.final
    assert end.scorecard.look.number == 3


def test_the_lift_after_looks_lies_in_the_middle(tmp_path: Path) -> None:
    """Half of all paths with this lift end less far out, by simulated paths."""
    file = shop(tmp_path)
    assert look(file, 4).scorecard.readout("conversion").after_looks is None
    cards = [look(file, day).scorecard for day in (7, 12)]
    readout = cards[1].readout("conversion")
    found, plain = readout.after_looks, readout.relative
    assert plain.value < found.value < 0
    assert found.lower < plain.value < found.upper
    looks = [look(file, 4).scorecard.look, *(card.look for card in cards)]
    times = np.array([one.information for one in looks])
    error = np.log((1 + plain.upper) / (1 + plain.lower)) / 2 / looks[-1].boundary
    seen = np.log1p(plain.value) / error
    drift = np.log1p(found.value) / error
    steps = np.diff(times, prepend=0.0)
    draws = np.random.default_rng(5).standard_normal((200_000, 3))
    z = np.cumsum(draws * np.sqrt(steps) + drift * steps, axis=1) / np.sqrt(times)
    bounds = [one.boundary for one in looks]
    stopped = np.abs(z[:, :2]) > bounds[:2]
    above = np.where(
        stopped.any(axis=1),
        z[np.arange(len(z)), stopped.argmax(axis=1)] > 0,
        z[:, 2] > seen,
    )
    assert above.mean() == pytest.approx(0.5, abs=0.02)


def test_status_follows_the_lock(tmp_path: Path) -> None:
    """No lock: exploratory; locked first: confirmatory; changed since: which fields."""
    file = shop(tmp_path)
    locked = hb.lock(file)
    assert locked.in_time
    assert look(file, 12).scorecard.status == "confirmatory"
    shop(tmp_path, label=", label: Buyers")
    assert look(file, 12).scorecard.status == "confirmatory"
    shop(tmp_path, minimum="2%")
    card = look(file, 12).scorecard
    assert card.status == "amended"
    assert card.amended == ("decision.minimum_lift",)


@pytest.mark.parametrize(
    ("after", "status"), [("60%", "confirmatory"), ("20%", "amended")]
)
def test_only_raised_traffic_keeps_the_plan(
    tmp_path: Path, after: str, status: str
) -> None:
    """Raising the traffic is no change of the plan, lowering it is one."""
    file = shop(tmp_path)
    plain = file.read_text()
    file.write_text(
        plain.replace("{source: visitors}", "{source: visitors, traffic: 50%}")
    )
    hb.lock(file)
    file.write_text(
        plain.replace("{source: visitors}", f"{{source: visitors, traffic: {after}}}")
    )
    card = look(file, 12).scorecard
    assert card.status == status
    assert card.amended == (("assignment.traffic",) if status == "amended" else ())


def test_a_lock_after_the_first_look_proves_nothing(tmp_path: Path) -> None:
    """Whoever has seen the result can lock any plan."""
    file = shop(tmp_path)
    look(file, 4)
    assert not hb.lock(file).in_time
    assert look(file, 12).scorecard.status == "exploratory"


def test_restated_data_are_told(tmp_path: Path) -> None:
    """Rows that came in later for a moment looked at before are a warning."""
    file = shop(tmp_path)
    look(file, 7)
    with (tmp_path / "orders.csv").open("a") as orders:
        orders.write("u2,2026-10-01T10:00:00Z\n")
    card = look(file, 7).scorecard
    (told,) = [c for c in card.checks if c.check == "restated"]
    assert told.status == "warn"
    assert "orders has changed" in told.message
    assert card.look.number == 1


def restated(card: Any) -> Any:
    """What is said of data that an earlier look had read."""
    (told,) = [c for c in card.checks if c.check == "restated"]
    return told


def test_rows_that_came_late_are_told_at_the_next_look(tmp_path: Path) -> None:
    """Complete units are compared with what the earlier look recorded, by count."""
    file = shop(tmp_path)
    look(file, 5)
    assert restated(look(file, 7).scorecard).status == "pass"
    with (tmp_path / "visitors.csv").open("a") as visitors:
        visitors.write("late,holdback,2026-10-02T08:00:00Z\n")
    with (tmp_path / "orders.csv").open("a") as orders:
        orders.write("late,2026-10-02T10:00:00Z\nu3,2026-10-01T10:00:00Z\n")
        orders.write("u13,2026-10-01T10:00:00Z\n")
    told = restated(look(file, 9).scorecard)
    assert told.status == "warn"
    rows = [line.split(",") for line in (tmp_path / "orders.csv").read_text().split()]
    buyers = {unit for unit, _ in rows[1:]}
    joined = [i for i in range(4000) if 1 + i // 400 <= 6]
    for arm, odd, more in (("holdback", 0, "late"), ("personalized", 1, None)):
        units = [f"u{i}" for i in joined if i % 2 == odd] + ([more] if more else [])
        now = f"now they are {len(units):,}, with {len(buyers & set(units)):,}."
        assert f"Arm {arm} had 1,200 units that joined up to 2026-10-06" in told.message
        assert now in told.message
    assert restated(look(file, 9).scorecard) == told


def test_a_unit_that_crosses_later_is_no_restated_data(tmp_path: Path) -> None:
    """Who is left out since, being seen in a second arm, is told elsewhere."""
    file = shop(tmp_path)
    look(file, 5)
    with (tmp_path / "visitors.csv").open("a") as visitors:
        visitors.write("u0,personalized,2026-10-06T08:00:00Z\n")
    assert restated(look(file, 9).scorecard).status == "pass"


def test_a_changed_plan_is_compared_with_nothing(tmp_path: Path) -> None:
    """Another plan counts otherwise, so its looks say nothing of the data."""
    look(shop(tmp_path), 5)
    card = look(shop(tmp_path, minimum="2%"), 9).scorecard
    assert not [c for c in card.checks if c.check == "restated"]


def test_a_changed_log_stops_the_analysis(tmp_path: Path) -> None:
    """Looks that were edited away would make the next look too easy."""
    file = shop(tmp_path)
    look(file, 4)
    log = tmp_path / "audit.jsonl"
    log.write_text(log.read_text().replace('"information":', '"Information":'))
    with pytest.raises(ConfigError, match=r"audit\.jsonl:1"):
        look(file, 7)


@pytest.mark.parametrize("looks", ["[]", "[2026-10-05, 2026-10-05]"])
def test_planned_looks_rise(tmp_path: Path, looks: str) -> None:
    """A list of looks has days, in order."""
    with pytest.raises(ConfigError, match="rising order"):
        hb.load(shop(tmp_path, looks=looks))


def test_planned_units_must_be_some(tmp_path: Path) -> None:
    """A plan that counts on nobody is refused."""
    with pytest.raises(ConfigError, match="cannot count on 0"):
        hb.lock(shop(tmp_path), planned_units=0)


def test_level_is_exact_in_fractions() -> None:
    """The file's level is what one look is read at."""
    base = plan()
    strict = replace(base, analysis=replace(base.analysis, level=Fraction(99, 100)))
    rows = {"holdback": [(1.0, 1.0)] * 90, "personalized": [(1.0, 1.0)] * 90}
    found = stage_of(strict, evidence(rows).cells, at(30, 12), History())
    assert found.level == pytest.approx(0.99)
