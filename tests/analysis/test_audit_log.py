"""The audit log: a chain that shows every change, and survives what can happen."""

from __future__ import annotations

import json
import multiprocessing
import os
import unicodedata
from pathlib import Path

import pytest

from holdback.analysis.preregistration.audit_log import LogEntry, append, read
from holdback.errors import ConfigError, EnvironmentFault


def entry(key: str, **says: object) -> LogEntry:
    """A look of one experiment."""
    return LogEntry(kind="look", experiment="shop", key=key, says=says)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of three entries."""
    path = tmp_path / "audit.jsonl"
    for i in range(3):
        append(path, entry(f"k{i}", information=i / 4, label="Überblick"))
    return path


def test_entries_come_back_in_order(log: Path) -> None:
    """What was written is read, oldest first, each with its hash."""
    entries = read(log)
    assert [e.key for e in entries] == ["k0", "k1", "k2"]
    assert entries[2].says == {"information": 0.5, "label": "Überblick"}
    assert len({e.hash for e in entries}) == 3
    assert read(log.with_name("none.jsonl")) == ()


def test_the_same_key_is_written_once(log: Path) -> None:
    """The same look again adds nothing and gives what was recorded."""
    before = log.read_bytes()
    again = append(log, entry("k1", information=9.0))
    assert again.says["information"] == 0.25
    assert log.read_bytes() == before


@pytest.mark.parametrize("change", ["edit", "drop", "swap", "garbage", "foreign"])
def test_a_changed_past_is_told_with_its_line(log: Path, change: str) -> None:
    """Editing, dropping or swapping entries breaks the chain where it was done."""
    lines = log.read_bytes().splitlines(keepends=True)
    changed = {
        "edit": [lines[0], lines[1].replace(b"0.25", b"0.35"), lines[2]],
        "drop": [lines[0], lines[2]],
        "swap": [lines[0], lines[2], lines[1]],
        "garbage": [lines[0], b"{not json\n", lines[2]],
        "foreign": [lines[0], b'{"kind":"look"}\n', lines[2]],
    }[change]
    log.write_bytes(b"".join(changed))
    for act in (lambda: read(log), lambda: append(log, entry("k9"))):
        with pytest.raises(ConfigError, match=r"audit\.jsonl:2"):
            act()
    assert log.read_bytes() == b"".join(changed)


def test_a_rewritten_hash_breaks_the_next_entry(log: Path) -> None:
    """Giving a changed entry a hash of its own only moves the break on."""
    import hashlib

    lines = log.read_bytes().splitlines()
    content = json.loads(lines[1])
    content["says"]["information"] = 0.9
    del content["hash"]
    text = json.dumps(
        content, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    content["hash"] = hashlib.sha256(text.encode()).hexdigest()
    lines[1] = json.dumps(
        content, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    ).encode()
    log.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(ConfigError, match=r"audit\.jsonl:3"):
        read(log)


def test_a_torn_last_line_is_set_aside(log: Path) -> None:
    """What a killed writer left is no entry; the next one goes on before it."""
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"seq": 4, "ki')
    assert len(read(log)) == 3
    append(log, entry("k3"))
    assert [e.key for e in read(log)] == ["k0", "k1", "k2", "k3"]
    aside = log.with_name("audit.jsonl.torn-4")
    assert aside.read_bytes() == b'{"seq": 4, "ki\n'


def test_torn_twice_at_the_same_entry_loses_nothing(log: Path) -> None:
    """What a second killed writer left stands after what the first one left."""
    aside = log.with_name("audit.jsonl.torn-4")
    aside.write_bytes(b"first\n")
    log.write_bytes(log.read_bytes() + b"second")
    append(log, entry("k3"))
    assert aside.read_bytes() == b"first\nsecond\n"


def test_names_in_decomposed_letters_do_not_break_the_chain(log: Path) -> None:
    """Names come back composed, in the order that they are hashed in.

    In decomposed letters "é" sorts before "k", composed after it.
    """
    decomposed = unicodedata.normalize("NFD", "éclair")
    append(log, entry("k3", units={"kontrolle": 1, decomposed: 2}, days={10: 1, 9: 2}))
    assert append(log, entry(unicodedata.normalize("NFD", "ké"))).key == "ké"
    assert read(log)[3].says["units"] == {"kontrolle": 1, "éclair": 2}
    before = log.read_bytes()
    append(log, entry(unicodedata.normalize("NFD", "ké")))
    assert log.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [(b'{"exp', b'{"kind":"lock","exp'), (b'":', b'": '), (b"\xc3", b"\\u00c3")],
)
def test_what_reads_the_same_is_a_change_too(
    log: Path, change: tuple[bytes, bytes]
) -> None:
    """A field given twice, spaces, escapes: the bytes of the log are what counts."""
    lines = log.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(*change, 1)
    log.write_bytes(b"".join(lines))
    with pytest.raises(ConfigError, match=r"audit\.jsonl:2"):
        read(log)


def _write(path: Path, number: int) -> None:
    for i in range(5):
        append(path, entry(f"{number}-{i}"))


def test_many_writers_keep_one_chain(tmp_path: Path) -> None:
    """Eight processes at once: every entry is there and the chain holds."""
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_write, args=(path, i)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len({e.key for e in read(path)}) == 40


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    """No folder, no log: said in one sentence."""
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        append(tmp_path / "none" / "audit.jsonl", entry("k"))
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        read(tmp_path / "audit.jsonl")


def test_numbers_that_are_none_are_refused(log: Path) -> None:
    """NaN never gets into the log, and the log stays as it was."""
    before = log.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        append(log, entry("bad", information=float("nan")))
    assert log.read_bytes() == before
    assert os.access(log, os.R_OK)
