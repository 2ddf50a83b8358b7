"""`holdback assign`: files and pipes, the summary, and errors that write nothing."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from pyarrow.csv import read_csv

from holdback import lock
from holdback.assignment.recipe import REASONS
from holdback.assignment.split import Split
from holdback.cli.assign import command
from holdback.errors import ConfigError, DataError, HoldbackError
from holdback.experiments.definition.split import split_of
from holdback.experiments.load import load

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


def test_sql_notes_go_to_standard_error(plan: Path) -> None:
    """What a database needs is told beside the SQL, in its own way of quoting."""
    result = run(plan, "--sql", "bigquery")
    assert "`customer_id`" in result.stdout
    assert result.stderr.startswith("Note: ")
    assert run(plan, "--sql", "bigquery", "-q").stderr == ""


RESERVED = (
    YAML.replace(
        "traffic: 50%, overrides: {NA: holdback}",
        "where: country = 'IE' and age >= 18, overrides_file: by-hand.csv, "
        "holdout: away, layer: {name: home, range: [0%, 60%]}, traffic: 50%",
    )
    + "holdouts: {away: {share: 30%}}\nlayers: {home: {}}\n"
)
PEOPLE = [
    (f"user_{n}", ("IE", "DE")[n % 2], "" if n % 10 == 0 else str(10 + n % 30))
    for n in range(400)
]


@pytest.fixture
def reserved(plan: Path) -> Path:
    """An experiment with everything that can keep a unit out, and its overrides."""
    plan.write_text(RESERVED)
    by_hand = "unit,arm\nuser_1,personalized\nuser_20,holdback\n"
    plan.with_name("by-hand.csv").write_text(by_hand)
    return plan


@pytest.mark.parametrize("way", ["csv", "parquet", "pipe", "pipe to parquet"])
def test_every_reason_against_scalar(reserved: Path, way: str) -> None:
    """Attributes of the input decide who is eligible, and every reason is counted."""
    split = split_of(load(reserved))
    want = [
        split.assign(
            unit, eligible=country == "IE" and age != "" and int(age or 0) >= 18
        )
        for unit, country, age in PEOPLE
    ]
    counts = Counter(one.reason for one in want)
    assert set(counts) == {*REASONS} - {"invalid_id"}
    text = "age,customer_id,country\n"
    text += "".join(f"{age},{unit},{country}\n" for unit, country, age in PEOPLE)
    source: Path | str = reserved.with_name("people.csv")
    Path(source).write_text(text)
    if way == "parquet":
        source = reserved.with_name("people.parquet")
        ages = [int(age) if age else None for *_, age in PEOPLE]
        columns = {
            "age": ages,
            "customer_id": [unit for unit, *_ in PEOPLE],
            "country": [country for _, country, _ in PEOPLE],
        }
        pq.write_table(pa.table(columns), source)
    out = reserved.with_name("out.parquet" if "parquet" in way else "out.csv")
    pipe = text if way.startswith("pipe") else None
    result = run(reserved, "-" if pipe else source, "-o", out, pipe=pipe)
    read = pq.read_table if out.suffix == ".parquet" else read_csv
    got = read(out)
    assert [arm or None for arm in got["arm"].to_pylist()] == [o.arm for o in want]
    assert got["reason"].to_pylist() == [one.reason for one in want]
    for reason, count in counts.items():
        assert f"  {reason}: {count}\n" in result.stderr + "\n"


CONDITIONS = [
    "country = 'IE' and age >= 18",
    "age * 2 < 50 or country in ('DE') and not (age is null)",
    "country is not null and age in (20, 21, 22)",
    "country != 'IE'",
]


@pytest.mark.parametrize("where", CONDITIONS)
def test_where_as_sql_against_files(reserved: Path, where: str) -> None:
    """The printed condition gives each row the arm and reason that a file gets."""
    import duckdb

    reserved.write_text(RESERVED.replace(CONDITIONS[0], f'"{where}"'))
    people = reserved.with_name("people.parquet")
    columns = {
        "customer_id": [unit for unit, *_ in PEOPLE],
        "country": [None if n % 7 == 0 else c for n, (_, c, _) in enumerate(PEOPLE)],
        "age": [int(age) if age else None for *_, age in PEOPLE],
    }
    pq.write_table(pa.table(columns), people)
    out = reserved.with_name("out.parquet")
    run(reserved, people, "-o", out)
    sql = run(reserved, "--sql", "duckdb").stdout
    got = duckdb.sql(f"SELECT {sql} FROM '{people}'").fetchall()
    want = pq.read_table(out)
    assert [row[::2] for row in got] == list(
        zip(want["arm"].to_pylist(), want["reason"].to_pylist(), strict=True)
    )
    assert {"not_eligible", "assigned"} <= {row[2] for row in got}


def test_where_as_sql_tells_types(reserved: Path) -> None:
    """The reader is told how the columns are taken, whatever the database."""
    told = run(reserved, "--sql", "snowflake")
    assert (
        "Note: the condition takes country as text and age as numbers." in told.stderr
    )
    assert '"country"' in told.stdout


@pytest.mark.parametrize("where", ["age >= least", "age = '7' or age > 18"])
def test_where_of_unclear_type_rejects(reserved: Path, where: str) -> None:
    """A condition whose meaning depends on a type is not printed as a guess."""
    reserved.write_text(RESERVED.replace(CONDITIONS[0], where))
    with pytest.raises(ConfigError, match="depends on the type of age"):
        run(reserved, "--sql", "duckdb")


@pytest.mark.parametrize(
    ("where", "header", "error", "words"),
    [
        ("country = 'IE' and age >= 18", "customer_id,cuntry", DataError,
         ["'age'", "'country'", "Did you mean 'cuntry'?"]),
        ("age >= least", "customer_id,age,least", ConfigError, ["age, least"]),
    ],
)  # fmt: skip
def test_where_rejects_files_that_do_not_fit(
    plan: Path, where: str, header: str, error: type[HoldbackError], words: list[str]
) -> None:
    """Every missing column is told at once, and text is not taken for numbers."""
    plan.write_text(YAML.replace("traffic: 50%", f"where: {where}"))
    for source in ("people.csv", "-"):
        here = plan.with_name(source) if source != "-" else source
        if source != "-":
            plan.with_name(source).write_text(f"{header}\nu1,9,10\n")
        with pytest.raises(error) as caught:
            run(plan, here, pipe=f"{header}\nu1,9,10\n")
        for word in words:
            assert word in str(caught.value)


ALIKE = [
    "u1",
    "U1",
    "u1 ",
    "\u00e9",
    "e\u0301",
    "7",
    "7.0",
    "v",
    "v",
    "nbsp\u00a0",
    "nbsp",
]


@pytest.mark.parametrize("pipe", [True, False])
def test_ids_that_look_alike_are_told(
    plan: Path, tmp_path: Path, *, pipe: bool
) -> None:
    """Ids that differ by case, spaces, accents or .0 are counted as a warning."""
    text = "customer_id\n" + "".join(f"{unit}\n" for unit in ALIKE)
    source = tmp_path / "ids.csv"
    source.write_text(text, encoding="utf-8")
    given = ("-",) if pipe else (source,)
    told = run(plan, *given, pipe=text).stderr
    assert "Warning: 5 ids differ from another only by case" in told
    told = run(plan, *given, "--format", "json", pipe=text).stderr
    assert json.loads(told)["similar_ids"] == 5


def test_whole_floats_are_a_warning(plan: Path, tmp_path: Path) -> None:
    """Ids that came as whole floats are counted."""
    source = tmp_path / "ids.parquet"
    pq.write_table(pa.table({"customer_id": [1.0, 2.0, None]}), source)
    assert "Warning: 2 ids were floats" in run(plan, source).stderr


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


def test_a_changed_split_is_refused_with_the_ids_counted(plan: Path, ids: Path) -> None:
    """50 → 20 % of traffic after a lock: the file's own rows are counted by hand."""
    lock(plan)
    before = split_of(load(plan))
    text = plan.read_text("utf-8")
    plan.write_text(text.replace("traffic: 50%", "traffic: 20%"), encoding="utf-8")
    after = split_of(load(plan))
    lost = sum(
        before.assign(unit).arm is not None and after.assign(unit).arm is None
        for unit in IDS
    )
    with pytest.raises(ConfigError) as caught:
        run(plan, ids)
    (problem,) = caught.value.problems
    assert f"Of {len(IDS)} rows 0 switch to another arm, {lost} lose theirs" in (
        problem.why
    )
    assert lost > 0


def test_placed_by_hand_and_who_may_take_part_are_counted(
    plan: Path, ids: Path
) -> None:
    """Allowed after a lock; the warning tells how many of the file's rows it moves."""
    lock(plan)
    before = split_of(load(plan))
    text = plan.read_text("utf-8")
    placed = "{NA: holdback, '00123': personalized, user_1: holdback}}"
    text = text.replace("{NA: holdback}}", f"{placed[:-1]}, where: x < 30}}")
    plan.write_text(text, encoding="utf-8")
    after = split_of(load(plan))
    pairs = [
        (before.assign(u).arm, after.assign(u, eligible=n < 30).arm)
        for n, u in enumerate(IDS)
    ]
    lost = sum(old is not None and new is None for old, new in pairs)
    told = run(plan, ids).stderr
    assert "who may take part was changed" in told
    assert f"{lost} lose theirs" in told
    assert lost > 0
