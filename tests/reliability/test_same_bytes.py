"""The same input gives the same bytes on machines that differ in many ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

YAML = """\
version: 1
experiment: bytes
currency: EUR
timezone: Europe/Paris
arms:
  holdback: {share: 20%, control: true}
  personalized: {share: 80%}
window: {start: 2026-03-01, end: 2026-03-28}
assignment: {source: exposures}
sources:
  exposures: {csv: exposures.csv, columns: {unit: who, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: who, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
  buyers: {kind: conversion, source: orders, within: 7 days}
  order_value: {kind: ratio, source: orders, value: total, per: orders, unit: money, within: 7 days}
  middle: {kind: quantile, source: orders, value: total, quantile: 0.5, unit: money, within: 7 days}
primary: revenue
secondary: [buyers, order_value, middle]
analysis: {looks: end, covariates: [spent], segments: [country]}
economics: {value: revenue, margin: 40%, costs: [{name: Service, amount: 500, per: month}]}
"""  # noqa: E501  # YAML reads best unbroken
FILES = ("scorecard.json", "report.html", "readouts.csv")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a run takes place."""

    folder: str = "shop"
    env: dict[str, str] = field(default_factory=dict)
    cores: int | None = None


PLACES = {
    "another hash seed, zone, locale and a folder with spaces": Place(
        folder="mon été à la mer",
        env={"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
    ),
    "one core, older instructions of numpy": Place(
        cores=1,
        env={
            "OPENBLAS_NUM_THREADS": "1",
            "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512_SKX AVX2 FMA3",
            "PYTHONWARNINGS": "ignore",
        },
    ),
}


def project(folder: Path) -> Path:
    """Units and orders of heavy tails, with what they spent before."""
    folder.mkdir(parents=True)
    lot = np.random.default_rng(5)
    exposures, orders = ["who,arm,at,country,spent"], ["who,at,total"]
    for unit in range(1_500):
        arm = "holdback" if unit % 5 == 0 else "personalized"
        day, spent = 1 + unit % 28, lot.lognormal(3, 1) if lot.random() < 0.4 else 0
        country = ("DE", "FR", "AT")[unit % 3]
        stamp = f"2026-03-{day:02}T09:{unit % 60:02}:00Z"
        exposures.append(f"u{unit},{arm},{stamp},{country},{spent:.2f}")
        for hour in range(int(lot.poisson(0.3))):
            stamp = f"2026-03-{day:02}T{12 + hour}:30:00Z"
            orders.append(f"u{unit},{stamp},{lot.lognormal(3 + spent / 90, 1):.2f}")
    for name, lines in (("exposures", exposures), ("orders", orders)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "experiment.yaml").write_text(YAML, encoding="utf-8")
    return folder


def results(folder: Path, place: Place) -> dict[str, bytes]:
    """What `analyze` writes there."""
    cores = sorted(os.sched_getaffinity(0))[: place.cores]
    command = [sys.executable, "-m", "holdback", "analyze", "experiment.yaml", "-q"]
    subprocess.run(
        [*command, "-o", "out", "--as-of", "2026-04-10"],
        cwd=project(folder / place.folder),
        env=os.environ | place.env,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    out = folder / place.folder / "out"
    return {name: (out / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is written here as it is."""
    return results(tmp_path_factory.mktemp("here"), Place())


def numbers(value: object, at: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a JSON value with its place; what is no number as its hash."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, f"{at}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from numbers(inner, f"{at}[{place}]")
    else:
        yield at, value if isinstance(value, float) else hash(value)


def test_another_kernel_of_linear_algebra_moves_late_digits(
    tmp_path: Path, here: dict[str, bytes]
) -> None:
    """The page is equal to the byte, and all numbers of the scorecard to 1e-8.

    Most are to 1e-12; a model that is fitted in steps stops a step apart.
    """
    there = results(tmp_path, Place(env={"OPENBLAS_CORETYPE": "Nehalem"}))
    assert here["report.html"] == there["report.html"]
    ours, theirs = (
        dict(numbers(json.loads(files["scorecard.json"]))) for files in (here, there)
    )
    assert theirs == pytest.approx(ours, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("name", PLACES)
def test_elsewhere_the_bytes_are_the_same(
    tmp_path: Path, here: dict[str, bytes], name: str
) -> None:
    """Scorecard, page and table are equal to the byte."""
    there = results(tmp_path, PLACES[name])
    assert [f for f in FILES if here[f] != there[f]] == []
    assert b'"lift"' in here["scorecard.json"]
