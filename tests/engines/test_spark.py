"""The assignment's SQL in Apache Spark, run on a local one, against Python.

Needs Java; `make test-engines` installs pyspark where that is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdback.assignment.split import HoldoutShare, LayerRange, Split
from tests.assignment.test_many import FAIR, SPLIT, THIRD, generated

pytestmark = pytest.mark.engines
SET_ASIDE = Split(
    "recs",
    FAIR.arms,
    holdout=HoldoutShare(name="always", share=THIRD / 4, salt="always-2026"),
    layer=LayerRange(name="page", salt="page", start=THIRD, end=2 * THIRD),
)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session in this process; skips where there is no Spark."""
    sql = pytest.importorskip("pyspark.sql", reason="needs pyspark (make test-engines)")
    if shutil.which("java") is None:
        pytest.skip("needs Java")
    folder: Path = tmp_path_factory.mktemp("spark")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def ids(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """More than 100,000 ids of every script, in their order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = tmp_path_factory.mktemp("ids") / "ids.parquet"
    table = {"n": range(len(generated())), "the id": generated()}
    pq.write_table(pa.table({name: list(held) for name, held in table.items()}), file)
    return spark.read.parquet(str(file)).cache()


@pytest.mark.parametrize("split", [SPLIT, FAIR, SET_ASIDE])
def test_spark_against_python(ids: Any, split: Split) -> None:
    """Arm, bucket and reason of every id."""
    sql = split.sql("`the id`", "spark")
    named = [f"{sql.arm} AS arm", f"{sql.bucket} AS bucket", f"{sql.reason} AS reason"]
    found = ids.selectExpr("n", *named).orderBy("n").collect()
    got = [(row.arm, row.bucket, row.reason) for row in found]
    every = [split.assign(unit) for unit in generated()]
    assert got == [(one.arm, one.bucket, one.reason) for one in every]
    assert len(got) > 100_000
