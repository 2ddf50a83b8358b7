"""The assignment as SQL text, so that a warehouse gives every unit the same arm.

Every name and id stands in the text as an escaped literal. A hash that a database does
not have is refused: an arm that is nearly the same is another assignment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from holdback.errors import AssignmentError, Problem

if TYPE_CHECKING:
    import duckdb

    from holdback.assignment.recipe import Draw, Rules

__all__ = [
    "DIALECTS",
    "Dialect",
    "SqlColumns",
    "can_draw",
    "decided",
    "draw_sql",
    "drawn",
    "identifier",
    "literal",
    "sql_columns",
]

SIGNED_DIGITS = 15
SIGNED_BITS = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlColumns:
    """SQL expressions of the three columns: arm, bucket and reason.

    `arm` and `bucket` are null as they are None in `Assigned`. `notes` say what the
    database needs, and whether the form was ever run.
    """

    arm: str
    bucket: str
    reason: str
    notes: tuple[str, ...] = ()


def sql_columns(
    split: Rules, unit_sql: str, dialect: str, *, eligible: str | None = None
) -> SqlColumns:
    """Expressions over `unit_sql`, which gives a text or a whole number.

    Floats are no ids here: their text differs between databases. `eligible` is a
    condition of the dialect that is never null. Raises AssignmentError for a dialect
    that is not offered, or that lacks the scheme's hash.
    """
    if dialect not in DIALECTS:
        raise AssignmentError(
            Problem(
                where="dialect",
                what=f"'{dialect}' is not offered",
                fix=f"Use one of {', '.join(DIALECTS)}.",
            )
        )
    spelled = DIALECTS[dialect]
    unit = spelled.text.format(text=unit_sql)
    numbers = [draw_sql(draw, unit, dialect) for draw in split.draws]
    columns = decided(split, dialect, unit=unit, numbers=numbers, eligible=eligible)
    used = {draw.hash for draw in split.draws}
    notes = [note for name, note in spelled.notes.items() if not name or name in used]
    if not spelled.is_run:
        notes.append("this dialect's form was not run against the database")
    return SqlColumns(
        arm=columns.arm,
        bucket=columns.bucket,
        reason=columns.reason,
        notes=tuple(notes),
    )


def can_draw(draw: Draw, dialect: str) -> bool:
    """Whether a database can compute a draw exactly."""
    if draw.hash not in DIALECTS[dialect].digest:
        return False
    if draw.reduce == "scale":
        return draw.bits + draw.buckets.bit_length() <= SIGNED_BITS
    return draw.digits <= (SIGNED_DIGITS if draw.reduce == "none" else 16)


def draw_sql(draw: Draw, unit: str, dialect: str) -> str:
    """Expression of a draw's number for the text `unit`; null for a null.

    Raises AssignmentError for a hash that the database does not have.
    """
    if not can_draw(draw, dialect):
        raise AssignmentError(
            Problem(
                where=f"dialect {dialect}",
                what=f"{dialect} cannot compute this scheme's {draw.hash} exactly",
                fix="Assign the ids with `holdback assign` and load its output.",
            )
        )
    spelled = DIALECTS[dialect]
    parts = [literal(draw.before, dialect) if draw.before else "", unit]
    parts += [literal(draw.after, dialect)] if draw.after else []
    digest = spelled.digest[draw.hash].format(text=spelled.joined(parts))
    number = _reduced(draw, digest, spelled)
    if draw.remainder is not None:
        number = spelled.modulo.format(a=number, b=draw.remainder)
    return number


def shown_sql(draw: Draw, number: str, dialect: str) -> str:
    """Expression of the bucket that users see, from that of the number."""
    spelled = DIALECTS[dialect]
    if draw.reduce == "none":
        leading = spelled.quotient.format(a=number, b=1 << draw.bits - 32)
        scaled = f"({leading}) * {draw.buckets}"
        number = spelled.quotient.format(a=scaled, b=1 << 32)
    return spelled.integer.format(a=number)


def decided(
    split: Rules,
    dialect: str,
    *,
    unit: str,
    numbers: Sequence[str],
    eligible: str | None = None,
) -> SqlColumns:
    """Expressions from those of the id's text and of its draws, in `split`'s order."""
    invalid = f"{unit} IS NULL OR {unit} = ''"
    forced = {
        arm: ", ".join(
            literal(unit_id, dialect)
            for unit_id, to in split.overrides.items()
            if to == arm
        )
        for arm in split.names
    }
    *gated, number = numbers
    exits = [
        (_outside(gate.ranges, value), gate.reason)
        for gate, value in zip((*split.early, *split.late), gated, strict=True)
    ]
    if eligible is not None:
        exits.insert(len(split.early), (f"NOT ({eligible})", "not_eligible"))
    arm = [(invalid, "NULL")]
    arm += [
        (f"{unit} IN ({ids})", literal(name, dialect))
        for name, ids in forced.items()
        if ids
    ]
    arm += [(condition, "NULL") for condition, _ in exits]
    arms = [
        (f"{number} >= {start} AND {number} < {end}", literal(split.names[i], dialect))
        for start, end, i in split.recipe.ranges
    ]
    covered = sum(split.widths.values()) == split.recipe.draw.size
    reason = [(invalid, "'invalid_id'")]
    reason += [(f"{unit} IN ({ids})", "'override'") for ids in forced.values() if ids]
    reason += [(condition, f"'{why}'") for condition, why in exits]
    if not covered:
        inside = " OR ".join(f"({condition})" for condition, _ in arms)
        reason.append((f"NOT ({inside})", "'outside_traffic'"))
    last = "NULL"
    if covered:
        *arms, (_, last) = arms
    bucket = shown_sql(split.recipe.draw, number, dialect)
    return SqlColumns(
        arm=_case([*arm, *arms], last),
        bucket=_case([(invalid, "NULL")], bucket),
        reason=_case(reason, "'assigned'"),
    )


def literal(text: str, dialect: str) -> str:
    r"""Text as a SQL literal.

    >>> print(literal("it's", "duckdb"), literal("a\\b", "postgres"))
    'it''s' E'a\\b'
    >>> print(literal("it's\\", "bigquery"))
    'it\'s\\'
    """
    if DIALECTS[dialect].backslashes:
        escaped = text.replace("\\", "\\\\").replace("'", "\\'")
        escaped = escaped.replace("\n", "\\n").replace("\r", "\\r")
        return f"'{escaped}'"
    quoted = text.replace("'", "''")
    if dialect == "postgres" and "\\" in text:
        # Read alike whether or not the server takes backslashes in plain literals.
        escaped = quoted.replace("\\", "\\\\")
        return f"E'{escaped}'"
    return f"'{quoted}'"


def identifier(name: str, dialect: str) -> str:
    """A column's name, quoted.

    >>> identifier('a"b', "duckdb"), identifier("a`b", "spark")
    ('"a""b"', '`a``b`')
    """
    quote = DIALECTS[dialect].quote
    if dialect == "bigquery":
        escaped = name.replace("\\", "\\\\").replace("`", "\\`")
        return f"`{escaped}`"
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


def _reduced(draw: Draw, digest: str, spelled: Dialect) -> str:
    """The number of a digest; 16 digits in two halves, which signed integers hold."""
    if draw.reduce == "modulo" and draw.digits > SIGNED_DIGITS:
        high, low = (
            spelled.modulo.format(
                a=spelled.number.format(hex=f"substr({digest}, {start}, 8)"),
                b=draw.buckets,
            )
            for start in (1, 9)
        )
        carried = f"({high}) * {2**32 % draw.buckets} + ({low})"
        return spelled.modulo.format(a=carried, b=draw.buckets)
    value = spelled.number.format(hex=f"substr({digest}, 1, {draw.digits})")
    if draw.reduce == "modulo":
        return spelled.modulo.format(a=value, b=draw.buckets)
    if draw.reduce == "scale":
        scaled = f"({value}) * {draw.buckets}"
        return spelled.quotient.format(a=scaled, b=1 << draw.bits)
    return value


def _outside(ranges: Sequence[tuple[int, int]], value: str) -> str:
    if not ranges:
        return "1 = 1"
    if len(ranges) == 1 and ranges[0][0] == 0:
        return f"{value} >= {ranges[0][1]}"
    inside = " OR ".join(
        f"({value} >= {start} AND {value} < {end})" for start, end in ranges
    )
    return f"NOT ({inside})"


def _case(branches: Sequence[tuple[str, str]], otherwise: str) -> str:
    if not branches:
        return otherwise
    whens = " ".join(f"WHEN {condition} THEN {value}" for condition, value in branches)
    return f"CASE {whens} ELSE {otherwise} END"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Spelling of one database.

    `digest` gives the hexadecimal text of a hash, `number` the signed 64-bit integer
    of at most 15 hexadecimal digits. `backslashes` says that a literal reads them as
    escapes, `pipes` that `||` joins texts. `notes` are told to the user, by hash or for
    all ("").
    """

    text: str
    integer: str
    digest: Mapping[str, str]
    number: str
    modulo: str = "({a}) % {b}"
    quotient: str = "({a}) / {b}"
    quote: str = '"'
    pipes: bool = True
    backslashes: bool = False
    is_run: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)

    def joined(self, parts: Sequence[str]) -> str:
        """Texts one after the other; empty ones are left out."""
        filled = [part for part in parts if part]
        if self.pipes or len(filled) == 1:
            return " || ".join(filled)
        return f"CONCAT({', '.join(filled)})"


_MYSQL = Dialect(
    # Bytes of UTF-8: compared as they are, in no collation and with their spaces.
    text="CAST(CONVERT({text} USING utf8mb4) AS BINARY)",
    integer="CAST({a} AS SIGNED)",
    digest={
        "sha256": "SHA2({text}, 256)",
        "sha1": "SHA1({text})",
        "md5": "MD5({text})",
    },
    number="CAST(CONV({hex}, 16, 10) AS SIGNED)",
    quotient="({a}) DIV {b}",
    quote="`",
    pipes=False,  # || is OR there
    backslashes=True,
    notes={"": "the connection's character set must be utf8mb4"},
)
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
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
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


def drawn(
    connection: duckdb.DuckDBPyConnection, draw: Draw, unit: str, name: str
) -> str:
    """Expression of a draw's number for the text `unit`; null for a null.

    A hash that the engine lacks becomes a function of the connection, whose name
    holds `name`: one that the connection has not seen.

    Raises AssignmentError where the dialect cannot compute the hash exactly.
    """
    if can_draw(draw, "duckdb"):
        return draw_sql(draw, unit, "duckdb")
    function = f"holdback_{name}"
    connection.create_function(function, draw.number, ["VARCHAR"], "BIGINT")
    return f"{function}({unit})"
