"""Economics end to end: YAML → scorecard.json → report, and wrong input."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import holdback as hb
from holdback.errors import ConfigError
from holdback.reports.exports.terminal import summary
from holdback.reports.pages.experiment_page import render
from holdback.results.json_codec import from_json, to_json
from holdback.results.sections.incremental_ratios import IncrementalRatio

YAML = """\
version: 1
experiment: dose
currency: EUR
arms:
  holdback: {share: 30%, control: true}
  rules: {share: 30%}
  predictive: {share: 40%}
sources:
  people: {csv: people.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
  ads: {csv: ads.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days,
    MARGIN_VALUE}
  roas: {kind: ratio, numerator: {source: orders, value: total},
    denominator: {source: ads, value: paid}, within: 7 days}
assignment: {source: people}
window: {start: 2026-10-15, end: 2026-10-15}
primary: revenue
secondary: [roas]
analysis: {looks: end}
economics:
  margin: 50%
  costs:
    - {name: Licence, amount: 100, per: week, kind: technology}
    - {name: Data scientist, amount: 200, per: week, kind: people, arms: [predictive]}
    - {name: Set-up, amount: 9000, spread: 12 months, kind: technology}
  savings: [{name: Curation, hours: 4, per: week, rate: 20}]
  rollout: {units: 4000, per: week, horizon: 4 weeks, decay: none,
    last_year: [9000, 9000, 12000, 8000]}
  incremental: [roas]
"""


def project(folder: Path, **changes: str) -> Path:
    """6,000 people; more is spent on those who are treated, and they spend more."""
    rng = np.random.default_rng(12)
    people, orders, ads = ["id,arm,at"], ["id,at,total,profit"], ["id,at,paid"]
    extra = {"holdback": 0.0, "rules": 2.0, "predictive": 5.0}
    for i in range(6_000):
        arm = rng.choice(list(extra), p=[0.3, 0.3, 0.4])
        people.append(f"u{i},{arm},2026-10-15T08:00:00Z")
        paid = rng.uniform(0.8, 1.2) * (1 + 0.5 * (extra[arm] > 0))
        total = rng.normal(20, 4) + extra[arm]
        if i % 4:  # some buy nothing: a list of buyers alone could not be compared
            orders.append(f"u{i},2026-10-16T09:00:00Z,{total:.2f},{0.3 * total:.2f}")
        if i % 3:
            ads.append(f"u{i},2026-10-16T08:00:00Z,{paid:.2f}")
    for name, lines in (("people", people), ("orders", orders), ("ads", ads)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    text = YAML.replace("    MARGIN_VALUE}", "  }").replace("7 days,\n  }", "7 days}")
    for old, new in changes.items():
        text = text.replace(old, new)
    file = folder / "dose.yaml"
    file.write_text(text)
    return file


def changed(folder: Path, pairs: dict[str, str]) -> Path:
    """The project with parts of its file replaced."""
    file = project(folder)
    text = file.read_text()
    for old, new in pairs.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return file


def analyzed(file: Path) -> Any:
    """The scorecard when everyone has had its time."""
    return hb.analyze(hb.load(file), as_of=date(2026, 10, 25)).scorecard


def means(folder: Path, column: str, source: str) -> dict[str, Any]:
    """A column's values by arm, from the files."""
    import pandas as pd

    people = pd.read_csv(folder / "people.csv")[["id", "arm"]]
    rows = people.merge(pd.read_csv(folder / f"{source}.csv"), on="id", how="left")
    return {str(arm): one[column].fillna(0) for arm, one in rows.groupby("arm")}


def test_economics_reach_json_and_report(tmp_path: Path) -> None:
    """Kinds, hours, payback, roll-out and added ratios are told, and survive JSON."""
    card = analyzed(project(tmp_path))
    assert from_json(to_json(card)) == card
    page, text = render(card), summary(card)
    for told in (
        "Licence (technology)",
        "All work",
        "Saved: Curation",
        "If it goes on",
        "it goes on and the lift stays",
        "last year&#39;s revenue",
        "A month counts 365.25 / 12 days",
        "paid once are back after",
        "Extra return on extra spend",
    ):
        assert told in page, told
    assert "paid once are back after" in text
    money = card.money[-1]
    assert [one.scenario for one in money.rollout] == ["stop", "persist"]
    assert money.rollout[1].seasonal


def test_added_ratio_against_the_rows(tmp_path: Path) -> None:
    """Extra revenue per extra spend, and the plain ratios, from the files' means."""
    card = analyzed(project(tmp_path))
    revenue, spend = means(tmp_path, "total", "orders"), means(tmp_path, "paid", "ads")
    by_arm = {one.arm: one for one in card.section(IncrementalRatio)}
    for arm in ("rules", "predictive"):
        top = revenue[arm].mean() - revenue["holdback"].mean()
        bottom = spend[arm].mean() - spend["holdback"].mean()
        found = by_arm[arm]
        assert found.added.value == pytest.approx(top / bottom)
        assert found.added.lower < top / bottom < found.added.upper
        plain = revenue[arm].sum() / spend[arm].sum()
        assert found.treatment == pytest.approx(plain)
        assert plain > 1.5 * found.added.value


def test_measured_profit_against_a_flat_margin(tmp_path: Path) -> None:
    """Profit of 30 % in every row gives the money of a flat margin of 30 %."""
    flat = analyzed(changed(tmp_path, {"margin: 50%": "margin: 30%"}))
    own = {"within: 7 days}\n  roas": "within: 7 days, margin_value: profit}\n  roas",
           "  margin: 50%\n": "", "last_year": "#"}  # fmt: skip
    folder = tmp_path / "own"
    folder.mkdir()
    file = changed(folder, own)
    text = file.read_text()
    old = "decay: none,\n    #: [9000, 9000, 12000, 8000]}"
    file.write_text(text.replace(old, "decay: none}"))
    card = analyzed(file)
    for one, other in zip(flat.money, card.money, strict=True):
        assert other.measured_profit
        assert other.incremental_revenue == one.incremental_revenue
        for end in ("value", "lower", "upper"):
            expected = getattr(one.incremental_profit, end)
            found = getattr(other.incremental_profit, end)
            assert found == pytest.approx(expected, rel=0.01)
    assert "the lift in profit that just covers the cost" in render(card)
    assert [m.metric for m in card.metrics] == ["revenue", "roas"]
    again = hb.load(file)
    assert "revenue: profit" not in again.resolved["metrics"]


def test_a_return_beyond_belief_is_questioned(tmp_path: Path) -> None:
    """Costs of a cent make a return above 20:1: a warning in checks and report."""
    cheap = {"amount: 100,": "amount: 0.01,", "amount: 200,": "amount: 0.01,",
             "amount: 9000,": "amount: 0.01,"}  # fmt: skip
    card = analyzed(changed(tmp_path, cheap))
    told = [c for c in card.checks if c.check == "implausible_return"]
    assert told
    assert all(c.status == "warn" for c in told)
    assert "implausible (above 20:1)" in told[-1].message
    assert "implausible (above 20:1)" in render(card)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("arms: [predictive]", "arms: [predictve]", "Did you mean 'predictive'?"),
        ("arms: [predictive]", "arms: [holdback]", "is no treatment arm"),
        ("[9000, 9000, 12000, 8000]", "[9000, 9000]", "2 amounts stand for 4 weeks"),
        ("[9000, 9000, 12000, 8000]", "[9000, 9000, -1, 8000]", "is not negative"),
        ("incremental: [roas]", "incremental: [roi]", "no secondary metric"),
        ("incremental: [roas]", "incremental: [revenue]", "not a ratio"),
        ("kind: people", "kind: staff", "technology"),
    ],
)
def test_wrong_economics_are_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    """One sentence each, before any data are read."""
    with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
        hb.load(changed(tmp_path, {old: new}))


def test_margin_twice_is_refused(tmp_path: Path) -> None:
    """A flat margin beside a measured profit, and last year's revenue beside it."""
    own = {"within: 7 days}\n  roas": "within: 7 days, margin_value: profit}\n  roas"}
    with pytest.raises(ConfigError) as caught:
        hb.load(changed(tmp_path, own))
    assert "a flat margin has no place" in str(caught.value)
    assert "does not go with a `margin_value`" in str(caught.value)
