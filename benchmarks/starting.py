"""Processor time from the start of a process to a small result, beside its imports.

``python -m benchmarks.starting [--repeat 9]`` prints the median of each way and its
ratio to importing pydantic, which reading the YAML cannot do without.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

__all__: list[str] = []

IDS = "customer_id\nanna\nbert\ncleo\ndora\n"
FILE = "experiments/recommendations.yaml"
HELD_AGAINST = "import pydantic"
WAYS = {
    "bare Python": ["-c", "pass"],
    HELD_AGAINST: ["-c", "from pydantic import BaseModel"],
    "--version": ["-m", "holdback", "--version"],
    "load": ["-c", f"import holdback; holdback.load({FILE!r})"],
    "assign, 4 ids": ["-m", "holdback", "assign", FILE, "ids.csv"],
    "plan": ["-m", "holdback", "plan", FILE],
    "analyze": ["-m", "holdback", "analyze", FILE],
}


def _cpu(arguments: list[str], folder: Path) -> float:
    """User and system seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Make the example project, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--only", nargs="+", default=list(WAYS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "shop"
        _cpu(["-m", "holdback", "init", str(folder)], Path(scratch))
        (folder / "ids.csv").write_text(IDS)
        ways = dict.fromkeys([HELD_AGAINST, *arguments.only])
        times: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(arguments.repeat + 1):
            for name in ways:
                seconds = _cpu(WAYS[name], folder)
                if turn:  # the first one writes the compiled files
                    times[name].append(seconds)
    base = statistics.median(times[HELD_AGAINST])
    print(f"{'':<16} {'CPU s':>7} {'ratio':>7}")
    for name, runs in times.items():
        print(
            f"{name:<16} {statistics.median(runs):>7.3f} "
            f"{statistics.median(runs) / base:>7.1f}"
        )


if __name__ == "__main__":
    main()
