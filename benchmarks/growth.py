"""What an analysis costs as the data grow in each direction, and how steeply.

``python -m benchmarks.growth [--only metrics rows]`` runs `holdback analyze` in a fresh
process for each size. The slope is that of log CPU over log size: 1 is linear. A shop
in which the checks find something wrong is refused.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Shop

__all__ = ["Cost", "analyzed"]

FOLDER = Path(__file__).parent / "data"
DIRECTIONS: dict[str, list[Shop]] = {
    "rows": [Shop(users=n) for n in (10_000, 100_000, 300_000, 1_000_000)],
    "metrics": [Shop(metrics=n, lookback=14, buyers=0.55) for n in (3, 8, 20, 60)],
    "dimensions": [Shop(dimensions=n) for n in (1, 5, 10)],
    "levels": [Shop(dimensions=2, levels=n) for n in (2, 10, 40)],
    "days": [Shop(days=n) for n in (7, 28, 112)],
    "arms": [Shop(arms=n) for n in (2, 4, 8)],
    "buyers": [Shop(users=36_523, buyers=b) for b in (0.05, 0.2, 0.945)],
}
SIZES = {"rows": "users"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """User and system seconds of a process, and its peak memory."""

    cpu: float
    peak_mb: float


def analyzed(shop: Shop) -> Cost:
    """`holdback analyze` of a shop; SystemExit where it finds something wrong."""
    folder = FOLDER / shop.name
    code = (
        "import sys; from pathlib import Path; from benchmarks.data import *; "
        f"generate(Path(sys.argv[1]), {shop!r})"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "holdback", "analyze", "experiment.yaml"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(FOLDER.parent.parent)},
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{shop.name} failed with status {status}")
    _refuse_findings(folder)
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(cpu=cpu, peak_mb=usage.ru_maxrss / 1024)


def _refuse_findings(folder: Path) -> None:
    """The product must find nothing wrong: an unsound shop measures something else."""
    scorecard = json.loads((folder / "results/benchmark/scorecard.json").read_text())
    wrong = [c["check"] for c in scorecard["checks"] if c["status"] in {"warn", "fail"}]
    if wrong:
        raise SystemExit(f"{folder.name} is no sound experiment: {', '.join(wrong)}")


def main() -> None:
    """Measure each direction and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=list(DIRECTIONS))
    for name in parser.parse_args().only:
        print(f"\n{name:>12} {'CPU s':>8} {'peak MB':>8} {'slope':>7}")
        before: tuple[float, float] | None = None
        for shop in DIRECTIONS[name]:
            size = float(getattr(shop, SIZES.get(name, name)))
            cost = analyzed(shop)
            slope = ""
            if before is not None:
                steps = math.log(size / before[0])
                slope = f"{math.log(cost.cpu / before[1]) / steps:.2f}"
            print(f"{size:>12,g} {cost.cpu:>8.2f} {cost.peak_mb:>8.0f} {slope:>7}")
            before = size, cost.cpu


if __name__ == "__main__":
    main()
