"""Loaders: files, frames and tables into the embedded engine.

`formats` has one file a format, registered by the kind of source that it reads. Read
`store` (what they read into), `files` (matched, looked at, fingerprinted) and
`csv_files` (text read strictly) first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from holdback.data.engine import ServerEngine, Table
from holdback.data.loaders.store import Store
from holdback.experiments.kinds.source import Source
from holdback.registry import Kinds

__all__ = ["Loader", "kinds", "loader_of"]

S = TypeVar("S", bound=Source)


@dataclass(frozen=True, slots=True)
class Loader(Generic[S]):
    """Reads one source."""

    source: S

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """Read the source into the embedded engine; `wanted` None: every column.

        Raises DataError for rows or files that cannot be right, EnvironmentFault for
        what cannot be read, ConfigError for what the YAML says wrongly of it.
        """
        raise NotImplementedError

    def inside(self, engine: ServerEngine) -> Table:
        """The source in the database that `lives_in` says it is in."""
        raise NotImplementedError


kinds: Kinds[Loader[Any]] = Kinds("holdback.data.loaders.formats", shared=True)


def loader_of(source: Source) -> Loader[Any]:
    """The loader of a source's kind."""
    return kinds[source.kind](source)
