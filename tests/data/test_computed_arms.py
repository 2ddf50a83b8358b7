"""Arms computed from ids, holdouts, layers and eligibility, read from the data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import holdback as hb
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.errors import DataError
from holdback.experiments.definition.split import planned_widths, split_of
from holdback.experiments.load import load

YAML = """\
version: 1
experiment: recs
arms: {{holdback: {{share: 1/3}}, personalized: {{share: 2/3}}}}
assignment: {{source: visitors, {assignment}}}
window: {{start: 2026-10-01, end: 2026-10-07}}
primary: conversion
analysis: {{looks: end}}
holdouts: {{always-on: {{share: 20%}}}}
layers: {{home: {{}}}}
sources:
  visitors: {{csv: visitors.csv, columns: {{unit: id, {arm}time: at}}}}
metrics:
  conversion: {{kind: conversion, source: visitors, value: bought}}
"""
UNITS = [f"u{n}" for n in range(600)] + [f"é{n}" for n in range(100)]
COUNTRY = {unit: ("IE", "DE", "FR")[n % 3] for n, unit in enumerate(UNITS)}
FULL = (
    "holdout: always-on, layer: {name: home, range: [10%, 70%]}, traffic: 80%, "
    "where: country != 'FR', overrides: {u1: holdback, u2: personalized, u8: holdback}"
)


def write(
    folder: Path,
    assignment: str,
    rows: list[str] | None = None,
    *,
    logged: bool = False,
) -> Path:
    """The experiment's file beside its data; some visitors come twice."""
    arm = "arm: arm, " if logged else ""
    (folder / "recs.yaml").write_text(YAML.format(assignment=assignment, arm=arm))
    header = "id,country,at,bought" + (",arm" if logged else "")
    listed = rows or [
        f"{unit},{COUNTRY[unit]},2026-10-0{day},1"
        for unit in UNITS
        for day in ((1, 2) if unit.endswith("7") else (3,))
    ]
    (folder / "visitors.csv").write_text("\n".join([header, *listed]), "utf-8")
    return folder / "recs.yaml"


def left_out(found: Evidence) -> dict[tuple[str, str], int]:
    """Count of each (reason, units or rows)."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in found.accounting.excluded:
        counts[one.reason, one.what] += one.count
    return dict(counts)


@pytest.mark.parametrize(
    "scheme",
    [
        "scheme: holdback",
        "scheme: unleash, params: {groupId: recs}",
        "scheme: custom, params: {key: '{salt}/{purpose}/{id}', hash: fnv1a}",
    ],
)
def test_every_reason_against_python(tmp_path: Path, scheme: str) -> None:
    """Each unit has the arm or the reason that the split gives one id; units count."""
    experiment = load(write(tmp_path, f"{scheme}, {FULL}"))
    split = split_of(experiment)
    want = Counter(
        split.assign(unit, eligible=COUNTRY[unit] != "FR").reason for unit in UNITS
    )
    arms = Counter(
        one.arm
        for unit in UNITS
        if (one := split.assign(unit, eligible=COUNTRY[unit] != "FR")).reason
        == "assigned"
    )
    assert min(want.values()) > 0
    found = extract(experiment)
    assert dict(found.assigned) == {name: arms[name] for name in split.names}
    counts = left_out(found)
    counts.pop(("repeated_exposure", "rows"))
    assert counts == {
        (reason, "units"): n for reason, n in want.items() if reason != "assigned"
    }
    assert found.accounting.units_used == want["assigned"]
    assert found.quality.held_out == want["holdout"]


@pytest.mark.parametrize("logged", [True, False])
def test_overrides_of_a_file_are_left_out(tmp_path: Path, *, logged: bool) -> None:
    """Units placed by hand are counted and never compared, whoever gave the arms."""
    (tmp_path / "by-hand.csv").write_text(
        "unit,arm\nu1,holdback\nu2,holdback\nx,holdback\n"
    )
    rows = [f"{u},IE,2026-10-02,1,holdback" for u in UNITS[:300]]
    rows += [f"{u},IE,2026-10-02,1,personalized" for u in UNITS[300:]]
    plan = "overrides_file: by-hand.csv"
    found = extract(
        load(write(tmp_path, plan, rows if logged else None, logged=logged))
    )
    counts = left_out(found)
    assert counts["override", "units"] == 2
    assert found.accounting.units_used == len(UNITS) - 2


def test_reason_is_asked_last(tmp_path: Path) -> None:
    """A unit outside the window is not told as held out."""
    held = [u for u in UNITS if not split_gate(tmp_path, u)][:3]
    rows = [f"{held[0]},IE,2026-12-01,1", f"{held[1]},IE,2026-10-02,1"]
    rows += [f"{held[1]},IE,2026-10-03,1"]
    rows += [f"{u},IE,2026-10-02,1" for u in UNITS if u not in held]
    found = extract(load(write(tmp_path, "holdout: always-on", rows)))
    counts = left_out(found)
    assert counts["outside_window", "rows"] == 1
    others = sum(not split_gate(tmp_path, u) for u in UNITS if u not in held)
    assert counts["holdout", "units"] == 1 + others


def split_gate(folder: Path, unit: str) -> bool:
    """Whether the holdout lets a unit through."""
    split = split_of(load(write(folder, "holdout: always-on")))
    return split.early[0].passes(unit)


def test_holdout_check_tells_how_many(tmp_path: Path) -> None:
    """Where arms are computed the check says how many units the holdout took."""
    write(tmp_path, "holdout: always-on")
    scorecard = hb.analyze(tmp_path / "recs.yaml").scorecard
    (check,) = [one for one in scorecard.checks if one.check == "holdout"]
    (left,) = [o for o in scorecard.accounting.excluded if o.reason == "holdout"]
    assert check.status == "pass"
    assert f"kept {left.count} units out" in check.message


@pytest.mark.parametrize(("leaked", "status"), [(0, "pass"), (3, "warn"), (60, "fail")])
def test_contamination(tmp_path: Path, leaked: int, status: str) -> None:
    """Units of the holdout with a logged arm are counted; overrides are not."""
    write(tmp_path, "holdout: always-on")
    gate = split_of(load(tmp_path / "recs.yaml")).early[0]
    free = [unit for unit in UNITS if gate.passes(unit)]
    held = [unit for unit in UNITS if not gate.passes(unit)]
    split = split_of(load(write(tmp_path, "crossovers: exclude")))
    rows = [
        f"{unit},IE,2026-10-02,1,{split.assign(unit).arm}"
        for unit in [*free, *held[:leaked], *held[:leaked], held[-1]]
    ]
    plan = f"holdout: always-on, overrides: {{{held[-1]}: holdback}}"
    scorecard = hb.analyze(write(tmp_path, plan, rows, logged=True)).scorecard
    (check,) = [one for one in scorecard.checks if one.check == "holdout"]
    assert check.status == status
    told = f"{leaked} units" if leaked else "No unit"
    assert check.message.startswith(f"{told} of the holdout 'always-on'")


def test_not_eligible_where_arms_are_logged(tmp_path: Path) -> None:
    """Rows of units that may not take part have a reason of their own."""
    rows = [f"{u},{COUNTRY[u]},2026-10-02,1,holdback" for u in UNITS[:300]]
    rows += [f"{u},{COUNTRY[u]},2026-10-02,1,personalized" for u in UNITS[300:]]
    found = extract(load(write(tmp_path, "where: country = 'IE'", rows, logged=True)))
    others = sum(country != "IE" for country in COUNTRY.values())
    assert left_out(found) == {("not_eligible", "rows"): others}


def test_missing_attribute_is_told(tmp_path: Path) -> None:
    """A condition on a column that is not there names the nearest one."""
    with pytest.raises(DataError, match=r"'county'.*\n.*\n.*'country'"):
        extract(load(write(tmp_path, "where: county = 'IE'")))


def test_planned_widths_of_a_named_system(tmp_path: Path) -> None:
    """A system that is named has its own buckets, also where arms are logged."""
    unleash = load(write(tmp_path, "scheme: unleash", logged=True))
    assert planned_widths(unleash) == {"holdback": 333, "personalized": 667}
    logged = load(write(tmp_path, "salt: x", logged=True))
    assert planned_widths(logged) == {"holdback": 1, "personalized": 2}
