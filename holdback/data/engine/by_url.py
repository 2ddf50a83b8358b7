"""Engines: one file each, named for the scheme of its URLs.

A file registers a `Connector`: how the engine is reached, its dialect, and whether
files are read into it, the statement runs in it, or only its rows are fetched.
Everything else asks here, by URL. The names of the files are the schemes, so that a
URL can be checked before any driver is loaded; what follows an underscore tells two
files of one scheme apart.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from holdback.data.engine.connector import Connector
from holdback.data.engine.protocol import EmbeddedEngine, EngineDialect
from holdback.errors import ConfigError, Problem
from holdback.experiments.kinds.source import EMBEDDED
from holdback.experiments.language.secrets import revealed
from holdback.registry import Kinds

__all__ = [
    "database",
    "dialects",
    "embedded",
    "embedded_dialect",
    "kinds",
    "runs_statement",
    "spelling",
]

kinds: Kinds[Connector] = Kinds("holdback.data.engine.engines")


def embedded() -> EmbeddedEngine:
    """A new engine in this process; `close` it.

    Raises ConfigError for a memory limit of the environment that is no size.
    """
    return kinds[EMBEDDED](url=EMBEDDED, root=Path(), source="").embedded()


def embedded_dialect() -> EngineDialect:
    """The dialect of the engine in this process."""
    return spelling(kinds[EMBEDDED].sql)


def spelling(sql: str) -> EngineDialect:
    """The dialect that SQLGlot calls `sql`; the embedded engine's for one unknown."""
    known = {cls.sql: cls.dialect for _, cls in kinds.items() if cls.dialect}
    return known.get(sql) or known[kinds[EMBEDDED].sql]


def dialects() -> list[str]:
    """What SQLGlot calls each SQL that the statement can be written in."""
    return sorted({cls.sql for _, cls in kinds.items() if cls.dialect})


def runs_statement(url: str) -> bool:
    """Whether the statement can run in the database at `url` itself.

    Raises ConfigError for a variable of the environment that is not set.
    """
    reached = _reached(url)
    return reached is not None and reached.role == "server"


def database(url: str, root: Path, source: str) -> Connector:
    """How to reach the database at `url` (with ${env:…}) that `source` lives in.

    Raises ConfigError for a scheme that no engine has.
    """
    reached = _reached(url)
    if reached is not None:
        return reached(url=url, root=root, source=source)
    scheme = _scheme(url)
    examples = [cls.example for _, cls in kinds.items() if cls.role != "embedded"]
    listed = " or ".join(sorted(examples, key=len))
    raise ConfigError(
        Problem(
            where=f"source {source}",
            what=f"databases of the kind '{scheme}' are not read."
            if scheme
            else "there is no database to read from.",
            fix=f"Use {listed}, and keep passwords in ${{env:…}}.",
        )
    )


def _reached(url: str) -> type[Connector] | None:
    """The engine of a URL's scheme; none for the embedded one, which has no URL."""
    scheme = _scheme(url)
    return next(
        (
            cls
            for name, cls in kinds.items()
            if scheme in {name, *cls.aliases} and cls.role != "embedded"
        ),
        None,
    )


def _scheme(url: str) -> str:
    """`postgresql` of ``postgresql+driver://…``."""
    return urlsplit(revealed(url)).scheme.partition("+")[0]
