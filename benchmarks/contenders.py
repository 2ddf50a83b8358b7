"""The work of each contender, run in a process of its own by `pipeline`.

``python -m benchmarks.contenders NAME FOLDER`` does it once and prints the seconds
that the query itself took, where the contender has a query of its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["CONTENDERS"]

SCAN = """
SELECT arm, count(*), sum(length(user_id)), sum(epoch_us(exposed_at)::HUGEINT),
       sum(pre_revenue) FROM read_parquet('{exposures}') GROUP BY arm
UNION ALL
SELECT 'orders', count(*), sum(length(user_id)), sum(epoch_us(ordered_at)::HUGEINT),
       sum(total) FROM read_parquet('{orders}')
"""


def holdback(folder: Path) -> float:
    """Our whole `analyze`: YAML to scorecard, report and CSV."""
    from holdback import workflow
    from holdback.data.extraction.extract import extract

    experiment = workflow.load(folder / "experiment.yaml")
    if "--engine" in sys.argv:
        start = time.perf_counter()
        extract(experiment)
        return time.perf_counter() - start
    start = time.perf_counter()
    workflow.analyze(experiment).write(folder / "results")
    return time.perf_counter() - start


def scan(folder: Path) -> float:
    """The engine's bare scan of the same columns, every value touched."""
    import duckdb

    connection = duckdb.connect()
    start = time.perf_counter()
    connection.execute(
        SCAN.format(
            exposures=folder / "exposures.parquet", orders=folder / "orders.parquet"
        )
    ).fetchall()
    return time.perf_counter() - start


def tea_tasting(folder: Path) -> float:
    """tea-tasting with Polars on the table that was joined beforehand."""
    import polars as pl
    import tea_tasting as tt

    start = time.perf_counter()
    experiment = tt.Experiment(
        conversion=tt.Mean("converted", "pre_revenue"),
        revenue=tt.Mean("revenue", "pre_revenue"),
        order_value=tt.RatioOfMeans("revenue", "orders", "pre_revenue"),
    )
    table = pl.scan_parquet(folder / "joined.parquet").with_columns(
        pl.col("variant").cast(pl.Int8)
    )
    print(experiment.analyze(table))
    return time.perf_counter() - start


def pandas_scipy(folder: Path) -> float:
    """Pandas from the raw tables, then scipy's tests on the user rows."""
    import numpy as np
    import pandas as pd
    from scipy import stats

    start = time.perf_counter()
    exposures = pd.read_parquet(folder / "exposures.parquet")
    orders = pd.read_parquet(folder / "orders.parquet")
    merged = orders.merge(exposures[["user_id", "exposed_at"]], on="user_id")
    late = merged["exposed_at"] + pd.Timedelta(days=14)
    inside = merged["ordered_at"].between(merged["exposed_at"], late, inclusive="left")
    sums = merged[inside].groupby("user_id")["total"].agg(["sum", "count"])
    users = exposures.join(sums, on="user_id").fillna({"sum": 0.0, "count": 0.0})
    treated = (users["arm"] != "arm0").to_numpy()
    for values in (users["sum"], users["count"] > 0):
        array = values.to_numpy(dtype=float)
        theta = np.cov(array, users["pre_revenue"])[0, 1] / users["pre_revenue"].var()
        adjusted = array - theta * (users["pre_revenue"] - users["pre_revenue"].mean())
        print(stats.ttest_ind(adjusted[treated], adjusted[~treated], equal_var=False))
    return time.perf_counter() - start


CONTENDERS: dict[str, Callable[[Path], float]] = {
    "holdback": holdback,
    "scan": scan,
    "tea-tasting": tea_tasting,
    "pandas": pandas_scipy,
}

if __name__ == "__main__":
    print(f"seconds={CONTENDERS[sys.argv[1]](Path(sys.argv[2])):.4f}")
