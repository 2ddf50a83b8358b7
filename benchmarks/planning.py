"""The whole plan of five metrics from a history, beside the scan that it rests on.

``python -m benchmarks.planning [--users 1000000] [--repeat 3]`` prints the seconds
spent in reading the history and in all that follows (power, weeks, shares, looks,
simulated power), and the second in multiples of the first.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from benchmarks.data import EXPERIMENT, generate

__all__ = ["planned"]

HERE = Path(__file__).parent
MORE = """\
  orders: {kind: count, source: orders, within: 14 days}
  waited: {kind: time_to, source: orders, within: 14 days}
primary: revenue
"""


def planned(file: Path) -> tuple[float, float]:
    """Seconds of reading the history, and of everything after it."""
    import holdback as hb
    from holdback.planning import baselines
    from holdback.planning import historical_window as rehearsal
    from holdback.reports.pages.plan_page import render

    read = 0.0

    def timed(work: Any) -> Any:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal read
            start = time.perf_counter()
            found = work(*arguments, **options)
            read += time.perf_counter() - start
            return found

        return run

    baselines.extract = timed(baselines.extract)  # type: ignore[attr-defined]
    rehearsal.extract = timed(rehearsal.extract)  # type: ignore[attr-defined]
    start = time.perf_counter()
    render(hb.plan(file))
    return read, time.perf_counter() - start - read


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'users':>12} {'reading s':>10} {'the rest s':>10} {'× reading':>10}")
    for users in arguments.users:
        folder = HERE / "data" / str(users)
        generate(folder, users)
        text = EXPERIMENT.replace("primary: revenue\n", MORE)
        text = text.replace(
            "{start: 2026-10-01, end: 2026-10-14}",
            "{start: 2026-11-09, end: 2026-12-06}",
        )
        text = text.replace(", covariates: [pre_revenue]", "")
        text = text.replace(
            "[conversion, order_value]", "[conversion, order_value, orders, waited]"
        )
        text += "decision: {rule: lift, minimum_lift: 2%}\n"
        file = folder / "plan.yaml"
        file.write_text(text, encoding="utf-8")
        best = min((planned(file) for _ in range(arguments.repeat)), key=sum)
        print(
            f"{users:>12,} {best[0]:>10.2f} {best[1]:>10.2f} {best[1] / best[0]:>10.1f}"
        )


if __name__ == "__main__":
    main()
