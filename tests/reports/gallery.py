"""The gallery: twelve tests of known truth, simulated and analyzed by the product."""

from __future__ import annotations

# ruff: noqa: E501  # records and YAML read best one a line
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from reports.gallery_lifetime import lifetime

import holdback as hb
from holdback.results.scorecard import Scorecard

__all__ = ["GALLERY", "Shop", "project"]

YAML = """\
version: 1
experiment: {name}
hypothesis: Personalized recommendations raise revenue per visitor.
owner: growth@acme.example
currency: EUR
locale: en-IE
timezone: Europe/Dublin
arms:
{arms}
window: {{start: 2026-09-01, end: 2026-09-28}}
assignment: {{source: exposures}}
sources:
  exposures: {{csv: exposures.csv, columns: {{unit: id, arm: arm, time: at}}}}
  orders:    {{csv: orders.csv, columns: {{unit: id, time: at, id: order}}}}
  leavers:   {{csv: leavers.csv, columns: {{unit: id, time: at}}}}
metrics:
  revenue_per_visitor: {{kind: mean, source: orders, value: total, unit: money, within: 7 days, label: Revenue per visitor}}
  conversion: {{kind: conversion, source: orders, within: 7 days, label: Conversion rate}}
  order_value: {{kind: ratio, source: orders, value: total, per: orders, unit: money, within: 7 days, label: Average order value}}
  unsubscribed: {{kind: conversion, source: leavers, within: 7 days, better: lower, label: Unsubscribe rate}}
primary: revenue_per_visitor
secondary: [conversion, order_value]
guardrails: {{unsubscribed: 20%}}
analysis: {{looks: end, segments: [{dimension}]}}
economics:
  margin: 42%
  costs:
    - {{name: Recommendation service, amount: 900, per: month}}
    - {{name: Serving, amount: 0.01, per: treated unit}}
decision: {{rule: profit, minimum_lift: 1%}}
"""


SOURCES = """\
  ads:       {csv: ads.csv, columns: {unit: id, time: at}}
  touches:   {csv: touches.csv, columns: {unit: id, time: at}}
"""
METRICS = """\
  ad_return: {kind: ratio, numerator: {source: orders, value: total}, denominator: {source: ads, value: paid}, within: 7 days, label: Revenue per advertising spend}
"""
MONEY = """\
    - {name: Set-up, amount: 4800, spread: 24 months, kind: technology}
    - {name: Data scientist, amount: 2000, per: month, kind: people, arms: [bold], uncertainty: 20%}
  savings: [{name: Curation by hand, hours: 6, per: week, rate: 30}]
  rollout: {units: 60000, per: month, horizon: 6 months, decay: 8 weeks, last_year: [310000, 290000, 420000, 250000, 260000, 300000]}
  incremental: [ad_return]
attribution: {source: touches, channel: channel, conversion: conversion, channels: [recommendations]}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What is true of a simulated shop."""

    units: int = 20_000
    shares: tuple[float, ...] = (0.3, 0.7)
    buying: tuple[float, ...] = (1.0, 1.4)
    leaving: tuple[float, ...] = (1.0, 1.0)
    kept: float = 1.0
    refunds: float = 0.0
    devices: int = 3
    as_of: str = "2026-10-06"
    seed: int = 7
    names: tuple[str, ...] = field(default=("holdback", "personalized", "bold"))
    returns: bool = False
    """Whether everything that is known of money is asked for."""


def analyzed(name: str, shop: Shop, folder: Path) -> Scorecard:
    """The scorecard that the product makes of the shop's data."""
    path = _written(name, shop, folder)
    moment = date.fromisoformat(shop.as_of)
    return hb.analyze(path, as_of=moment, **_frames(shop)).scorecard


def project(name: str, folder: Path) -> Path:
    """A shop of the gallery with its data in files; the path of the experiment."""
    shop = SHOPS[name]
    for source, frame in _frames(shop).items():
        frame.to_csv(folder / f"{source}.csv", index=False)
    return _written(name, shop, folder)


def _written(name: str, shop: Shop, folder: Path) -> Path:
    path = folder / f"{name}.yaml"
    arms = "\n".join(
        f"  {arm}: {{share: {share}{', control: true' if i == 0 else ''}, "
        f"label: {label}}}"
        for i, (arm, share, label) in enumerate(
            zip(
                shop.names,
                shop.shares,
                ("No personalization", "Recommendations", "Bold recommendations"),
                strict=False,
            )
        )
    )
    text = YAML.format(name=name, arms=arms, dimension="device")
    path.write_text(_with_returns(text) if shop.returns else text)
    return path


def _with_returns(text: str) -> str:
    """Doses, advertising, touches, a score, savings, uncertain and single costs."""
    doses = {"holdback": 0, "personalized": 1, "bold": 2}
    for arm, dose in doses.items():
        text = text.replace(f"  {arm}: {{", f"  {arm}: {{dose: {dose}, ")
    for before, more in (
        ("metrics:\n", SOURCES),
        ("primary:", METRICS),
        ("decision:", MONEY),
    ):
        text = text.replace(before, more + before)
    return text.replace("[conversion,", "[conversion, ad_return,").replace(
        "segments: [device]", "segments: [device], uplift: score"
    )


def _frames(shop: Shop) -> dict[str, pd.DataFrame]:
    draw = np.random.default_rng(shop.seed)
    arm = draw.choice(len(shop.shares), shop.units, p=shop.shares)
    there = (arm > 0) | (draw.random(shop.units) < shop.kept)
    start = pd.Timestamp("2026-09-01T08:00:00")
    seen = start + pd.to_timedelta(
        draw.integers(0, 28 * 86_400 - 40_000, shop.units), "s"
    )
    ids = np.array([f"u{i:06d}" for i in range(shop.units)])
    buys = there & (draw.random(shop.units) < 0.06 * np.array(shop.buying)[arm])
    leaves = there & (draw.random(shop.units) < 0.04 * np.array(shop.leaving)[arm])
    buyers = np.repeat(np.flatnonzero(buys), draw.integers(1, 3, buys.sum()))
    total = draw.lognormal(3.6, 0.6, len(buyers)).round(2) - shop.refunds
    device = np.array([f"model {i + 1:02d}" for i in range(shop.devices)])
    exposures = pd.DataFrame(
        {
            "id": ids[there],
            "arm": np.array(shop.names)[arm[there]],
            "at": seen[there],
            "device": device[draw.integers(0, shop.devices, there.sum())],
        }
    )
    later = pd.to_timedelta(draw.integers(60, 6 * 86_400, len(buyers)), "s")
    orders = pd.DataFrame(
        {
            "id": ids[buyers],
            "at": seen[buyers] + later,
            "order": [f"o{i}" for i in range(len(buyers))],
            "total": total.round(2),
        }
    )
    leavers = pd.DataFrame(
        {"id": ids[leaves], "at": seen[leaves] + pd.Timedelta(hours=5)}
    )
    frames = {"exposures": exposures, "orders": orders, "leavers": leavers}
    return frames | _more(shop, exposures, draw) if shop.returns else frames


def _more(
    shop: Shop, exposures: pd.DataFrame, draw: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """What is spent on each unit, what touched it, and a score that ranks nobody."""
    n = len(exposures)
    treated = exposures["arm"].to_numpy() != shop.names[0]
    touched = [
        ("search", draw.random(n) < 0.5),
        ("newsletter", draw.random(n) < 0.3),
        ("recommendations", treated & (draw.random(n) < 0.8)),
    ]
    hour = pd.Timedelta(hours=1)
    touches = [
        exposures.loc[mask, ["id", "at"]].assign(channel=channel)
        for channel, mask in touched
    ]
    for frame in touches:
        frame["at"] += hour * draw.random(len(frame))
    paid = draw.uniform(0.8, 1.2, n) * np.where(treated, 1.6, 1.0)
    return {
        "exposures": exposures.assign(score=draw.random(n).round(2)),
        "ads": exposures[["id", "at"]].assign(paid=paid.round(2)),
        "touches": pd.concat(touches, ignore_index=True),
    }


WIN = Shop()
SHOPS: dict[str, Shop] = {
    "clear-win": WIN,
    "clear-loss": replace(WIN, buying=(1.0, 0.75)),
    "unclear": replace(WIN, units=6_000, buying=(1.0, 1.02)),
    "guardrail-breached": replace(WIN, leaving=(1.0, 1.9)),
    "srm-failed": replace(WIN, kept=0.85),
    "too-early": replace(WIN, as_of="2026-09-17"),
    "three-arms": replace(
        WIN, shares=(0.3, 0.35, 0.35), buying=(1.0, 1.05, 1.5), leaving=(1.0,) * 3
    ),
    "negative-revenue": replace(WIN, refunds=60.0),
    "tiny-holdback": replace(WIN, shares=(0.01, 0.99)),
    "twelve-segments": replace(WIN, devices=12),
    "returns": replace(
        WIN,
        units=60_000,
        shares=(0.3, 0.35, 0.35),
        buying=(2.5, 2.9, 3.1),
        leaving=(1.0,) * 3,
        returns=True,
    ),
}
GALLERY: dict[str, Callable[[Path], Scorecard]] = {
    name: (lambda folder, name=name, shop=shop: analyzed(name, shop, folder))
    for name, shop in SHOPS.items()
}
GALLERY["lifetime"] = lifetime
