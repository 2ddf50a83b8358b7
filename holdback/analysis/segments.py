"""Segments: do they differ at all, and what is each one's lift likely to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import expm1, log1p

from holdback.results.quantity import Quantity
from holdback.results.scorecard import Interaction, Readout
from holdback.stats.evidence.effect import LogRatio
from holdback.stats.multiplicity.p_value_adjustment import benjamini_hochberg
from holdback.stats.numeric import quantile
from holdback.stats.posterior.random_effects import (
    SEGMENT_SPREAD,
    NormalMixture,
    random_effects,
)

__all__ = ["compared_segments", "log_ratio_of", "segment_groups"]

SegmentKey = tuple[str, str, str]


def compared_segments(
    readouts: Sequence[Readout],
) -> tuple[tuple[Readout, ...], tuple[Interaction, ...]]:
    """Readouts with each segment's lift pulled towards the others', and the tests.

    One test a metric, arm and dimension that has at least two levels with a range:
    whether the levels' lifts differ at all, corrected over all of these tests (the
    false discovery rate). Only where they do is there reason to read one apart.
    """
    tests, pooled = [], {}
    for key, members in segment_groups(readouts):
        ratios = [log_ratio_of(member) for member in members]
        known = [r for r in ratios if r is not None]
        result = random_effects(known, spread=SEGMENT_SPREAD)
        tests.append((key, result.p_value))
        for member, one in zip(members, result.effects, strict=True):
            pooled[id(member)] = _quantity(one, member.level)
    adjusted = benjamini_hochberg([p for _, p in tests]) if tests else []
    return (
        tuple(
            replace(r, pooled=pooled[id(r)]) if id(r) in pooled else r for r in readouts
        ),
        tuple(
            Interaction(
                metric=metric,
                arm=arm,
                dimension=dimension,
                p_value=p_value,
                p_value_adjusted=corrected,
            )
            for ((metric, arm, dimension), p_value), corrected in zip(
                tests, adjusted, strict=True
            )
        ),
    )


def segment_groups(
    readouts: Sequence[Readout],
) -> Iterator[tuple[SegmentKey, list[Readout]]]:
    """(metric, arm, dimension) and its readouts, where two levels have a range."""
    groups: dict[SegmentKey, list[Readout]] = {}
    for readout in readouts:
        if readout.segment is not None and log_ratio_of(readout) is not None:
            key = (readout.metric, readout.arm, readout.segment.dimension)
            groups.setdefault(key, []).append(readout)
    for key, members in groups.items():
        if len(members) > 1:
            yield key, members


def log_ratio_of(readout: Readout) -> LogRatio | None:
    """The normal on ln R that has the readout's interval."""
    effect = readout.relative
    if effect is None or effect.lower is None or effect.upper is None:
        return None
    if effect.lower <= -1:
        return None
    low, high = log1p(effect.lower), log1p(effect.upper)
    se = (high - low) / (2 * quantile((1 + readout.level) / 2))
    return LogRatio(value=(low + high) / 2, se=se) if se > 0 else None


def _quantity(log_ratio: NormalMixture, level: float) -> Quantity:
    low, high = (log_ratio.quantile((1 + side * level) / 2) for side in (-1, 1))
    return Quantity(value=expm1(log_ratio.mean), lower=expm1(low), upper=expm1(high))
