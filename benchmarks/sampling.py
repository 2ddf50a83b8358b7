"""Exact posteriors beside Monte Carlo and PyMC: seconds, and the error they leave.

``python -m benchmarks.sampling [--repeat 5]``. Rates: our quadrature beside
bayesian-testing's draws (where it is installed), against the closed form of Evan
Miller's sum. Revenue per unit and counts per unit: our grids beside bayesian-testing's
draws and PyMC, each against an integral of its own model, since bayesian-testing's
models are others (a variance of spend for each arm; Poisson counts). Twenty segments:
our integral beside PyMC (where it is installed), from a cold process and from a warm
one, against the integral on a grid forty times as fine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks import sampled_counts, sampled_revenue

__all__ = ["main"]

CONTROL, TREATED = (1_000, 20), (9_000, 207)
"""Units and conversions of each arm."""
SEGMENTS = 20
COLD = "from benchmarks import sampling; sampling.drawn()"
DRAWS = (20_000, 1_000_000)
"""bayesian-testing's default, and many."""
SEEDS, RUNS = 20, 5
"""Seeds over which the error of bayesian-testing and of PyMC is taken."""
WIDTH = 42


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
    from holdback.facts import fact
    from holdback.stats.evidence.effect import Estimate, Inference
    from holdback.stats.posterior.posterior import LiftPrior, posterior

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
        note=fact("methods.log_delta"),
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
    from holdback.stats.evidence.effect import LogRatio

    rng = np.random.default_rng(5)
    return [
        LogRatio(value=float(rng.normal(0.03, 0.05)), se=float(rng.uniform(0.02, 0.1)))
        for _ in range(SEGMENTS)
    ]


def integrated() -> np.ndarray[Any, Any]:
    """Mean of each segment by our integral."""
    from holdback.stats.posterior.random_effects import SEGMENT_SPREAD, random_effects

    found = random_effects(segments(), spread=SEGMENT_SPREAD)
    return np.array([one.mean for one in found.effects])


def drawn() -> np.ndarray[Any, Any]:
    """Mean of each segment by PyMC; draws with faults are no answer."""
    from holdback.stats.mcmc import pooled_groups

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


def head(title: str, *, probability: bool = True) -> None:
    """Title of a table and its columns."""
    third = f"{'P(lift > 0)':>12}" if probability else ""
    print(f"\n{title:<{WIDTH}} {'seconds':>9} {'× ours':>8} {third} {'error':>9}")


def line(
    name: str, spent: float, base: float, error: float, found: float | None = None
) -> None:
    """One way: seconds, times ours, P(lift > 0) that it found on average, and error."""
    third = "" if found is None else f"{found:>12.6f}"
    times = spent / base
    ratio = f"{times:>8.1f}" if times < 100 else f"{times:>8,.0f}"
    print(f"{name:<{WIDTH}} {spent:>9.4f} {ratio} {third} {error:>9.1e}")


def bayesian_testing_lines(
    draw: Callable[[int, int], float],
    truth: float,
    base: float,
    repeat: int,
    name: str = "bayesian-testing",
) -> None:
    """bayesian-testing with few and many draws; `truth` is of its own model."""
    for draws in DRAWS if find_spec("bayesian_testing") else ():
        found = np.array([draw(draws, seed) for seed in range(SEEDS)])
        spent, _ = timed(partial(draw, draws, 1), repeat)
        error = float(np.sqrt(np.mean((found - truth) ** 2)))
        line(f"{name}, {draws:,} draws", spent, base, error, found.mean())


def pymc_lines(
    draw: Callable[[int], float], command: str, truth: float, base: float
) -> None:
    """PyMC from a cold process, and warm: error over a few seeds."""
    if not find_spec("pymc"):
        return
    cold, _ = timed(partial(started, command), 1)
    draw(0)
    runs = [timed(partial(draw, seed), 1) for seed in range(1, RUNS + 1)]
    warm, found = min(run[0] for run in runs), np.array([run[1] for run in runs])
    error = float(np.sqrt(np.mean((found - truth) ** 2)))
    for name, spent in (("PyMC, cold process", cold), ("PyMC, warm", warm)):
        line(name, spent, base, error, found.mean())


def started(command: str) -> None:
    """The command in a process of its own."""
    subprocess.run([sys.executable, "-c", command], check=True)


def rates(repeat: int) -> None:
    """Two rates."""
    truth = closed_form()
    exact_rates()
    base, found = timed(exact_rates, repeat)
    head("two rates")
    line("quadrature", base, base, abs(found - truth), found)
    bayesian_testing_lines(drawn_rates, truth, base, repeat)


def revenue(repeat: int) -> None:
    """Revenue per unit: a hurdle with lognormal spend."""
    ours = sampled_revenue
    truth = ours.one_spread_truth()
    ours.one_spread()
    base, found = timed(ours.one_spread, repeat)
    head("revenue per unit, hurdle")
    line("grid", base, base, abs(found - truth), found)
    pymc_lines(ours.drawn, ours.COLD, truth, base)
    head("the same, a spread for each arm")
    wide = ours.two_spreads_truth()
    base, found = timed(ours.two_spreads, repeat)
    line("grid", base, base, abs(found - wide), found)
    bayesian_testing_lines(
        ours.by_bayesian_testing, ours.bayesian_testing_truth(), base, repeat
    )


def counts(repeat: int) -> None:
    """Counts per unit."""
    ours = sampled_counts
    truth = ours.truth()
    ours.exact()
    base, found = timed(ours.exact, repeat)
    head("counts per unit, negative binomial")
    line("grid", base, base, abs(found - truth), found)
    pymc_lines(ours.drawn, ours.COLD, truth, base)
    bayesian_testing_lines(
        ours.by_bayesian_testing,
        ours.bayesian_testing_truth(),
        base,
        repeat,
        "bayesian-testing, Poisson",
    )


def twenty(repeat: int) -> None:
    """Twenty segments pulled together."""
    base, found = timed(integrated, repeat)
    from holdback.stats.posterior import random_effects as module

    points, module.TAU_POINTS = module.TAU_POINTS, 40 * module.TAU_POINTS
    fine = integrated()
    module.TAU_POINTS = points
    head("twenty segments", probability=False)
    line("integral", base, base, float(np.abs(found - fine).max()))
    if find_spec("pymc"):
        cold, _ = timed(partial(started, COLD), 1)
        drawn()
        warm, found = timed(drawn, 2)
        error = float(np.abs(found - fine).max())
        line("PyMC, cold process", cold, base, error)
        line("PyMC, warm", warm, base, error)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    for table in (rates, revenue, counts, twenty):
        table(repeat)


if __name__ == "__main__":
    main()
