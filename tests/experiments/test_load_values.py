"""What a good file means: values, defaults, merging, and the resolved file."""

from __future__ import annotations

import json
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from holdback.analysis.preregistration.plan_hash import plan_hash
from holdback.errors import ConfigError
from holdback.experiments.definition.experiment import (
    Cost,
    Experiment,
    Margin,
    Rollout,
    Saving,
)
from holdback.experiments.language.measure import Cap
from holdback.experiments.language.secrets import revealed
from holdback.experiments.load import check_project_file, is_project_file, load
from holdback.experiments.sources.csv import CsvSource
from holdback.experiments.sources.parquet import ParquetSource

PROJECT = """\
version: 1
currency: EUR
timezone: Europe/Dublin
locale: en-IE
database: duckdb
sources:
  assignments:
    csv: data/assignments.csv
    columns: {unit: customer_id, arm: group, time: exposed_at}
  orders:
    parquet: data/orders/*.parquet
    columns: {unit: customer_id, time: ordered_at, id: order_id}
  visits:
    table: crm.visits
    database: ${env:CRM_URL}
    columns: {unit: customer_id, time: seen_at}
  surveys:
    sql: select customer_id, answered_at, score from crm.nps
    database: ${env:SURVEYS_URL}
    columns: {unit: customer_id, time: answered_at}
metrics:
  conversion:
    {kind: conversion, source: orders, within: 14 days, label: Conversion rate}
  revenue_per_visitor:
    kind: mean
    source: orders
    value: total - refunded
    unit: money
    within: 14 days
    cap: 99.9%
    label: Revenue per visitor
  average_order_value:
    {kind: ratio, source: orders, value: total, per: orders, unit: money}
  items_price: {kind: ratio, source: orders, value: total, per: items, unit: money}
  page_load:
    {kind: mean, source: visits, value: load_ms, unit: ms, better: lower}
  returns: {kind: conversion, source: orders, where: refunded > 0, better: lower}
  clicks: {kind: mean, source: clicks, value: n, margin_value: n * 0.1}
  retention_30d: {kind: retention, source: visits, between: [30 days, 37 days]}
  nps: {kind: nps, source: surveys, value: score}
  page_load_p75: {kind: quantile, quantile: 75%, source: visits, value: load_ms}
holdouts: {always-on: {share: 5%, salt: always-on, from: 2026-01-01, until: 2026-12-31}}
layers: {homepage: {salt: homepage-2026}}
"""
EXPERIMENT = """\
version: 1
experiment: recs-holdback
hypothesis: Personalized recommendations raise revenue per visitor.
owner: growth@acme.example
arms:
  holdback:     {share: 10%, control: true, label: No personalization}
  personalized: {share: 90%, label: Personalized recommendations}
assignment:
  source: assignments
  scheme: holdback
  salt: recs-holdback
  traffic: 100%
  overrides: {u-42: personalized}
  crossovers: exclude
window: {start: 2026-10-01, end: 2026-11-11}
primary: revenue_per_visitor
secondary: [conversion, average_order_value]
guardrails: {returns: 0.5 points, page_load: 50 ms, items_price: 2%}
analysis:
  level: 95%
  looks: spending
  covariates: {lookback: 28 days}
  multiplicity: holm
  prior: {lift_sd: 10%}
  segments: [device, country]
economics:
  value: revenue_per_visitor
  margin: 42%
  costs:
    - {name: Recommendation service, amount: 1800, per: month}
    - {name: Serving, amount: 0.002, per: treated unit}
    - {name: Set-up, amount: 12000, spread: 12 months}
  savings: [{name: Manual curation, hours: 4, per: week, rate: 20}]
  rollout: {units: 120000, per: month, horizon: 12 months, decay: 8 weeks}
decision: {rule: profit, minimum_lift: 1%}
"""
SMALLEST = """\
version: 1
experiment: first
arms: {control: {share: 1/3}, a: {share: 1/3}, b: {share: 1/3}}
window: {start: 2026-10-01, end: 2026-10-01}
primary: conversion
sources:
  visits: {csv: visits.csv, columns: {unit: id, arm: arm, time: at}}
metrics:
  conversion: {kind: conversion, source: visits, value: bought}
"""
ENVIRON = {"CRM_URL": "postgresql://u:s3cret@h/crm"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The experiment file of a project of two files, without the parts of later."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "holdback.yaml").write_text(PROJECT, encoding="utf-8")
    file = tmp_path / "experiments" / "recs-holdback.yaml"
    file.write_text(EXPERIMENT, encoding="utf-8")
    return file


def loaded(folder: Path, text: str, name: str = "experiment.yaml") -> Experiment:
    """The experiment of one self-contained file."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load(file, environ={})


def test_load_against_contract_example(project: Path) -> None:
    """The contract's example means what its comments say."""
    experiment = load(project, environ=ENVIRON)
    assert experiment.root == project.parent.parent
    assert experiment.file == "experiments/recs-holdback.yaml"
    assert [(a.name, a.share, a.control) for a in experiment.arms] == [
        ("holdback", Fraction(1, 10), True),
        ("personalized", Fraction(9, 10), False),
    ]
    assert experiment.assignment.overrides == {"u-42": "personalized"}
    assert experiment.window is not None
    assert experiment.window.start == date(2026, 10, 1)
    assert experiment.window.days == 42
    assert (experiment.timezone, experiment.locale) == ("Europe/Dublin", "en-IE")
    assert experiment.currency == "EUR"
    assert set(experiment.sources) == {"assignments", "orders", "visits"}
    assert isinstance(experiment.sources["assignments"], CsvSource)
    orders = experiment.sources["orders"]
    assert isinstance(orders, ParquetSource)
    assert orders.path == "data/orders/*.parquet"
    assert orders.columns.id == "order_id"


def test_load_against_contract_metrics(project: Path) -> None:
    """Only the metrics in use are there, with windows, caps and digits of money."""
    experiment = load(project, environ=ENVIRON)
    assert list(experiment.metrics) == [
        "revenue_per_visitor",
        "conversion",
        "average_order_value",
        "returns",
        "page_load",
        "items_price",
    ]
    readers = [beside.reader for beside in experiment.companions.values()]
    assert readers[:2] == ["slices", "orders"]
    before = ("any", "rows", "amount")
    assert list(experiment.companions)[2:] == [
        name
        for source in ("orders", "visits")
        for name in (f"ever: {source}", *(f"before: {source}: {one}" for one in before))
    ]
    revenue = experiment.metrics["revenue_per_visitor"]
    assert revenue.within == timedelta(days=14)
    assert revenue.cap == Cap(share=Fraction(999, 1000))
    assert (revenue.digits, experiment.metrics["page_load"].digits) == (2, 6)
    (measure,) = revenue.measures()
    assert measure.value is not None
    assert measure.value.columns == {"total", "refunded"}
    per_rows = experiment.metrics["average_order_value"].measures()[1]
    per_items = experiment.metrics["items_price"].measures()[1]
    assert (per_rows.aggregate, per_rows.value) == ("count", None)
    assert per_items.value is not None
    assert per_items.value.columns == {"items"}


def test_load_against_contract_money(project: Path) -> None:
    """Margins, costs, savings and roll-out are exact."""
    experiment = load(project, environ=ENVIRON)
    assert experiment.guardrails == {
        "returns": Margin(value=Fraction(5, 1000), scale="absolute"),
        "page_load": Margin(value=Fraction(50), scale="absolute"),
        "items_price": Margin(value=Fraction(2, 100), scale="relative"),
    }
    economics = experiment.economics
    assert economics is not None
    assert economics.margin == Fraction(42, 100)
    year = timedelta(days=365.25)
    assert economics.costs == (
        Cost(name="Recommendation service", amount=Fraction(1800), per="month"),
        Cost(name="Serving", amount=Fraction(2, 1000), per="treated unit"),
        Cost(name="Set-up", amount=Fraction(12000), spread=year),
    )
    saving = Saving(
        name="Manual curation", hours=Fraction(4), rate=Fraction(20), per="week"
    )
    assert economics.savings == (saving,)
    assert economics.rollout == Rollout(
        units=120000, per="month", horizon=year, decay=timedelta(weeks=8)
    )
    assert experiment.decision.minimum_lift == Fraction(1, 100)
    assert experiment.analysis.prior.lift_sd == Fraction(1, 10)
    assert experiment.analysis.lookback == timedelta(days=28)


def test_load_fills_the_smallest_file(tmp_path: Path) -> None:
    """Everything but the smallest useful file has a default."""
    experiment = loaded(tmp_path, SMALLEST)
    assert experiment.control.name == "control"
    assert sum(arm.share for arm in experiment.arms) == 1
    assert experiment.assignment.source == "visits"
    assert experiment.assignment.salt == "first"
    assert (experiment.decision.rule, experiment.economics) == ("lift", None)
    assert experiment.analysis.level == Fraction(95, 100)
    assert experiment.timezone == "UTC"
    assert experiment.resolved["arms"]["a"] == {"share": "1/3"}


@pytest.mark.parametrize(
    "content",
    [
        SMALLEST.encode(),
        b"\xef\xbb\xbf" + SMALLEST.encode(),
        SMALLEST.encode("utf-16"),
        SMALLEST.replace("\n", "\r\n").encode(),
    ],
    ids=["plain", "BOM", "UTF-16", "CRLF"],
)
def test_load_reads_encodings_alike(tmp_path: Path, content: bytes) -> None:
    """A byte-order mark or Windows line ends change nothing (Y20)."""
    expected = loaded(tmp_path, SMALLEST)
    (tmp_path / "experiment.yaml").write_bytes(content)
    assert load(tmp_path / "experiment.yaml", environ={}) == expected


def test_load_takes_decimal_shares_that_nearly_sum_to_one(tmp_path: Path) -> None:
    """Thirds written as decimals are accepted within 1e-9."""
    text = SMALLEST.replace("1/3", "0.3333333333")
    assert len(loaded(tmp_path, text).arms) == 3


def test_load_lets_the_experiment_file_win(project: Path) -> None:
    """A metric of the same name replaces the project's; others stay."""
    own = "metrics:\n  conversion: {kind: conversion, source: orders, within: 7 days}\n"
    project.write_text(EXPERIMENT + own + "timezone: UTC\n", encoding="utf-8")
    experiment = load(project, environ=ENVIRON)
    assert experiment.metrics["conversion"].within == timedelta(days=7)
    assert experiment.metrics["returns"].within is None
    assert experiment.timezone == "UTC"


def test_load_keeps_secrets_as_written(project: Path) -> None:
    """Neither the experiment nor its resolved form holds a variable's value."""
    experiment = load(project, environ=ENVIRON)
    assert experiment.resolved["sources"]["visits"]["database"] == "${env:CRM_URL}"
    assert "s3cret" not in repr(experiment)


def test_load_asks_only_for_variables_in_use(project: Path) -> None:
    """SURVEYS_URL is not set, and nobody needs it; CRM_URL is needed."""
    load(project, environ=ENVIRON)
    with pytest.raises(ConfigError, match="CRM_URL is not set"):
        load(project, environ={})


def test_resolved_round_trip(project: Path) -> None:
    """The resolved file, written as YAML, means the same experiment."""
    experiment = load(project, environ=ENVIRON)
    copy = project.parent.parent / "experiments" / "copy.yaml"
    text = json.dumps(experiment.resolved)  # JSON is YAML
    copy.write_text(text, encoding="utf-8")
    again = load(copy, environ=ENVIRON)
    assert again.resolved == experiment.resolved
    assert plan_hash(again) == plan_hash(experiment)
    assert (again.metrics, again.economics) == (
        experiment.metrics,
        experiment.economics,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("share: 10%", "share: 0.1"),
        ("share: 90%", "share: 9/10"),
        ("label: No personalization", "label: Nothing"),
        ("owner: growth@acme.example", "owner: someone else"),
        ("minimum_lift: 1%", "minimum_lift: 0.01"),
        ("decay: 8 weeks", "decay: 56 days"),
        ("amount: 1800", "amount: 1800.00"),
        ("  looks: spending\n", ""),
    ],
)
def test_plan_hash_invariance(project: Path, old: str, new: str) -> None:
    """Other ways of writing, labels and defaults leave the hash as it is."""
    before = plan_hash(load(project, environ=ENVIRON))
    assert EXPERIMENT.count(old) == 1
    project.write_text(EXPERIMENT.replace(old, new), encoding="utf-8")
    assert plan_hash(load(project, environ=ENVIRON)) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("salt: recs-holdback", "salt: other"),
        ("margin: 42%", "margin: 43%"),
        ("level: 95%", "level: 90%"),
        ("end: 2026-11-11", "end: 2026-11-12"),
        ("segments: [device, country]", "segments: [device]"),
    ],
)
def test_plan_hash_changes_with_the_meaning(project: Path, old: str, new: str) -> None:
    """What changes the result changes the hash."""
    before = plan_hash(load(project, environ=ENVIRON))
    project.write_text(EXPERIMENT.replace(old, new), encoding="utf-8")
    assert plan_hash(load(project, environ=ENVIRON)) != before


def test_plan_hash_reads_formulas_by_meaning(project: Path) -> None:
    """Spaces in an expression are no part of the plan."""
    before = plan_hash(load(project, environ=ENVIRON))
    file = project.parent.parent / "holdback.yaml"
    file.write_text(PROJECT.replace("total - refunded", "total-refunded"), "utf-8")
    assert plan_hash(load(project, environ=ENVIRON)) == before


def test_project_file_is_checked_alone(project: Path) -> None:
    """A project file is no experiment, and its own faults are found without one."""
    file = project.parent.parent / "holdback.yaml"
    assert is_project_file(file)
    assert "nps" in check_project_file(file)
    with pytest.raises(ConfigError, match="project file"):
        load(file)
    file.write_text(PROJECT.replace("source: orders, where", "source: ordrs, where"))
    with pytest.raises(ConfigError, match="Did you mean 'orders'"):
        check_project_file(file)


def test_project_file_may_hold_the_experiment(tmp_path: Path) -> None:
    """One file named holdback.yaml may say everything."""
    assert loaded(tmp_path, SMALLEST, "holdback.yaml").name == "first"


def test_load_takes_units_as_rows(tmp_path: Path) -> None:
    """A table of one row per unit needs no time and no window."""
    text = SMALLEST.replace("{unit: id, arm: arm, time: at}", "{unit: row, arm: arm}")
    text = text.replace("window: {start: 2026-10-01, end: 2026-10-01}\n", "")
    assert loaded(tmp_path, text).window is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{unit: id, arm: arm, time: at}", "{unit: row, time: at}", "no id to compute"),
        ("value: bought}", "value: bought, within: 7 days}", "'within' needs the time"),
        (
            "primary: conversion",
            "analysis: {covariates: {lookback: 7 days}}\nprimary: conversion",
            "a lookback needs the time",
        ),
    ],
)
def test_load_rejects_windows_without_times(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    """What counts from the exposure needs to know when that was."""
    text = SMALLEST.replace(old, new)
    if "row" not in new:
        text = text.replace(", time: at", "")
    with pytest.raises(ConfigError, match=words):
        loaded(tmp_path, text)


def test_revealed_names_the_variable_and_no_value() -> None:
    """Secrets are resolved where they are used; a missing one is named."""
    url = "postgresql://u:${env:PW}@h/${env:DB}"
    assert revealed(url, {"PW": "x", "DB": "y"}) == "postgresql://u:x@h/y"
    with pytest.raises(ConfigError, match="DB is not set") as caught:
        revealed(url, {"PW": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_load_against_ruamel() -> None:
    """The strict reader sees the same keys and texts as ruamel's safe loader."""
    expected: dict[str, Any] = YAML(typ="safe", pure=True).load(EXPERIMENT)
    from holdback.experiments.config.yaml_document import (
        MappingNode,
        SequenceNode,
        parsed,
    )

    def plain(node: Any) -> Any:
        if isinstance(node, MappingNode):
            return {key: plain(item) for key, item in node.items()}
        return [plain(i) for i in node] if isinstance(node, SequenceNode) else node.text

    def texts(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: texts(item) for key, item in node.items()}
        if isinstance(node, list):
            return [texts(item) for item in node]
        return str(node).lower() if isinstance(node, bool) else str(node)

    assert plain(parsed(EXPERIMENT.encode(), "x").root) == texts(expected)
