"""Buckets look random: evenly filled, and independent between salts.

Bands: a chi-square of k degrees of freedom lies within 4 standard deviations
(sqrt(2 k)) of k, on both sides, since too even is no more random than too uneven; the
skewer one of 81 degrees within 5 (p = 2e-5, for 84 tables); a 2x2 correlation phi of n
units lies within 4 / sqrt(n) of 0.
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

from holdback.assignment.columns import by_engine
from holdback.assignment.schemes.holdback import bucket
from holdback.assignment.split import Split

N = 100_000
SALTS = ("exp_1", "exp_2", "exp_3", "home_banner", "search_rank", "a", "recs-holdback")
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


def test_traffic_and_arm_are_independent() -> None:
    """Null: under one salt the traffic's bucket says nothing about the arm's."""
    ids = [f"user_{n}" for n in range(20_000)]
    traffic = np.array([bucket("exp_1", "traffic", unit) for unit in ids])
    arm = np.array([bucket("exp_1", "arm", unit) for unit in ids])
    assert abs(phi(traffic, arm)) < 4 / np.sqrt(len(ids))
    assert z_of_independence(traffic, arm) < 5


def test_the_same_test_catches_a_weak_hash() -> None:
    """FNV-1a of id + salt, modulo 10 000, fills evenly but ties two salts together."""
    ids = [f"user_{n}" for n in range(20_000)]
    first = np.array([fnv_1a(unit + "exp_1") % 10_000 for unit in ids])
    second = np.array([fnv_1a(unit + "exp_3") % 10_000 for unit in ids])
    assert z_of_uniformity(first) < 4
    assert abs(phi(first, second)) > 40 / np.sqrt(len(ids))
    assert z_of_independence(first, second) > 50


def fnv_1a(text: str) -> int:
    """FNV-1a, 32 bits."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 % 2**32
    return value
