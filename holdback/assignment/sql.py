"""The assignment as SQL text, so that a warehouse gives every unit the same arm.

Only dialects whose expression was compared with the Python form, id by id, are
offered. Every name and id stands in the text as an escaped literal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdback.assignment.schemes.holdback import BUCKETS, bucket_sql
from holdback.errors import AssignmentError, Problem

if TYPE_CHECKING:
    from holdback.assignment.split import Split

__all__ = ["DIALECTS", "SqlColumns", "decided", "literal", "sql_columns"]

DIALECTS = {"duckdb": "VARCHAR", "postgres": "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlColumns:
    """SQL expressions of the three columns: arm, bucket and reason.

    `arm` and `bucket` are null as they are None in `Assigned`.
    """

    arm: str
    bucket: str
    reason: str


def sql_columns(split: Split, unit_sql: str, dialect: str) -> SqlColumns:
    """Expressions over `unit_sql`, which gives a text or a whole number.

    Floats are no ids here: their text differs between databases. Raises
    AssignmentError for a dialect that is not offered.
    """
    if dialect not in DIALECTS:
        raise AssignmentError(
            Problem(
                where="dialect",
                what=f"'{dialect}' is not offered",
                fix=f"Use one of {', '.join(DIALECTS)}.",
            )
        )
    unit = f"CAST({unit_sql} AS {DIALECTS[dialect]})"
    salt = split.hashed_salt
    return decided(
        split,
        dialect,
        unit=unit,
        traffic=bucket_sql(salt, "traffic", unit, dialect),
        bucket=bucket_sql(salt, "arm", unit, dialect),
    )


def decided(
    split: Split, dialect: str, *, unit: str, traffic: str, bucket: str
) -> SqlColumns:
    """Expressions from those of the id's text and of its two buckets."""
    invalid = f"{unit} IS NULL OR {unit} = ''"
    forced = {
        arm: ", ".join(
            literal(one, dialect) for one, to in split.overrides.items() if to == arm
        )
        for arm in split.names
    }
    outside = f"{traffic} >= {split.traffic_buckets}"
    full = split.traffic_buckets == BUCKETS
    arm = [(invalid, "NULL")]
    arm += [
        (f"{unit} IN ({ids})", literal(name, dialect))
        for name, ids in forced.items()
        if ids
    ]
    arm += [] if full else [(outside, "NULL")]
    end = 0
    for name, width in split.widths.items():
        end += width
        arm.append((f"{bucket} < {end}", literal(name, dialect)))
    reason = [(invalid, "'invalid_id'")]
    reason += [(f"{unit} IN ({ids})", "'override'") for ids in forced.values() if ids]
    reason += [] if full else [(outside, "'outside_traffic'")]
    return SqlColumns(
        arm=_case(arm[:-1], arm[-1][1]),
        bucket=_case([(invalid, "NULL")], bucket),
        reason=_case(reason, "'assigned'"),
    )


def literal(text: str, dialect: str) -> str:
    r"""Text as a SQL literal.

    >>> print(literal("it's", "duckdb"), literal("a\\b", "postgres"))
    'it''s' E'a\\b'
    """
    quoted = text.replace("'", "''")
    if dialect == "postgres" and "\\" in text:
        # Read alike whether or not the server takes backslashes in plain literals.
        escaped = quoted.replace("\\", "\\\\")
        return f"E'{escaped}'"
    return f"'{quoted}'"


def _case(branches: list[tuple[str, str]], otherwise: str) -> str:
    whens = " ".join(f"WHEN {condition} THEN {value}" for condition, value in branches)
    return f"CASE {whens} ELSE {otherwise} END"
