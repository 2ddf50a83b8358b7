"""Metrics that move without anybody earning anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from holdback.errors import Problem
from holdback.experiments.config.issues import Issues
from holdback.experiments.definition.experiment import Experiment

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

EVENTS = WORDS - {"followers", "follower", "open", "opened", "traffic"}
"""Of these, the words that no state of an order or channel is called by."""


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

    Its name and label, its sources and the column that it counts; of a condition only
    a value that is an event of attention, as ``event = 'page_view'`` has it. Money is
    never attention.
    """
    metric = experiment.metrics[experiment.primary]
    if metric.unit == "money":
        return False
    read = {experiment.primary, metric.label}
    events = set()
    for measure in metric.measures():
        read.add(measure.source)
        if measure.value is not None:
            read |= measure.value.columns
        if measure.where is not None:
            events |= _words(re.findall(r"'([^']*)'", measure.where.text))
    return not WORDS.isdisjoint(_words(read)) or not EVENTS.isdisjoint(events)


def _words(names: Iterable[str]) -> set[str]:
    return {word for name in names for word in re.split(r"[^a-z]+", name.lower())}
