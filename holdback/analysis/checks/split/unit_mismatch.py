"""Whether the units analyzed are the units that were split, and found in the data."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import planned_widths
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding

__all__ = ["UnitMismatch"]

LEAST_ROWS_READ = 100
FEW_MATCHES, HALF_MATCH = 0.01, 0.5
FAR_APART, BEYOND_CHANCE = 0.25, 5.0
"""Points between the shares of two sources, and standard errors."""
ONLY_UNITS = 0.98
MANY_CROSSED, OF_ITS_PART = 0.05, 0.1


@kinds.register("unit_mismatch")
class UnitMismatch:
    """Compares ids between sources, and crossing with a fresh draw at each exposure.

    A source of which fewer than half of the rows belong to a unit of the experiment may
    have ids of another kind, or the shop has many other customers: that is a warning.
    So it is where the shares of two sources lie far apart.
    Where next to none does, nothing that is counted from it can be believed. Ids that
    would meet if both were spelled alike are told with what is lost.

    Units that cross arms about as often as if each exposure had been drawn anew were
    split by something smaller, such as a session: with shares p, a second exposure
    drawn anew lands elsewhere with probability 1 − Σ p². Half of that per later
    exposure is alike, if more units cross than logging in elsewhere explains (5 %).
    """

    order: ClassVar = 40

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding, where there is anything to compare."""
        sources = tuple(_strangers(experiment, evidence))
        sources += tuple(_apart(experiment, evidence))
        hopeless = {"unit_mismatch.nothing_belongs", "unit_mismatch.little_belongs"}
        none_found = any(one.code in hopeless for one in sources)
        spelled = tuple(
            _spelled(evidence, {str(one.numbers["source"]) for one in sources})
        )
        crossed = sum(evidence.quality.crossovers.values())
        later = evidence.quality.repeated_exposures
        if _is_redrawn(experiment, evidence):
            redrawn = fact(
                "unit_mismatch.redrawn",
                crossed=crossed,
                later=later,
                sources=(*sources, *spelled),
            )
            yield Finding(check="unit_mismatch", status="fail", fact=redrawn)
        elif sources or spelled:
            strangers = fact("unit_mismatch.strangers", sources=(*sources, *spelled))
            yield Finding(
                check="unit_mismatch",
                status="fail" if none_found else "warn",
                fact=strangers,
            )
        elif evidence.quality.unassigned or later:
            meet = fact("unit_mismatch.none")
            yield Finding(check="unit_mismatch", status="pass", fact=meet)


def _strangers(experiment: Experiment, evidence: Evidence) -> Iterator[Fact]:
    """Sources of which few rows belong to a unit."""
    for source, unknown in sorted(evidence.quality.unassigned.items()):
        read = _with_unit(evidence, source)
        if source == experiment.assignment.source or read < LEAST_ROWS_READ:
            continue
        share = 1 - unknown / read
        if share <= 0:
            yield fact("unit_mismatch.nothing_belongs", source=source, rows=read)
        elif share < HALF_MATCH:
            yield (
                fact(
                    "unit_mismatch.little_belongs",
                    source=source,
                    rows=read,
                    share=share,
                )
                if share < FEW_MATCHES
                else fact(
                    "unit_mismatch.less_than_half_belongs",
                    source=source,
                    rows=read,
                    share=share,
                )
            )


def _apart(experiment: Experiment, evidence: Evidence) -> Iterator[Fact]:
    """The two sources whose shares of rows that belong differ most, if by far.

    A source of nobody but the experiment's units says nothing of the others.
    """
    shares = {}
    for source, unknown in sorted(evidence.quality.unassigned.items()):
        read = _with_unit(evidence, source)
        share = 1 - unknown / read if read else 0.0
        of_others = share <= ONLY_UNITS and read >= LEAST_ROWS_READ
        if source != experiment.assignment.source and of_others:
            shares[source] = (share, read)
    if len(shares) < 2:
        return
    low, high = (pick(shares, key=lambda s: shares[s][0]) for pick in (min, max))
    (least, few), (most, many) = shares[low], shares[high]
    pooled = (least * few + most * many) / (few + many)
    noise = math.sqrt(pooled * (1 - pooled) * (1 / few + 1 / many))
    apart = most - least
    if least >= HALF_MATCH and apart > FAR_APART and apart > BEYOND_CHANCE * noise:
        yield fact(
            "unit_mismatch.apart", source=low, share=least, other=high, more=most
        )


def _with_unit(evidence: Evidence, source: str) -> int:
    """Rows of a source that count and name a unit."""
    quality = evidence.quality
    rows = {one.source: one.rows for one in evidence.inputs}.get(source, 0)
    left_out = (quality.filtered, quality.missing_ids, quality.duplicates)
    rows -= sum(counts.get(source, 0) for counts in left_out)
    return rows - sum(quality.placeholders.get(source, {}).values())


def _spelled(evidence: Evidence, strangers: Collection[str]) -> Iterator[Fact]:
    """Sources whose ids are written otherwise than those of the exposures.

    Of `strangers` that no cause explains, the form of both.
    """
    for source, spelling in sorted(evidence.quality.id_spellings.items()):
        if spelling.cause == "unknown":
            if source in strangers:
                yield fact("unit_mismatch.forms", source=source, pair=spelling.pair)
            continue
        yield fact(
            "unit_mismatch.spelled",
            source=source,
            cause=spelling.cause,
            ids=spelling.ids,
            of=spelling.of,
            pair=spelling.pair,
        )


def _is_redrawn(experiment: Experiment, evidence: Evidence) -> bool:
    """Whether arms look as if they were drawn at each exposure, to all sides.

    Draws move units out of each arm; a roll-out moves them out of one.
    """
    crossed = evidence.quality.crossovers
    later, total = evidence.quality.repeated_exposures, sum(crossed.values())
    widths = planned_widths(experiment)
    shares = {arm: width / sum(widths.values()) for arm, width in widths.items()}
    out_of = {arm: share * (1 - share) for arm, share in shares.items()}
    elsewhere = sum(out_of.values())
    units = sum(evidence.assigned.values())
    few = not later or total <= MANY_CROSSED * units
    to_all_sides = all(
        crossed.get(arm, 0) >= OF_ITS_PART * total * part / elsewhere
        for arm, part in out_of.items()
    )
    return not few and to_all_sides and total >= later * elsewhere / 2
