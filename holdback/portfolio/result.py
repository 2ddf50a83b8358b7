"""The portfolio: all finished experiments together, as plain frozen values.

It is what `portfolio.json` holds (schema ``holdback/portfolio/1``). Lifts are
fractions, money is in the project's currency; what does not apply is absent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from holdback.experiments.definition.experiment import LearnedPrior
from holdback.portfolio.finished_experiments import LeftOut
from holdback.results.quantity import Quantity, Return

__all__ = ["Entry", "Pooled", "Portfolio", "Reconciled", "Theme", "Total", "Wins"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One finished experiment: as it was reported, and pulled towards the others.

    `lift` is that of its own report, to the digit. `shrunk`, `p_positive` and `p_nil`,
    the chance that it does nothing, are absent where there is nothing to pull towards.
    """

    experiment: str
    metric: str
    decision: str
    kept: bool
    lift: Quantity
    window_start: str | None = None
    window_end: str | None = None
    tags: tuple[str, ...] = ()
    shrunk: Quantity | None = None
    p_positive: float | None = None
    p_nil: float | None = None
    revenue: Quantity | None = None
    revenue_shrunk: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Money of several experiments, over the days and units of their tests.

    `which` is ``all`` or ``kept`` (those decided to be kept on). The returns are of
    the experiments that have costs, `with_costs` of them.
    """

    which: str
    experiments: int
    revenue: Quantity
    profit: Quantity
    revenue_shrunk: Quantity | None = None
    profit_shrunk: Quantity | None = None
    with_costs: int = 0
    cost: float | None = None
    savings: float | None = None
    ropi: Return | None = None
    ropi_shrunk: Return | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """What the experiments have in common: the mean of their true lifts, and τ.

    `nil_share` of them are believed to do nothing, and τ is the spread of the others;
    of a theme's tests it is not asked.

    `mean` and `next_lift` are lifts: of the average experiment, and of one more.
    `p_value` is Cochran's, of "all lifts are equal"; `tau` on the log scale, beside
    it DerSimonian and Laird's.
    """

    experiments: int
    mean: Quantity
    p_positive: float
    next_lift: Quantity
    tau: float
    tau_moments: float
    p_value: float
    nil_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wins:
    """How many were kept, and how many of these probably do nothing or harm."""

    finished: int
    kept: int
    rate: Quantity
    false: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The experiments of one tag, put together."""

    tag: str
    experiments: int
    pooled: Pooled | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """A long-run holdback beside what the tests say it should show.

    `expected` is the sum of the tests' shrunk lifts, each by the share of the
    holdback's days and units that it worked on; `p_value` is the z test's.
    `other_metric`: the tests are of another metric, so there is nothing to compare.
    """

    experiment: str
    metric: str
    seen: Quantity
    tests: int
    expected: Quantity | None = None
    p_value: float | None = None
    other_metric: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Everything that the finished experiments say together."""

    level: float
    locale: str
    metric: str
    currency: str | None
    experiments: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...] = ()
    unanalyzed: tuple[str, ...] = ()
    pooled: Pooled | None = None
    totals: tuple[Total, ...] = ()
    wins: Wins | None = None
    themes: tuple[Theme, ...] = ()
    priors: tuple[LearnedPrior, ...] = ()
    long_run: tuple[Reconciled, ...] = ()
    schema: str = field(default="holdback/portfolio/1")
