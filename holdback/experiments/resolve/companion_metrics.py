"""What an experiment may show beside its comparison: uplift, CLV, attribution."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from holdback.experiments.config.issues import Issues
from holdback.experiments.config.models import ExperimentFile
from holdback.experiments.definition.experiment import (
    Analysis,
    Assignment,
    Attribution,
    Window,
)
from holdback.experiments.language.quantities import did_you_mean
from holdback.experiments.metrics import Metric
from holdback.experiments.metrics.days_since_exposure import SLICED, Sliced, edges_of
from holdback.experiments.metrics.uplift_score import SCORED, Scored

__all__ = ["attribution_of", "with_companions", "with_scores", "with_slices"]


def with_scores(
    primary: str | None,
    analysis: Analysis,
    assignment: Assignment,
    metrics: Mapping[str, Metric],
    issues: Issues,
) -> dict[str, Metric]:
    """The metrics, and the hidden one of scores where uplift is asked for."""
    found = dict(metrics)
    metric = metrics.get(primary or "")
    if analysis.uplift is None or metric is None:
        return found
    if metric.tallied or len(metric.measures()) != 1 or metric.family == "score":
        issues.add(
            ("analysis", "uplift"),
            f"the primary '{metric.name}' is not one number of each unit.",
            why="A score is judged by the outcome of the units that it ranks.",
            fix="Use a primary of kind conversion, mean, count or retention.",
        )
        return found
    found[SCORED] = Scored(
        name=SCORED,
        label="Score",
        within=metric.within,
        hidden=True,
        source=assignment.source,
        score=analysis.uplift,
        outcome=metric.measures()[0],
    )
    return found


def with_companions(
    metrics: Mapping[str, Metric], window: Window | None, issues: Issues
) -> dict[str, Metric]:
    """The metrics, and the hidden ones that some of them are collected with."""
    found = dict(metrics)
    days = 0 if window is None else (window.end - window.start).days + 1
    for metric in metrics.values():
        try:
            companions = metric.companions(timedelta(days=days))
        except ValueError as error:
            issues.add(
                ("metrics", metric.name), f"metric '{metric.name}': {error}.", key=True
            )
            continue
        found |= {one.name: one for one in companions}
    return found


def with_slices(
    primary: str | None, assignment: Assignment, metrics: Mapping[str, Metric]
) -> dict[str, Metric]:
    """The metrics, and the hidden one of the primary by days since exposure.

    Where the primary is one amount, count or event of each unit, from the exposure on.
    """
    found = dict(metrics)
    metric = metrics.get(primary or "")
    if metric is None or metric.tallied or metric.family == "score":
        return found
    first, *others = metric.measures()
    events = first.source != assignment.source
    whole = first.end == metric.within and first.start == timedelta(0)
    plain = first.aggregate in {"sum", "count", "any"} and first.least == 1
    if not (others or not events) and whole and plain and edges_of(metric.within):
        found[SLICED] = Sliced(
            name=SLICED,
            hidden=True,
            of=metric.name,
            within=metric.within,
            outcome=first,
        )
    return found


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
    told = {written.primary, *written.secondary}
    if name not in told or (name in metrics and metrics[name].kind != "conversion"):
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
