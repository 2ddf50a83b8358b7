"""The analysis as written → the analysis that is meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from holdback.experiments.config.models import (
    ExperimentFile,
    WrittenAnalysis,
    WrittenPrior,
    WrittenSegment,
)
from holdback.experiments.config.validation import Issues
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Assignment,
    Attribution,
    DerivedSegment,
    Identities,
    IdentityColumns,
    Prior,
    Window,
)
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import bare_name
from holdback.experiments.language.measure import Companion, Measure
from holdback.experiments.language.quantities import decimal_text, did_you_mean

__all__ = [
    "analysis_of",
    "attribution_of",
    "check_segments",
    "companions_of",
    "identities_of",
    "scores_of",
    "slices_of",
    "with_parts",
]

LEAST_SD, MOST_SD = Fraction(1, 10_000), 10
"""Bounds of a prior's deviation."""
SCORE_DIGITS = 4
MOST_DERIVED = 6
LEAST_TIERS, MOST_TIERS = 2, 9
SEGMENT_FORMS = (
    "`new_or_returning: 365 days`, `days_since_last: [30, 90, 180]`, "
    "`value: total` with `tiers: 4`, or `column: spend` with `tiers: 4`"
)
SLICES = 4


def analysis_of(
    written: WrittenAnalysis, window: Window | None, issues: Issues
) -> AnalysisSettings:
    """Level, looks, covariates and prior."""
    _check_level(written.level, issues)
    looks, prior = written.looks, written.prior
    lookback: timedelta | None = None
    predict = False
    covariates: tuple[str, ...] = ()
    if isinstance(written.covariates, tuple):
        covariates = tuple(map(bare_name, written.covariates))
    elif written.covariates is not None:
        lookback = written.covariates.lookback
        predict = written.covariates.predict
    return AnalysisSettings(
        level=written.level,
        looks=_looks(looks, window, issues),
        lookback=lookback,
        predict=predict,
        covariates=covariates,
        multiplicity=written.multiplicity,
        prior=_prior(prior, issues),
        segments=_segment_names(written),
        derived=derived_of(written.segments, issues),
        harm=_harm(written, issues),
        reached=written.reached,
        uplift=written.uplift,
    )


def _harm(written: WrittenAnalysis, issues: Issues) -> tuple[str, ...]:
    """The segments in which harm is asked for."""
    segments = set(_segment_names(written))
    for at, name in enumerate(written.harm):
        if bare_name(name) not in segments:
            issues.add(
                ("analysis", "harm", at),
                f"'{name}' is not among the `segments`.",
                why="Harm is looked for in groups that are read anyway.",
                fix=f"Add it to `segments`, or take it out: {', '.join(segments)}."
                if segments
                else "Add it to `segments`.",
            )
    return tuple(map(bare_name, written.harm))


def _segment_names(written: WrittenAnalysis) -> tuple[str, ...]:
    return tuple(
        one.name if isinstance(one, WrittenSegment) else bare_name(one)
        for one in written.segments
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


def with_parts(metrics: Mapping[str, Metric]) -> dict[str, Metric]:
    """The metrics, and the hidden ones that some of them are made of."""
    parts = [part for metric in metrics.values() for part in metric.parts()]
    return {**metrics, **{part.name: part for part in parts}}


def companions_of(
    metrics: Mapping[str, Metric], window: Window | None, issues: Issues
) -> dict[str, Companion]:
    """What metrics have collected beside them."""
    companions: dict[str, Companion] = {}
    days = 0 if window is None else (window.end - window.start).days + 1
    for metric in metrics.values():
        try:
            beside = metric.companions(timedelta(days=days))
        except ValueError as error:
            issues.add(
                ("metrics", metric.name), f"metric '{metric.name}': {error}.", key=True
            )
            continue
        companions |= {one.name: one for one in beside}
    return companions


def scores_of(
    primary: Metric | None,
    analysis: AnalysisSettings,
    assignment: Assignment,
    issues: Issues,
) -> dict[str, Companion]:
    """Every unit's score at exposure, then its outcome, where uplift is asked for."""
    if analysis.uplift is None or primary is None:
        return {}
    if primary.outcome is None:
        issues.add(
            ("analysis", "uplift"),
            f"the primary '{primary.name}' is not one number of each unit.",
            why="A score is judged by the outcome of the units that it ranks.",
            fix="Use a primary of kind conversion, mean, count or retention.",
        )
        return {}
    score = Measure(
        source=assignment.source,
        aggregate="max",
        value=analysis.uplift,
        digits=SCORE_DIGITS,
    )
    scores = Companion(
        name="uplift: score",
        of=primary.name,
        reader="scores",
        collected=(score, primary.outcome),
        within=primary.within,
    )
    return {scores.name: scores}


def slices_of(primary: Metric | None, assignment: Assignment) -> dict[str, Companion]:
    """The primary by days since exposure: what fading and cohorts are read from.

    Where it is one amount, count or event of each unit, from the exposure on.
    """
    outcome = None if primary is None else primary.outcome
    if primary is None or outcome is None or outcome.source == assignment.source:
        return {}
    whole = outcome.end == primary.within and outcome.start == timedelta(0)
    plain = outcome.aggregate in {"sum", "count", "any"} and outcome.least == 1
    edges = [timedelta(days=day) for day in edges_of(primary.within)]
    if not (whole and plain and edges):
        return {}
    slices = Companion(
        name="primary: by days since exposure",
        of=primary.name,
        reader="slices",
        collected=tuple(
            replace(outcome, start=start, end=end, cap=None)
            for start, end in pairwise(edges)
        ),
        within=primary.within,
        evidence="moments",
    )
    return {slices.name: slices}


def edges_of(within: timedelta | None) -> tuple[int, ...]:
    """Days that part a time into four slices, as even as whole days allow.

    None below two days a slice.

    >>> edges_of(timedelta(days=14))
    (0, 4, 7, 11, 14)
    >>> edges_of(timedelta(days=7))
    ()
    """
    days = 0 if within is None else within.days
    if days < 2 * SLICES:
        return ()
    return tuple(int(days * i / SLICES + 0.5) for i in range(SLICES + 1))


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
    if name not in reported or (name in metrics and not metrics[name].credits_channels):
        known = [m.name for m in metrics.values() if m.credits_channels]
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
        channel=bare_name(asked.channel),
        conversion=name,
        channels=asked.channels,
    )


def identities_of(
    written: ExperimentFile, used: Collection[str], issues: Issues
) -> Identities | None:
    """The map of ids; None without one. `used` are the sources of rows that count."""
    asked = written.identities
    if asked is None:
        return None
    if asked.source not in written.sources:
        issues.add(
            ("identities", "source"),
            f"there is no source '{asked.source}'.",
            fix=did_you_mean(asked.source, written.sources)
            or f"Sources: {', '.join(written.sources)}.",
        )
    if asked.source in used:
        issues.add(
            ("identities", "source"),
            f"'{asked.source}' holds exposures or events, and no map of ids.",
            fix="Name the file a second time, as a source of its own.",
        )
    columns = asked.columns
    return Identities(
        source=asked.source,
        columns=IdentityColumns(
            from_=bare_name(columns.from_), to=bare_name(columns.to)
        ),
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
