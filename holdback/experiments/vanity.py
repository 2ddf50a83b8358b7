"""Metrics that move without anybody earning anything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdback.errors import Problem
from holdback.experiments.experiment import Experiment
from holdback.experiments.issues import Issues

__all__ = ["vanity"]

WORDS = frozenset(
    {
        "click",
        "clicks",
        "clicked",
        "ctr",
        "followers",
        "impressions",
        "likes",
        "open",
        "opened",
        "opens",
        "pageviews",
        "traffic",
        "views",
    }
)


def vanity(experiment: Experiment, issues: Issues) -> Iterator[Problem]:
    """A warning where attention decides instead of what it is meant to bring."""
    metric = experiment.metrics[experiment.primary]
    read = {experiment.primary}
    for measure in metric.measures():
        read.add(measure.source)
        if measure.value is not None:
            read |= measure.value.columns
    if not WORDS & {
        word for name in read for word in re.split(r"[^a-z]+", name.lower())
    }:
        return
    yield Problem(
        where=issues.place(("primary",)).where,
        what=f"'{experiment.primary}' counts attention, and it decides.",
        why="Opens, views and clicks can rise while nobody buys more; mail programs "
        "open messages by themselves.",
        fix="Let a conversion or the revenue per unit decide, and keep this one under "
        "`secondary`.",
    )
