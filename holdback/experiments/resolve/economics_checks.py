"""What is wrong with the parts of the economics that go together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from math import ceil

from holdback.experiments.config.issues import Issues
from holdback.experiments.config.models import (
    ExperimentFile,
    WrittenEconomics,
    WrittenRollout,
)
from holdback.experiments.definition.calendar import DAYS
from holdback.experiments.language.quantities import did_you_mean, duration_text
from holdback.experiments.metrics import Metric

__all__ = ["check_economics"]


def check_economics(
    economics: WrittenEconomics,
    written: ExperimentFile,
    metrics: Mapping[str, Metric],
    issues: Issues,
    *,
    measured: bool,
) -> None:
    """Arms of costs, last year's revenue, ratios to be read as what was added.

    `measured` says that profit is measured of each unit, not taken as a margin.
    """
    treatments = [
        name
        for name, arm in (written.arms or {}).items()
        if not arm.control and name not in {"holdback", "control"}
    ]
    for at, cost in enumerate(economics.costs):
        for name in cost.arms:
            if name not in treatments:
                issues.add(
                    ("economics", "costs", at, "arms"),
                    f"'{name}' is no treatment arm.",
                    fix=did_you_mean(name, treatments)
                    or f"Treatment arms: {', '.join(treatments)}.",
                )
    if measured and economics.margin != 1:
        issues.add(
            ("economics", "margin"),
            "the metric has a `margin_value`, so a flat margin has no place.",
            fix="Leave one of the two out.",
            key=True,
        )
    if economics.rollout is not None and economics.rollout.last_year:
        _check_last_year(economics.rollout, issues, measured=measured)
    _check_incremental(economics, written, metrics, issues)


def _check_last_year(
    rollout: WrittenRollout, issues: Issues, *, measured: bool
) -> None:
    path = ("economics", "rollout", "last_year")
    if measured:
        issues.add(
            path,
            "last year's revenue does not go with a `margin_value`.",
            why="The lift would be one of profit, and the amounts are revenue.",
            fix="Use `economics: {margin: …}`, or leave `last_year` out.",
            key=True,
        )
    if min(rollout.last_year) < 0:
        issues.add(path, "last year's revenue is not negative.")
    length = Fraction(rollout.horizon // timedelta(microseconds=1), 86_400_000_000)
    needed = ceil(round(length / DAYS[rollout.per], 3))
    if len(rollout.last_year) != needed:
        issues.add(
            path,
            f"{len(rollout.last_year)} amounts stand for {needed} {rollout.per}s, the "
            f"horizon of {duration_text(rollout.horizon)}.",
            fix=f"Write one amount a {rollout.per}.",
        )


def _check_incremental(
    economics: WrittenEconomics,
    written: ExperimentFile,
    metrics: Mapping[str, Metric],
    issues: Issues,
) -> None:
    for at, name in enumerate(economics.incremental):
        path = ("economics", "incremental", at)
        if name not in written.secondary and name != written.primary:
            issues.add(
                path,
                f"'{name}' is no secondary metric of this experiment.",
                fix=did_you_mean(name, written.secondary)
                or f"Add it: `secondary: [{name}]`.",
            )
        elif name in metrics and metrics[name].kind != "ratio":
            issues.add(
                path,
                f"'{name}' is of kind {metrics[name].kind}, not a ratio.",
                fix="Name a ratio such as revenue per spend, or spend per customer.",
            )
