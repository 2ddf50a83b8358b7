"""`holdback check`: flipped bits of Parquet files are found where checksums are."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdback.cli.main import run


def written(path: Path, *, checksums: bool) -> Path:
    """Three columns in two row groups."""
    lot = random.Random(3)
    rows = 4_000
    table = pa.table(
        {
            "who": [f"u{lot.randrange(900)}" for _ in range(rows)],
            "total": [round(lot.lognormvariate(3, 1), 2) for _ in range(rows)],
            "items": [lot.randrange(9) for _ in range(rows)],
        }
    )
    pq.write_table(table, path, row_group_size=2_000, write_page_checksum=checksums)
    return path


def test_sound_files_say_whether_they_are_checksummed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With checksums all is verified; without, that is said."""
    with_them = written(tmp_path / "with.parquet", checksums=True)
    without = written(tmp_path / "without.parquet", checksums=False)
    assert run(["check", str(with_them), str(without)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "with.parquet: checksummed, and every page" in first
    assert "without.parquet: not checksummed" in second
    assert run(["check", str(with_them), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["files"][str(with_them)]
    assert told == {"row_groups": 2, "checksummed": True, "damaged": []}


def test_every_flipped_bit_of_a_page_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hundred bits, one at a time, in the pages' data: exit 3, place and column."""
    path = written(tmp_path / "orders.parquet", checksums=True)
    content = path.read_bytes()
    meta = pq.ParquetFile(path).metadata
    chunk = meta.row_group(1).column(1)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    lot = random.Random(8)
    for _ in range(100):
        at = start + 64 + lot.randrange(chunk.total_compressed_size - 64)
        flipped = content[at] ^ (1 << lot.randrange(8))
        path.write_bytes(content[:at] + bytes([flipped]) + content[at + 1 :])
        assert run(["check", str(path)]) == 3
        told = capsys.readouterr().err
        assert "column total of row group 2" in told
        assert "Traceback" not in told


@pytest.mark.parametrize("content", [b"", b"PAR1", b"id,total\n1,2\n"])
def test_other_files_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    """What is empty, cut off or no Parquet."""
    (tmp_path / "x.parquet").write_bytes(content)
    assert run(["check", str(tmp_path / "x.parquet")]) == 3
    assert "x.parquet" in capsys.readouterr().err
