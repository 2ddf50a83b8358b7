"""The analysis as written → the analysis that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from holdback.experiments.config.models import (
    ExperimentFile,
    WrittenAnalysis,
    WrittenPrior,
)
from holdback.experiments.config.validation import Issues
from holdback.experiments.definition.experiment import (
    Analysis,
    Assignment,
    Attribution,
    Prior,
    Window,
)
from holdback.experiments.language.quantities import decimal_text, did_you_mean
from holdback.experiments.metrics import Metric
from holdback.experiments.metrics.days_since_exposure import SLICED, Sliced, edges_of
from holdback.experiments.metrics.uplift_score import SCORED, Scored

__all__ = [
    "analysis_of",
    "attribution_of",
    "with_companions",
    "with_scores",
    "with_slices",
]

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


def with_scores(
    primary: str | None,
    analysis: Analysis,
    assignment: Assignment,
    metrics: Mapping[str, Metric],
    issues: Issues,
) -> dict[str, Metric]:
    """The metrics, and the hidden one of scores where uplift is asked for."""
    extended = dict(metrics)
    metric = metrics.get(primary or "")
    if analysis.uplift is None or metric is None:
        return extended
    if metric.tallied or len(metric.measures()) != 1 or metric.family == "score":
        issues.add(
            ("analysis", "uplift"),
            f"the primary '{metric.name}' is not one number of each unit.",
            why="A score is judged by the outcome of the units that it ranks.",
            fix="Use a primary of kind conversion, mean, count or retention.",
        )
        return extended
    extended[SCORED] = Scored(
        name=SCORED,
        label="Score",
        within=metric.within,
        hidden=True,
        source=assignment.source,
        score=analysis.uplift,
        outcome=metric.measures()[0],
    )
    return extended


def with_companions(
    metrics: Mapping[str, Metric], window: Window | None, issues: Issues
) -> dict[str, Metric]:
    """The metrics, and the hidden ones that some of them are collected with."""
    extended = dict(metrics)
    days = 0 if window is None else (window.end - window.start).days + 1
    for metric in metrics.values():
        try:
            companions = metric.companions(timedelta(days=days))
        except ValueError as error:
            issues.add(
                ("metrics", metric.name), f"metric '{metric.name}': {error}.", key=True
            )
            continue
        extended |= {companion.name: companion for companion in companions}
    return extended


def with_slices(
    primary: str | None, assignment: Assignment, metrics: Mapping[str, Metric]
) -> dict[str, Metric]:
    """The metrics, and the hidden one of the primary by days since exposure.

    Where the primary is one amount, count or event of each unit, from the exposure on.
    """
    extended = dict(metrics)
    metric = metrics.get(primary or "")
    if metric is None or metric.tallied or metric.family == "score":
        return extended
    first, *others = metric.measures()
    events = first.source != assignment.source
    whole = first.end == metric.within and first.start == timedelta(0)
    plain = first.aggregate in {"sum", "count", "any"} and first.least == 1
    if not (others or not events) and whole and plain and edges_of(metric.within):
        extended[SLICED] = Sliced(
            name=SLICED,
            hidden=True,
            of=metric.name,
            within=metric.within,
            outcome=first,
        )
    return extended


def attribution_of(
    written: ExperimentFile, metrics: Mapping[str, Metric], issues: Issues
) -> Attribution | None:
    """The attribution with its conversion filled in; None without one."""
    asked = written.attribution
    if asked is None:
        return None
    if asked.source not in written.sources:
        issues.add(
            ("attribution", "source"),
            f"there is no source '{asked.source}'.",
            fix=did_you_mean(asked.source, written.sources)
            or f"Sources: {', '.join(written.sources)}.",
        )
    name = asked.conversion or written.primary or ""
    reported = {written.primary, *written.secondary}
    if name not in reported or (name in metrics and metrics[name].kind != "conversion"):
        known = [m.name for m in metrics.values() if m.kind == "conversion"]
        issues.add(
            ("attribution", "conversion") if asked.conversion else ("attribution",),
            f"'{name}' is no conversion metric that this experiment reads.",
            why="Channels are credited with conversions, and the holdback says how "
            "many of them were added.",
            fix=f"Name one of: {', '.join(known)}."
            if known
            else "Add a metric of kind conversion to `secondary`.",
            key=not asked.conversion,
        )
    return Attribution(
        source=asked.source,
        channel=asked.channel,
        conversion=name,
        channels=asked.channels,
    )
