"""The default scheme: 52 bits of a SHA-256 over ``<salt>:<purpose>:<id>``.

`h` is the first 13 hexadecimal digits of the digest and the bucket is `h % 10000`.
13 digits are 52 bits: exact in JavaScript's doubles and in the signed 64-bit integers
of SQL, with a modulo bias below 1e-11. A salt holds no colon, so no two pairs of salt
and id share a key; each purpose draws its own bucket, so whether a unit is in the
traffic says nothing about its arm.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Literal

from holdback.errors import AssignmentError, Problem

__all__ = ["BUCKETS", "Purpose", "bucket", "bucket_sql", "check_salt"]

BUCKETS = 10_000
Purpose = Literal["traffic", "arm"]

_SALT = re.compile(r"[A-Za-z0-9_.-]+")
_SQL = {
    "duckdb": (
        "CAST(CAST('0x' || substr(sha256('{key}' || {unit}), 1, 13) AS UBIGINT)"
        " % 10000 AS INTEGER)"
    ),
    "postgres": (
        "CAST(CAST(CAST('x' || lpad(substr(encode(sha256(convert_to("
        "'{key}' || {unit}, 'UTF8')), 'hex'), 1, 13), 16, '0') AS bit(64)) AS bigint)"
        " % 10000 AS integer)"
    ),
}


def bucket(salt: str, purpose: Purpose, unit_id: str) -> int:
    """Bucket of a unit id, 0 to 9999.

    >>> bucket("home_personalization", "arm", "user_1")
    961
    """
    key = f"{salt}:{purpose}:{unit_id}"
    return int(sha256(key.encode()).hexdigest()[:13], 16) % BUCKETS


def bucket_sql(salt: str, purpose: Purpose, unit_sql: str, dialect: str) -> str:
    """SQL text that gives the bucket of the text `unit_sql`, null for a null."""
    # The key needs no escapes: a salt has neither quotes nor backslashes.
    return _SQL[dialect].format(key=f"{salt}:{purpose}:", unit=unit_sql)


def check_salt(salt: str) -> None:
    """Raise AssignmentError for a salt that could make two keys meet."""
    if not _SALT.fullmatch(salt):
        raise AssignmentError(
            Problem(
                what=f"the salt {salt!r} cannot be used",
                why="Salt, purpose and id are joined by colons before hashing.",
                fix="Use letters, digits, '_', '.' and '-' only.",
            )
        )
