"""Exact posteriors beside Monte Carlo and PyMC: seconds, and the error they leave.

``python -m benchmarks.sampling [--repeat 5]``. Rates: our quadrature beside
bayesian-testing's draws (where it is installed), against the closed form of Evan
Miller's sum. Twenty segments: our integral beside PyMC (where it is installed), from a
cold process and from a warm one, against the integral on a grid forty times as fine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

__all__ = ["main"]

CONTROL, TREATED = (1_000, 20), (9_000, 207)
"""Units and conversions of each arm."""
SEGMENTS = 20
COLD = "from benchmarks import sampling; sampling.drawn()"


def closed_form() -> float:
    """P(treated rate > control rate) under Beta(1, 1): a finite sum."""
    from scipy.special import betaln

    (m, y), (n, x) = CONTROL, TREATED
    a, b, c, d = x + 1, n - x + 1, y + 1, m - y + 1
    i = np.arange(a)
    return float(
        np.exp(
            betaln(c + i, d + b) - np.log(b + i) - betaln(1 + i, b) - betaln(c, d)
        ).sum()
    )


def exact_rates() -> float:
    """The same by our posterior."""
    from holdback.stats.effect import Estimate, Inference
    from holdback.stats.posterior import LiftPrior, posterior

    def arm(units: int, conversions: int) -> Estimate:
        rate = conversions / units
        se = (rate * (1 - rate) / units) ** 0.5
        return Estimate(value=rate, se=se, n=units, third=0.0, nonzero=conversions)

    found = Inference(
        control=arm(*CONTROL),
        treatment=arm(*TREATED),
        absolute=None,
        relative=None,
        p_value=None,
        method="",
        note="",
    )
    flat = LiftPrior(name="none", sd=None)
    return posterior(found, family="proportion", prior=flat).probability_above(0.0)


def drawn_rates(draws: int, seed: int) -> float:
    """The same by bayesian-testing."""
    from bayesian_testing.experiments import BinaryDataTest

    test = BinaryDataTest()
    for name, (units, conversions) in (("control", CONTROL), ("treated", TREATED)):
        test.add_variant_data_agg(
            name, totals=units, positives=conversions, a_prior=1, b_prior=1
        )
    found = test.evaluate(sim_count=draws, seed=seed)
    return float(next(r["prob_being_best"] for r in found if r["variant"] == "treated"))


def segments() -> list[Any]:
    """Twenty log ratios with errors of every size."""
    from holdback.stats.effect import LogRatio

    rng = np.random.default_rng(5)
    return [
        LogRatio(value=float(rng.normal(0.03, 0.05)), se=float(rng.uniform(0.02, 0.1)))
        for _ in range(SEGMENTS)
    ]


def integrated() -> np.ndarray[Any, Any]:
    """Mean of each segment by our integral."""
    from holdback.stats.random_effects import SEGMENT_SPREAD, random_effects

    found = random_effects(segments(), spread=SEGMENT_SPREAD)
    return np.array([one.mean for one in found.effects])


def drawn() -> np.ndarray[Any, Any]:
    """Mean of each segment by PyMC; draws with faults are no answer."""
    from holdback.stats.sampled import pooled_groups

    names = [f"s{i}" for i in range(SEGMENTS)]
    found = pooled_groups(segments(), names, (1, 2))
    assert found.diagnostics.faults == ()
    return found.mean("log_ratio")


def timed(work: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    """Least seconds of several runs, and what the last one gave."""
    best, found = np.inf, None
    for _ in range(repeat):
        start = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - start)
    return best, found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    truth = closed_form()
    exact_rates()
    base, found = timed(exact_rates, repeat)
    print(f"{'two rates':<34} {'seconds':>9} {'× ours':>8} {'error':>9}")
    print(f"{'quadrature':<34} {base:>9.4f} {1:>8.1f} {abs(found - truth):>9.1e}")
    for draws in (20_000, 1_000_000) if find_spec("bayesian_testing") else ():
        errors = [drawn_rates(draws, seed) - truth for seed in range(20)]
        spent, _ = timed(lambda n=draws: drawn_rates(n, 1), repeat)
        error = float(np.sqrt(np.mean(np.square(errors))))
        name = f"bayesian-testing, {draws:,} draws"
        print(f"{name:<34} {spent:>9.4f} {spent / base:>8.1f} {error:>9.1e}")
    base, found = timed(integrated, repeat)
    from holdback.stats import random_effects as module

    points, module.POINTS = module.POINTS, 40 * module.POINTS
    fine = integrated()
    module.POINTS = points
    print(f"\n{'twenty segments':<34} {'seconds':>9} {'× ours':>8} {'error':>9}")
    error = float(np.abs(found - fine).max())
    print(f"{'integral':<34} {base:>9.4f} {1:>8.1f} {error:>9.1e}")
    if find_spec("pymc"):
        command = [sys.executable, "-c", COLD]
        cold, _ = timed(lambda: subprocess.run(command, check=True), 1)
        drawn()
        warm, means = timed(drawn, 2)
        error = float(np.abs(means - fine).max())
        for name, spent in (("PyMC, cold process", cold), ("PyMC, warm", warm)):
            print(f"{name:<34} {spent:>9.2f} {spent / base:>8.0f} {error:>9.1e}")


if __name__ == "__main__":
    main()
