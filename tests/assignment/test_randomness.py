"""Buckets look random: evenly filled, and independent between salts.

Bands: a chi-square of k degrees of freedom lies within 4 standard deviations
(sqrt(2 k)) of k, on both sides, since too even is no more random than too uneven; the
skewer one of 81 degrees within 5 (p = 2e-5, for 84 tables, which are 21 pairs of salts
on four kinds of ids); a 2x2 correlation phi of n units lies within 4 / sqrt(n) of 0.
"""

import hashlib
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from holdback.assignment.batch import by_engine
from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.schemes.holdback import Purpose, bucket
from holdback.assignment.split import Split

N = 100_000
SALTS = ("exp_1", "exp_2", "exp_3", "home_banner", "search_rank", "a", "recs-holdback")
FEW = [f"user_{n}" for n in range(40_000)]
HALVES = (("holdback", Fraction(1, 2)), ("personalized", Fraction(1, 2)))


def uuid_like(n: int) -> str:
    """Hexadecimal text in the shape of a UUID."""
    text = hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


KINDS: dict[str, Callable[[int], str]] = {
    "sequential": lambda n: f"user_{n}",
    "numeric": lambda n: str(10_000_000 + n),
    "uuid-like": uuid_like,
    "e-mail-like": lambda n: f"{'abcdefgh'[n % 8]}.name{n}@shop{n % 13}.example",
}


@cache
def drawn(kind: str, salt: str) -> np.ndarray:
    """Arm buckets of N ids of a kind under a salt."""
    column = pa.array([KINDS[kind](n) for n in range(N)])
    return np.frombuffer(by_engine(Split(salt, HALVES), column).buckets, dtype="i4")


def z_of_uniformity(buckets: np.ndarray) -> float:
    """Standardized chi-square of equal counts over 10 000 buckets."""
    counts = np.bincount(buckets, minlength=10_000)
    chi2 = stats.chisquare(counts).statistic
    return float((chi2 - 9_999) / np.sqrt(2 * 9_999))


def z_of_independence(one: np.ndarray, other: np.ndarray) -> float:
    """Standardized chi-square of a 10x10 table of deciles (81 degrees of freedom)."""
    table = np.histogram2d(one, other, bins=10, range=[[0, 10_000]] * 2)[0]
    chi2 = stats.chi2_contingency(table, correction=False).statistic
    return float((chi2 - 81) / np.sqrt(2 * 81))


def phi(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of the halves that two draws put the units in."""
    return float(np.corrcoef(one < 5_000, other < 5_000)[0, 1])


@pytest.mark.parametrize("kind", KINDS)
def test_buckets_are_uniform(kind: str) -> None:
    """Null: all 10 000 buckets are equally likely; no salt is rejected."""
    for salt in SALTS:
        assert abs(z_of_uniformity(drawn(kind, salt))) < 4, salt


@pytest.mark.parametrize("kind", KINDS)
def test_salts_are_independent(kind: str) -> None:
    """Null: a unit's buckets under two salts are independent; no pair is rejected."""
    for one, other in combinations(SALTS, 2):
        first, second = drawn(kind, one), drawn(kind, other)
        assert abs(phi(first, second)) < 4 / np.sqrt(N), (one, other)
        assert z_of_independence(first, second) < 5, (one, other)


def test_all_tables_together_are_as_even_as_chance() -> None:
    """Null: 84 tables of 81 degrees add up to a chi-square of 6804, within 4 sd.

    Tables that share a salt are uncorrelated, because given one salt's buckets the
    other's are as random as ever. A small dependence everywhere would show here.
    """
    total = sum(
        z_of_independence(drawn(kind, one), drawn(kind, other))
        for kind in KINDS
        for one, other in combinations(SALTS, 2)
    )
    tables = len(KINDS) * len(SALTS) * (len(SALTS) - 1) // 2
    assert tables == 84
    assert abs(total) / np.sqrt(tables) < 4


@pytest.mark.parametrize(
    ("one", "other"), list(combinations(["holdout", "layer", "traffic", "arm"], 2))
)
def test_purposes_are_independent(one: Purpose, other: Purpose) -> None:
    """Null: under one salt the bucket of one purpose says nothing about another's."""
    first, second = (
        np.array([bucket("exp_1", purpose, unit) for unit in FEW])
        for purpose in (one, other)
    )
    assert abs(phi(first, second)) < 4 / np.sqrt(len(FEW))
    assert z_of_independence(first, second) < 5


WEAK = [("exp_1", "exp_2"), ("exp_1", "exp_3"), ("home_banner", "search_rank")]


def of_scheme(name: str, salt: str) -> np.ndarray:
    """Buckets of the sequential ids under another scheme, as shares of 10 000."""
    draw = Split(salt, HALVES, scheme=scheme_of(name)).recipe.draw
    numbers = np.array([draw.number(unit) for unit in FEW])
    return numbers * (10_000 // draw.size)


@pytest.mark.parametrize(("one", "other"), WEAK)
def test_the_same_test_finds_the_correlation_of_growthbook_v1(
    one: str, other: str
) -> None:
    """FNV-1a of id + salt ties two experiments together: |phi| of about 0.05.

    GrowthBook's pull request 959 ("Fix biased hashing when nested experiments have
    similar tracking keys") made version 2 for it; the assignment study measured phi
    of -0.054, 0.054 and -0.050 over a million such ids.
    """
    first, second = of_scheme("growthbook_v1", one), of_scheme("growthbook_v1", other)
    assert abs(phi(first, second)) > 4 / np.sqrt(len(FEW))
    assert z_of_independence(first, second) > 5


@pytest.mark.parametrize("scheme", ["growthbook_v2", "holdback"])
@pytest.mark.parametrize(("one", "other"), WEAK)
def test_the_same_test_finds_none_in_other_hashes(
    scheme: str, one: str, other: str
) -> None:
    """Null: on the same salts and ids, version 2 and our own hash are independent."""
    first, second = of_scheme(scheme, one), of_scheme(scheme, other)
    assert abs(phi(first, second)) < 4 / np.sqrt(len(FEW))
    assert z_of_independence(first, second) < 5


def test_evenness_alone_does_not_find_it() -> None:
    """The weak hash fills its thousand buckets more evenly than chance would."""
    counts = np.bincount(of_scheme("growthbook_v1", "exp_1") // 10, minlength=1_000)
    chi2 = stats.chisquare(counts).statistic
    assert (chi2 - 999) / np.sqrt(2 * 999) < 4
