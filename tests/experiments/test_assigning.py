"""Schemes, holdouts and layers of the YAML: what they mean, and what is refused."""

from __future__ import annotations

import json
import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from holdback.analysis.preregistration.plan_hash import plan_hash
from holdback.assignment.schemes.growthbook_v2 import GrowthBookV2
from holdback.errors import ConfigError
from holdback.experiments.config.yaml_document import parsed
from holdback.experiments.definition.experiment import Holdout, Layer
from holdback.experiments.definition.split import split_of
from holdback.experiments.load import check_project_file, load
from holdback.experiments.resolve.assignment import _plain

GOOD = """\
version: 1
experiment: recs
arms: {holdback: {share: 10%}, personalized: {share: 90%}}
assignment:
  scheme: growthbook_v2
  params: {seed: recs-2026, coverage: 0.5, ranges: [[0, 0.05], [0.5, 0.95]]}
  holdout: always-on
  layer: {name: home, range: [0%, 50%]}
  phase: 2
  where: country = 'IE'
window: {start: 2026-10-01, end: 2026-10-28}
primary: conversion
sources:
  visits: {csv: visits.csv, columns: {unit: id, time: at}}
metrics:
  conversion: {kind: conversion, source: visits, value: bought}
"""
PROJECT = """\
version: 1
holdouts:
  always-on: {share: 5%, salt: off-2026, from: 2026-01-01, until: 2026-12-31}
layers: {home: {salt: home-2026}, cart: {}}
"""


def write(folder: Path, text: str = GOOD, project: str = PROJECT) -> Path:
    """The experiment's file, below its project's."""
    (folder / "holdback.yaml").write_text(project, encoding="utf-8")
    (folder / "recs.yaml").write_text(text, encoding="utf-8")
    return folder / "recs.yaml"


def told(folder: Path, text: str = GOOD, project: str = PROJECT) -> list[str]:
    """``file:line:column: what fix`` of every problem."""
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text, project))
    return [
        f"{Path(one.where).name}: {one.what} {one.fix}" for one in caught.value.problems
    ]


def test_load_takes_every_key(tmp_path: Path) -> None:
    """Scheme, parameters, holdout, layer, phase and eligibility reach the split."""
    experiment = load(write(tmp_path))
    assert experiment.holdouts == {
        "always-on": Holdout(
            share=Fraction(1, 20),
            salt="off-2026",
            from_=date(2026, 1, 1),
            until=date(2026, 12, 31),
        )
    }
    assert experiment.layers == {"home": "home-2026"}
    half = Fraction(1, 2)
    assert experiment.assignment.layer == Layer(name="home", range=(Fraction(0), half))
    split = split_of(experiment)
    assert split.scheme == GrowthBookV2(
        seed="recs-2026",
        coverage=half,
        ranges=(
            (Fraction(0), Fraction(5, 100)),
            (half, Fraction(95, 100)),
        ),
    )
    assert split.hashed_salt == "recs.phase2"
    assert [gate.reason for gate in (*split.early, *split.late)] == [
        "holdout",
        "outside_layer",
    ]


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("-1222652054", -1222652054),  # a seed as Split draws them
        ("'17'", "17"),
        ("0x1F", 31),
        ("017", 17.0),
        ("2.50", 2.5),
        ("true", True),
        ("[1, {a: b}]", [1, {"a": "b"}]),
    ],
)
def test_params_are_read_as_yaml_means_them(
    tmp_path: Path, written: str, means: object
) -> None:
    """Whole numbers stay whole, and text that looks like a number stays text."""
    document = parsed(f"x: {written}".encode(), "x")
    assert document.root is not None
    assert _plain(document.root["x"]) == means
    assert type(_plain(document.root["x"])) is type(means)
    text = GOOD.replace("growthbook_v2", "split")
    text = re.sub("params: .*", f"params: {{seed: {written}}}", text)
    if isinstance(means, int) and not isinstance(means, bool):
        assert load(write(tmp_path, text)).assignment.params == {"seed": means}


def test_resolved_round_trip(tmp_path: Path) -> None:
    """The resolved file means the same experiment, without the project's."""
    experiment = load(write(tmp_path))
    alone = tmp_path / "alone"
    alone.mkdir()
    text = json.dumps(experiment.resolved)
    (alone / "recs.yaml").write_text(text, encoding="utf-8")
    again = load(alone / "recs.yaml")
    assert again.resolved == experiment.resolved
    assert plan_hash(again) == plan_hash(experiment)
    assert split_of(again) == split_of(experiment)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("salt: off-2026", "salt: off-2027"),
        ("share: 5%", "share: 6%"),
        ("home-2026", "home-2027"),
    ],
)
def test_plan_hash_changes_with_what_is_reserved(
    tmp_path: Path, old: str, new: str
) -> None:
    """Who is kept out belongs to the meaning of the plan."""
    before = plan_hash(load(write(tmp_path)))
    assert PROJECT.count(old) == 1
    after = load(write(tmp_path, project=PROJECT.replace(old, new)))
    assert plan_hash(after) != before


def test_salts_default_to_the_names(tmp_path: Path) -> None:
    """A layer or holdout without a salt is salted by its name."""
    text = GOOD.replace("name: home", "name: cart")
    project = PROJECT.replace("salt: off-2026, ", "")
    experiment = load(write(tmp_path, text, project))
    assert experiment.layers == {"cart": "cart"}
    assert experiment.holdouts["always-on"].salt == "always-on"


# (id, text that is replaced, by what, the problems that come of it)
CASES = [
    ("scheme", "growthbook_v2", "growthbok_v2",
     ["recs.yaml:5:11: 'growthbok_v2' is not one of", "Did you mean 'growthbook_v2'?"]),
    ("param", "seed: recs", "sed: recs",
     ["recs.yaml:6:12: 'sed' is not a key", "Did you mean 'seed'?"]),
    ("param of a wrong kind", "coverage: 0.5", "coverage: half",
     ["recs.yaml:6:39: 'half' is not a share."]),
    ("param as a block", "coverage: 0.5", "coverage: {of: 1}",
     ["recs.yaml:6:29: {'of': 1} is not a share."]),
    ("number where text is", "seed: recs-2026", "seed: 1.10",
     ["recs.yaml:6:18: 1.1 is not text.", "Quote it"]),
    ("inner part", "[0.5, 0.95]", "[0.5, x]",
     ["recs.yaml:6:70: 'x' is not a share."]),
    ("one range too few", ", [0.5, 0.95]]", "]",
     ["recs.yaml:6:3: the params hold 1 weights or ranges for 2 arms."]),
    ("holdout", "holdout: always-on", "holdout: always-off",
     ["recs.yaml:7:12: there is no holdout 'always-off'.", "'always-on'?"]),
    ("layer", "name: home,", "name: hme,",
     ["recs.yaml:8:17: there is no layer 'hme'.", "'home'?"]),
    ("range", "range: [0%, 50%]", "range: [50%, 10%]",
     ["recs.yaml:8:30: [50%, 10%] is no range of a layer."]),
    ("range beyond", "range: [0%, 50%]", "range: [50%, 110%]",
     ["recs.yaml:8:30: [50%, 110%] is no range of a layer."]),
    ("formula", "country = 'IE'", "country ~ 'IE'", ["recs.yaml:10:18: "]),
    ("window beyond the holdout", "end: 2026-10-28", "end: 2027-01-28",
     ["recs.yaml:7:12: holdout 'always-on' holds from 2026-01-01 until 2026-12-31"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "words"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_load_rejects(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    """One fault gives one problem, with its place and what is meant."""
    assert GOOD.count(old) == 1
    problems = told(tmp_path, GOOD.replace(old, new))
    assert len(problems) == 1, problems
    for word in words:
        assert word in problems[0]


PROJECT_CASES = [
    ("share", "share: 5%", "share: 5", "3:22", "Did you mean 5%?"),
    ("no share", "share: 5%", "share: 0", "3:22", "0.01%"),
    ("colon", "salt: off-2026", "salt: 'off:2026'", "3:32", "'off:2026'"),
    ("colon in a layer", "salt: home-2026", "salt: 'home:2026'", "4:23", "'home:2026'"),
    ("name as salt", "cart: {}", "'my cart': {}", "4:35", "Add `salt: …`"),
    ("days", "until: 2026-12-31", "until: 2025-12-31", "3:67", "before it begins"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [case[1:] for case in PROJECT_CASES],
    ids=[case[0] for case in PROJECT_CASES],
)
def test_project_file_rejects(
    tmp_path: Path, old: str, new: str, place: str, words: str
) -> None:
    """Faults of holdouts and layers are found without an experiment."""
    assert PROJECT.count(old) == 1
    write(tmp_path, project=PROJECT.replace(old, new))
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        check_project_file(tmp_path / "holdback.yaml")
    (problem,) = caught.value.problems
    assert problem.where.endswith(f"holdback.yaml:{place}")


def test_load_tells_all_at_once(tmp_path: Path) -> None:
    """Faults of scheme, holdout and layer come together, in the file's order."""
    text = GOOD.replace("seed: recs", "sed: recs").replace("always-on", "never")
    text = text.replace("name: home", "name: kitchen").replace("phase: 2", "phase: 0")
    places = [one.split(": ")[0] for one in told(tmp_path, text)]
    assert places == [
        "recs.yaml:6:12",
        "recs.yaml:7:12",
        "recs.yaml:8:17",
        "recs.yaml:9:10",
    ]


def test_load_rejects_holdouts_of_rows(tmp_path: Path) -> None:
    """Rows that are their own units have no id, so none of them can be held out."""
    text = GOOD.replace("{unit: id, time: at}", "{unit: row, arm: arm, time: at}")
    assert [one.split(": ")[0] for one in told(tmp_path, text)] == [
        "recs.yaml:7:3",
        "recs.yaml:8:3",
    ]


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("{share: 10%}, personalized: {share: 90%}",
         "{share: 0.001%}, personalized: {share: 99.999%}",
         "3:1", "smaller than one of 10000 buckets"),
        ("traffic: 100%", "traffic: 0.001%", "4:14", "smaller than one of 10000"),
    ],
)  # fmt: skip
def test_load_rejects_a_share_of_no_bucket(
    tmp_path: Path, old: str, new: str, place: str, words: str
) -> None:
    """A share that draws nobody is told where it stands."""
    plain = re.sub(r"assignment:\n(  .*\n)+", "assignment: {traffic: 100%}\n", GOOD)
    (problem,) = told(tmp_path, plain.replace(old, new))
    assert problem.startswith(f"recs.yaml:{place}: ")
    assert words in problem
