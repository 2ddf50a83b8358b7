"""Readers: how a section is read from the evidence, each registered in its own file.

A reader is given what there is to read from and gives the records of one section,
or none where the section does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias, TypeVar

from holdback.analysis.preregistration.history import History
from holdback.analysis.preregistration.interim_looks import Stage, stage_of
from holdback.analysis.stretches import within_stretches
from holdback.data.evidence.cells import Cells, Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.registry import Plugins
from holdback.results.section import Records

__all__ = ["Basis", "Readers", "SectionReader", "basis_of", "read_sections", "readers"]

POOLING = frozenset({"attributed", "decomposition", "lifetime", "simulation", "uplift"})
"""Sections that count units of all days together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a reading stands on, the same for every section.

    `history` is what the audit log tells of before, `stage` how strictly this look is
    read. `as_of` and `frames` are as they were asked for, for sections that read the
    data once more; `replays` says how often to split the units again.
    """

    experiment: Experiment
    evidence: Evidence
    history: History
    stage: Stage
    as_of: date | datetime | None = None
    frames: Mapping[str, object] = field(default_factory=dict)
    replays: int = 0

    @property
    def cells(self) -> Cells:
        """The sums that the evidence consists of."""
        return self.evidence.cells


def basis_of(
    experiment: Experiment,
    evidence: Evidence,
    history: History | None = None,
    *,
    as_of: date | datetime | None = None,
    frames: Mapping[str, object] | None = None,
    replays: int = 0,
) -> Basis:
    """The basis of a reading; nothing came before where `history` is left out.

    Where the arms' shares changed from day to day, the evidence is put together by
    stretches of constant shares.
    """
    past = history or History()
    evidence = within_stretches(experiment, evidence)
    return Basis(
        experiment=experiment,
        evidence=evidence,
        history=past,
        stage=stage_of(experiment, evidence.cells, evidence.as_of, past),
        as_of=as_of,
        frames=frames or {},
        replays=replays,
    )


SectionReader: TypeAlias = Callable[[Basis], Iterable[object]]
R = TypeVar("R", bound=SectionReader)


class Readers(Plugins[SectionReader]):
    """Section name → its reader, filled by the files of one package."""

    def register(self, name: str) -> Callable[[R], R]:
        """Decorator that makes a function the reader of a section."""

        def file(reader: R) -> R:
            self.add(name, reader)
            return reader

        return file


readers = Readers("holdback.analysis.exploratory")


def read_sections(basis: Basis, *registries: Readers) -> Records:
    """The records of every section that applies, by its name.

    Where the arms' shares changed, those are left out that pool units over all days.
    Raises what a reader raises.
    """
    left_out = POOLING if basis.cells.stretches else frozenset()
    read = {
        name: tuple(reader(basis))
        for registry in registries
        for name, reader in registry.items()
        if name not in left_out
    }
    return {name: records for name, records in read.items() if records}
