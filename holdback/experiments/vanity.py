"""Metrics that move without anybody earning anything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdback.errors import Problem
from holdback.experiments.experiment import Experiment
from holdback.experiments.issues import Issues

__all__ = ["counts_attention", "vanity"]

WORDS = frozenset(
    {
        "click",
        "clicks",
        "clicked",
        "clickthrough",
        "ctr",
        "follower",
        "followers",
        "impression",
        "impressions",
        "likes",
        "open",
        "opened",
        "opens",
        "pageview",
        "pageviews",
        "traffic",
        "view",
        "viewed",
        "views",
    }
)


def vanity(experiment: Experiment, issues: Issues) -> Iterator[Problem]:
    """A warning where attention decides instead of what it is meant to bring."""
    if not counts_attention(experiment):
        return
    yield Problem(
        where=issues.place(("primary",)).where,
        what=f"'{experiment.primary}' counts attention, and it decides.",
        why="Opens, views and clicks can rise while nobody buys more; mail programs "
        "open messages by themselves.",
        fix="Let a conversion or the revenue per unit decide, and keep this one under "
        "`secondary`.",
    )


def counts_attention(experiment: Experiment) -> bool:
    """Whether the primary is called, or reads, what is a word for attention.

    Its name and label, its sources, and the columns and texts of its expressions.
    """
    metric = experiment.metrics[experiment.primary]
    read = {experiment.primary, metric.label}
    for measure in metric.measures():
        read.add(measure.source)
        read |= {e.text for e in (measure.value, measure.where) if e is not None}
    words = (re.split(r"[^a-z]+", name.lower()) for name in read)
    return not WORDS.isdisjoint(word for listed in words for word in listed)
