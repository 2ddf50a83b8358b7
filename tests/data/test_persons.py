"""Ids of one person are one unit: a map of ids against a union-find of our own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds.words import in_words

from holdback.analysis.checks.check import findings
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError, DataError
from holdback.experiments.load import load

AS_OF = datetime(2026, 11, 10, tzinfo=UTC)
START = pd.Timestamp("2026-10-01", tz="UTC")
WITHIN = pd.Timedelta(days=7)

PLAN = """\
version: 1
experiment: recs
currency: EUR
timezone: UTC
arms:
  held: {share: 50%, control: true}
  shown: {share: 50%}
assignment: {source: exposures, crossovers: first}
window: {start: 2026-10-01, end: 2026-10-28}
sources:
  exposures: {csv: e.csv, columns: {unit: u, arm: arm, time: at}}
  orders: {csv: o.csv, columns: {unit: customer, time: at, id: o}}
  map: {csv: m.csv}
identities: {source: map, columns: {from: anonymous_id, to: user_id}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
  buyers: {kind: conversion, source: orders, within: 7 days}
primary: revenue
secondary: [buyers]
analysis: {looks: end}
"""


def frames(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Visits of 300 ids, orders of ids of both kinds, and a map with odd rows."""
    rng = np.random.default_rng(seed)
    anonymous = [f"a{i}" for i in range(200)]
    users = [str(i) for i in range(1, 151)]
    pairs = pd.DataFrame(
        {
            "anonymous_id": rng.choice(anonymous, 160),
            "user_id": rng.choice(users, 160),
        }
    )
    odd = pd.DataFrame(
        {
            "anonymous_id": ["a1", "a2", "", "(not set)", "a3", "a3"],
            "user_id": ["", "(not set)", "7", "8", "9", "9"],
        }
    )
    seconds = pd.to_timedelta(rng.integers(0, 28 * 86_400, 700), unit="s")
    exposures = pd.DataFrame(
        {
            "u": rng.choice([*anonymous, *users], 700),
            "arm": rng.choice(["held", "shown"], 700),
            "at": START + seconds,
        }
    )
    later = pd.to_timedelta(rng.integers(0, 38 * 86_400, 900), unit="s")
    orders = pd.DataFrame(
        {
            "o": range(900),
            "customer": rng.choice([*anonymous, *users], 900),
            "at": START + later,
            "total": rng.integers(5, 90, 900),
        }
    )
    return exposures, orders, pd.concat([pairs, odd], ignore_index=True)


def world(folder: Path, seed: int, plan: str = PLAN) -> Path:
    """The files of a seed."""
    for name, frame in zip("eom", frames(seed), strict=True):
        written = frame
        if "at" in frame:
            written = frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
        written.to_csv(folder / f"{name}.csv", index=False)
    file = folder / "t.yaml"
    file.write_text(plan, encoding="utf-8")
    return file


def roots(pairs: pd.DataFrame) -> dict[str, str]:
    """Each id's component, by union-find."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            node = parent[node]
        return node

    for one, other in pairs.itertuples(index=False):
        if one not in {"", "(not set)"} and other not in {"", "(not set)"}:
            parent[root(one)] = root(other)
    return {node: root(node) for node in list(parent)}


def test_a_chain_of_ids_ends_in_one_account(tmp_path: Path) -> None:
    """From device to visitor to account, which maps to itself: no conflict but one.

    Account 7 has two devices and a visitor; device d3 came to know 8 and 9.
    """
    file = world(tmp_path, 0)
    exposures, orders, _ = frames(0)
    chain = [("d1", "v1"), ("d2", "v1"), ("v1", "7"), ("7", "7")]
    chain += [("d3", "8"), ("d3", "9"), ("8", "8"), ("9", "9")]
    pairs = pd.DataFrame(chain, columns=["anonymous_id", "user_id"])
    drawn = load(file)
    given = {"exposures": exposures, "orders": orders, "map": pairs}
    seen = extract(drawn, as_of=AS_OF, frames=given).quality.united
    assert seen is not None
    assert (seen.persons, seen.ids, seen.conflicts) == (2, 7, 1)


@pytest.mark.parametrize("seed", range(4))
def test_units_are_persons_against_union_find(tmp_path: Path, seed: int) -> None:
    """First exposure over all ids; crossovers, money and conflicts by person."""
    file = world(tmp_path, seed)
    seen = extract(load(file), as_of=AS_OF)
    exposures, orders, pairs = frames(seed)
    whose = roots(pairs)
    exposures["p"] = exposures.u.map(whose).fillna(exposures.u)
    orders["p"] = orders.customer.map(whose).fillna(orders.customer)
    first = exposures.sort_values("at").groupby("p").first()
    arms = exposures.groupby("p").arm
    crossed = arms.min() != arms.max()
    assert seen.assigned == first.arm.value_counts().to_dict()
    assert dict(seen.quality.crossovers) == (
        first.arm[crossed].value_counts().to_dict()
    )
    rows = orders.merge(first, on="p", suffixes=("", "_first"))
    rows = rows[(rows["at"] >= rows.at_first) & (rows["at"] < rows.at_first + WITHIN)]
    for arm in ("held", "shown"):
        own = rows[rows.arm == arm]
        money, buyers = (
            seen.cells.total(name, {arm}).sums[0] for name in ("revenue", "buyers")
        )
        assert (money / 100, buyers) == (own.total.sum(), own.p.nunique())
    users = {node for node in whose if not node.startswith("a")}
    per_person = pd.Series({u: whose[u] for u in users}).value_counts()
    united = seen.quality.united
    assert united is not None
    assert united.ids == len(whose)
    assert united.persons == len(set(whose.values()))
    assert united.conflicts == (per_person > 1).sum() > 0
    assert united.met == exposures.u.isin(list(whose)).sum()
    (finding,) = [f for f in findings(load(file), seen) if f.check == "united_ids"]
    assert finding.status == "warn"
    (told,) = in_words(load(file), [finding])
    assert f"{united.conflicts} of these persons have more than one user_id" in (
        told.message
    )


def test_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    """Rows of the map in another order, and its columns exchanged."""
    seen = extract(load(world(tmp_path, 1)), as_of=AS_OF)
    pairs = pd.read_csv(tmp_path / "m.csv", dtype=str).iloc[::-1]
    pairs.to_csv(tmp_path / "m.csv", index=False)
    again = extract(load(tmp_path / "t.yaml"), as_of=AS_OF)
    assert (again.cells, again.quality) == (seen.cells, seen.quality)
    plan = PLAN.replace(
        "from: anonymous_id, to: user_id", "from: user_id, to: anonymous_id"
    )
    (tmp_path / "t.yaml").write_text(plan, encoding="utf-8")
    assert extract(load(tmp_path / "t.yaml"), as_of=AS_OF).cells == seen.cells


def test_a_map_that_meets_nobody_is_told(tmp_path: Path) -> None:
    """Ids written otherwise than those of the exposures."""
    file = world(tmp_path, 1)
    pairs = pd.read_csv(tmp_path / "m.csv", dtype=str)
    pairs.map(lambda text: f"x-{text}").to_csv(tmp_path / "m.csv", index=False)
    seen = extract(load(file), as_of=AS_OF)
    (finding,) = [f for f in findings(load(file), seen) if f.check == "united_ids"]
    assert finding.status == "warn"
    assert "No id of the exposures" in in_words(load(file), [finding])[0].message


def test_an_id_that_ties_a_thousand_is_refused(tmp_path: Path) -> None:
    """A kiosk is no person."""
    file = world(tmp_path, 1)
    lines = "".join(f"kiosk,{i}\n" for i in range(1, 1_002))
    (tmp_path / "m.csv").write_text(f"anonymous_id,user_id\n{lines}", encoding="utf-8")
    with pytest.raises(DataError, match="beside 1,001 different ones of user_id"):
        extract(load(file), as_of=AS_OF)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("source: map, columns", "source: mop, columns", "no source 'mop'"),
        ("source: map, columns", "source: orders, columns", "no map of ids"),
        (
            "orders: {csv: o.csv, columns: {unit: customer, time: at, id: o}}",
            "orders: {csv: o.csv}",
            "'orders' has no 'columns'",
        ),
    ],
)
def test_what_is_no_map_is_refused(
    tmp_path: Path, old: str, new: str, match: str
) -> None:
    """A name that is not there, a source of events, a source without columns."""
    file = world(tmp_path, 1, PLAN.replace(old, new))
    with pytest.raises(ConfigError, match=match):
        load(file)


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The map's columns are looked for."""
    file = world(tmp_path, 1, PLAN.replace("to: user_id", "to: user"))
    with pytest.raises(DataError, match="user"):
        extract(load(file), as_of=AS_OF)
