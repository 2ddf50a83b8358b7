"""Ids per second and memory of the assignment, beside a loop and the bare engine.

``python -m benchmarks.assigning [--ids 1000000] [--repeat 3]`` prints for each way the
least CPU time of the assignment itself, ids per CPU second, the wall time and the peak
memory of its process.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

from benchmarks.assigners import ASSIGNERS, is_offered
from benchmarks.pipeline import HERE, measure

__all__ = ["generate"]

IDS = """
COPY (
  SELECT 'u' || lpad((hash(i) % 1000000000000)::VARCHAR, 12, '0') || '-' || i AS id
  FROM range({n}) t(i)
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def generate(folder: Path, ids: int) -> None:
    """Write so many string ids as Parquet, once."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "ids.parquet"
    if not path.exists():
        duckdb.connect().execute(IDS.format(n=ids, path=path))


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ids", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=list(ASSIGNERS))
    arguments = parser.parse_args()
    for ids in arguments.ids:
        folder = HERE / "data" / f"ids-{ids}"
        generate(folder, ids)
        print(f"\n{ids:,} ids")
        heads = ("CPU s", "M ids/CPU s", "wall s", "peak MB")
        print(f"{'':<16}" + "".join(f" {head:>12}" for head in heads))
        for name in filter(is_offered, arguments.only):
            runs = [
                measure([name], folder, module="benchmarks.assigners")
                for _ in range(arguments.repeat)
            ]
            work = min(run.inner for run in runs)
            rate = f"{ids / work / 1e6:.2f}" if work else ""
            print(
                f"{name:<16} {work:>12.2f} {rate:>12} "
                f"{min(run.wall for run in runs):>12.2f} "
                f"{min(run.peak_mb for run in runs):>12.0f}"
            )


if __name__ == "__main__":
    main()
