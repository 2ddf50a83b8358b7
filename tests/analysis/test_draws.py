"""What is drawn: by the data alone, once, and as often as the question asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

import holdback as hb
from holdback.analysis.comparison.comparison import EVERYONE, Comparison, Group
from tests.worlds.evidence import METRICS, evidence, experiment

YAML = """
version: 1
experiment: {name}
currency: EUR
arms:
  {control}: {{share: 50%, control: true}}
  {treated}: {{share: 50%}}
assignment: {{source: customers}}
sources:
  customers: {{csv: customers.csv, columns: {{unit: unit, arm: arm}}}}
metrics:
  {metric}: {{kind: mean, source: customers, value: total, unit: money}}
  basket: {{kind: ratio, source: customers, value: total, per: orders, unit: money}}
  refunded: {{kind: mean, source: customers, value: extra, unit: money}}
primary: {metric}
secondary: [basket, refunded]
analysis: {{looks: end}}
"""


def shop(names: dict[str, str], *, rise: float) -> pd.DataFrame:
    """Two arms of 600, 90 buyers each or so; `extra` rises in the second."""
    rng = np.random.default_rng(11)
    units = pd.DataFrame({"unit": [f"u{i}" for i in range(1_200)]})
    units["arm"] = np.where(
        np.arange(1_200) % 2 == 0, names["control"], names["treated"]
    )
    units["orders"] = (rng.random(1_200) < 0.15).astype(int)
    units["total"] = units["orders"] * np.round(rng.lognormal(3, 1.2, 1_200), 2)
    lifted = np.where(units["arm"] == names["treated"], rise, 1.0)
    extra = np.round(rng.lognormal(3, 0.3, 1_200) * lifted, 2)
    units["extra"] = units["orders"] * extra
    return units


def readouts(folder: Path, rise: float = 1.0, **names: str) -> tuple[Any, ...]:
    """The readouts of the shop under other names."""
    used = {"name": "a", "control": "old", "treated": "new", "metric": "revenue"}
    used |= names
    file = folder / f"{used['name']}.yaml"
    file.write_text(YAML.format(**used), encoding="utf-8")
    card = hb.analyze(file, customers=shop(used, rise=rise)).scorecard
    return card.readouts


def test_numbers_do_not_depend_on_names_invariance(tmp_path: Path) -> None:
    """Another experiment, arms, metric and file: the same data, the same numbers."""
    plain = readouts(tmp_path)
    renamed = readouts(
        tmp_path, name="b", control="zero", treated="alpha", metric="turnover"
    )
    assert len(plain) == len(renamed) == 3
    for one, other in zip(plain, renamed, strict=True):
        assert one.method == other.method == "permutation"
        assert one.relative == other.relative
        assert one.p_value == other.p_value
        assert one.draws == other.draws
        assert one.verdict == other.verdict


def test_replays_and_seeds_do_not_depend_on_names_invariance(tmp_path: Path) -> None:
    """Another name and the rows in another order: the same replays, the same seed."""
    names = {"control": "old", "treated": "new", "metric": "revenue"}
    data = shop(names, rise=1.0)
    seen = []
    for name, frame in (("a", data), ("b", data[::-1].reset_index(drop=True))):
        file = tmp_path / f"{name}.yaml"
        file.write_text(YAML.format(name=name, **names), encoding="utf-8")
        seed = hb.analyze(file, customers=frame).scorecard.seed
        seen.append((seed, hb.simulate(file, replays=100, customers=frame).records))
    assert seen[0] == seen[1]


def test_a_bound_enters_holm_as_the_bound_against_statsmodels(tmp_path: Path) -> None:
    """Beyond all draws the p-value is 2/(B + 1): Holm multiplies it, and decides."""
    second = [r for r in readouts(tmp_path, rise=6.0) if r.role == "secondary"]
    (sure,) = [r for r in second if r.metric == "refunded"]
    assert sure.draws is not None
    assert sure.p_value == sure.p_value_below == 2 / (sure.draws.number + 1)
    expected = multipletests([r.p_value for r in second], method="holm")[1]
    assert [r.p_value_adjusted for r in second] == pytest.approx(list(expected))
    assert sure.p_value_adjusted <= 0.002


def test_a_comparison_is_made_once() -> None:
    """Whoever asks for the same gets the same; of a part of the units a new one."""
    rows = [(float(i % 7), 1.0) for i in range(200)]
    found = evidence({"holdback": rows, "personalized": rows[::-1]}).cells
    asked, metric = experiment(), METRICS["revenue"]
    arms = frozenset({"personalized"})
    first = Comparison.of(asked, found, metric, arms)
    assert Comparison.of(asked, found, metric, arms, capped=True) is first
    assert first.plain(0.95) is first.plain(0.95)
    assert first.uncapped is first
    assert first.of_group(EVERYONE) is first
    assert first.of_group(Group(dimension="d", level="l")) is not first
    assert Comparison.of(replace(asked), found, metric, arms) is not first
    assert Comparison.of(asked, replace(found), metric, arms) is not first


def test_the_family_that_a_p_value_is_read_in() -> None:
    """Secondary metrics times arms; the primary stands alone."""
    cells = evidence({"holdback": [(1.0, 1.0)], "personalized": [(1.0, 1.0)]}).cells
    arms = frozenset({"personalized"})
    sizes = {
        name: Comparison.of(experiment(), cells, metric, arms).tests
        for name, metric in METRICS.items()
    }
    assert sizes == {"revenue": 1, "conversion": 2, "order_value": 2}
