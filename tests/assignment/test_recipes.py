"""The recipes of the documentation give the arms of the product."""

import json
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from holdback.assignment.split import Split

NODE = shutil.which("node")
PAGE = Path(__file__).parents[2] / "docs" / "assignment.md"
SPLIT = Split(
    "recs-holdback",
    (("holdback", Fraction(1, 10)), ("personalized", Fraction(9, 10))),
    traffic=Fraction(1, 2),
)
IDS = [f"user_{n}" for n in range(3000)] + [
    "",
    "é",
    "漢字",
    "😀",
    "00123",
    "a:b",
    "x" * 200,
]


def recipe(language: str) -> str:
    """The first code block of a language on the page."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found, language
    return found[1]


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_javascript_against_scalar(tmp_path: Path) -> None:
    """The JavaScript recipe gives every id the arm that Python gives it."""
    script = tmp_path / "recipe.js"
    script.write_text(
        recipe("javascript")
        + 'const ids = JSON.parse(require("node:fs").readFileSync(0, "utf8"));\n'
        + "console.log(JSON.stringify(ids.map((id) => armOf(id, plan))));\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [str(NODE), str(script)],
        input=json.dumps(IDS),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert json.loads(done.stdout) == SPLIT.assign_many(IDS).arm


def test_sql_against_scalar() -> None:
    """The DuckDB expression gives the bucket that Python gives."""
    expression = recipe("sql").split("-- DuckDB\n")[1].split("\n")[0]
    ids = [unit for unit in IDS if unit]
    with duckdb.connect() as connection:
        connection.register("ids", pa.table({"customer_id": ids}))
        got = connection.execute(f"SELECT {expression} FROM ids").fetchall()
    assert [row[0] for row in got] == SPLIT.assign_many(ids).bucket
