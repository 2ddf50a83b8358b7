"""Checksums in the pages of Parquet files: whether there are any, whether they hold.

The format keeps a CRC-32 of a page in the page's header where the writer put one
(Apache Parquet format, `PageHeader.crc`, field 4 of the Thrift struct).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from holdback.errors import DataError, EnvironmentFault, Problem

__all__ = ["PageChecks", "verified"]

HEADER_START = 64
"""Bytes of a page's header that are read: its first four fields are within 19."""
INTEGER_FIELD, MORE = 0x15, 0x80
"""Thrift's compact form: the next field, an i32; a byte that is not a number's last."""
FIELDS_BEFORE = 3
"""Type, size unpacked and size packed stand before the checksum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChecks:
    """What a Parquet file's checksums say; `damaged` names columns by row group."""

    row_groups: int
    checksummed: bool
    damaged: tuple[tuple[int, str], ...] = ()


def verified(path: Path, shown: str) -> PageChecks:
    """Read every page of a Parquet file against its checksum.

    `shown` is the file's name in messages. Raises DataError for what is no Parquet file
    or whose directory is damaged, EnvironmentFault without pyarrow, which reads it.
    """
    if find_spec("pyarrow") is None:
        raise EnvironmentFault(
            Problem(
                where=shown,
                what="checksums of Parquet are read by pyarrow, which is not here.",
                fix="pip install 'holdback[frames]'",
            )
        )
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path, page_checksum_verification=True)
    except (OSError, ValueError) as error:
        raise DataError(
            Problem(
                where=shown,
                what="the Parquet file cannot be read: it is damaged or cut off.",
                fix="Export it again.",
            )
        ) from error
    meta = file.metadata
    places = [
        (g, c) for g in range(meta.num_row_groups) for c in range(meta.num_columns)
    ]
    chunks = {at: meta.row_group(at[0]).column(at[1]) for at in places}
    starts = [
        chunk.dictionary_page_offset or chunk.data_page_offset
        for chunk in chunks.values()
    ]
    damaged = []
    for (group, _), chunk in chunks.items():
        name = chunk.path_in_schema
        try:
            file.read_row_group(group, columns=[name], use_threads=False)
        except (OSError, ValueError):
            damaged.append((group, name))
    return PageChecks(
        row_groups=meta.num_row_groups,
        checksummed=bool(starts) and all(_has_checksum(path, at) for at in starts),
        damaged=tuple(damaged),
    )


def _has_checksum(path: Path, offset: int) -> bool:
    """Whether the page that begins there carries a checksum."""
    with path.open("rb") as file:
        file.seek(offset)
        header = file.read(HEADER_START)
    at = 0
    for _ in range(FIELDS_BEFORE):
        if header[at : at + 1] != bytes([INTEGER_FIELD]):
            return False
        at += 1
        while header[at] & MORE:
            at += 1
        at += 1
    return header[at] == INTEGER_FIELD
