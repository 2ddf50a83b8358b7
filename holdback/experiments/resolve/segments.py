"""Segments by earlier rows as written → the groups that are meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from holdback.experiments.config.models import (
    ExperimentFile,
    WrittenSegment,
)
from holdback.experiments.config.validation import Issues
from holdback.experiments.definition.experiment import Assignment, DerivedSegment
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import bare_name
from holdback.experiments.language.quantities import did_you_mean

__all__ = ["check_segments", "derived_of"]

MOST_DERIVED = 6
LEAST_TIERS, MOST_TIERS = 2, 9
SEGMENT_FORMS = (
    "`new_or_returning: 365 days`, `days_since_last: [30, 90, 180]`, "
    "`value: total` with `tiers: 4`, or `column: spend` with `tiers: 4`"
)


def derived_of(
    written: Sequence[str | WrittenSegment], issues: Issues
) -> tuple[DerivedSegment, ...]:
    """The groups that are made of earlier rows or of a logged number."""
    made = [(at, one) for at, one in enumerate(written) if not isinstance(one, str)]
    if len(made) > MOST_DERIVED:
        issues.add(
            ("analysis", "segments"),
            f"{len(made)} segments are derived, more than {MOST_DERIVED}.",
            why="With many groups some differ by chance.",
            fix=f"Keep the {MOST_DERIVED} that you would act on.",
            key=True,
        )
    for at, one in made:
        _check_form(at, one, issues)
    return tuple(_derived(one) for _, one in made)


def _derived(one: WrittenSegment) -> DerivedSegment:
    return DerivedSegment(
        name=one.name,
        source=one.source,
        column=None if one.column is None else bare_name(one.column),
        new_or_returning=one.new_or_returning,
        days_since_last=one.days_since_last,
        value=one.value,
        lookback=one.lookback,
        tiers=() if one.tiers is None else one.tiers,
    )


def _check_form(at: int, one: WrittenSegment, issues: Issues) -> None:
    """One way to make groups, with what belongs to it, and bounds in rising order."""
    path = ("analysis", "segments", at)
    tiered = one.tiers is not None
    forms = [
        one.new_or_returning is not None and not tiered,
        bool(one.days_since_last) and not tiered,
        one.value is not None and tiered,
        one.column is not None and tiered,
    ]
    from_rows = one.column is None
    if sum(forms) != 1 or (one.source is not None) is not from_rows:
        issues.add(
            path,
            f"segment '{one.name}' does not say how it is made.",
            why="It takes one way: from a `source` of rows, or from a `column`.",
            fix=f"Write one of: {SEGMENT_FORMS}.",
        )
    for what in _unordered(one):
        issues.add(path, f"segment '{one.name}': {what}")


def _unordered(one: WrittenSegment) -> Iterator[str]:
    """What is wrong with the bounds."""
    if isinstance(one.tiers, int) and not LEAST_TIERS <= one.tiers <= MOST_TIERS:
        yield f"there are {LEAST_TIERS} to {MOST_TIERS} tiers."
    tiers = () if isinstance(one.tiers, int) else one.tiers or ()
    for bounds in (list(tiers), list(map(Fraction, one.days_since_last))):
        if len(bounds) >= MOST_TIERS:
            yield f"there are at most {MOST_TIERS - 1} bounds."
        if any(b <= a for a, b in pairwise(bounds)):
            yield "its bounds do not rise."
    if any(days < 1 for days in one.days_since_last):
        yield "days since the last row are 1 or more."
    for time in (one.new_or_returning, one.lookback):
        if time is not None and not time:
            yield "so short a time holds no row."


def check_segments(
    written: ExperimentFile,
    assignment: Assignment,
    sources: Mapping[str, Source],
    issues: Issues,
) -> None:
    """That the rows which groups are made of have units and times to go by."""
    listed = written.analysis.segments if written.analysis is not None else ()
    exposures = sources.get(assignment.source)
    for at, one in enumerate(listed):
        if isinstance(one, str) or one.source is None:
            continue
        path = ("analysis", "segments", at)
        source = sources.get(one.source)
        if one.source not in written.sources:
            issues.add(
                path,
                f"there is no source '{one.source}'.",
                fix=did_you_mean(one.source, written.sources)
                or f"Sources: {', '.join(written.sources)}.",
            )
        elif one.source == assignment.source:
            issues.add(
                path,
                f"'{one.source}' holds the exposures, and no earlier rows of a unit.",
                fix="Name a source of events, or a `column` of the exposures.",
            )
        elif source is not None and source.columns.time is None:
            issues.add(
                path,
                f"source '{one.source}' names no column for 'time'.",
                why="Only rows from before the exposure may count.",
                fix="Add `time: column` to its columns.",
            )
        if exposures is not None and (
            exposures.columns.time is None or exposures.columns.unit == "row"
        ):
            issues.add(
                path,
                f"segment '{one.name}' needs exposures with a unit and a time.",
                why="Only a unit's rows from before its exposure may count.",
                fix="Add `unit` and `time` to the columns of the exposures, or take "
                "the segment out.",
            )
