"""Rules of attribution, against hand-worked examples and brute force."""

from __future__ import annotations

import numpy as np
import pytest

from holdback.stats.causal.attribution import RULES, TouchPath, credits_of


def test_markov_against_hand_worked_example() -> None:
    """C1→C2→C3 converts, C1 and C2→C3 are lost: credits 0.2, 0.4, 0.4.

    By hand: start goes to C1 2/3 and C2 1/3, C1 to C2 1/2, C3 converts 1/2, so
    P = 2/3 · 1/2 · 1/2 + 1/3 · 1/2 = 1/3; without C1 it is 1/6, without C2 or C3 0.
    Removal effects 1/2, 1, 1 of a sum of 5/2.
    """
    found = credits_of(
        [
            TouchPath(channels=("C1", "C2", "C3"), units=1, converted=1),
            TouchPath(channels=("C1",), units=1, converted=0),
            TouchPath(channels=("C2", "C3"), units=1, converted=0),
        ]
    )
    assert found["markov"] == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})
    assert found["first"] == {"C1": 1, "C2": 0, "C3": 0}
    assert found["last"] == {"C1": 0, "C2": 0, "C3": 1}
    assert found["linear"] == pytest.approx({"C1": 1 / 3, "C2": 1 / 3, "C3": 1 / 3})


def test_repeated_touches_by_hand() -> None:
    """Mail twice, then search: linear gives mail 2/3 of the four conversions."""
    found = credits_of(
        [TouchPath(channels=("mail", "mail", "search"), units=9, converted=4)]
    )
    assert found["linear"] == pytest.approx({"mail": 8 / 3, "search": 4 / 3})
    assert found["markov"] == pytest.approx({"mail": 2, "search": 2})


def test_markov_against_simulated_walks() -> None:
    """Removing a channel loses the share of random walks that would pass it."""
    rng = np.random.default_rng(9)
    names = ["a", "b", "c"]
    paths = [
        TouchPath(
            channels=tuple(rng.choice(names, rng.integers(1, 5))),
            units=20,
            converted=int(rng.integers(0, 12)),
        )
        for _ in range(30)
    ]
    steps: dict[str, list[str]] = {}
    for path in paths:
        for here, there in zip(("S", *path.channels), path.channels, strict=False):
            steps.setdefault(here, []).extend([there] * path.units)
        last = path.channels[-1]
        ends = ["won"] * path.converted + ["lost"] * (path.units - path.converted)
        steps.setdefault(last, []).extend(ends)
    won = dict.fromkeys([*names, "none"], 0)
    for _ in range(40_000):
        at, passed = "S", set()
        while at not in {"won", "lost"}:
            passed.add(at)
            at = steps[at][rng.integers(len(steps[at]))]
        if at == "won":
            won["none"] += 1
            for name in names:
                won[name] += name not in passed
    lost = {name: 1 - won[name] / won["none"] for name in names}
    total = sum(path.converted for path in paths)
    expected = {n: total * lost[n] / sum(lost.values()) for n in names}
    assert credits_of(paths)["markov"] == pytest.approx(expected, rel=0.03)


def test_every_rule_hands_out_every_touched_conversion() -> None:
    """The sum is the conversions with a touch; those without belong to nobody."""
    paths = [
        TouchPath(channels=("a", "b"), units=10, converted=3),
        TouchPath(channels=("b",), units=5, converted=1),
        TouchPath(channels=(), units=50, converted=7),
    ]
    found = credits_of(paths)
    assert set(found) == set(RULES)
    for credited in found.values():
        assert sum(credited.values()) == pytest.approx(4)


def test_without_conversions_nothing_is_credited() -> None:
    """No conversion, no credit: 0 and no division by it."""
    found = credits_of([TouchPath(channels=("a",), units=3, converted=0)])
    assert all(credited == {"a": 0} for credited in found.values())
