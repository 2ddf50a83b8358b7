"""Plans of shops whose customers come back, from raw visits to the weeks told."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import holdback as hb
from holdback.reports.pages.plan_page import render

START = datetime.fromisoformat("2026-06-01")
WEEKS = 12
YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 20%, control: true}, personalized: {share: 80%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  conversion: {kind: conversion, source: orders, within: 7 days}
assignment: {source: visitors, salt: shop}
window: {start: 2026-09-07, end: 2026-10-04}
primary: conversion
decision: {rule: lift, minimum_lift: 30%}
"""


def visits(folder: Path, *, new: int, weeks: int = WEEKS) -> None:
    """2,000 customers who come in a week with chance .6, and `new` ones who come once.

    Of all who come one in ten orders; orders are known up to a week after the last.
    """
    rng = np.random.default_rng(4)
    came = [
        (f"c{i}", week)
        for week in range(weeks)
        for i in np.flatnonzero(rng.random(2_000) < 0.6)
    ]
    came += [(f"n{week}-{i}", week) for week in range(weeks) for i in range(new)]
    rows = [
        (who, START + timedelta(days=7 * week + int(rng.integers(0, 7)), hours=9))
        for who, week in came
    ]
    ordered = [(who, at + timedelta(hours=1)) for who, at in rows if rng.random() < 0.1]
    ordered.append(("x", START + timedelta(days=7 * weeks + 7)))
    for name, table in (("visitors", rows), ("orders", ordered)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(
                [("id", "at"), *((who, at.isoformat()) for who, at in table)]
            )
    (folder / "shop.yaml").write_text(YAML)


def plan(folder: Path, **more: Any) -> hb.Plan:
    """The plan of the file, with no simulation."""
    return hb.plan(folder / "shop.yaml", **({"runs": 0} | more))


def test_customers_who_all_came_are_no_more_of(tmp_path: Path) -> None:
    """2,000 and none new: 6,683 units, say, are never reached, and it says so.

    In four weeks 2000 (1 − .4⁴) of them come (closed form).
    """
    visits(tmp_path, new=0)
    made = plan(tmp_path, baselines={"conversion": 0.05})
    design = made.design
    assert design is not None
    assert made.units == pytest.approx(1_948.8, rel=0.01)
    assert design.units_needed is not None
    assert design.units_needed > 2_100
    assert design.units_needed < 52 * design.units_per_week  # in proportion: enough
    assert design.year_units == pytest.approx(2_000, rel=0.01)
    assert design.weeks_needed is None
    assert design.weeks_at_half is None
    assert design.hopeless
    for text in (str(made), render(made)):
        assert "cannot be proved within a year" in text
        assert "different ones come in a year" in text


def test_weeks_of_a_shop_with_newcomers_against_closed_form(tmp_path: Path) -> None:
    """200 new a week: the first t with 2000 (1 − .4^t) + 200 t units, within a week."""
    visits(tmp_path, new=200)
    made = plan(tmp_path, baselines={"conversion": 0.05})
    design = made.design
    assert design is not None
    assert made.units == pytest.approx(2_748.8, rel=0.01)
    assert design.year_units == pytest.approx(12_400, rel=0.03)
    t = np.arange(1, 53)
    exact = 2_000 * (1 - 0.4**t) + 200 * t
    weeks = int(t[np.argmax(exact >= design.units_needed)])
    in_proportion = np.ceil(design.units_needed / design.units_per_week)
    assert weeks > 2 * in_proportion
    assert design.weeks_needed is not None
    assert abs(design.weeks_needed - weeks) <= 1
    assert design.if_nobody_new is not None  # more than twice the twelve weeks
    assert design.if_nobody_new.weeks_needed is None
    assert design.if_nobody_new.year_units == pytest.approx(4_400, rel=0.03)
    assert "they are never enough" in str(made)


def test_other_weeks_have_the_units_of_so_many_weeks(tmp_path: Path) -> None:
    """What if it ran 8 or 26 weeks: 2000 (1 − .4^t) + 200 t units (closed form)."""
    visits(tmp_path, new=200)
    for weeks, units in ((8, 3_598.7), (26, 7_200)):
        made = plan(tmp_path, what_if={"weeks": weeks})
        assert made.units == pytest.approx(units, rel=0.02)
        assert made.design is not None
        assert made.design.weeks[3].units == pytest.approx(2_748.8, rel=0.02)


def test_a_short_history_says_that_weeks_are_the_fewest(tmp_path: Path) -> None:
    """Four weeks of customers who come back do not foretell a year."""
    visits(tmp_path, new=200, weeks=5)
    text = str(plan(tmp_path))
    assert "too few to tell how many new ones later weeks bring" in text
    assert "counted as if each brought as many" not in text


def test_without_a_history_growth_in_proportion_is_told(tmp_path: Path) -> None:
    """Typed units: as many a week, said to be a guess."""
    (tmp_path / "shop.yaml").write_text(YAML)
    made = plan(tmp_path, baselines={"conversion": 0.05}, units=4_000)
    assert made.design is not None
    assert made.design.year_units is None
    assert [week.units for week in made.design.weeks] == [1_000, 2_000, 3_000, 4_000]
    assert "counted as if each brought as many new units" in str(made)


@pytest.mark.parametrize(("end", "over"), [("2026-10-05", 1), ("2026-10-10", 6)])
def test_a_window_of_no_whole_weeks_is_remarked(
    tmp_path: Path, end: str, over: int
) -> None:
    """In the plan and where the file is validated, with a day that would do."""
    from holdback.portfolio.review import review

    text = YAML.replace("2026-10-04", end)
    (tmp_path / "shop.yaml").write_text(text)
    made = plan(tmp_path, baselines={"conversion": 0.05}, units=4_000)
    (note,) = (note for note in made.notes if note.code == "plan.part_week")
    assert note.numbers["over"] == over
    (warning,) = review(tmp_path / "shop.yaml").warnings
    assert "no number of whole weeks" in warning.what
    assert "shop.yaml:10" in warning.where
    for day in ("2026-10-11", "2026-10-04"):
        assert day in warning.fix
        (tmp_path / "shop.yaml").write_text(YAML.replace("2026-10-04", day))
        assert review(tmp_path / "shop.yaml").warnings == ()
