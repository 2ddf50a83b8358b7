"""The whole analysis beside the bare scan, tea-tasting and pandas, in one run.

``python -m benchmarks.pipeline [--users 1000000 10000000] [--repeat 3]`` prints, for
each number of users, the least wall time, the CPU time and the peak memory of each
contender's process, and what they are in multiples of the bare scan.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Shop

__all__ = ["HERE", "Run", "measure"]

HERE = Path(__file__).parent
WORK = {
    "scan": ["scan"],
    "holdback engine": ["holdback", "--engine"],
    "holdback": ["holdback"],
    "tea-tasting": ["tea-tasting"],
    "pandas": ["pandas"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process: wall and CPU seconds, peak memory, seconds of its own work."""

    wall: float
    cpu: float
    peak_mb: float
    inner: float


def measure(
    contender: list[str], folder: Path, module: str = "benchmarks.contenders"
) -> Run:
    """Run a contender in a fresh process and measure it with `wait4`."""
    command = [sys.executable, "-m", module, contender[0], str(folder)]
    start = time.perf_counter()
    process = subprocess.Popen(  # our own module
        [*command, *contender[1:]],
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parent,
    )
    assert process.stdout is not None  # PIPE was asked for
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{contender[0]} failed with status {status}")
    return Run(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
        inner=float(output.rsplit("seconds=", 1)[1]),
    )


def _generated(folder: Path, users: int) -> None:
    """Make the data in a process of its own, whose memory is not counted later."""
    code = "import sys; from pathlib import Path; from benchmarks.data import *; "
    code += "generate(Path(sys.argv[1]), Shop(users=int(sys.argv[2])))"
    command = [sys.executable, "-c", code, str(folder), str(users)]
    subprocess.run(command, check=True, cwd=HERE.parent)


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=list(WORK))
    arguments = parser.parse_args()
    for users in arguments.users:
        folder = HERE / "data" / Shop(users=users).name
        _generated(folder, users)
        print(f"\n{users:,} users")
        heads = ("wall s", "CPU s", "peak MB", "work s", "× scan")
        print(f"{'':<16}" + "".join(f" {head:>8}" for head in heads))
        base: float | None = None
        for name in arguments.only:
            runs = [measure(WORK[name], folder) for _ in range(arguments.repeat)]
            best = min(runs, key=lambda run: run.wall)
            inner = min(run.inner for run in runs)
            base = base or inner
            print(
                f"{name:<16} {best.wall:>8.2f} {best.cpu:>8.2f} {best.peak_mb:>8.0f} "
                f"{inner:>8.2f} {inner / base:>8.1f}"
            )


if __name__ == "__main__":
    main()
