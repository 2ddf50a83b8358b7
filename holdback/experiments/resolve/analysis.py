"""The analysis as written → the analysis that is meant."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from holdback.experiments.config.issues import Issues
from holdback.experiments.config.models import WrittenAnalysis, WrittenPrior
from holdback.experiments.definition.experiment import Analysis, Prior, Window
from holdback.experiments.language.quantities import decimal_text

__all__ = ["analysis_of"]

LEAST_SD, MOST_SD = Fraction(1, 10_000), 10
"""Bounds of a prior's deviation."""


def analysis_of(
    written: WrittenAnalysis, window: Window | None, issues: Issues
) -> Analysis:
    """Level, looks, covariates and prior."""
    _check_level(written.level, issues)
    looks, prior = written.looks, written.prior
    lookback: timedelta | None = None
    predict = False
    covariates: tuple[str, ...] = ()
    if isinstance(written.covariates, tuple):
        covariates = written.covariates
    elif written.covariates is not None:
        lookback = written.covariates.lookback
        predict = written.covariates.predict
    return Analysis(
        level=written.level,
        looks=_looks(looks, window, issues),
        lookback=lookback,
        predict=predict,
        covariates=covariates,
        multiplicity=written.multiplicity,
        prior=_prior(prior, issues),
        segments=written.segments,
        reached=written.reached,
        uplift=written.uplift,
    )


def _check_level(level: Fraction, issues: Issues) -> None:
    if 0 < level < 1:
        if level < Fraction(1, 2):
            issues.add(
                ("analysis", "level"),
                f"a level of {decimal_text(level * 100)}% is below 50%.",
                why="`level` is the coverage of the intervals, not the error rate.",
                fix=f"Did you mean {decimal_text((1 - level) * 100)}%?",
            )
        return
    meant = ""
    if 1 < level < 100:
        percent = level if level >= 50 else 100 - level
        meant = f"Did you mean {decimal_text(percent)}%?"
    issues.add(
        ("analysis", "level"),
        "the level lies between 0% and 100%.",
        fix=meant or "Write 95%.",
    )


def _looks(
    written: str | tuple[date, ...], window: Window | None, issues: Issues
) -> Any:
    if isinstance(written, str):
        return written
    if not written or any(b <= a for a, b in pairwise(written)):
        issues.add(
            ("analysis", "looks"),
            "planned looks are days in rising order.",
            why="Each look spends a part of the error that is allowed in all.",
            fix="Write for instance [2026-10-15, 2026-11-11], or `spending`.",
        )
    early = [day for day in written if window is not None and day < window.start]
    if early and window is not None:
        issues.add(
            ("analysis", "looks"),
            f"the look on {early[0]} lies before the window, which starts on "
            f"{window.start}.",
            why="Nobody has joined by then, so there is nothing to look at.",
            fix="Name days of the window, or of the time until its last unit is done.",
        )
    return written


def _prior(written: Any, issues: Issues) -> Prior:
    if isinstance(written, WrittenPrior):
        if not LEAST_SD <= written.lift_sd <= MOST_SD:
            issues.add(
                ("analysis", "prior", "lift_sd"),
                "the lift's standard deviation lies from 0.01% to 1000%.",
                why="Narrower than that no data would ever change it."
                if written.lift_sd < LEAST_SD
                else "",
            )
        return Prior(name="custom", lift_sd=written.lift_sd)
    return Prior(name=written)
