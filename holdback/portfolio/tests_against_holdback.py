"""Whether a year of tests agrees with the holdback that saw none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import expm1, log1p, sqrt
from typing import Any

import numpy as np

from holdback.experiments.language.quantities import DAY, share
from holdback.portfolio.finished_experiments import Counted
from holdback.portfolio.result import Reconciled
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard
from holdback.stats.evidence.effect import LogRatio
from holdback.stats.numeric import quantile, two_sided
from holdback.stats.posterior.spike_and_slab import Program

__all__ = ["reconciled", "weight_of"]


def reconciled(
    long_run: Counted,
    counted: Sequence[Counted],
    effects: Program | None,
    level: float,
) -> Reconciled:
    """The long-run lift, and the sum of the tests' lifts that it should show.

    Tests that kept the holdback's units out count, by the share of its days and units
    on which they worked: while a test ran its treated share, afterwards everyone
    where it was kept on. Lifts add on the log scale. Null of the test: both are equal;
    z is their difference over the root of both variances, where the holdback's is that
    of a normal with its own range: as that holds at every reading, so does the test,
    which errs on the safe side. A holdback of another metric is not compared.
    """
    card, seen = long_run.card, _normal(long_run)
    weights = np.array([weight_of(card, test) for test in counted])
    tests = int(np.count_nonzero(weights))
    record = Reconciled(
        experiment=card.experiment,
        metric=long_run.metric,
        seen=_seen(long_run, seen, level),
        tests=tests,
        other_metric=None if _alike(long_run, counted) else True,
    )
    if effects is None or not tests or record.other_metric:
        return record
    expected = effects.total(weights)
    interval = expected.interval(level)
    assert interval.lower is not None  # noqa: S101  # a mixture has both ends
    assert interval.upper is not None  # noqa: S101
    z = (expected.mean - seen.value) / sqrt(expected.sd**2 + seen.se**2)
    return Reconciled(
        experiment=card.experiment,
        metric=long_run.metric,
        seen=record.seen,
        tests=tests,
        expected=Quantity(
            value=expm1(expected.mean),
            lower=expm1(interval.lower),
            upper=expm1(interval.upper),
        ),
        p_value=two_sided(z),
    )


def _seen(long_run: Counted, normal: LogRatio, level: float) -> Quantity:
    """The lift as its own report tells it, where that is at the portfolio's level."""
    if long_run.told is not None and long_run.told[1] == level:
        return long_run.told[0]
    return _quantity(normal.value, normal.se, level)


def _normal(long_run: Counted) -> LogRatio:
    """The effect, with the error of a normal whose range is at least the told one."""
    plain = long_run.ratio
    if long_run.told is None:
        return plain
    interval, level = long_run.told
    if interval.lower is None or interval.upper is None or interval.lower <= -1:
        return plain
    half = (log1p(interval.upper) - log1p(interval.lower)) / 2
    return LogRatio(
        value=plain.value, se=max(plain.se, half / quantile((1 + level) / 2))
    )


def _alike(long_run: Counted, counted: Sequence[Counted]) -> bool:
    """Whether the tests' lifts are of the holdback's kind: all money, or one metric."""
    return all(
        test.metric == long_run.metric or (test.paid and long_run.paid)
        for test in counted
    )


def weight_of(card: Scorecard, test: Counted) -> float:
    """The share of the holdback's days and units on which a test's effect worked."""
    plan = test.card.configuration
    days = _days(card.window_start, card.as_of)
    ran = _days(test.card.window_start, test.card.window_end)
    if days is None or ran is None or not _keeps_out(plan, card):
        return 0.0
    treated = sum(arm.planned_share for arm in test.card.arms if not arm.control)
    during = treated * _overlap(days, ran)
    after = float(test.kept) * _overlap(days, (ran[1] + DAY, days[1]))
    return _reach(plan) * (during + after) / ((days[1] - days[0]).days + 1)


def _keeps_out(plan: Mapping[str, Any], card: Scorecard) -> bool:
    """Whether a test's plan names the holdout that the long-run experiment is of."""
    name = _block(plan, "assignment").get("holdout")
    if name is None:
        return False
    own = _block(card.configuration, "assignment").get("salt")
    salt = _block(_block(plan, "holdouts"), str(name)).get("salt")
    return own in {name, salt} or card.experiment == name


def _reach(plan: Mapping[str, Any]) -> float:
    """The share of all units that a test may touch: its traffic and its layer's."""
    assignment = _block(plan, "assignment")
    reach = float(share(str(assignment.get("traffic", "100%"))))
    layer = assignment.get("layer")
    if isinstance(layer, dict) and isinstance(layer.get("range"), list):
        start, end = (float(share(str(edge))) for edge in layer["range"])
        reach *= end - start
    return reach


def _block(plan: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    block = plan.get(key)
    return block if isinstance(block, dict) else {}


def _days(start: str | None, end: str | None) -> tuple[date, date] | None:
    if start is None or end is None:
        return None
    return date.fromisoformat(start[:10]), _last(end)


def _last(end: str) -> date:
    """The last day before a moment; a day is itself."""
    if len(end) == len("2026-10-01"):
        return date.fromisoformat(end)
    return (datetime.fromisoformat(end) - timedelta(microseconds=1)).date()


def _overlap(days: tuple[date, date], other: tuple[date, date]) -> int:
    return max((min(days[1], other[1]) - max(days[0], other[0])).days + 1, 0)


def _quantity(value: float, se: float, level: float) -> Quantity:
    margin = quantile((1 + level) / 2) * se
    return Quantity(
        value=expm1(value), lower=expm1(value - margin), upper=expm1(value + margin)
    )
