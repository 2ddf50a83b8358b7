"""`holdback assign`: files and pipes, the summary, and errors that write nothing."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from holdback.assignment.split import Split
from holdback.cli.assign import command
from holdback.errors import ConfigError, DataError, HoldbackError
from holdback.experiments.load import load
from holdback.experiments.splits import split_of

YAML = """\
version: 1
experiment: recs-holdback
arms:
  holdback: {share: 10%, control: true}
  personalized: {share: 90%}
assignment: {source: assignments, traffic: 50%, overrides: {NA: holdback}}
window: {start: 2026-10-01, end: 2026-11-11}
primary: conversion
sources:
  assignments: {csv: assignments.csv, columns: {unit: customer_id, time: exposed_at}}
  orders: {csv: orders.csv, columns: {unit: customer_id, time: ordered_at}}
metrics:
  conversion: {kind: conversion, source: orders, within: 14 days}
"""
IDS = ["00123", "NA", "", "é", *(f"user_{n}" for n in range(40))]
CSV = "x,customer_id\n" + "".join(f"{n},{unit}\n" for n, unit in enumerate(IDS))


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The experiment's file."""
    path = tmp_path / "recs.yaml"
    path.write_text(YAML)
    return path


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    """A CSV file of ids."""
    path = tmp_path / "ids.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def run(*arguments: object, pipe: str | None = None) -> Result:
    """Outcome of the command; an error of ours is raised."""
    result = CliRunner().invoke(command, [str(a) for a in arguments], input=pipe)
    if isinstance(result.exception, HoldbackError):
        raise result.exception
    return result


def wanted(split: Split) -> list[list[str]]:
    """Rows of the output, by the scalar form."""
    rows = []
    for n, unit in enumerate(IDS):
        one = split.assign(unit)
        bucket = "" if one.bucket is None else str(one.bucket)
        rows.append([str(n), unit, one.arm or "", bucket, one.reason])
    return rows


def read(text: str) -> list[list[str]]:
    """Rows of CSV text below its header."""
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == ["x", "customer_id", "arm", "bucket", "reason"]
    return rows


def test_every_way_in_and_out_against_scalar(plan: Path, ids: Path) -> None:
    """File or pipe in, file or pipe out: the rows are the same."""
    want = wanted(split_of(load(plan)))
    out = ids.with_name("out.csv")
    parquet = ids.with_name("out.parquet")
    assert read(run(plan, ids).stdout) == want
    assert read(run(plan, "-", pipe=CSV).stdout) == want
    assert run(plan, ids, "-o", out).stdout == ""
    assert read(out.read_text("utf-8")) == want
    out.unlink()
    run(plan, "-", "-o", out, pipe=CSV)
    assert read(out.read_text("utf-8")) == want
    for source, pipe in ((ids, None), ("-", CSV)):
        run(plan, source, "-o", parquet, pipe=pipe)
        assert pq.read_table(parquet)["arm"].to_pylist() == [r[2] or None for r in want]
    assert sorted(path.name for path in ids.parent.iterdir()) == [
        "ids.csv",
        "out.csv",
        "out.parquet",
        "recs.yaml",
    ]


def test_summary_counts_arms_and_reasons(plan: Path, ids: Path) -> None:
    """The counts go to the standard error, as text or JSON, or not at all."""
    rows = wanted(split_of(load(plan)))
    result = run(plan, ids, "--format", "json")
    told = json.loads(result.stderr)
    assert told["rows"] == len(IDS)
    for arm, count in told["arms"].items():
        assert count == sum(row[2] == arm for row in rows)
    for reason, count in told["reasons"].items():
        assert count == sum(row[4] == reason for row in rows)
    text = run(plan, ids).stderr
    assert f"{len(IDS)} rows" in text
    assert f"invalid_id: {told['reasons']['invalid_id']}" in text
    assert run(plan, ids, "--quiet").stderr == ""


def test_another_id_column(plan: Path, tmp_path: Path) -> None:
    """--id names the column when the file calls it otherwise."""
    source = tmp_path / "ids.csv"
    source.write_text("e-mail\na@b.example\n")
    got = run(plan, source, "--id", "e-mail").stdout.splitlines()[1].split(",")
    assert got[1:] == [
        split_of(load(plan)).assign("a@b.example").arm or "",
        str(split_of(load(plan)).assign("a@b.example").bucket),
        split_of(load(plan)).assign("a@b.example").reason,
    ]


def test_sql_is_printed(plan: Path) -> None:
    """--sql prints the three columns over the quoted id column."""
    text = run(plan, "--sql", "postgres").stdout
    assert '"customer_id"' in text
    assert all(f" AS {name}" in text for name in ("arm", "bucket", "reason"))


@pytest.mark.parametrize(
    ("content", "arguments", "error", "word"),
    [
        ("custmer_id\nu1\n", [], DataError, "Did you mean 'custmer_id'"),
        ("customer_id,arm\nu1,x\n", [], DataError, "already a column 'arm'"),
        ("customer_id,x\nu1\n", [], DataError, ":2"),
        ("", [], DataError, "empty"),
        (CSV, ["--id", "nope"], DataError, "'nope'"),
        (CSV, ["--sql", "oracle"], ConfigError, "oracle"),
    ],
)
def test_bad_input_leaves_the_output(
    plan: Path,
    ids: Path,
    content: str,
    arguments: list[str],
    error: type[HoldbackError],
    word: str,
) -> None:
    """On an error the old output is what it was, and nothing else is left behind."""
    out = ids.with_name("out.csv")
    out.write_text("old")
    ids.write_text(content)
    for source in ("ids.csv", "-"):
        here = ids if source != "-" else source
        with pytest.raises(error, match=word):
            run(plan, here, "-o", out, *arguments, pipe=content)
    assert out.read_text() == "old"
    assert len(list(out.parent.iterdir())) == 3


def test_outputs_that_cannot_be_are_rejected(plan: Path, ids: Path) -> None:
    """A link, an unknown kind, a missing file and missing ids are usage errors."""
    link = ids.with_name("link.csv")
    link.symlink_to(ids)
    with pytest.raises(ConfigError, match="link"):
        run(plan, ids, "-o", link)
    assert ids.read_text("utf-8") == CSV
    with pytest.raises(ConfigError, match="parquet"):
        run(plan, ids, "-o", ids.with_name("out.xlsx"))
    with pytest.raises(ConfigError, match="no such file"):
        run(plan, ids.with_name("none.csv"))
    with pytest.raises(ConfigError, match="no ids"):
        run(plan)


def test_rows_as_units_need_a_named_column(plan: Path, ids: Path) -> None:
    """Where each row is its own unit there is nothing to hash, unless --id says so."""
    plan.write_text(
        "version: 1\n"
        "experiment: rows\n"
        "arms: {holdback: {share: 10%, control: true}, personalized: {share: 90%}}\n"
        "primary: conversion\n"
        "sources: {assignments: {csv: a.csv, columns: {unit: row, arm: group}}}\n"
        "metrics: {conversion: {kind: conversion, source: assignments, value: b}}\n"
    )
    with pytest.raises(ConfigError, match="--id"):
        run(plan, ids)
    assert run(plan, ids, "--id", "customer_id").exit_code == 0
