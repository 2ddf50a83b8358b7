"""What a map of ids made of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["IdsOfOnePerson"]

MANY_CONFLICTS = 0.01


@kinds.register("united_ids")
class IdsOfOnePerson:
    """Counts persons and their ids, and persons with several accounts.

    A device that two people share makes one unit of them, as much in one arm as in the
    other. From 1 % of the persons on, and where no id of the exposures is in the map,
    it warns.
    """

    order: ClassVar = 29

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding, where there is a map of ids."""
        united = evidence.quality.united
        if united is None:
            return
        many = united.conflicts > MANY_CONFLICTS * united.persons
        yield Finding(
            check="united_ids",
            status="warn" if many or not united.met else "pass",
            fact=fact(
                "united_ids.counted",
                source=united.source,
                column=united.column,
                persons=united.persons,
                ids=united.ids,
                conflicts=united.conflicts,
                met=united.met,
            ),
        )
