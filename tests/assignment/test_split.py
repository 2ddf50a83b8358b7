"""One id at a time: the hash, the ranges, the order of decisions, what an id is."""

import hashlib
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdback.assignment import Assigned, Split
from holdback.assignment.layouts import largest_remainder
from holdback.assignment.split import HoldoutShare, LayerRange
from holdback.assignment.unit_ids import unit_text
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
TENTH = Fraction(1, 10)
HOLDBACK = (("holdback", TENTH), ("personalized", 1 - TENTH))


def digest_bucket(key: str) -> int:
    """The published recipe, written a second time: first 52 bits, big-endian."""
    first = hashlib.sha256(key.encode("utf-8")).digest()[:7]
    return (int.from_bytes(first, "big") >> 4) % 10_000


@pytest.mark.parametrize(
    ("unit", "arm_bucket", "traffic_bucket"),
    [
        ("user_1", 961, 7717),
        ("0", 2631, 2535),
        ("1", 6277, 8882),
        ("user_123456", 4358, 4685),
    ],
)
def test_buckets_against_table(unit: str, arm_bucket: int, traffic_bucket: int) -> None:
    """Buckets are those that five engines and CPython agreed on."""
    salt = "home_personalization"
    assert digest_bucket(f"{salt}:arm:{unit}") == arm_bucket
    assert digest_bucket(f"{salt}:traffic:{unit}") == traffic_bucket
    split = Split(salt, HOLDBACK, traffic=Fraction(8, 10))
    inside = traffic_bucket < 8000
    arm = "holdback" if arm_bucket < 1000 else "personalized"
    assert split.assign(unit) == Assigned(
        arm if inside else None, arm_bucket, "assigned" if inside else "outside_traffic"
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_bucket_against_hashlib(unit: str) -> None:
    """Any text has the bucket of the recipe."""
    split = Split("salt", HOLDBACK)
    assert split.assign(unit).bucket == digest_bucket(f"salt:arm:{unit}")


def test_phase_salts_afresh() -> None:
    """The first phase hashes the plain salt, the second `<salt>.phase2`."""
    second = Split("salt", HOLDBACK, phase=2)
    assert second.assign("u").bucket == digest_bucket("salt.phase2:arm:u")
    assert Split("salt", HOLDBACK, phase=1).assign("u").bucket == digest_bucket(
        "salt:arm:u"
    )


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=12), st.integers(12, 20000))
def test_widths_against_quota(weights: list[int], total: int) -> None:
    """Widths sum to the total and each is its share rounded down or up."""
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    widths = largest_remainder(shares, total)
    assert sum(widths) == total
    assert all(abs(w - s * total) < 1 for w, s in zip(widths, shares, strict=True))


def test_widths_of_thirds_against_hand() -> None:
    """The bucket that is left over goes to the earliest of equal remainders."""
    third = Fraction(1, 3)
    split = Split("s", (("a", third), ("b", third), ("c", third)))
    assert split.widths == {"a": 3334, "b": 3333, "c": 3333}
    assert [split.arm_of(b) for b in (0, 3333, 3334, 6666, 6667, 9999)] == list(
        "aabbcc"
    )


def test_the_order_of_decisions_against_hashlib() -> None:
    """Override, holdout, eligibility, layer, traffic, arm: each by its own bucket.

    Shares end at the nearest bucket: 1/150 of 10,000 at 67, two thirds at 6,667.
    """
    third = Fraction(1, 3)
    overrides = {f"u{i}": "holdback" for i in range(0, 6_000, 7)}
    split = Split(
        "s",
        HOLDBACK,
        traffic=Fraction(4, 5),
        overrides=overrides,
        holdout=HoldoutShare(name="all", share=Fraction(1, 150), salt="year"),
        layer=LayerRange(name="home", salt="home", start=third, end=2 * third),
    )
    reasons = set()
    for i in range(6_000):
        unit, eligible = f"u{i}", i % 3 > 0
        arm = digest_bucket(f"s:arm:{unit}")
        named = "holdback" if arm < 1_000 else "personalized"
        if unit in overrides:
            expected: tuple[str | None, str] = ("holdback", "override")
        elif digest_bucket(f"year:holdout:{unit}") < 67:
            expected = (None, "holdout")
        elif not eligible:
            expected = (None, "not_eligible")
        elif not 3_333 <= digest_bucket(f"home:layer:{unit}") < 6_667:
            expected = (None, "outside_layer")
        elif digest_bucket(f"s:traffic:{unit}") >= 8_000:
            expected = (None, "outside_traffic")
        else:
            expected = (named, "assigned")
        found = split.assign(unit, eligible=eligible)
        assert (found.arm, found.bucket, found.reason) == (
            expected[0],
            arm,
            expected[1],
        )
        reasons.add(found.reason)
    assert len(reasons) == 6
    assert [one.before for one in split.draws] == [
        "year:holdout:",
        "home:layer:",
        "s:traffic:",
        "s:arm:",
    ]


@pytest.mark.parametrize(
    ("share", "buckets"), [("1/150", 67), ("1/100", 100), ("1/20000", 1)]
)
def test_a_holdout_has_its_buckets_and_no_fewer(share: str, buckets: int) -> None:
    """The share of 10,000 buckets, half a bucket rounded up; the rest goes on."""
    held = HoldoutShare(name="all", share=Fraction(share), salt="year")
    assert held.gate().ranges == ((buckets, 10_000),)


@pytest.mark.parametrize(
    ("start", "end"), [("1/2", "1/4"), ("1/2", "1/2"), ("0", "11/10"), ("-1/10", "1")]
)
def test_layers_reject(start: str, end: str) -> None:
    """A range that is none, or reaches beyond the layer."""
    layer = LayerRange(name="l", salt="l", start=Fraction(start), end=Fraction(end))
    with pytest.raises(AssignmentError, match="the range of layer 'l'"):
        Split("s", HOLDBACK, layer=layer)


def test_override_comes_before_traffic() -> None:
    """A forced unit has its arm even when nobody takes part."""
    split = Split(
        "s", HOLDBACK, traffic=Fraction(0), overrides={"u-42": "personalized"}
    )
    assert split.assign("u-42").arm == "personalized"
    assert split.assign("u-42").reason == "override"
    assert split.assign("u-42").bucket == digest_bucket("s:arm:u-42")
    assert split.assign("u-43").reason == "outside_traffic"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("00123", "00123"),
        (" u1 ", " u1 "),
        ("NA", "NA"),
        ("U2", "U2"),
        ("1234567890123456789", "1234567890123456789"),
        (1234567890123456789, "1234567890123456789"),
        (-7, "-7"),
        (123.0, "123"),
        (-0.0, "0"),
        (2.0**53 - 1, "9007199254740991"),
        (Decimal("5.00"), "5"),
        (Decimal(9223372036854775807), "9223372036854775807"),
        (np.int64(5), "5"),
        (np.float32(5), "5"),
        (np.str_("x"), "x"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    ],
)
def test_unit_text_against_hand(value: object, text: str) -> None:
    """Text stays, whole numbers are their decimal text."""
    assert unit_text(value) == text


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        True,
        np.array([True])[0],
        float("nan"),
        float("inf"),
        1.5,
        2.0**53,
        Decimal("NaN"),
        Decimal("0.5"),
        b"u1",
        "\ud800",
        ["u1"],
    ],
)
def test_unusable_ids_get_no_arm(value: object) -> None:
    """What is no id is counted as such and never hashed."""
    assert Split("s", HOLDBACK).assign(value) == Assigned(None, None, "invalid_id")


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"salt": "a:b"}, "salt"),
        ({"salt": ""}, "salt"),
        ({"salt": "a\n"}, "salt"),
        ({"arms": ()}, "arms"),
        ({"arms": (("a", HALF), ("a", HALF))}, "arms"),
        ({"arms": (("a", HALF), ("", HALF))}, "arms"),
        ({"arms": (("a", HALF), ("b", TENTH))}, "shares"),
        ({"arms": (("a", Fraction(0)), ("b", Fraction(1)))}, "shares"),
        ({"arms": (("a", Fraction(1, 10**6)), ("b", 1 - Fraction(1, 10**6)))}, "0.01%"),
        ({"traffic": Fraction(11, 10)}, "traffic"),
        ({"traffic": Fraction(1, 10**6)}, "0.01%"),
        ({"phase": 0}, "phase"),
        ({"overrides": {"u": "nobody"}}, "nobody"),
        ({"overrides": {"": "holdback"}}, "override"),
    ],
)
def test_split_rejects(parts: dict[str, object], word: str) -> None:
    """A split that cannot be meant is refused, with the part that is wrong."""
    given_parts: dict[str, object] = {"salt": "s", "arms": HOLDBACK} | parts
    with pytest.raises(AssignmentError, match=word):
        Split(**given_parts)  # type: ignore[arg-type]


WITH_EPPO = (
    "from holdback.assignment import scheme_params as p;"
    " more['scheme'] = p.scheme_of('eppo')"
)


@pytest.mark.parametrize("scheme", ["", WITH_EPPO])
def test_split_imports_the_standard_library_alone(scheme: str) -> None:
    """What a web shop imports brings no other library with it, also when it is used."""
    code = (
        "import sys; before = set(sys.modules); from fractions import Fraction;"
        "from holdback.assignment import Split; more = {};"
        f"{scheme or 'pass'};"
        "Split('a', (('x', Fraction(1)),), **more).assign('u');"
        "roots = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(roots - sys.stdlib_module_names - {'holdback'}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.stdout.strip() == "[]"
