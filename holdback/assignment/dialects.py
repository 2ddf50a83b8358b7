"""How eight databases spell the pieces of an assignment.

The tests run the forms for DuckDB, PostgreSQL and Spark against Python, id by id, and
SQLite's with its functions registered; the others follow the databases' documentation
and are kept as golden files. Templates take ``{text}``, ``{hex}``, ``{a}`` and ``{b}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["DIALECTS", "Dialect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Spelling of one database.

    `digest` gives the hexadecimal text of a hash, `number` the signed 64-bit integer
    of at most 15 hexadecimal digits. `backslashes` says that a literal reads them as
    escapes. `notes` are told to the user, by hash or for all ("").
    """

    text: str
    integer: str
    digest: Mapping[str, str]
    number: str
    modulo: str = "({a}) % {b}"
    quotient: str = "({a}) / {b}"
    quote: str = '"'
    backslashes: bool = False
    is_run: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)


_UDF = "register sha256, sha1 and md5 (text to hexadecimal text) and hexint first"

DIALECTS: Mapping[str, Dialect] = {
    "duckdb": Dialect(
        text="CAST({text} AS VARCHAR)",
        integer="CAST({a} AS INTEGER)",
        digest={
            "sha256": "sha256({text})",
            "sha1": "sha1({text})",
            "md5": "md5({text})",
        },
        number="CAST('0x' || {hex} AS UBIGINT)",
        quotient="({a}) // {b}",
        is_run=True,
    ),
    "postgres": Dialect(
        text="CAST({text} AS text)",
        integer="CAST({a} AS integer)",
        digest={
            "sha256": "encode(sha256(convert_to({text}, 'UTF8')), 'hex')",
            "sha1": "encode(digest(convert_to({text}, 'UTF8'), 'sha1'), 'hex')",
            "md5": "md5(convert_to({text}, 'UTF8'))",
        },
        number="CAST(CAST('x' || lpad({hex}, 16, '0') AS bit(64)) AS bigint)",
        is_run=True,
        notes={"sha1": "needs the extension pgcrypto for digest()"},
    ),
    "spark": Dialect(
        text="CAST({text} AS STRING)",
        integer="CAST({a} AS INT)",
        digest={
            "sha256": "sha2({text}, 256)",
            "sha1": "sha1({text})",
            "md5": "md5({text})",
        },
        number="CAST(conv({hex}, 16, 10) AS BIGINT)",
        quotient="({a}) DIV {b}",
        quote="`",
        backslashes=True,
        is_run=True,
    ),
    "bigquery": Dialect(
        text="CAST({text} AS STRING)",
        integer="CAST({a} AS INT64)",
        digest={
            "sha256": "TO_HEX(SHA256({text}))",
            "sha1": "TO_HEX(SHA1({text}))",
            "md5": "TO_HEX(MD5({text}))",
        },
        number="CAST(CONCAT('0x', {hex}) AS INT64)",
        modulo="MOD({a}, {b})",
        quotient="DIV({a}, {b})",
        quote="`",
        backslashes=True,
    ),
    "snowflake": Dialect(
        text="CAST({text} AS VARCHAR)",
        integer="CAST({a} AS INTEGER)",
        digest={
            "sha256": "SHA2({text}, 256)",
            "sha1": "SHA1({text})",
            "md5": "MD5({text})",
        },
        number="TO_NUMBER({hex}, 'XXXXXXXXXXXXXXX')",
        modulo="MOD({a}, {b})",
        quotient="FLOOR(({a}) / {b})",
        backslashes=True,
    ),
    "redshift": Dialect(
        text="CAST({text} AS VARCHAR(65535))",
        integer="CAST({a} AS INTEGER)",
        digest={
            "sha256": "SHA2({text}, 256)",
            "sha1": "SHA1({text})",
            "md5": "MD5({text})",
        },
        number="STRTOL({hex}, 16)",
        backslashes=True,
    ),
    "clickhouse": Dialect(
        text="CAST({text} AS Nullable(String))",
        integer="toInt32({a})",
        digest={
            "sha256": "lower(hex(SHA256({text})))",
            "sha1": "lower(hex(SHA1({text})))",
            "md5": "lower(hex(MD5({text})))",
        },
        number="reinterpretAsUInt64(reverse(unhex(leftPad({hex}, 16, '0'))))",
        quotient="intDiv({a}, {b})",
        backslashes=True,
    ),
    "sqlite": Dialect(
        text="CAST({text} AS TEXT)",
        integer="CAST({a} AS INTEGER)",
        digest={
            "sha256": "sha256({text})",
            "sha1": "sha1({text})",
            "md5": "md5({text})",
        },
        number="hexint({hex})",
        is_run=True,
        notes={"": _UDF},
    ),
}
