"""What is checked beside the files: the lock, the neighbours, the scheme."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import holdback as hb
from holdback.analysis.preregistration.audit_log import LogEntry, append, read
from holdback.errors import ConfigError, EnvironmentFault
from holdback.portfolio.review import review

YAML = """\
version: 1
experiment: recs
arms: {holdback: {share: 50%}, personalized: {share: 50%}}
assignment: {salt: recs-2026, traffic: 20%}
window: {start: 2026-10-01, end: 2026-10-28}
primary: conversion
sources:
  visits: {csv: visits.csv, columns: {unit: id, time: at}}
metrics:
  conversion: {kind: conversion, source: visits, value: bought}
"""
PROJECT = """\
version: 1
holdouts: {always-on: {share: 10%}}
layers: {home: {}, cart: {}}
"""
ASSIGNMENT = "{salt: recs-2026, traffic: 20%}"

ANEW = YAML.replace(ASSIGNMENT, "{salt: recs-2026, phase: 2}").replace(
    "holdback: {share: 50%}, personalized: {share: 50%}",
    "holdback: {share: 10%}, personalized: {share: 90%}",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a locked experiment in a project's folder of experiments."""
    (tmp_path / "holdback.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "experiments").mkdir()
    path = tmp_path / "experiments" / "recs.yaml"
    path.write_text(YAML, encoding="utf-8")
    return path


def said(file: Path) -> list[str]:
    """``line:column what why fix`` of every problem of a review."""
    with pytest.raises(ConfigError) as caught:
        review(file)
    return [
        f"{re.sub(r'^.*[.]yaml:', '', p.where)} {p.what} {p.why} {p.fix}"
        for p in caught.value.problems
    ]


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text that stands in the file once."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


SPOILT = [
    ("shares", "holdback: {share: 50%}, personalized: {share: 50%}",
     "holdback: {share: 10%}, personalized: {share: 90%}", "3:1",
     "the shares of the arms changed"),
    ("a new arm", "personalized: {share: 50%}", "a: {share: 25%}, b: {share: 25%}",
     "3:1", "arms holdback, personalized became holdback, a, b"),
    ("salt", "salt: recs-2026", "salt: recs-2027", "4:20",
     "salt 'recs-2026' became 'recs-2027'"),
    ("scheme", ASSIGNMENT,
     "{salt: recs-2026, traffic: 20%, scheme: growthbook_v2}", "4:53",
     "scheme holdback became growthbook_v2"),
    ("params", ASSIGNMENT, "{salt: recs-2026, traffic: 20%, params: {hash: md5}}",
     "4:45", "or its params"),
    ("less traffic", "traffic: 20%", "traffic: 10%", "4:40", "the traffic fell"),
    ("a holdout", ASSIGNMENT, "{salt: recs-2026, traffic: 20%, holdout: always-on}",
     "4:54", "the holdout changed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place", "cause"),
    [case[1:] for case in SPOILT],
    ids=[case[0] for case in SPOILT],
)
def test_locked_split_rejects(
    file: Path, old: str, new: str, place: str, cause: str
) -> None:
    """A change that moves units is refused where it stands, and says whom it moves."""
    hb.lock(file)
    edit(file, old, new)
    (problem,) = said(file)
    assert problem.startswith(f"{place} the split was changed since the plan was lock")
    assert cause in problem
    assert "phase: 2" in problem


def test_share_of_switchers_against_closed_form(file: Path) -> None:
    """50/50 → 90/10 switches 40 % of the units, as overlapping ranges tell."""
    hb.lock(file)
    edit(
        file,
        "holdback: {share: 50%}, personalized: {share: 50%}",
        "holdback: {share: 10%}, personalized: {share: 90%}",
    )
    assert "40% of the units that have an arm would switch" in said(file)[0]


def test_a_small_move_is_not_told_as_none(file: Path) -> None:
    """A holdout of 10.01 % in place of 10 % drops one unit in 9 000."""
    edit(file, ASSIGNMENT, "{salt: recs-2026, holdout: always-on}")
    hb.lock(file)
    edit(file.parents[1] / "holdback.yaml", "share: 10%", "share: 10.01%")
    (problem,) = said(file)
    assert "0% of the units that have an arm would switch to another, and 0.0111% " in (
        problem
    )


PLACED = ", ".join(f"u-{n}: holdback" for n in range(300))
REMARKS = [
    ("an arm's name", YAML.replace("personalized", "recs"), "arm was renamed"),
    ("placed by hand",
     YAML.replace("traffic: 20%", f"traffic: 20%, overrides: {{{PLACED}}}"),
     "units change their arm"),
    ("who may take part",
     YAML.replace("traffic: 20%", "traffic: 20%, where: country = 'DE'"),
     "who may take part was changed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"), [case[1:] for case in REMARKS], ids=[case[0] for case in REMARKS]
)
def test_what_redraws_nobody_is_told(file: Path, text: str, told: str) -> None:
    """Allowed under a lock, and named with the units that it moves."""
    hb.lock(file)
    assert review(file).warnings == ()
    file.write_text(text, encoding="utf-8")
    (warning,) = review(file).warnings
    assert told in warning.what


def test_a_holdout_taken_away_is_told(file: Path) -> None:
    """Its units join, which the lock did not plan; a lost arm column is told too."""
    edit(file, ASSIGNMENT, "{salt: recs-2026, holdout: always-on}")
    edit(file, "columns: {unit: id,", "columns: {arm: arm, unit: id,")
    hb.lock(file)
    edit(file, "{salt: recs-2026, holdout: always-on}", "{salt: recs-2026}")
    edit(file, "columns: {arm: arm, unit: id,", "columns: {unit: id,")
    told = [warning.what + warning.why for warning in review(file).warnings]
    assert "the holdout was taken away" in told[0]
    assert "100% of the units that had no arm would get one" in told[0]
    assert "arm was read from column 'arm'" in told[1]


def test_a_new_name_without_a_salt_is_refused(file: Path) -> None:
    """The name draws the arms, so the lock is found by the file; a salt keeps them."""
    edit(file, ASSIGNMENT, "{traffic: 100%}")
    hb.lock(file)
    edit(file, "experiment: recs", "experiment: recs-v2")
    (problem,) = said(file)
    assert problem.startswith("2:13 the experiment was called 'recs'")
    assert "50% of the units that have an arm would switch" in problem
    with pytest.raises(ConfigError, match="Write `salt: recs`"):
        hb.lock(file)
    edit(file, "{traffic: 100%}", "{salt: recs}")
    assert review(file).warnings == ()
    hb.lock(file)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("traffic: 20%", "traffic: 60%"),
        (ASSIGNMENT, "{salt: recs-2026, traffic: 20%, overrides: {u-1: holdback}}"),
        ("end: 2026-10-28", "end: 2026-11-28"),
        (YAML, ANEW),
    ],
    ids=["more traffic", "an override", "the window", "a new phase"],
)
def test_locked_split_takes(file: Path, old: str, new: str) -> None:
    """More traffic, placing test users and a new phase are allowed."""
    hb.lock(file)
    edit(file, old, new)
    assert review(file).experiment.name == "recs"


def test_a_phase_that_draws_nobody_anew_is_refused(file: Path) -> None:
    """A seed of the scheme's own is not reached by the phase, and that is told."""
    planned = "{salt: recs-2026, scheme: growthbook_v2, params: {seed: abc}}"
    edit(file, ASSIGNMENT, planned)
    hb.lock(file)
    edit(file, "{seed: abc}", "{seed: abc}, phase: 2")
    assert review(file).experiment.assignment.phase == 2
    edit(file, "holdback: {share: 50%}", "holdback: {share: 20%}")
    edit(file, "personalized: {share: 50%}", "personalized: {share: 80%}")
    (problem,) = said(file)
    assert "Change the scheme's own seed or salt" in problem
    edit(file, "{seed: abc}", "{seed: abc-2}")
    assert review(file).experiment.assignment.phase == 2


def test_lock_refuses_what_a_review_refuses(file: Path) -> None:
    """Locking again is no way round; a reason is, and is kept in the log."""
    hb.lock(file)
    edit(file, "salt: recs-2026", "salt: recs-2027")
    with pytest.raises(ConfigError, match="salt 'recs-2026' became 'recs-2027'"):
        hb.lock(file)
    with pytest.raises(ConfigError, match="the reason is empty"):
        hb.lock(file, again=" ")
    hb.lock(file, again="nobody was exposed yet")
    assert review(file).warnings == ()
    log = file.with_name("audit.jsonl")
    assert read(log)[-1].says["again"] == "nobody was exposed yet"
    append(log, LogEntry(kind="look", experiment="recs", key="1", says={}))
    edit(file, "salt: recs-2027", "salt: recs-2028")
    with pytest.raises(ConfigError, match="salt 'recs-2027' became 'recs-2028'"):
        hb.lock(file)


def with_layer(file: Path, name: str, layer: str, window: str = "") -> Path:
    """A copy of the experiment under another name, in a layer."""
    text = file.read_text("utf-8").replace("experiment: recs", f"experiment: {name}")
    text = text.replace(ASSIGNMENT, f"{{layer: {layer}}}")
    text = text.replace("{start: 2026-10-01, end: 2026-10-28}", window or "{start: "
                        "2026-10-01, end: 2026-10-28}")  # fmt: skip
    path = file.with_name(f"{name}.yaml")
    path.write_text(text, encoding="utf-8")
    return path


def test_overlapping_layers_are_refused(file: Path) -> None:
    """Every experiment that overlaps is told, with the place of both ranges."""
    a = with_layer(file, "a", "{name: home, range: [0%, 50%]}")
    b = with_layer(file, "b", "{name: home, range: [40%, 80%]}")
    with_layer(file, "c", "{name: home, range: [10%, 20%]}")
    with_layer(file, "d", "{name: cart, range: [0%, 50%]}")
    with_layer(file, "e", "{name: home, range: [80%, 100%]}")
    problems = said(a)
    assert [one.split("'")[3] for one in problems] == ["b", "c"]
    assert problems[0].startswith("4:41 the range [0%, 50%] of layer 'home' overlaps")
    assert "b.yaml:4:41" in problems[0]
    assert len(said(b)) == 1


def test_layers_side_by_side_or_one_after_the_other(file: Path) -> None:
    """Ranges that touch, and windows that do not meet, are no overlap."""
    a = with_layer(file, "a", "{name: home, range: [0%, 50%]}")
    with_layer(file, "b", "{name: home, range: [50%, 100%]}")
    later = "{start: 2026-10-29, end: 2026-11-28}"
    with_layer(file, "c", "{name: home, range: [0%, 100%]}", later)
    assert review(a).experiment.name == "a"


def test_layers_of_the_whole_project_are_looked_at(file: Path) -> None:
    """An experiment beside the project file meets those in its folder; bad files too.

    A neighbour that cannot be read is told when it is checked itself.
    """
    b = with_layer(file, "b", "{name: home, range: [0%, 50%]}")
    edit(b, "primary: conversion", "primary: convrsion")
    (file.parent / "torn.yaml").write_text("a: [", encoding="utf-8")
    a = with_layer(file, "a", "{name: home, range: [0%, 50%]}")
    moved = a.rename(file.parent.parent / "a.yaml")
    (problem,) = said(moved)
    assert "of experiment 'b'" in problem


def test_same_salt_of_another_experiment_warns(file: Path) -> None:
    """One salt in two running experiments holds back the same units in both."""
    text = file.read_text("utf-8")
    for name, change in [
        ("twin", ("", "")),
        ("own", ("recs-2026", "own-2026")),
        ("phased", ("traffic: 20%", "phase: 2")),
        ("other", ("salt: recs-2026, traffic: 20%", "scheme: growthbook_v2")),
        ("later", ("{start: 2026-10-01, end: 2026-10-28}",
                   "{start: 2026-10-29, end: 2026-11-28}")),
    ]:  # fmt: skip
        copy = text.replace("experiment: recs", f"experiment: {name}")
        file.with_name(f"{name}.yaml").write_text(copy.replace(*change))
    (warned,) = review(file).warnings
    assert warned.where.endswith("recs.yaml:4:20")
    assert warned.what == "experiment 'twin' has the same salt, 'recs-2026'."
    assert "holds the other's effect" in warned.why


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ("growthbook_v1", ["correlated", "nothing between"]),
        ("optimizely, params: {experiment_id: '23'}", ["nothing between them"]),
        ("custom, params: {key: '{id}', hash: sha256}", ["no {salt}", "no {purpose}"]),
    ],
)
def test_weaknesses_are_warnings(file: Path, scheme: str, words: list[str]) -> None:
    """What is weak about a scheme is told at its key, and refuses nothing."""
    edit(file, ASSIGNMENT, f"{{salt: recs-2026, scheme: {scheme}}}")
    warnings = review(file).warnings
    assert len(warnings) == len(words)
    for warning, word in zip(warnings, words, strict=True):
        assert warning.where.endswith("recs.yaml:4:39")
        assert word in warning.what


def test_overrides_are_counted_and_checked(file: Path) -> None:
    """Problems of the overrides' file come with those of the lock."""
    folder = file.parent.parent
    edit(file, ASSIGNMENT, ASSIGNMENT.replace("}", ", overrides_file: o.csv}"))
    with pytest.raises(EnvironmentFault, match=r"o\.csv"):
        review(file)
    (folder / "o.csv").write_text("unit,arm\nu1,holdback\nu2,personalized\n")
    assert review(file).overrides == 2
    hb.lock(file)
    (folder / "o.csv").write_text("unit,arm\nu1,nobody\n")
    edit(file, "salt: recs-2026", "salt: recs-2027")
    assert [one[:10] for one in said(file)] == ["4:20 the s", "o.csv:2 th"]


def test_a_prior_that_cannot_be_learned_yet_is_a_warning(file: Path) -> None:
    """`prior: past` without a past: told at its place, before the data are there."""
    file.write_text(f"{YAML}analysis: {{prior: past}}\n", encoding="utf-8")
    (warning,) = review(file).warnings
    assert warning.where.endswith("recs.yaml:11:19")
    assert "'prior: past' needs 5 finished experiments" in warning.what
    assert "no experiment is finished" in warning.why


@pytest.mark.parametrize(
    ("old", "new", "warns"),
    [
        ("value: bought", "value: clicked", True),
        ("conversion", "mail_opens", True),
        ("conversion", "email_ctr", True),
        ("visits", "page_views", True),
        ("visits", "pageview", True),
        ("visits", "page_view", True),
        ("conversion", "clickthrough_rate", True),
        ("visits", "viewers", False),
        ("conversion", "conversion", False),
    ],
)
def test_attention_as_primary_warns(
    file: Path, old: str, new: str, *, warns: bool
) -> None:
    """Opens, clicks and views may be read, but a decision on them gets a warning."""
    text = YAML.replace(old, new).replace("kind: mail_opens", "kind: conversion")
    for wrong in ("email_ctr", "clickthrough_rate"):
        text = text.replace(f"kind: {wrong}", "kind: conversion")
    file.write_text(text, encoding="utf-8")
    told = [w for w in review(file).warnings if "counts attention" in w.what]
    assert bool(told) is warns
    if warns:
        assert "Let a conversion or the revenue per unit decide" in told[0].fix
