"""The worked examples of CONTRIBUTING.md, in a copy of the package, as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import holdback

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(
    r"^```(?:python|toml)\n# (holdback/\S+?)(, at the end|, under \[[\w.]+\])?\n"
    r"(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ANALYZED = """
import json, sys
import holdback as hb
from holdback.results.json_codec import from_json, to_json
analysis = hb.analyze(sys.argv[1])
text = to_json(analysis.scorecard)
assert from_json(text) == analysis.scorecard
from holdback.workflow import render
print(json.dumps({"card": json.loads(text), **render(analysis.scorecard)}))
"""
YAML = """\
version: 1
experiment: example
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
window: {start: 2026-09-01, end: 2026-09-20}
assignment: {source: exposures}
timezone: Europe/Dublin
sources:
  exposures: {csv: exposures.csv, columns: {unit: unit, arm: arm, time: at}}
  orders: {ORDERS, columns: {unit: unit, time: at}}
metrics:
  spend: {kind: mean, source: orders, value: total, within: 3 days}
METRIC
primary: spend
secondary: [SECONDARY]
"""
SILENT = ("06", "07")
"""Days of September on which nobody joins."""
MATURED = 15
"""Of the 18 days on which units join, those that end 3 days before the last row."""


def put(text: str, before: str, where: str) -> str:
    """A file with an example's text in it: alone, at the end, or under a table."""
    if not where:
        return text
    table = where.removeprefix(", under ")
    if table == where:
        return f"{before}\n\n{text}"
    assert before.count(f"{table}\n") == 1
    return before.replace(f"{table}\n", f"{table}\n{text}")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the files of the examples in it."""
    home = tmp_path_factory.mktemp("copy")
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(holdback.__file__).parent, home / "holdback", ignore=skipped)
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    examples = BLOCK.findall(page)
    assert len(examples) > 8
    for name, appended, text in examples:
        file = home / name
        assert file.exists() == bool(appended), name
        assert file.parent.is_dir(), name
        before = file.read_text(encoding="utf-8") if appended else ""
        file.write_text(put(text, before, appended), encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def analyzed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The result of a small shop whose orders lie in a DuckDB file."""
    import duckdb

    folder = tmp_path_factory.mktemp("shop")
    days = [f"{day:02d}" for day in range(1, 21) if f"{day:02d}" not in SILENT]
    joined = [
        (f"u{i}", ("holdback", "personalized")[i // 18 % 2], f"2026-09-{days[i % 18]}")
        for i in range(900)
    ]
    rows = [f"{unit},{arm},{day} 10:00" for unit, arm, day in joined]
    (folder / "exposures.csv").write_text("\n".join(["unit,arm,at", *rows]) + "\n")
    with duckdb.connect(folder / "shop.duckdb") as lake:
        lake.execute('CREATE TABLE orders (unit TEXT, "at" TEXT, total DOUBLE)')
        lake.executemany(
            "INSERT INTO orders VALUES (?, ?, ?)",
            [
                (unit, f"{day} 11:00", float(10 + i % 7 + again))
                for i, (unit, _, day) in enumerate(joined)
                if i % 5 < 2
                for again in (0, 40)
            ],
        )
    yaml = folder / "example.yaml"
    orders = "table: orders, database: 'lake:///shop.duckdb'"
    metric = "  basket: {kind: largest, source: orders, value: total, within: 3 days}"
    text = YAML.replace("ORDERS", orders).replace("METRIC", metric)
    yaml.write_text(text.replace("SECONDARY", "basket"))
    run = subprocess.run(  # our own script
        [sys.executable, "-c", ANALYZED, str(yaml)],
        capture_output=True,
        check=False,
        text=True,
        cwd=package,
        env={**os.environ, "PYTHONPATH": str(package)},
    )
    assert run.returncode == 0, run.stderr
    shown: dict[str, Any] = json.loads(run.stdout)
    return shown


def test_the_check_finds_and_tells(analyzed: dict[str, Any]) -> None:
    """Two silent days, by code and number in the scorecard, in words on the page."""
    (finding,) = [
        one for one in analyzed["card"]["checks"] if one["check"] == "silent_days"
    ]
    assert finding["status"] == "warn"
    assert finding["code"] == "silent_days.counted"
    assert finding["numbers"] == {"silent": 2, "span": 20}
    assert "On 2 of 20 days nobody joined." in analyzed["report.html"]


def test_the_section_is_read_and_shown(analyzed: dict[str, Any]) -> None:
    """Its record in the scorecard and its sentence on the page."""
    joined = {"first": "2026-09-01", "last": "2026-09-20"}
    assert analyzed["card"]["joining"] == joined
    assert "Who joined when" in analyzed["report.html"]


def test_the_engine_gives_its_rows(analyzed: dict[str, Any]) -> None:
    """Every order of the DuckDB file was read: 360 buyers with two orders each."""
    (orders,) = [one for one in analyzed["card"]["inputs"] if one["source"] == "orders"]
    assert orders["rows"] == 720


def test_the_metric_against_rows(analyzed: dict[str, Any]) -> None:
    """The largest order of a unit, averaged over all matured units of an arm."""
    (readout,) = [
        one for one in analyzed["card"]["readouts"] if one["metric"] == "basket"
    ]
    for arm, parity in (("control", 0), ("treatment", 1)):
        largest = [
            50 + i % 7 if i % 5 < 2 else 0
            for i in range(900)
            if i // 18 % 2 == parity and i % 18 < MATURED
        ]
        estimate = readout["estimates"][arm]
        assert estimate["units"] == len(largest)
        assert estimate["value"] == pytest.approx(sum(largest) / len(largest))
