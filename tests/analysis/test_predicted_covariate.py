"""`covariates: {lookback: …, predict: true}` through the whole engine."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import holdback as hb
from holdback.errors import ConfigError

YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 30%, control: true}, personalized: {share: 70%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
  visits: {csv: visits.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
  visits: {kind: mean, source: visits, within: 7 days}
currency: EUR
assignment: {source: visitors}
window: {start: 2026-10-15, end: 2026-10-15}
primary: revenue
secondary: [visits]
analysis: {looks: end, covariates: {lookback: 14 days, predict: PREDICT}}
"""


def shop(folder: Path, *, predict: bool) -> Path:
    """2,000 customers whose revenue follows how often they came before."""
    rng = np.random.default_rng(130)
    visitors, orders, visits = ["id,arm,at"], ["id,at,total"], ["id,at"]
    for i in range(2_000):
        arm = ("personalized", "holdback")[i % 10 < 3]
        visitors.append(f"u{i},{arm},2026-10-15T08:00:00Z")
        before = int(rng.poisson(3))
        visits += [f"u{i},2026-10-{5 + k % 9:02d}T09:00:00Z" for k in range(before)]
        visits += [f"u{i},2026-10-16T09:00:00Z"] * int(rng.poisson(1 + before / 3))
        if before > 2:
            amount = 5 * before + float(rng.gamma(2, 4))
            orders.append(f"u{i},2026-10-17T09:00:00Z,{amount:.2f}")
    for name, lines in (("visitors", visitors), ("orders", orders), ("visits", visits)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    file = folder / "shop.yaml"
    file.write_text(YAML.replace("PREDICT", str(predict).lower()))
    return file


def analyzed(folder: Path, *, predict: bool) -> Any:
    """The scorecard as of a day on which everyone has had its time."""
    file = shop(folder, predict=predict)
    return hb.analyze(hb.load(file), as_of=date(2026, 10, 25)).scorecard


def test_a_prediction_uses_other_metrics_history(tmp_path: Path) -> None:
    """Nobody bought before, so revenue has no history of its own; visits tell."""
    pytest.importorskip("sklearn", reason="predicted covariates need scikit-learn")
    plain = analyzed(tmp_path, predict=False).readout("revenue")
    assert plain.variance_reduction is None
    card = analyzed(tmp_path, predict=True)
    readout = card.readout("revenue")
    assert readout.variance_reduction > 0.5
    width = readout.relative.upper - readout.relative.lower
    beside = readout.unadjusted.relative
    assert width < 0.8 * (beside.upper - beside.lower)
    assert beside == plain.relative
    assert readout.relative.lower < 0 < readout.relative.upper
    covariates = card.configuration["analysis"]["covariates"]
    assert covariates == {"lookback": "14 days", "predict": True}
    assert analyzed(tmp_path, predict=True).readouts == card.readouts


def test_predict_without_the_library_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence with the remedy, before any data are read."""
    real = importlib.util.find_spec

    def absent(name: str, *rest: Any) -> Any:
        return None if name == "sklearn" else real(name, *rest)

    monkeypatch.setattr("holdback.data.extraction.open_engine.find_spec", absent)
    with pytest.raises(ConfigError, match=r"holdback\[predict\]"):
        analyzed(tmp_path, predict=True)
