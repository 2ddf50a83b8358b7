"""Ways to assign a file of string ids, each run in a process of its own.

``python -m benchmarks.assigners NAME FOLDER`` does it once and prints the CPU seconds,
of all threads, that the assignment itself took; reading the ids comes before.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ["ASSIGNERS", "SALT", "is_offered"]

SALT = "benchmark"
ARMS = (("holdback", Fraction(1, 10)), ("personalized", Fraction(9, 10)))
BUCKET = f"CAST('0x' || substr(sha256('{SALT}:arm:' || id), 1, 13) AS UBIGINT) % 10000"


def reading(folder: Path) -> float:
    """Only the reading of the ids, as Arrow."""
    _arrow(folder)
    return 0.0


def reading_list(folder: Path) -> float:
    """Only the reading of the ids, as a list."""
    _arrow(folder).to_pylist()
    return 0.0


def hashlib_loop(folder: Path) -> float:
    """What one would write: a loop over hashlib that gives a bucket each."""
    ids = _arrow(folder).to_pylist()
    prefix = f"{SALT}:arm:"
    start = time.process_time()
    buckets = array("H")
    for unit in ids:
        digest = sha256((prefix + unit).encode()).hexdigest()
        buckets.append(int(digest[:13], 16) % 10_000)
    return time.process_time() - start


def bare_engine(folder: Path) -> float:
    """The engine's own sha256 and the bucket, nothing else, as a numpy array."""
    import duckdb
    import pyarrow as pa

    table = pa.table({"id": _arrow(folder)})
    with duckdb.connect() as connection:
        connection.register("ids", table)
        start = time.process_time()
        query = f"SELECT CAST({BUCKET} AS USMALLINT) AS bucket FROM ids"
        connection.execute(query).fetchnumpy()
        return time.process_time() - start


def bare_copy(folder: Path) -> float:
    """The engine's own sha256 and the bucket beside the id, file to file."""
    import duckdb

    with duckdb.connect() as connection:
        start = time.process_time()
        connection.execute(
            f"COPY (SELECT id, {BUCKET} AS bucket FROM "
            f"read_parquet('{folder / 'ids.parquet'}')) "
            f"TO '{folder / 'bare.parquet'}' (FORMAT parquet)"
        )
        return time.process_time() - start


def assign_loop(folder: Path) -> float:
    """Split.assign, one id after the other, as a web service calls it."""
    from holdback.assignment import Split

    ids = _arrow(folder).to_pylist()
    split = Split(SALT, ARMS)
    start = time.process_time()
    for unit in ids:
        split.assign(unit)
    return time.process_time() - start


def assign_many(folder: Path) -> float:
    """Split.assign_many of an Arrow column: arm, bucket and reason."""
    import duckdb

    from holdback.assignment import Split

    ids = _arrow(folder)
    duckdb.connect().close()
    split = Split(SALT, ARMS)
    start = time.process_time()
    split.assign_many(ids)
    return time.process_time() - start


def assign_file(folder: Path) -> float:
    """A Parquet file to a Parquet file with arm, bucket and reason."""
    import duckdb

    from holdback.assignment import Split
    from holdback.assignment.files import assign_file as to_file

    duckdb.connect().close()
    split = Split(SALT, ARMS)
    start = time.process_time()
    source, target = folder / "ids.parquet", folder / "assigned.parquet"
    to_file(split, source, target, unit="id", shape=".parquet")
    return time.process_time() - start


def growthbook(folder: Path) -> float:
    """GrowthBook's SDK, hash version 2, one id after the other."""
    from growthbook.core import gbhash

    ids = _arrow(folder).to_pylist()
    start = time.process_time()
    for unit in ids:
        gbhash(SALT, unit, 2)
    return time.process_time() - start


def is_offered(name: str) -> bool:
    """Whether a contender's library is installed."""
    from importlib.util import find_spec

    return name != "growthbook" or find_spec("growthbook") is not None


def _arrow(folder: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(folder / "ids.parquet")["id"].combine_chunks()


ASSIGNERS: dict[str, Callable[[Path], float]] = {
    "reading": reading,
    "engine": bare_engine,
    "assign_many": assign_many,
    "engine, file": bare_copy,
    "assign, file": assign_file,
    "reading, list": reading_list,
    "hashlib": hashlib_loop,
    "assign": assign_loop,
    "growthbook": growthbook,
}

if __name__ == "__main__":
    print(f"seconds={ASSIGNERS[sys.argv[1]](Path(sys.argv[2])):.4f}")
