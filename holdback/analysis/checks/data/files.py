"""What of the files is no data, and sources without a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Files"]

ROWS_LEFT_OUT = frozenset({"repeated_headers", "totals_rows"})
"""Rows with something in them: worth a look."""


@kinds.register("files")
class Files:
    """Tells what was read past: lines above a header, empty rows, totals.

    A source with a header and no row is a legal zero (nobody cancelled), and may as
    well be an export that failed: a warning.
    """

    order: ClassVar = 105

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a source with something to tell."""
        del experiment
        for used in evidence.inputs:
            if used.rows == 0:
                empty = fact("files.empty", source=used.source)
                yield Finding(check="files", status="warn", fact=empty)
        for source, counts in sorted(evidence.quality.read_past.items()):
            found = {what: count for what, count in sorted(counts.items()) if count}
            cut = found.pop("open_ends", 0)
            if cut:
                seems_cut = fact("files.open_ends", source=source, files=cut)
                yield Finding(check="files", status="warn", fact=seems_cut)
            if found:
                yield Finding(
                    check="files",
                    status="warn" if ROWS_LEFT_OUT & found.keys() else "pass",
                    fact=fact("files.read_past", source=source, counts=found),
                )
