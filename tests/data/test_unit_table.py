"""The table of units: its sums are the cells', its t test the readout's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

import holdback as hb
from holdback.cli.main import run
from holdback.data.extraction.extract import extract
from holdback.experiments.definition.calendar import moment_of

YAML = """\
version: 1
experiment: shop
currency: EUR
arms:
  none: {share: 50%, control: true}
  recs: {share: 50%}
window: {start: 2026-09-01, end: 2026-09-20}
assignment: {source: exposures, crossovers: exclude}
sources:
  exposures: {csv: exposures.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at, id: order}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
  capped: {kind: mean, source: orders, value: total, cap: 99%, within: 7 days}
  bought: {kind: conversion, source: orders, within: 7 days}
  basket: {kind: ratio, source: orders, value: total, per: orders, within: 7 days}
primary: bought
secondary: [revenue, capped, basket]
analysis: {looks: end, segments: [device]}
"""
AS_OF = "2026-09-24"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousand customers, of whom a few are in both arms and some joined late."""
    draw = np.random.default_rng(3)
    n = 1000
    at = pd.Timestamp("2026-09-01") + pd.to_timedelta(draw.integers(0, 19, n), "D")
    exposures = pd.DataFrame(
        {
            "id": [f"c{i}" for i in range(n)],
            "arm": draw.choice(["none", "recs"], n),
            "at": at + pd.to_timedelta(draw.integers(0, 86_000, n), "s"),
            "device": draw.choice(["web", "app"], n),
        }
    )
    crossed = exposures.head(8).assign(
        arm=exposures.arm.head(8).map({"none": "recs", "recs": "none"}),
        at=exposures["at"].head(8) + pd.Timedelta(hours=1),
    )
    buyers = draw.integers(0, n, 600)
    orders = pd.DataFrame(
        {
            "id": exposures.id.to_numpy()[buyers],
            "at": exposures["at"].to_numpy()[buyers]
            + pd.to_timedelta(draw.integers(60, 9 * 86_400, 600), "s"),
            "order": [f"o{i}" for i in range(600)],
            "total": draw.gamma(3, 12, 600).round(2),
        }
    )
    folder = tmp_path_factory.mktemp("shop")
    pd.concat([exposures, crossed]).to_csv(folder / "exposures.csv", index=False)
    orders.to_csv(folder / "orders.csv", index=False)
    (folder / "shop.yaml").write_text(YAML, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def units(shop: Path) -> pd.DataFrame:
    """The table, with ids."""
    return hb.units(shop / "shop.yaml", as_of=AS_OF, ids=True).to_pandas()


def test_sums_of_units_are_the_cells(shop: Path, units: pd.DataFrame) -> None:
    """Units, sums and squares of every column that the reading uses, arm by arm."""
    experiment = hb.load(shop / "shop.yaml")
    cells = extract(experiment, as_of=moment_of(AS_OF)).cells
    columns = {
        "revenue": ("revenue", "revenue.0"),
        "capped": ("capped", "capped.0"),
        "capped_capped": ("capped", "capped.0.capped"),
        "bought": ("bought", "bought.0"),
        "basket_1": ("basket", "basket.0"),
        "basket_2": ("basket", "basket.1"),
    }
    assert set(columns) < set(units)
    for name, (metric, column) in columns.items():
        for arm in ("none", "recs"):
            within = experiment.metrics[metric].within
            moments = cells.total(metric, {arm}, within=within).select([column])
            values = units.loc[units.arm == arm, name].dropna().astype(float)
            assert len(values) == moments.n
            assert values.mean() == pytest.approx(moments.mean[0], rel=1e-12)
            assert values.var() == pytest.approx(moments.cov[0, 0], rel=1e-9)


def test_units_against_pandas(shop: Path, units: pd.DataFrame) -> None:
    """Revenue of the seven days after the first exposure, by a merge in pandas."""
    dates = {"parse_dates": ["at"]}
    exposures = pd.read_csv(shop / "exposures.csv", **dates)
    orders = pd.read_csv(shop / "orders.csv", **dates)
    first = exposures.sort_values("at").drop_duplicates("id").set_index("id")
    joined = orders.merge(first["at"].rename("since"), left_on="id", right_index=True)
    waited = joined["at"] - joined["since"]
    inside = joined[(waited >= pd.Timedelta(0)) & (waited < pd.Timedelta("7D"))]
    wanted = inside.groupby("id")["total"].sum().reindex(first.index, fill_value=0.0)
    over = first["at"] + pd.Timedelta("7D") <= pd.Timestamp(AS_OF) + pd.Timedelta("1D")
    several = exposures.drop_duplicates(["id", "arm"])["id"].value_counts() > 1
    wanted = wanted.where(over & ~several.reindex(first.index))
    told = units.set_index("unit")
    assert_frame_equal(
        told[["revenue"]].sort_index(),
        wanted.rename("revenue").rename_axis("unit").to_frame().sort_index(),
        check_dtype=False,
    )
    assert set(told.index[told.left_out == "several_arms"]) == set(
        several.index[several]
    )
    assert 0 < told.revenue.isna().sum() < 400
    assert (told.device == first.device.reindex(told.index)).all()
    exposed = told.exposed.dt.tz_localize(None)
    assert (exposed == first["at"].reindex(told.index)).all()


def test_welch_on_units_is_the_readout(shop: Path, units: pd.DataFrame) -> None:
    """Difference and its error as scipy's t test on the table has them.

    Those of rates as p (1 − p) / n.
    """
    analysis = hb.analyze(shop / "shop.yaml", as_of=AS_OF)
    for name, ddof in (("revenue", 1), ("bought", 0)):
        absolute = analysis.scorecard.readout(name, "recs").absolute
        on, off = (units.loc[units.arm == a, name].dropna() for a in ("recs", "none"))
        assert absolute is not None
        assert absolute.value == pytest.approx(on.mean() - off.mean(), rel=1e-9)
        error = np.sqrt(on.var(ddof=ddof) / len(on) + off.var(ddof=ddof) / len(off))
        assert absolute.se == pytest.approx(error, rel=1e-9)
        if ddof:
            welch = stats.ttest_ind(on, off, equal_var=False)
            assert absolute.value / absolute.se == pytest.approx(welch.statistic)
    again = analysis.units(ids=True)
    assert_frame_equal(again.to_pandas(), units)
    assert again.to_polars().height == again.to_arrow().num_rows == len(units)


def test_export_hides_ids_unless_asked(
    shop: Path, units: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """CSV and Parquet hold the same; hashes stand one for one in place of ids."""
    file, told = str(shop / "shop.yaml"), {}
    for name, more in {"a.csv": [], "b.parquet": [], "c.csv": ["--ids"]}.items():
        path = str(tmp_path / name)
        assert run(["export-units", file, "--as-of", AS_OF, "-o", path, *more]) == 0
        assert capsys.readouterr().out == f"1,000 rows in {path}\n"
        read: Any = pd.read_csv if name.endswith("csv") else pd.read_parquet
        told[name] = read(path)
    assert list(told["c.csv"].unit) == list(units.unit)
    assert told["a.csv"].unit.nunique() == len(units)
    assert not set(told["a.csv"].unit) & set(units.unit)
    for name in ("revenue", "bought"):
        assert list(told["a.csv"][name].dropna()) == list(
            told["b.parquet"][name].dropna()
        )
    assert run(["export-units", file, "-o", str(tmp_path / "units.xls")]) == 2
    assert "End the name in .csv or .parquet" in capsys.readouterr().err
