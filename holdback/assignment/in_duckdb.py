"""A draw inside DuckDB: by the engine's own digest, or by our hash as a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdback.assignment.sql import can_draw, draw_sql

if TYPE_CHECKING:
    import duckdb

    from holdback.assignment.recipe import Draw

__all__ = ["drawn"]


def drawn(
    connection: duckdb.DuckDBPyConnection, draw: Draw, unit: str, name: str
) -> str:
    """Expression of a draw's number for the text `unit`; null for a null.

    A hash that the engine lacks becomes a function of the connection, whose name
    holds `name`: one that the connection has not seen.
    """
    if can_draw(draw, "duckdb"):
        return draw_sql(draw, unit, "duckdb")
    function = f"holdback_{name}"
    connection.create_function(function, draw.number, ["VARCHAR"], "BIGINT")
    return f"{function}({unit})"
