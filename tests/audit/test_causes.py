"""Causes of differing arms, from sampled ids and logged arms alone."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import HoldoutShare, LayerRange, Split
from holdback.audit.causes import cause_of, explains
from holdback.audit.hypotheses import FORMS, Former
from holdback.audit.parts import cause_of_part
from holdback.audit.recomputed_arms import Rows
from holdback.audit.result import Cause
from holdback.stats.srm.agreement import Agreement

TENTH = Fraction(1, 10)
PLAN = Split("recs", (("holdback", TENTH), ("personalized", 1 - TENTH)))
IDS = [f"{n % 7}User_{n}" for n in range(4_000)]


def cause(
    planned: Split,
    deployed: Split,
    *,
    former: Former | None = None,
    ids: list[str] | None = None,
    write: Callable[[str], str] = str,
) -> Cause | None:
    """What explains the arms that another split gave to the ids in some form."""
    kept, logged = [], []
    for unit in ids or IDS:
        arm = deployed.assign(write(unit)).arm
        if arm is not None:
            kept.append(unit)
            logged.append(arm)
    rows = Rows(logged=tuple(logged), ids={"unit": tuple(kept)})
    return cause_of(planned, rows, former or Former())


def told(found: Cause | None) -> list[str]:
    """Texts of the changes."""
    assert found is not None
    return [change.what for change in found.changes]


@pytest.mark.parametrize(
    ("scheme", "params", "key"),
    [
        ("unleash", {"groupId": "old"}, "group_id"),
        ("planout", {"param_salt": "arm", "experiment_salt": "old"}, "experiment_salt"),
        ("growthbook_v1", {"seed": "old"}, "seed"),
        ("eppo", {"split_salt": "old"}, "split_salt"),
    ],
)
def test_keys_of_other_schemes_against_truth(
    scheme: str, params: dict[str, Any], key: str
) -> None:
    """A text that the scheme's own params hash by is suspected like a salt."""
    planned = replace(PLAN, scheme=scheme_of(scheme, params))
    deployed = replace(PLAN, scheme=replace(planned.scheme, **{key: "new"}))  # type: ignore[arg-type]
    found = cause(planned, deployed, former=Former(salts=("else", "new")))
    assert told(found) == [f"{key} 'new' in place of 'old'"]


def test_a_locked_scheme_against_truth() -> None:
    """A scheme that was locked before, with its params, is a suspect."""
    scheme = scheme_of("launchdarkly", {"seed": 61})
    found = cause(PLAN, replace(PLAN, scheme=scheme), former=Former(schemes=(scheme,)))
    assert told(found) == ["scheme launchdarkly"]


@pytest.mark.parametrize("form", list(FORMS)[1:])
def test_every_form_of_ids_against_truth(form: str) -> None:
    """Ids that were written in another form before hashing are recognized."""
    ids = [f" 00{unit}e\u0301.0" for unit in IDS]
    if form in {"without leading zeros", "without a trailing '.0'"}:
        ids = [text.strip() for text in ids]
    found = cause(PLAN, PLAN, ids=ids, write=FORMS[form])
    assert told(found) == [f"ids {form}"]


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        (
            {"holdout": HoldoutShare(name="on", share=Fraction(1, 5), salt="on")},
            "the global holdout not consulted",
        ),
        (
            {
                "layer": LayerRange(
                    name="home", salt="home", start=Fraction(0), end=Fraction(1, 2)
                )
            },
            "the layer not consulted",
        ),
        ({"traffic": Fraction(1, 2)}, "traffic 100% in place of what is planned"),
    ],
)
def test_a_skipped_step_against_truth(parts: dict[str, Any], what: str) -> None:
    """A step of the assignment that the deployment left out is named."""
    assert told(cause(replace(PLAN, **parts), PLAN)) == [what]


def test_many_arms_in_reverse_against_truth() -> None:
    """With five arms the reversed order is tried; any other shows in the numbers."""
    names = ("holdback", "a", "b", "c", "d")
    arms = tuple(
        (name, Fraction(share, 20))
        for name, share in zip(names, (2, 3, 4, 5, 6), strict=True)
    )
    planned = Split("recs", arms)
    reverse = replace(planned, arms=arms[::-1])
    assert told(cause(planned, reverse)) == ["arms in the order d, c, b, a, holdback"]
    mixed = replace(planned, arms=(arms[2], arms[0], arms[4], arms[1], arms[3]))
    assert told(cause(planned, mixed)) == [
        "shares of about b 20%, holdback 10%, d 30%, a 15%, c 25%"
    ]


def test_few_differing_units_are_not_counted() -> None:
    """When fewer than 10 of the sample still differ, no share is told."""
    deployed = replace(PLAN, salt="old")
    logged = [deployed.assign(unit).arm or "" for unit in IDS]
    logged[0] = "holdback" if logged[0] == "personalized" else "personalized"
    rows = Rows(logged=tuple(logged), ids={"unit": tuple(IDS)})
    found = cause_of(PLAN, rows, Former(salts=("old",)))
    assert told(found) == ["salt 'old' in place of 'recs'"]
    assert found is not None
    assert found.agreement is None


def test_missing_ids_explain_nothing() -> None:
    """A column with gaps is compared where it is filled; gaps have no arm."""
    rng = random.Random(2)
    other = [unit if rng.random() < 0.5 else None for unit in IDS]
    logged = tuple(PLAN.assign(unit).arm or "" for unit in reversed(IDS))
    rows = Rows(logged=logged, ids={"unit": tuple(IDS), "other": tuple(other)})
    assert cause_of(PLAN, rows, Former()) is None


def test_too_few_units_degenerate() -> None:
    """A handful of units that agree by chance is no evidence; no unit is none."""
    assert cause(PLAN, replace(PLAN, salt="x"), ids=["a", "b", "c"]) is None
    assert cause_of(PLAN, Rows(logged=(), ids={}), Former()) is None


@pytest.mark.parametrize(
    ("n", "agreeing", "chance", "verdict"),
    [
        (1_000, 1_000, 0.5, True),
        (1_000, 989, 0.5, False),  # below 99 %
        (1_000, 992, 0.98, False),  # 99 % agree, 98 % would by chance
        (5, 5, 0.5, False),  # one in 32
    ],
)
def test_explains_against_rule(
    n: int, agreeing: int, chance: float, *, verdict: bool
) -> None:
    """At least 99 %, 90 % of what chance leaves, and p of at most 0.001."""
    found = Agreement(n=n, agreeing=agreeing, chance=chance)
    assert explains(found) is verdict


def logged_by(deal: Callable[[str, int], str | None], **more: list[str]) -> Rows:
    """Rows of all ids, whose arm follows from the id and its number."""
    return Rows(
        logged=tuple(str(deal(unit, n)) for n, unit in enumerate(IDS)),
        ids={"unit": tuple(IDS)} | {name: tuple(texts) for name, texts in more.items()},
    )


OLD = Split("recs-v1", PLAN.arms)
COUNTRIES = [("DE", "FR", "IT", "ES", "PT")[n % 5] for n in range(len(IDS))]


def test_one_country_on_an_old_version_against_truth() -> None:
    """Only Portugal is dealt by the former salt: the level and the salt are named."""
    rows = logged_by(
        lambda unit, n: (OLD if COUNTRIES[n] == "PT" else PLAN).assign(unit).arm,
        country=COUNTRIES,
    )
    assert cause_of(PLAN, rows, Former(salts=("recs-v1",))) is None
    assert told(cause_of_part(PLAN, rows, Former(salts=("recs-v1",)))) == [
        "only units with country 'PT' differ",
        "salt 'recs-v1' in place of 'recs'",
    ]
    without = cause_of_part(PLAN, rows, Former())
    assert told(without) == ["only units with country 'PT' differ"]


@pytest.mark.parametrize("share", [20, 50])
def test_two_versions_side_by_side_against_truth(share: int) -> None:
    """Every so many units are dealt by the former salt, whatever the day."""
    rng = random.Random(4)
    rows = logged_by(
        lambda unit, _: (OLD if rng.random() < share / 100 else PLAN).assign(unit).arm
    )
    found = cause_of_part(PLAN, rows, Former(salts=("recs-v1",)))
    part, salt = told(found)
    assert salt == "salt 'recs-v1' in place of 'recs'"
    counted = re.fullmatch(r"about (\d+)% of the units by a second version", part)
    assert counted is not None
    assert abs(int(counted[1]) - share) <= 6
    assert found.agreement == 1.0


@pytest.mark.parametrize(
    "planned",
    [PLAN, Split("recs", (("a", 3 * TENTH), ("b", 3 * TENTH), ("c", 4 * TENTH)))],
)
@pytest.mark.parametrize("share", [5, 20])
def test_a_share_at_random_against_truth(planned: Split, share: int) -> None:
    """A cache deals some units anew: how many is told, and nothing else is blamed."""
    rng = random.Random(share)
    names, widths = zip(*planned.arms, strict=True)

    def deal(unit: str, _n: int) -> str | None:
        if rng.random() < share / 100:
            return rng.choices(names, [float(width) for width in widths])[0]
        return planned.assign(unit).arm

    rows = logged_by(deal, country=COUNTRIES)
    (what,) = told(cause_of_part(planned, rows, Former(salts=("recs-v1",))))
    counted = re.match(r"about (\d+)% of the units in an arm drawn at random", what)
    assert counted is not None
    assert abs(int(counted[1]) - share) <= 3


def test_a_leak_to_one_side_is_not_called_random() -> None:
    """Holdback units that get the treatment now and then are no second draw."""
    rng = random.Random(5)
    rows = logged_by(
        lambda unit, _: "personalized" if rng.random() < 0.2 else PLAN.assign(unit).arm
    )
    assert cause_of_part(PLAN, rows, Former(salts=("recs-v1",))) is None


def test_clean_logs_are_blamed_for_nothing() -> None:
    """Twenty logs as planned, with a few typing errors: no part is explained away."""
    for seed in range(20):
        rng = random.Random(seed)
        rows = logged_by(
            lambda unit, _, rng=rng: (
                "holdback" if rng.random() < 0.004 else PLAN.assign(unit).arm
            ),
            country=COUNTRIES,
        )
        assert cause_of_part(PLAN, rows, Former(salts=("recs-v1", "old"))) is None
