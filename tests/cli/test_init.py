"""`holdback init`: the project is complete, valid and never overwrites."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from holdback.cli.main import run
from holdback.experiments.definition.split import split_of
from holdback.experiments.load import load

EXPERIMENTS = {
    "ecommerce": "recommendations",
    "saas": "onboarding",
    "fintech": "offers",
    "hospitality": "room-offers",
}


@pytest.mark.parametrize(("template", "name"), EXPERIMENTS.items())
def test_init_validates(
    template: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each template's own files pass `validate`, and its data fit its columns."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "shop", "--template", template]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    file = f"experiments/{name}.yaml"
    assert run(["validate", "holdback.yaml", file]) == 0, capsys.readouterr().err
    experiment = load(file)
    for source in experiment.sources.values():
        path = getattr(source, "path", "")
        with Path(path).open(encoding="utf-8", newline="") as lines:
            header = set(next(csv.reader(lines)))
        columns = source.columns
        roles = {columns.unit, columns.arm, columns.time, columns.id} - {None}
        assert roles <= header
        if source.name == experiment.assignment.source:
            assert set(experiment.analysis.logged) <= header
            (customer,) = experiment.analysis.derived
            assert customer.name == "customer"
        for metric in experiment.metrics.values():
            for measure in metric.measures():
                if measure.source == source.name and measure.value is not None:
                    assert measure.value.columns <= header


def test_init_logs_the_arms_that_the_split_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The invented data's arms are those of the experiment's own split."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "-q"]) == 0
    split = split_of(load("experiments/recommendations.yaml"))
    with Path("data/visitors.csv").open(encoding="utf-8", newline="") as lines:
        for row in list(csv.DictReader(lines))[:200]:
            assert split.assign(row["customer_id"]).arm == row["arm"]


def test_init_names_the_schemas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The header of each file leads to a schema that exists."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "-q"]) == 0
    for file in (Path("holdback.yaml"), Path("experiments/recommendations.yaml")):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        start, _, reference = first.partition("=")
        assert start == "# yaml-language-server: $schema"
        schema = (file.parent / reference).resolve()
        assert json.loads(schema.read_text(encoding="utf-8"))["$schema"]


def test_init_rejects_existing_files(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where a file exists nothing is written at all; exit 2."""
    monkeypatch.chdir(tmp_path)
    Path("holdback.yaml").write_text("mine", encoding="utf-8")
    assert run(["init"]) == 2
    assert "holdback.yaml: this file exists" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["holdback.yaml"]
    assert Path("holdback.yaml").read_text(encoding="utf-8") == "mine"
