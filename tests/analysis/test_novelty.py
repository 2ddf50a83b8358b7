"""A lift that fades, one that lasts, and a robot, on rows through the whole engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import holdback as hb
from holdback.analysis.checks.result.novelty import _course

YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  visits: {csv: visits.csv, columns: {unit: id, time: at}}
metrics: {visits: {kind: mean, source: visits, within: 14 days}}
assignment: {source: visitors}
window: {start: 2026-10-01, end: 2026-10-01}
primary: visits
analysis: {looks: end}
"""


def shop(folder: Path, later: float, seed: int = 1, robot: int = 0) -> Path:
    """4,000 units whose visits rise by half in the first week and by `later` after."""
    rng = np.random.default_rng(seed)
    visitors, visits = ["id,arm,at"], ["id,at"]
    for i in range(4000):
        arm = ("holdback", "personalized")[i % 2]
        visitors.append(f"u{i},{arm},2026-10-01T08:00:00Z")
        rates = (0.6, 0.6) if arm == "holdback" else (0.9, 0.6 * (1 + later))
        for week, rate in enumerate(rates):
            for _ in range(rng.poisson(rate)):
                day = 2 + 7 * week + int(rng.integers(6))
                visits.append(f"u{i},2026-10-{day:02d}T07:00:00Z")
    visits += ["u0,2026-10-05T07:00:00Z"] * robot
    (folder / "visitors.csv").write_text("\n".join(visitors) + "\n")
    (folder / "visits.csv").write_text("\n".join(visits) + "\n")
    file = folder / "shop.yaml"
    file.write_text(YAML)
    return file


def check(file: Path, name: str) -> Any:
    """The finding of that name."""
    card = hb.analyze(hb.load(file), as_of=date(2026, 10, 20)).scorecard
    (found,) = [c for c in card.checks if c.check == name]
    return found


def test_a_lift_that_fades_is_told(tmp_path: Path) -> None:
    """+50 % in the first week and nothing after."""
    found = check(shop(tmp_path, later=0.0), "novelty")
    assert found.status == "warn"
    assert "first 7 days" in found.message
    assert "wear off" in found.message


def test_a_lift_that_lasts_passes(tmp_path: Path) -> None:
    """+50 % in both weeks."""
    found = check(shop(tmp_path, later=0.5), "novelty")
    assert found.status == "pass"
    assert found.p_value > 0.01


def test_a_lift_that_grows_is_told(tmp_path: Path) -> None:
    """Twice as much in the second week."""
    assert "grow" in check(shop(tmp_path, later=1.5), "novelty").message


def test_p_values_of_a_lasting_lift_are_uniform(tmp_path: Path) -> None:
    """Over 30 shops no more small p-values than chance gives."""
    found = [
        check(shop(tmp_path, later=0.5, seed=seed), "novelty").p_value
        for seed in range(30)
    ]
    assert stats.kstest(found, "uniform").pvalue > 0.001


@pytest.mark.parametrize(("robot", "status"), [(0, "pass"), (900, "warn")])
def test_a_robot_is_noticed(tmp_path: Path, robot: int, status: str) -> None:
    """A unit with 900 of some 6,000 visits."""
    found = check(shop(tmp_path, later=0.5, robot=robot), "bots")
    assert found.status == status


@pytest.mark.parametrize(
    ("first", "then", "better", "course"),
    [
        (0.5, 0.1, "higher", "gain_fades"),
        (0.5, 0.9, "higher", "gain_grows"),
        (-0.3, -0.1, "higher", "loss_fades"),
        (-0.1, -0.3, "higher", "loss_grows"),
        (-0.008, 0.296, "higher", "turned_up"),
        (0.1, -0.2, "higher", "turned_down"),
        (-0.523, -0.072, "lower", "gain_fades"),
        (0.1, 0.4, "lower", "loss_grows"),
        (0.1, -0.2, "lower", "turned_up"),
    ],
)
def test_what_became_of_the_lift(
    first: float, then: float, better: str, course: str
) -> None:
    """By the direction that is better, and by which side of none it lies on."""
    assert _course(first, then, better) == course
