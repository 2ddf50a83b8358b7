"""The recipes of the documentation give the arms of the product."""

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pytest

from holdback.assignment.split import HoldoutShare, LayerRange, Split

NODE = shutil.which("node")
PAGE = Path(__file__).parents[2] / "docs" / "assignment.md"
ARMS = (("holdback", Fraction(1, 10)), ("personalized", Fraction(9, 10)))
SPLIT = Split("recs-holdback", ARMS, traffic=Fraction(1, 2))
FULL = Split(
    "recs.2",
    (("a", Fraction(1, 3)), ("b", Fraction(1, 3)), ("c", Fraction(1, 3))),
    phase=2,
    overrides={"user_7": "c", "é": "a"},
    holdout=HoldoutShare(name="always-on", share=Fraction(1, 20), salt="always-on"),
    layer=LayerRange(
        name="home", salt="home", start=Fraction(1, 4), end=Fraction(3, 4)
    ),
)
FULL_PLAN = """{
  salt: "recs.2.phase2",
  ends: [["a", 3334], ["b", 6667], ["c", 10000]],
  overrides: { user_7: "c", "é": "a" },
  holdout: { salt: "always-on", end: 500 },
  layer: { salt: "home", start: 2500, end: 7500 },
}"""
IDS = [f"user_{n}" for n in range(3000)] + [
    "",
    "é",
    "漢字",
    "😀",
    "00123",
    "a:b",
    "x" * 200,
    *(f"naïve-{chr(0x400 + n)}-{chr(0x1F300 + n)}" for n in range(200)),
]


def recipes(language: str) -> list[str]:
    """The code blocks of a language on the page."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def by_node(
    folder: Path, code: str, plan: str, ids: str = json.dumps(IDS)
) -> list[str | None]:
    """Arms that a script gives to ids, a JavaScript list, by Node.js."""
    script = folder / "recipe.cjs"
    script.write_text(
        code
        + f"const ids = {ids};\n"
        + f"Promise.all(ids.map((id) => armOf(id, {plan})))"
        + ".then((arms) => console.log(JSON.stringify(arms)));\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [str(NODE), str(script)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    arms: list[str | None] = json.loads(done.stdout)
    return arms


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
@pytest.mark.parametrize(("split", "plan"), [(SPLIT, "plan"), (FULL, FULL_PLAN)])
def test_javascript_against_scalar(tmp_path: Path, split: Split, plan: str) -> None:
    """The recipe for Node gives every id the arm that Python gives it."""
    got = by_node(tmp_path, recipes("javascript")[0], plan)
    assert got == split.assign_many(IDS).arm
    assert len(set(got)) == len(split.names) + 1


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
@pytest.mark.parametrize(("split", "plan"), [(SPLIT, "plan"), (FULL, FULL_PLAN)])
def test_browser_javascript_against_scalar(
    tmp_path: Path, split: Split, plan: str
) -> None:
    """So does the one for browsers, put together as the page says."""
    node, browser = recipes("javascript")
    decide = node[node.index("// The text of an id") :]
    decide = decide.replace("function armOf", "async function armOf")
    decide = re.sub(r"(?<!function )\bbucket\(", "await bucket(", decide)
    assert by_node(tmp_path, browser + decide, plan) == split.assign_many(IDS).arm


def odd_ids(count: int) -> tuple[list[object], str]:
    """Values that stand where an id should, in Python and in JavaScript."""
    draw = Random(20261130)
    named: list[tuple[object, str]] = [
        (None, "null"),
        (None, "undefined"),
        (None, "{}"),
        (None, "[]"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (True, "true"),
        (-0.0, "-0"),
        (2**53 - 1, "9007199254740991"),
        (2**80, f"{2**80}n"),
        ("", '""'),
        ("null", '"null"'),
        ("\ud83d", '"\\ud83d"'),
        ("a\udc00", '"a\\udc00"'),
        ("\U0001f600", '"\\ud83d\\ude00"'),
    ]
    for _ in range(count - len(named)):
        value: object = draw.choice(
            [
                draw.randint(-(2**53) + 1, 2**53 - 1),
                draw.uniform(-1e6, 1e6),
                float(draw.randint(-999, 999)),
                "".join(chr(draw.randrange(1, 0x11000)) for _ in range(3)),
                chr(draw.randrange(0xD700, 0xE100))
                + chr(draw.randrange(0xDB00, 0xE0FF)),
            ]
        )
        named.append((value, json.dumps(value)))
    return [value for value, _ in named], f"[{', '.join(code for _, code in named)}]"


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_javascript_against_python_on_odd_ids(tmp_path: Path) -> None:
    """What is no id has no arm, in either language; the rest has the same."""
    values, code = odd_ids(10_000)
    plan = FULL_PLAN.replace('layer: { salt: "home", start: 2500, end: 7500 },', "")
    whole = replace(FULL, layer=None)
    arms = by_node(tmp_path, recipes("javascript")[0], plan, code)
    # JSON has no half characters: a pair of halves that fit is one character.
    paired = [
        v.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if isinstance(v, str)
        else v
        for v in values
    ]
    assert arms == [whole.assign(value).arm for value in paired]
    assert 3000 < sum(arm is None for arm in arms) < 7000


def test_sql_is_what_the_command_prints() -> None:
    """The columns on the page are those of `--sql`, but for the line breaks."""
    shown = [" ".join(block.split()) for block in recipes("sql")]
    for name, dialect in (("DuckDB", "duckdb"), ("PostgreSQL", "postgres")):
        assert "-- " + name + " " + SPLIT.sql('"customer_id"', dialect).arm in shown


def test_sql_against_scalar() -> None:
    """The DuckDB expressions give the arm and the bucket that Python gives."""
    arm, _, bucket = recipes("sql")
    ids = [unit for unit in IDS if unit]
    with duckdb.connect() as connection:
        connection.register("ids", pa.table({"customer_id": ids}))
        got = connection.execute(f"SELECT {arm}, {bucket} FROM ids").fetchall()
    want = SPLIT.assign_many(ids)
    assert got == list(zip(want.arm, want.bucket, strict=True))


def as_sqlite(text: str) -> str:
    """SQL of MySQL's in words of SQLite's; only for names without backslashes."""
    text = re.sub(
        r"CAST\(CONVERT\((.*?) USING utf8mb4\) AS BINARY\)", r"CAST(\1 AS TEXT)", text
    )
    return text.replace(" DIV ", " / ").replace("AS SIGNED", "AS INTEGER")


@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
@pytest.mark.parametrize("split", [SPLIT, FULL], ids=["plain", "gated"])
def test_mysql_form_emulated(dialect: str, split: Split) -> None:
    """`||` is OR there, so CONCAT joins texts; functions are stood in for by ours."""
    columns = split.sql("`unit`", dialect)
    assert "||" not in columns.arm + columns.bucket + columns.reason
    assert any("not run" in note for note in columns.notes)
    with sqlite3.connect(":memory:") as connection:
        for name, make in (("MD5", hashlib.md5), ("SHA1", hashlib.sha1)):
            connection.create_function(
                name, 1, lambda t, make=make: make(t.encode()).hexdigest()
            )
        connection.create_function(
            "SHA2", 2, lambda t, _: hashlib.sha256(t.encode()).hexdigest()
        )
        connection.create_function("CONV", 3, lambda t, a, _b: int(t, a))
        connection.create_function("CONCAT", -1, lambda *texts: "".join(texts))
        connection.execute("CREATE TABLE units (unit TEXT)")
        connection.executemany(
            "INSERT INTO units VALUES (?)", [(unit,) for unit in IDS]
        )
        written = ", ".join(
            map(as_sqlite, (columns.arm, columns.bucket, columns.reason))
        )
        rows = connection.execute(f"SELECT unit, {written} FROM units").fetchall()
    for unit, arm, bucket, reason in rows:
        told = split.assign(unit)
        assert (arm, bucket, reason) == (told.arm, told.bucket, told.reason)
