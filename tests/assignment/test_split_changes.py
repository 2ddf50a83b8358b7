"""What a changed split does to the units, without any id."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import HoldoutShare, LayerRange, Split
from holdback.assignment.split_changes import changes

HALVES = (("a", Fraction(1, 2)), ("b", Fraction(1, 2)))
HALF = Split("checkout", HALVES)


def held(share: str) -> HoldoutShare:
    """A holdout of a share."""
    return HoldoutShare(name="always", salt="always-on", share=Fraction(share))


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (HALF, replace(HALF, arms=(("a", Fraction(9, 10)), ("b", Fraction(1, 10)))),
         ("2/5", "0", "0")),
        # Equal ranges of three arms: of a's half 1/3 stays, 1/6 goes; of b's 1/3 goes.
        (HALF, replace(HALF, arms=tuple((n, Fraction(1, 4)) for n in "abcd")),
         ("3/4", "0", "0")),
        (HALF, replace(HALF, salt="other"), ("1/2", "0", "0")),
        (replace(HALF, holdout=held("0.05")), replace(HALF, holdout=held("0.0501")),
         ("0", "1/9500", "0")),
        (replace(HALF, holdout=held("0.05")), HALF, ("0", "0", "1")),
        (HALF, replace(HALF, holdout=held("0.05")), ("0", "1/20", "0")),
        (replace(HALF, traffic=Fraction(1, 5)), HALF, ("0", "0", "1")),
        (HALF, replace(HALF, traffic=Fraction(1, 5)), ("0", "4/5", "0")),
        (HALF, replace(HALF, arms=HALVES[::-1]), ("1", "0", "0")),
        (replace(HALF, layer=LayerRange(name="l", salt="l", start=Fraction(0),
                                        end=Fraction(1, 2))),
         replace(HALF, layer=LayerRange(name="l", salt="l", start=Fraction(1, 4),
                                        end=Fraction(3, 4))),
         ("0", "1/2", "1/2")),
    ],
)  # fmt: skip
def test_shares_that_move_against_closed_form(
    before: Split, after: Split, moved: tuple[str, str, str]
) -> None:
    """Lengths of overlapping ranges, counted by hand, as exact fractions."""
    change = changes(before, after)
    got = (change.switched, change.dropped, change.joined)
    assert got == tuple(map(Fraction, moved))
    assert change.moves_nobody == (moved[:2] == ("0", "0"))


def a_split(draw: Random) -> Split:
    """A split at random, of one of two salts."""
    first = Fraction(draw.randint(1, 9), 10)
    low = Fraction(draw.randint(0, 4), 8)
    return Split(
        draw.choice(["s1", "s2"]),
        (("a", first), ("b", 1 - first)),
        traffic=Fraction(draw.randint(2, 10), 10),
        scheme=scheme_of(draw.choice(["holdback", "growthbook_v2", "posthog"]),
                         {}),
        holdout=draw.choice([None, held("0.1")]),
        layer=draw.choice(
            [None, LayerRange(name="l", salt="l", start=low, end=low + Fraction(3, 8))]
        ),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(25))
def test_shares_that_move_against_ids(seed: int) -> None:
    """4 000 ids, assigned one by one, move as often as told, to four standard errors.

    A wrong share of 3 points (a gate forgotten, a hash taken twice) lies outside.
    """
    draw = Random(seed)
    before, after = a_split(draw), a_split(draw)
    change = changes(before, after)
    pairs = [
        (before.assign(f"u{n}").arm, after.assign(f"u{n}").arm) for n in range(4000)
    ]
    had = [(old, new) for old, new in pairs if old is not None]
    for told, share in (
        (change.switched, [new is not None and new != old for old, new in had]),
        (change.dropped, [new is None for _, new in had]),
    ):
        got = sum(share) / len(share)
        error = (float(told) * (1 - float(told)) / len(share)) ** 0.5
        assert abs(got - float(told)) <= 4 * error + 1 / len(share)


def test_an_arm_with_a_new_name_moves_nobody() -> None:
    """The name is no part of the draw; two names that change places are."""
    named = replace(HALF, arms=(("a", Fraction(1, 2)), ("recs", Fraction(1, 2))))
    change = changes(HALF, named)
    assert change.moves_nobody
    assert change.renamed == {"b": "recs"}
    assert change.causes == ()
    assert changes(HALF, replace(HALF, arms=HALVES[::-1])).switched == 1


def test_units_placed_by_hand_are_counted_one_by_one() -> None:
    """Only who gets another arm by it counts, also when a placement is taken back."""
    ids = [f"u{n}" for n in range(300)]
    in_b = [unit for unit in ids if HALF.assign(unit).arm == "b"]
    placed = replace(HALF, overrides=dict.fromkeys(ids, "a"))
    assert changes(HALF, placed).by_hand == len(in_b)
    assert changes(placed, HALF).by_hand == len(in_b)
    assert not changes(HALF, placed).moves_nobody
    assert changes(placed, placed).moves_nobody


def test_one_hash_reduced_in_two_ways_is_drawn() -> None:
    """100 buckets cut finer into 10 000 move nobody: the hash is the same number.

    Two hashes that were independent would switch half of the units.
    """
    coarse, fine = (
        Split(
            "s", HALVES, scheme=scheme_of("custom", {"reduce": "scale", "buckets": n})
        )
        for n in (100, 10_000)
    )
    assert changes(coarse, fine).moves_nobody
    skewed = replace(fine, arms=(("a", Fraction(1, 5)), ("b", Fraction(4, 5))))
    assert float(changes(coarse, skewed).switched) == pytest.approx(0.3, abs=0.011)
