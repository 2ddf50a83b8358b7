"""The data engine: where the rows live and the one statement runs.

Read `protocol` (what an engine offers), `sql` (builders of trees), `expressions` and
`times` (formulas and clocks of the YAML as trees), then `connector` (reaching a
database by its URL) and `engines`: one file an engine.
"""

from __future__ import annotations

from holdback.data.engine.protocol import (
    EmbeddedEngine,
    Engine,
    EngineDialect,
    PlaceOf,
    Query,
    ServerEngine,
    Table,
    TooLarge,
    Type,
)

__all__ = [
    "EmbeddedEngine",
    "Engine",
    "EngineDialect",
    "PlaceOf",
    "Query",
    "ServerEngine",
    "Table",
    "TooLarge",
    "Type",
]
