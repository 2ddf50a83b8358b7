"""The end of the audit log: what was cut off is known, told, and stays paid for."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from worlds.looked_shop import shop

import holdback as hb
from holdback.analysis.preregistration.audit_log import head_of, read
from holdback.cli.main import run
from holdback.stats.sequential.group_sequential import boundaries

DAYS = (4, 7)


def look(file: Path, day: int) -> hb.Analysis:
    """A look as of the end of an October day, written where results stand."""
    experiment = hb.load(file)
    analysis = hb.analyze(experiment, as_of=date(2026, 10, day))
    analysis.write(experiment.root / "results" / experiment.name)
    return analysis


@pytest.fixture
def looked(tmp_path: Path) -> Path:
    """A locked shop after two looks; the third, on day 10, is still to come."""
    file = shop(tmp_path)
    hb.lock(file)
    for day in DAYS:
        look(file, day)
    return file


def cut(file: Path, lines: int) -> None:
    """Take the last lines off the log."""
    log = file.with_name("audit.jsonl")
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-lines]))


def bound_at(times: list[float]) -> float:
    """The boundary at the last of some looks."""
    return boundaries(times)[-1]


def test_the_head_follows_the_log(looked: Path) -> None:
    """`audit.head` holds the number of entries and the last hash."""
    entries = read(looked.with_name("audit.jsonl"))
    assert len(entries) == 3
    assert head_of(looked.with_name("audit.jsonl")) == (3, entries[-1].hash)


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_alpha_stays_spent_for_looks_that_were_cut_off(
    looked: Path, lines: int
) -> None:
    """A shortened log gives the strictness of the whole one, and says what it lost."""
    whole = [look(looked, day).scorecard.look.information for day in DAYS]
    cut(looked, lines)
    card = look(looked, 10).scorecard
    assert card.look.number == 3
    assert card.look.boundary == pytest.approx(
        bound_at([*whole, card.look.information])
    )
    assert card.status == "amended"
    assert "audit_log" in card.amended
    (finding,) = [check for check in card.checks if check.check == "audit_log"]
    assert finding.status == "warn"
    assert finding.fact.numbers["entries"] == lines
    gone = ["2026-10-07", "2026-10-04"][: min(lines, 2)]
    assert [day[:10] for day in finding.fact.numbers["days"]] == sorted(gone)


def test_a_loss_stays_known(looked: Path) -> None:
    """The look after the loss heals nothing: the log tells it from then on."""
    cut(looked, 1)
    first = look(looked, 10)
    entries = read(looked.with_name("audit.jsonl"))
    assert [e.kind for e in entries] == ["lock", "look", "lost", "look"]
    assert look(looked, 10).scorecard == first.scorecard
    end = look(looked, 12).scorecard
    assert (end.status, end.look.number) == ("amended", 4)
    assert read(looked.with_name("audit.jsonl"))[:4] == entries


def test_a_scorecard_alone_proves_its_looks(looked: Path) -> None:
    """Without `audit.head`, and with the whole log gone, the last scorecard tells."""
    looked.with_name("audit.head").unlink()
    looked.with_name("audit.jsonl").unlink()
    card = look(looked, 10).scorecard
    assert card.look.number == 3
    assert card.amended == ("audit_log",)


def test_the_head_alone_shows_a_loss(looked: Path) -> None:
    """Without a scorecard the number of lost entries is known, not their days."""
    (hb.load(looked).root / "results" / "shop" / "scorecard.json").unlink()
    cut(looked, 1)
    card = hb.analyze(looked, as_of=date(2026, 10, 10)).scorecard
    (finding,) = [check for check in card.checks if check.check == "audit_log"]
    assert dict(finding.fact.numbers) == {"entries": 1, "days": ()}
    assert card.status == "amended"


def test_another_log_of_the_same_length_is_seen(looked: Path) -> None:
    """A log that was rewritten with sound hashes has not the hash of the head."""
    head = looked.with_name("audit.head")
    head.write_text(json.dumps({"entries": 2, "hash": "0" * 64}))
    assert look(looked, 10).scorecard.status == "amended"


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"entries": "x", "hash": 1}'])
def test_an_unreadable_head_says_nothing(looked: Path, content: str) -> None:
    """It is no loss, and it is written anew."""
    looked.with_name("audit.head").write_text(content)
    assert look(looked, 10).scorecard.status == "confirmatory"
    assert head_of(looked.with_name("audit.jsonl"))[0] == 4


def test_a_lock_after_a_loss_is_not_in_time(looked: Path) -> None:
    """Cutting everything off and locking again proves nothing."""
    cut(looked, 3)
    assert not hb.lock(looked).in_time
    assert look(looked, 10).scorecard.status == "amended"


def test_verify_says_whether_the_log_is_whole(
    looked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 and its figures for a whole log; 2 and what is missing for a cut one."""
    assert run(["audit-log", "verify", str(looked)]) == 0
    out = capsys.readouterr().out
    assert "2 looks, the plan is locked" in out
    assert "entries: 3" in out
    cut(looked, 1)
    assert run(["audit-log", "verify", str(looked)]) == 2
    err = capsys.readouterr().err
    assert "1 of its entries are gone" in err
    assert "2026-10-07" in err
    cut(looked, 1)
    log = looked.with_name("audit.jsonl")
    log.write_bytes(log.read_bytes().replace(b"shop", b"shap", 1))
    assert run(["audit-log", "verify", str(looked)]) == 2
    assert "audit.jsonl:1" in capsys.readouterr().err
