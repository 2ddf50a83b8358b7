"""Many ids: loop, engine and SQL agree, and containers come back as they were."""

import random
import string
from fractions import Fraction
from functools import cache

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlglot

from holdback.assignment.batch import (
    LARGE_COLUMN,
    Assignments,
    assigned,
    by_engine,
    by_loop,
    in_kind,
)
from holdback.assignment.split import Split
from holdback.assignment.sql import literal
from holdback.errors import AssignmentError

THIRD = Fraction(1, 3)
ODD = [
    "",
    "é",
    "e\u0301",
    "漢字ユーザー",
    "😀user",
    "👩\u200d👩\u200d👧",
    "A|B:C.D",
    "o'x\\",
    "\u00a0",
]
SPLIT = Split(
    "checkout.reco-1",
    (("hold'back", THIRD), ("b\\ack", THIRD), ("ü", THIRD)),
    traffic=Fraction(3, 4),
    overrides={"o'x\\": "ü", "user_1": "hold'back", "😀user": "b\\ack"},
)
FAIR = Split("s", (("holdback", Fraction(1, 10)), ("personalized", Fraction(9, 10))))


@cache
def generated() -> tuple[str, ...]:
    """120 000 ids: sequential, digits, any Unicode, and lengths at hash blocks."""
    rng = random.Random(20261001)
    pools = [
        string.printable,
        "äöüßéñçøåœ",
        "漢字仮名交じり文",
        "привет",
        "안녕하세요",
        "😀👩👧🏳🌈🇮🇪\u200d\ufe0f",
        "e\u0301a\u0308o\u0302\u00a0",
        "".join(map(chr, range(0x1F300, 0x1F5FF))),
    ]
    ids = [f"user_{n}" for n in range(40_000)]
    ids += [str(rng.randrange(10 ** rng.randrange(1, 20))) for _ in range(20_000)]
    while len(ids) < 119_000:
        letters = "".join(rng.sample(pools, rng.randrange(1, 4)))
        ids.append("".join(rng.choices(letters, k=rng.randrange(1, 40))))
    for length in (55, 56, 63, 64, 200):
        ids += ["".join(rng.choices("xyzé漢", k=length)) for _ in range(200)]
    return (*ids, *ODD)


@pytest.fixture(scope="module")
def looped() -> list[tuple[str | None, int | None, str]]:
    """What the scalar form says of every generated id."""
    every = [SPLIT.assign(unit) for unit in generated()]
    return [(one.arm, one.bucket, one.reason) for one in every]


def rows(many: Assignments) -> list[tuple[str | None, int | None, str]]:
    """Columns of assignments as rows."""
    return list(zip(many.arm, many.bucket, many.reason, strict=True))


def test_loop_against_scalar(looped: list[tuple[str | None, int | None, str]]) -> None:
    """The loop gives what one id after the other gives."""
    assert rows(by_loop(SPLIT, generated())) == looped


def test_engine_against_scalar(
    looped: list[tuple[str | None, int | None, str]],
) -> None:
    """DuckDB's hash gives the same arm, bucket and reason for every id."""
    assert rows(by_engine(SPLIT, pa.array(generated()))) == looped


@pytest.mark.parametrize("through_a_tree", [False, True])
def test_duckdb_sql_against_scalar(
    looped: list[tuple[str | None, int | None, str]], *, through_a_tree: bool
) -> None:
    """The SQL text says the same, as written and after a parser wrote it again."""
    sql = SPLIT.sql('"the id"', "duckdb")
    texts = [sql.arm, sql.bucket, sql.reason]
    if through_a_tree:
        texts = [sqlglot.parse_one(text, read="duckdb").sql("duckdb") for text in texts]
    with duckdb.connect() as connection:
        connection.register("ids", pa.table({"the id": generated()}))
        got = connection.execute(f"SELECT {', '.join(texts)} FROM ids").fetchall()
    assert got == looped


def test_sql_of_numbers_and_nulls_against_scalar() -> None:
    """Whole numbers hash as their text, a null is an invalid id."""
    sql = FAIR.sql("id", "duckdb")
    with duckdb.connect() as connection:
        got = connection.execute(
            f"SELECT {sql.arm}, {sql.bucket}, {sql.reason}"
            " FROM (VALUES (123), (-7), (NULL)) AS t(id)"
        ).fetchall()
    want = [FAIR.assign(unit) for unit in (123, -7, None)]
    assert got == [(one.arm, one.bucket, one.reason) for one in want]


def test_postgres_sql_survives_a_parser() -> None:
    """The PostgreSQL text parses, and its backslashes are escaped."""
    sql = SPLIT.sql("id", "postgres")
    for text in (sql.arm, sql.bucket, sql.reason):
        assert sqlglot.parse_one(text, read="postgres").sql("postgres")
    assert r"E'o''x\\'" in sql.arm
    assert r"E'b\\ack'" in sql.arm


def test_sql_rejects_unknown_dialect() -> None:
    """A dialect whose text was never compared is not offered."""
    with pytest.raises(AssignmentError, match="duckdb, postgres"):
        FAIR.sql("id", "oracle")


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_literal_cannot_be_left(dialect: str) -> None:
    """A quote in a name ends no literal."""
    name = "x'; DROP TABLE orders; --"
    tree = sqlglot.parse_one(f"SELECT {literal(name, dialect)}", read=dialect)
    assert tree.expressions[0].this == name


IDS = ["u1", "00123", "é", "user_9"]
ARMS = [FAIR.assign(unit).arm for unit in IDS]


def test_containers_come_back_as_they_were() -> None:
    """List, tuple, numpy, pandas, polars and Arrow each give their own kind."""
    assert in_kind(IDS, ARMS) == ARMS
    assert in_kind(tuple(IDS), ARMS) == tuple(ARMS)
    array = in_kind(np.array(IDS), assigned(FAIR, np.array(IDS)).arm)
    assert isinstance(array, np.ndarray)
    assert array.tolist() == ARMS
    series = pd.Series(IDS, index=[5, 6, 7, 8])
    got = in_kind(series, assigned(FAIR, series).arm)
    assert isinstance(got, pd.Series)
    assert (got.index.tolist(), got.tolist()) == ([5, 6, 7, 8], ARMS)
    index = pd.Index(IDS)
    labels = in_kind(index, assigned(FAIR, index).arm)
    assert isinstance(labels, pd.Index)
    assert labels.tolist() == ARMS
    column = pl.Series(IDS)
    assert in_kind(column, assigned(FAIR, column).arm).to_list() == ARMS
    arrow = pa.array(IDS)
    assert in_kind(arrow, assigned(FAIR, arrow).arm).equals(pa.array(ARMS))
    chunked = pa.chunked_array([IDS[:1], IDS[1:]])
    assert in_kind(chunked, assigned(FAIR, chunked).arm).to_pylist() == ARMS


LARGE_IDS = {
    "numpy integers": np.arange(LARGE_COLUMN),
    "numpy floats": np.append(np.arange(LARGE_COLUMN - 2) * 1.0, [np.nan, 0.5]),
    "numpy text": np.array([f"u{n % 1000}" for n in range(LARGE_COLUMN)]),
    "numpy objects": np.array(
        ["u1", 7, None, True] * (LARGE_COLUMN // 4), dtype=object
    ),
    "pandas text": pd.Series(
        [f"ü{n % 1000}" for n in range(LARGE_COLUMN - 1)] + [None]
    ),
    "pandas floats": pd.Series([1.0, None] * (LARGE_COLUMN // 2)),
    "polars text": pl.Series(["a", "", None, "é"] * (LARGE_COLUMN // 4)),
    "polars integers": pl.Series(range(LARGE_COLUMN)),
    "arrow text": pa.chunked_array([["a", None], ["b"] * LARGE_COLUMN]),
    "pandas periods": pd.Series(
        pd.period_range("2026-01", periods=12, freq="M").repeat(LARGE_COLUMN // 12 + 1)
    ),
    "pandas categories": pd.Series(["a", "é"] * (LARGE_COLUMN // 2), dtype="category"),
    "complex numbers": np.array([1 + 1j, 2] * (LARGE_COLUMN // 2)),
    "booleans": np.array([True, False] * (LARGE_COLUMN // 2)),
}


@pytest.mark.parametrize("kind", LARGE_IDS)
def test_large_columns_against_scalar(kind: str) -> None:
    """Whatever way is chosen for a large column, the arms are those of its values."""
    column = LARGE_IDS[kind]
    values = column.to_pylist() if kind.startswith("arrow") else list(column)
    got = assigned(FAIR, column)
    want = by_loop(FAIR, values)
    assert got == want
    assert sum(got.counts().values()) == len(values)


def test_whole_floats_are_counted() -> None:
    """Floats that are read as integers are counted; unusable ones are not."""
    ids = [1.0, 2.0, 2.5, 3, "4.0"]
    assert by_loop(FAIR, ids).floats == 2
    assert by_engine(FAIR, pa.array([1.0, 2.0, 2.5, None])).floats == 2


@pytest.mark.parametrize("ids", [pd.DataFrame({"id": IDS}), np.array([IDS])])
def test_tables_are_rejected(ids: object) -> None:
    """Ids are one column; a table is refused with the remedy."""
    with pytest.raises(AssignmentError, match="one column"):
        assigned(FAIR, ids)


@pytest.mark.parametrize("ids", [b"u1", bytearray(b"u"), {"u1": 1}, {"u1", "u2"}])
def test_what_has_no_order_of_ids_is_rejected(ids: object) -> None:
    """The items of bytes are numbers, a set's have no order: nothing to give back."""
    with pytest.raises(AssignmentError, match="holds no column of ids"):
        assigned(FAIR, ids)


def test_empty_columns_give_empty_columns() -> None:
    """No ids, no arms."""
    assert rows(by_loop(FAIR, [])) == []
    assert rows(by_engine(FAIR, pa.array([], type=pa.string()))) == []
