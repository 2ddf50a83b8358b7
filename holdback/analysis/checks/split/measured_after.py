"""Whether covariates and segments were known before the exposure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.stretches import split_history
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding
from holdback.stats.evidence.moments import Moments
from holdback.stats.srm.agreement import independent
from holdback.stats.srm.balance import balance

__all__ = ["MeasuredAfter"]

DIFFERS_BELOW = 0.001
LEAST_WITH_OUTCOME = 20
"""Units with an outcome that those without a covariate should hold, to miss them."""
NONE_OF_THEM = 0.005
JUST_THOSE = 0.95
TOO_WELL = 0.9
"""Share of the outcome's variance that nothing from before a test explains."""
MOST_HAVE_NOT = 0.5


@kinds.register("measured_after")
class MeasuredAfter:
    """Covariates and segments that hold what came after the exposure.

    They differ between the arms beyond chance (a covariate by all random splits, the
    levels of a segment by Pearson's chi-square or Fisher's exact test, each with
    Bonferroni's correction), or hold the outcome itself: nobody who has it is without
    the covariate, though of the others many are. Both fail. The second is asked where
    many have the outcome for the first time, as far as the source reaches back: what
    subscribers paid before is known, and foretells what they pay. Where those with the
    covariate are just those with the outcome, as with a subscriber's fee, where it
    explains 90 % of the outcome's variance, or where everybody in a level has it and
    most others have not, it warns: such a thing may have been known.
    """

    order: ClassVar = 95

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding where covariates or segments are asked for."""
        analysis = experiment.analysis
        columns = {*analysis.covariates, *analysis.segments}
        if not columns:
            return
        alpha = DIFFERS_BELOW / len(columns)
        sure = [
            *_differing(experiment, evidence, alpha),
            *_uneven(experiment, evidence, alpha),
        ]
        likely: list[Fact] = []
        for column in analysis.covariates:
            seen = _held(experiment, evidence, column)
            if seen is not None:
                (sure if seen.code == "measured_after.holds" else likely).append(seen)
        likely += _all_did(experiment, evidence)
        known = fact("measured_after.none")
        yield Finding(
            check="measured_after",
            status="fail" if sure else "warn" if likely else "pass",
            fact=fact("measured_after.seen", columns=(*sure, *likely))
            if sure or likely
            else known,
        )


def _differing(
    experiment: Experiment, evidence: Evidence, alpha: float
) -> Iterator[Fact]:
    """Covariates whose arms no random split makes so different."""
    block, control = experiment.primary, experiment.control.name
    for column in experiment.analysis.covariates:
        own = evidence.cells.total(block, {control}).select([column])
        for arm in experiment.treatments:
            other = evidence.cells.total(block, {arm.name}).select([column])
            p_value = balance(own, other)
            if p_value is not None and p_value < alpha / len(experiment.treatments):
                yield fact("measured_after.differs", column=column)
                break


def _uneven(experiment: Experiment, evidence: Evidence, alpha: float) -> Iterator[Fact]:
    """Segments whose levels have other shares in the arms; the furthest level."""
    history = split_history(experiment, evidence.cells)
    if history is not None and history.changed:
        return
    arms = [arm.name for arm in experiment.arms]
    for dimension in experiment.analysis.segments:
        counts = {
            level: [moments.n for moments in by_arm]
            for level, by_arm in _levels(experiment, evidence, dimension)
        }
        if independent(list(counts.values())) >= alpha:
            continue
        units = [sum(column) for column in zip(*counts.values(), strict=True)]
        apart = {level: _apart(row, units) for level, row in counts.items()}
        level = max(apart, key=apart.__getitem__)
        yield fact(
            "measured_after.uneven",
            column=dimension,
            level=level,
            shares={
                arm: n / whole if whole else 0.0
                for arm, n, whole in zip(arms, counts[level], units, strict=True)
            },
        )


def _apart(row: Sequence[int], units: Sequence[int]) -> float:
    """How far a level's units are from the arms' shares: its part of chi-square."""
    whole = sum(row) / sum(units)
    pairs = zip(row, units, strict=True)
    return sum((n - whole * u) ** 2 / (whole * u) for n, u in pairs if u)


def _held(experiment: Experiment, evidence: Evidence, column: str) -> Fact | None:
    """That a covariate holds the outcome; None where nothing says so."""
    arms = {arm.name for arm in experiment.arms}
    block = f"known: {column}"
    if block not in evidence.cells.blocks:
        return None
    both = evidence.cells.pooled.total(block, arms)
    (has, did, _), (_, does, _, _, again, _) = both.nonzero, both.products
    expected = (both.n - has) * (did - again) / max(both.n, 1)
    if did - again < LEAST_WITH_OUTCOME:
        return None
    if expected >= LEAST_WITH_OUTCOME and did - does <= NONE_OF_THEM * expected:
        same = does >= JUST_THOSE * has
        return fact(
            "measured_after.coincides" if same else "measured_after.holds",
            column=column,
            without=both.n - has,
            did=did,
        )
    outcome = evidence.cells.blocks[experiment.primary][0].name
    pair = evidence.cells.pooled.total(experiment.primary, arms)
    explained = _explained(pair.select([outcome, column]))
    if explained >= TOO_WELL:
        return fact("measured_after.explains", column=column, share=explained)
    return None


def _explained(pair: Moments) -> float:
    """Squared correlation of two measures; 0 where one does not vary."""
    if pair.n < LEAST_WITH_OUTCOME or min(pair.cov[0, 0], pair.cov[1, 1]) <= 0:
        return 0.0
    return float(pair.cov[0, 1] ** 2 / (pair.cov[0, 0] * pair.cov[1, 1]))


def _all_did(experiment: Experiment, evidence: Evidence) -> Iterator[Fact]:
    """Levels in which everybody has the primary's outcome, and most others have not."""
    if experiment.metrics[experiment.primary].outcome is None:
        return
    for dimension in experiment.analysis.segments:
        levels = {
            level: (sum(m.n for m in by_arm), sum(m.nonzero[0] for m in by_arm))
            for level, by_arm in _levels(experiment, evidence, dimension)
        }
        units, did = (sum(column) for column in zip(*levels.values(), strict=True))
        for level, (n, hits) in levels.items():
            others = units - n
            if (
                n >= LEAST_WITH_OUTCOME
                and hits == n
                and did - hits < MOST_HAVE_NOT * others
            ):
                yield fact(
                    "measured_after.all_did", column=dimension, level=level, units=n
                )


def _levels(
    experiment: Experiment, evidence: Evidence, dimension: str
) -> Iterator[tuple[str, list[Moments]]]:
    """Level and moments of the primary by arm."""
    cells = evidence.cells.pooled
    for level in cells.levels(dimension):
        yield (
            level,
            [
                cells.total(
                    experiment.primary, {arm.name}, dimension=dimension, level=level
                )
                for arm in experiment.arms
            ],
        )
