"""Files of ids: every way gives the same rows, and bad files are refused."""

import csv
import gzip
import io
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdback.assignment.files import assign_file, assign_rows, shape_of
from holdback.assignment.split import Split
from holdback.errors import ConfigError, DataError, EnvironmentFault

SPLIT = Split(
    "recs",
    (("holdback", Fraction(1, 10)), ("personalized", Fraction(9, 10))),
    traffic=Fraction(1, 2),
    overrides={"NA": "holdback", "o'x": "personalized"},
)
IDS = [
    *("00123", "123", "NA", "null", "1234567890123456789", " u1", "U2", "", "é"),
    "😀",
    *("o'x", "=1+1", "@home", "-7", "+3", 'say "hi"', "two\nlines", "123.0", "#4"),
]


def text_of(ids: list[str], delimiter: str = ",") -> str:
    """CSV of ids between two other columns."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["note", "customer_id", "Größe"])
    writer.writerows(
        [f"n,{i};x", unit, "" if i % 2 else "=2"] for i, unit in enumerate(ids)
    )
    return out.getvalue()


def rows_of(path: Path, delimiter: str = ",") -> list[list[str]]:
    """Rows of a CSV file as text."""
    how = gzip.open if path.suffix == ".gz" else open
    with how(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines, delimiter=delimiter, strict=True))


def expected(ids: list[str], rows: list[list[str]]) -> list[list[str]]:
    """What the scalar form appends to rows."""
    out = []
    for unit, row in zip(ids, rows, strict=True):
        one = SPLIT.assign(unit)
        bucket = "" if one.bucket is None else str(one.bucket)
        out.append([*row, one.arm or "", bucket, one.reason])
    return out


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_csv_against_rows(tmp_path: Path, suffix: str, delimiter: str) -> None:
    """Engine and standard library both append what the scalar form says."""
    text = text_of(IDS, delimiter)
    source, target = tmp_path / f"[1]*ids{suffix}", tmp_path / f"out{suffix}"
    data = text.encode("utf-8-sig")
    source.write_bytes(gzip.compress(data) if suffix == ".csv.gz" else data)
    tally = assign_file(
        SPLIT, source, target, unit="customer_id", shape=shape_of(target)
    )
    header, *rows = rows_of(target, delimiter)
    assert header == ["note", "customer_id", "Größe", "arm", "bucket", "reason"]
    before = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1:]
    assert rows == expected(IDS, before)
    out = io.StringIO(newline="")
    piped = assign_rows(
        SPLIT, io.StringIO(text, newline=""), out, unit="customer_id", where="pipe"
    )
    assert list(
        csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=delimiter)
    ) == [
        header,
        *rows,
    ]
    assert piped == tally
    assert tally.rows == len(IDS)


WORDS = ("", "NA", "NULL", " u1", "u1 ", "U1", "u1", "7.0", "7", "-", "'x'", "\\N")


@pytest.mark.parametrize("seed", range(40))
def test_small_files_against_the_engine(tmp_path: Path, seed: int) -> None:
    """Rows that need no engine come out as the engine writes them, byte by byte."""
    rng = random.Random(seed)
    delimiter = rng.choice(",;\t|")
    letters = [chr(code) for code in range(32, 127) if chr(code) != delimiter]
    rows = [
        [
            rng.choice(WORDS)
            if rng.random() < 0.3
            else "".join(rng.choices(letters, k=4))
            for _ in range(3)
        ]
        for _ in range(rng.randrange(5))
    ]
    source, target = tmp_path / "ids.csv", tmp_path / "out.csv"
    lines = [delimiter.join(row) for row in (["id", "a 1", "b"], *rows)]
    source.write_text("\n".join(lines) + rng.choice(["", "\n"]))
    outcomes = []
    for shape, unpacked in ((".csv", bytes), (".csv.gz", gzip.decompress)):
        try:
            tally = assign_file(SPLIT, source, target, unit="id", shape=shape)
        except DataError as error:  # quotes that do not end, in both ways alike
            outcomes.append(str(error))
        else:
            outcomes.append((unpacked(target.read_bytes()), tally))
    assert outcomes[0] == outcomes[1]


def test_many_csv_rows_keep_their_order(tmp_path: Path) -> None:
    """A file that the engine reads in parallel comes out in its order."""
    source, target = tmp_path / "ids.csv", tmp_path / "out.csv"
    ids = [f"user_{n}" for n in range(300_000)]
    source.write_text("id,text\n" + "".join(f"{u},some words\n" for u in ids))
    tally = assign_file(SPLIT, source, target, unit="id", shape=".csv")
    _, *rows = rows_of(target)
    assert [row[0] for row in rows] == ids
    assert tally.rows == len(ids)
    assert [row[2] or None for row in rows[:2000]] == SPLIT.assign_many(ids[:2000]).arm


@pytest.mark.parametrize(
    ("column", "floats"),
    [
        (pa.array(["00123", None, "", "é"]), 0),
        (pa.array([1, None, -7, 2**62]), 0),
        (pa.array([1.0, 2.5, None, float("nan"), 2.0**53, -3.0]), 2),
        (pa.array([float("inf"), -0.0, -float("inf"), 7.0]), 2),
        (pa.array([True, False, None]), 0),
        (pa.array(["a", "b", "a"]).dictionary_encode(), 0),
    ],
)
def test_parquet_against_scalar(tmp_path: Path, column: pa.Array, floats: int) -> None:
    """Parquet columns keep name and type; each id is read as its Python value is."""
    table = pa.table({"x y": range(len(column)), "Id": column})
    source, target = tmp_path / "ids.parquet", tmp_path / "out.parquet"
    pq.write_table(table, source)
    tally = assign_file(SPLIT, source, target, unit="Id", shape=".parquet")
    got = pq.read_table(target)
    assert got.column_names == ["x y", "Id", "arm", "bucket", "reason"]
    assert got["x y"].to_pylist() == table["x y"].to_pylist()
    want = [SPLIT.assign(unit) for unit in column.to_pylist()]
    assert got["arm"].to_pylist() == [one.arm for one in want]
    assert got["bucket"].to_pylist() == [one.bucket for one in want]
    assert got["reason"].to_pylist() == [one.reason for one in want]
    assert tally.floats == floats


def test_decimal_ids_against_scalar(tmp_path: Path) -> None:
    """A decimal without fraction is a whole number, of any size."""
    source, target = tmp_path / "ids.parquet", tmp_path / "out.csv"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT unnest([123.00, 5.50, NULL]::DECIMAL(10, 2)[]) AS id,"
            " 1234567890123456789::DECIMAL(38, 0) AS big)"
            f" TO '{source}' (FORMAT parquet)"
        )
    tally = assign_file(SPLIT, source, target, unit="id", shape=".csv")
    got = [row[2:] for row in rows_of(target)[1:]]
    assert got[0] == expected(["123"], [[]])[0]
    assert [row[2] for row in got[1:]] == ["invalid_id"] * 2
    assert tally.floats == 1
    assign_file(SPLIT, source, target, unit="big", shape=".csv")
    assert rows_of(target)[1][2:] == expected(["1234567890123456789"], [[]])[0]


def test_csv_becomes_parquet(tmp_path: Path) -> None:
    """Ids of a CSV file stay text in Parquet."""
    source, target = tmp_path / "ids.csv", tmp_path / "out.parquet"
    source.write_text("id\n00123\nNA\n")
    assign_file(SPLIT, source, target, unit="id", shape=".parquet")
    assert pq.read_table(target)["id"].to_pylist() == ["00123", "NA"]


def test_odd_headers_go_row_by_row(tmp_path: Path) -> None:
    """Blank and repeated column names survive in CSV and are refused for Parquet."""
    source, target = tmp_path / "ids.csv", tmp_path / "out.csv"
    source.write_text(",id,x,X\n0,u1,1,2\n")
    tally = assign_file(SPLIT, source, target, unit="id", shape=".csv")
    header, row = rows_of(target)
    assert header == ["", "id", "x", "X", "arm", "bucket", "reason"]
    assert row == expected(["u1"], [["0", "u1", "1", "2"]])[0]
    assert tally.rows == 1
    with pytest.raises(DataError, match="no name"):
        assign_file(SPLIT, source, target, unit="id", shape=".parquet")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("\n1\n", ["header"]),
        (
            "custmer_id,x\nu1,1\n",
            ["'customer_id'", "Did you mean 'custmer_id'", "--id"],
        ),
        ("a,b\nu1,1\n", ["'customer_id'", "a, b"]),
        ("customer_id,customer_id\nu1,1\n", ["two columns"]),
        ("customer_id,arm\nu1,1\n", ["already a column 'arm'", "Rename"]),
        ("customer_id,Bucket,reason\nu1,1,2\n", ["'Bucket'", "'reason'"]),
        ("customer_id,x\nu1,1\nu2\n", [":3"]),
        ("customer_id,x\nu1,1\nu2,1,2\n", [":3"]),
        ('customer_id,x\nu1,"1\nu2,1\n', ["ids.csv"]),
    ],
)
@pytest.mark.parametrize("way", ["file", "pipe"])
def test_bad_csv_is_rejected(
    tmp_path: Path, text: str, words: list[str], way: str
) -> None:
    """A file that cannot be assigned says where and what; both ways agree."""
    source = tmp_path / "ids.csv"
    source.write_text(text)
    ways: dict[str, Callable[[], object]] = {
        "file": lambda: assign_file(
            SPLIT, source, tmp_path / "o.csv", unit="customer_id", shape=".csv"
        ),
        "pipe": lambda: assign_rows(
            SPLIT,
            io.StringIO(text, newline=""),
            io.StringIO(),
            unit="customer_id",
            where="ids.csv",
        ),
    }
    with pytest.raises(DataError) as caught:
        ways[way]()
    for word in words:
        assert word in str(caught.value)


def test_text_that_is_not_utf8_is_rejected(tmp_path: Path) -> None:
    """Latin-1 bytes are refused with the remedy, not read as other letters."""
    source = tmp_path / "ids.csv"
    source.write_bytes(b"customer_id\n\xe9\n")
    with pytest.raises(DataError, match="UTF-8"):
        assign_file(SPLIT, source, tmp_path / "o.csv", unit="customer_id", shape=".csv")


def test_torn_parquet_is_rejected(tmp_path: Path) -> None:
    """Half a Parquet file is a data error that names the file."""
    source = tmp_path / "ids.parquet"
    pq.write_table(pa.table({"id": [f"u{n}" for n in range(5000)]}), source)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    with pytest.raises(DataError, match=r"ids\.parquet"):
        assign_file(SPLIT, source, tmp_path / "o.csv", unit="id", shape=".csv")


def test_columns_without_ids_are_rejected(tmp_path: Path) -> None:
    """Days and lists are no ids."""
    source = tmp_path / "ids.parquet"
    pq.write_table(pa.table({"id": [["u1"]]}), source)
    with pytest.raises(DataError, match="cannot hold unit ids"):
        assign_file(SPLIT, source, tmp_path / "o.csv", unit="id", shape=".csv")


def test_names_that_tell_no_kind_are_rejected() -> None:
    """The kind of a file is told by its name."""
    assert shape_of(Path("A.CSV")) == ".csv"
    with pytest.raises(ConfigError, match="parquet"):
        shape_of(Path("ids.xlsx"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """When the output cannot be written the fault tells the free bytes."""
    source = tmp_path / "ids.csv"
    source.write_text("id\nu1\n")
    with pytest.raises(EnvironmentFault, match="bytes are free"):
        assign_file(SPLIT, source, Path("/dev/full"), unit="id", shape=".csv")
