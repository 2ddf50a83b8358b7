"""Doses, uplift and attribution end to end: YAML → scorecard.json → report."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from economics.test_economics import changed, means

import holdback as hb
from holdback.errors import ConfigError
from holdback.reports.pages.experiment_page import render
from holdback.results.json_codec import from_json, to_json
from holdback.results.sections.attribution import Attributed
from holdback.results.sections.dose_response import DoseStep, DoseTrend
from holdback.results.sections.uplift import Uplift

DOSED = {
    "{share: 30%, control: true}": "{share: 30%, control: true, dose: 0}",
    "rules: {share: 30%}": "rules: {share: 30%, dose: 1}",
    "predictive: {share: 40%}": "predictive: {share: 40%, dose: 3}",
}


def analyzed(file: Path) -> Any:
    """The scorecard when everyone has had its time; it survives JSON."""
    card = hb.analyze(hb.load(file), as_of=date(2026, 10, 25)).scorecard
    assert from_json(to_json(card)) == card
    return card


def test_doses_against_the_rows(tmp_path: Path) -> None:
    """Slope from the arms' means; each step's lift, profit, cost and ROPI by hand."""
    card = analyzed(changed(tmp_path, DOSED))
    rows = means(tmp_path, "total", "orders")
    arms = ("holdback", "rules", "predictive")
    averages = [rows[arm].mean() for arm in arms]
    (trend,) = card.section(DoseTrend)
    assert trend.slope.value == pytest.approx(np.polyfit([0, 1, 3], averages, 1)[0])
    assert trend.p_value < 1e-6
    first, second = card.section(DoseStep)
    assert (second.from_arm, second.to_arm) == ("rules", "predictive")
    assert second.relative.value == pytest.approx(averages[2] / averages[1] - 1)
    n = len(rows["predictive"])
    profit = 0.5 * n * (averages[2] - averages[1])
    assert second.incremental_profit.value == pytest.approx(profit)
    # Licence, set-up and curation go by units, so only the scientist is extra:
    # 200 a week over the 8 days from exposure to the end of the last unit's time.
    assert second.extra_cost == pytest.approx(200 * 8 / 7)
    assert second.ropi.value == pytest.approx(profit / (200 * 8 / 7) - 1)
    share = len(rows["rules"]) / (n + len(rows["rules"]))
    running = 100 * 8 / 7 + 9000 * 8 / 365.25
    assert first.extra_cost == pytest.approx(running * share, rel=1e-6)
    # Savings are no lower cost: ROPI is (profit + savings − cost) / cost, as for arms.
    saved = 4 * 20 * 8 / 7 * share
    gained = 0.5 * len(rows["rules"]) * (averages[1] - averages[0])
    cost = running * share
    assert first.extra_savings == pytest.approx(saved)
    assert first.ropi.value == pytest.approx((gained + saved - cost) / cost)
    alone = next(m for m in card.money if m.arm == "rules")
    assert first.ropi.value == pytest.approx(alone.ropi.value)
    page = render(card)
    assert "Does more do more?" in page
    assert "rules → predictive" in page


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ({"{share: 30%, control: true}": "{share: 30%, control: true, dose: 0}"},
         "has no 'dose'"),
        (DOSED | {"rules: {share: 30%}": "rules: {share: 30%, dose: 3}"},
         "a dose of its own"),
        (DOSED | {"{share: 30%, control: true}":
                  "{share: 30%, control: true, dose: 2}"}, "not the lowest dose"),
        ({"{looks: end}": "{looks: end, uplift: score, segments: []}",
          "primary: revenue": "primary: roas", "secondary: [roas]":
          "secondary: [revenue]"}, "is not one number of each unit"),
        ({"incremental: [roas]": "incremental: [roas]\nattribution: "
          "{source: visits, channel: c}"}, "there is no source 'visits'"),
        ({"incremental: [roas]": "incremental: [roas]\nattribution: "
          "{source: ads, channel: c}"}, "'revenue' is no conversion metric"),
    ],
)  # fmt: skip
def test_wrong_extras_are_refused(
    tmp_path: Path, pairs: dict[str, str], said: str
) -> None:
    """One sentence each, before any data are read."""
    with pytest.raises(ConfigError) as caught:
        hb.load(changed(tmp_path, pairs))
    assert said in str(caught.value)


UPLIFT = """\
version: 1
experiment: ranked
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources: {people: {csv: people.csv, columns: {unit: row, arm: arm}}}
metrics: {visited: {kind: conversion, source: people, value: visited}}
assignment: {source: people}
primary: visited
analysis: {looks: end, uplift: score}
"""


def ranked(folder: Path, n: int, *, scores: str = "fine") -> Path:
    """Half are treated, whose chance of a visit rises by 0.3 × score from 0.4."""
    rng = np.random.default_rng(21)
    score = rng.uniform(size=n).round(3)
    treated = rng.uniform(size=n) < 0.5
    visited = rng.uniform(size=n) < 0.4 + 0.3 * score * treated
    if scores == "one":
        score[:] = 1
    lines = ["arm,score,visited"] + [
        f"{'personalized' if t else 'holdback'},{s},{int(v)}"
        for t, s, v in zip(treated, score, visited, strict=True)
    ]
    (folder / "people.csv").write_text("\n".join(lines) + "\n")
    file = folder / "ranked.yaml"
    file.write_text(UPLIFT)
    return file


def test_uplift_against_the_rows(tmp_path: Path) -> None:
    """The gain of each tenth from the rows; the area is near its truth, 0.3/12."""
    import pandas as pd

    card = analyzed(ranked(tmp_path, 16_000))
    (found,) = card.section(Uplift)
    people = pd.read_csv(tmp_path / "people.csv")
    treated = people["arm"] == "personalized"
    for point in found.curve:
        cut = people["score"].quantile(1 - point.share) if point.share < 1 else -1
        top = people["score"] >= cut - 0.002
        gain = (
            people.loc[top & treated, "visited"].mean()
            - people.loc[top & ~treated, "visited"].mean()
        ) * top.mean()
        assert point.gain.value == pytest.approx(gain, abs=0.003)
    assert len(found.curve) == 10
    assert found.area.lower < 0.3 / 12 < found.area.upper
    assert found.area.lower > 0
    page = render(card)
    assert "The score finds units that the treatment moves more." in page
    assert "personalized, ranked by score" in page


def test_a_small_holdback_is_refused_with_the_size(tmp_path: Path) -> None:
    """With fewer than 2,000 outcomes in an arm there is no curve, but a size."""
    card = analyzed(ranked(tmp_path, 3_000))
    (found,) = card.section(Uplift)
    assert found.area is None
    assert found.curve == ()
    control = card.readout("visited").estimates.control
    needed = 2000 / control.value
    assert found.units_needed == pytest.approx(needed, rel=1e-3)
    assert f"{found.units_needed:,} units in it" in str(found.refused)
    assert str(found.refused)[:20] in render(card)


def test_a_score_that_ranks_nobody_is_refused(tmp_path: Path) -> None:
    """One value for all leaves nothing to cut."""
    (found,) = analyzed(ranked(tmp_path, 12_000, scores="one")).section(Uplift)
    assert "too few different values" in str(found.refused)


TOUCHED = """\
version: 1
experiment: touched
arms: {holdback: {share: 40%, control: true}, personalized: {share: 60%}}
sources:
  people: {csv: people.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
  touches: {csv: touches.csv, columns: {unit: id, time: at}}
metrics: {bought: {kind: conversion, source: orders, within: 7 days}}
assignment: {source: people}
window: {start: 2026-10-15, end: 2026-10-15}
primary: bought
analysis: {looks: end}
attribution: {source: touches, channel: channel, channels: [mail]}
"""


def touched(folder: Path) -> tuple[Path, Counter[str], Counter[str], list[int]]:
    """A world whose first and last touches are counted while it is made."""
    rng = np.random.default_rng(2)
    people, orders, touches = ["id,arm,at"], ["id,at"], ["id,at,channel"]
    first: Counter[str] = Counter()
    last: Counter[str] = Counter()
    told = [0, 0]
    for i in range(6_000):
        treated = rng.uniform() < 0.6
        people.append(
            f"u{i},{'personalized' if treated else 'holdback'},2026-10-15T00:00Z"
        )
        channels = [c for c in ("search", "banner") if rng.uniform() < 0.5]
        if treated and rng.uniform() < 0.7:
            channels.append("mail")
        rng.shuffle(channels)
        days = sorted(rng.choice(np.arange(1, 6), len(channels), replace=False))
        for day, channel in zip(days, channels, strict=True):
            touches.append(f"u{i},2026-10-{15 + day}T12:00Z,{channel}")
        if rng.uniform() >= 0.2 + 0.1 * ("mail" in channels):
            continue
        bought = int(rng.integers(1, 7))
        orders.append(f"u{i},2026-10-{15 + bought}T13:00Z")
        orders.append(f"u{i},2026-10-21T23:00Z")
        before = [c for d, c in zip(days, channels, strict=True) if d <= bought]
        if treated:
            told[0] += 1
            told[1] += not before
            first.update(before[:1])
            last.update(before[-1:])
    # Touches before exposure and after the window count nowhere.
    touches += ["u1,2026-10-14T12:00Z,early", "u1,2026-10-24T12:00Z,late"]
    for name, lines in (("people", people), ("orders", orders), ("touches", touches)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    file = folder / "touched.yaml"
    file.write_text(TOUCHED)
    return file, first, last, told


def test_attribution_against_the_rows(tmp_path: Path) -> None:
    """First and last touches as counted; the factor is added by credited."""
    file, first, last, (conversions, untouched) = touched(tmp_path)
    card = analyzed(file)
    found = card.single(Attributed)
    assert (found.conversions, found.untouched) == (conversions, untouched)
    assert {c.channel: c.first for c in found.channels} == dict(first)
    assert {c.channel: c.last for c in found.channels} == dict(last)
    for rule in ("first", "last", "linear", "markov"):
        credited = sum(getattr(c, rule) for c in found.channels)
        assert credited == pytest.approx(conversions - untouched)
    readout = card.readout("bought")
    n = readout.estimates.treatment.units
    assert found.incremental.value == pytest.approx(readout.absolute.value * n)
    by_last = next(r for r in found.rules if r.rule == "last")
    assert by_last.credited == last["mail"]
    factor = readout.absolute.value * n / last["mail"]
    assert by_last.factor.value == pytest.approx(factor)
    assert by_last.factor.value < 0.8
    page = render(card)
    assert "Descriptive, not causal" in page
    assert "mail (the treatment&#39;s)" in page


def test_a_channel_that_met_nobody_is_told(tmp_path: Path) -> None:
    """A slip in its name, with the nearest one; and one that met four units."""
    file, *_ = touched(tmp_path)
    file.write_text(file.read_text().replace("[mail]", "[mial, mail, rare]"))
    touches = tmp_path / "touches.csv"
    treated = [
        line.split(",")[0]
        for line in (tmp_path / "people.csv").read_text().splitlines()
        if "personalized" in line
    ]
    with touches.open("a") as rows:
        rows.writelines(f"{u},2026-10-16T12:00Z,rare\n" for u in treated[:4])
    told = [c for c in analyzed(file).checks if c.check == "channels"]
    assert [one.status for one in told] == ["warn", "warn"]
    slip, few = (one.message for one in told)
    assert "the channel “mial”" in slip
    assert slip.endswith("Did you mean 'mail'?")
    assert "Fewer than 10 treated units" in few
    assert "“rare”" in few


def test_channels_of_the_data_are_escaped(tmp_path: Path) -> None:
    """A channel named like markup comes back as text."""
    file, *_ = touched(tmp_path)
    touches = tmp_path / "touches.csv"
    touches.write_text(touches.read_text().replace("banner", "<script>x</script>"))
    card = analyzed(file)
    assert any(
        c.channel == "<script>x</script>" for c in card.single(Attributed).channels
    )
    assert "<script>" not in render(card)
    assert "&lt;script&gt;x" in render(card)


def test_attribution_needs_times(tmp_path: Path) -> None:
    """Without the time of touches there is no first and no last."""
    file, *_ = touched(tmp_path)
    old = "touches.csv, columns: {unit: id, time: at}"
    new = "touches.csv, columns: {unit: id}"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(ConfigError, match="names no column for 'time'"):
        hb.load(file)
